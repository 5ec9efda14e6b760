/** Label lines such as `Input: ...` and `**Answer:** ...`: the skeleton by which few-shot examples in running text are told. */

import type { TextRange } from "../decoded-text.js";
import type { Line } from "./lines.js";

/** A label line: `name` in lower case without decoration or number, and where its content begins on the line. */
export interface Field {
  readonly line: number;
  readonly name: string;
  readonly contentStart: number;
}

const FIELD =
  /^(?:>\s*)*(?:[-*•]\s+)?(?:\*\*|__|`|"|')?([A-Za-z][A-Za-z _/-]{0,28}?)\s*#?\d{0,3}(?:\*\*|__|`|"|')?\s*:(?:\*\*|__)?(?=\s|$)/;

const INPUT_NAMES = new Set(
  "input,q,question,user,human,customer,text,review,sentence,premise,ticket,message,email,e-mail,mail,query,tweet,post,statement,comment,title,headline,passage,article,document,abstract,paragraph,snippet,request,problem,utterance,content,prompt,subject,complaint,claim,report,source,context,description,title and body".split(
    ",",
  ),
);
const OUTPUT_NAMES = new Set(
  "output,a,answer,assistant,ai,bot,agent,label,sentiment,category,class,classification,intent,response,reply,route,result,prediction,topic,priority,severity,solution,target,tag,emotion,verdict,decision,type,completion,expected,expected output,expected answer,ideal output,queue,team,language,translation,summary,score,rating".split(
    ",",
  ),
);

export function isInputName(name: string): boolean {
  return INPUT_NAMES.has(name);
}

export function isOutputName(name: string): boolean {
  return OUTPUT_NAMES.has(name);
}

/** The label lines among `lines`, in order; lines inside code fences are no labels. */
export function findFields(text: string, lines: readonly Line[]): Field[] {
  return lines.flatMap((line, index) => {
    if (line.kind === "fenced" || line.kind === "blank") return [];
    const match = FIELD.exec(line.text);
    if (!match?.[1]) return [];
    const textStart = line.start + line.indent;
    return [
      {
        line: index,
        name: match[1].toLowerCase().trim(),
        contentStart: Math.min(
          textStart + match[0].length,
          line.start + text.slice(line.start, line.end).length,
        ),
      },
    ];
  });
}

/** A few-shot example found in a message: whole lines, with the places of its input and label where they are certain. */
export interface ExampleBlock extends TextRange {
  readonly input: TextRange | null;
  readonly label: TextRange | null;
}

/** Input and label of a block by its label lines; null unless exactly one field of each sort is there and the label follows. */
export function inputAndLabel(
  text: string,
  fields: readonly Field[],
  block: TextRange & { readonly lines: readonly Line[] },
): { readonly input: TextRange | null; readonly label: TextRange | null } {
  const inside = fields.filter(
    (field) =>
      field.contentStart > block.start &&
      field.contentStart <= block.end &&
      (block.lines[field.line]?.start ?? -1) >= block.start,
  );
  const contentOf = (field: Field): TextRange => {
    const next = inside.find((other) => other.line > field.line);
    const end = next ? (block.lines[next.line]?.start ?? block.end) : block.end;
    return trimmed(text, { start: field.contentStart, end });
  };
  const [first] = inside;
  const outputs = inside.filter((field) => isOutputName(field.name));
  const inputs = inside.filter((field) => isInputName(field.name));
  const output =
    outputs.length === 1
      ? outputs[0]
      : inside.length === 2 && outputs.length === 0
        ? inside[1]
        : undefined;
  const input =
    inputs.length === 1
      ? inputs[0]
      : inside.length === 2 && inputs.length === 0
        ? first
        : undefined;
  if (!input || !output || input.line >= output.line) return { input: null, label: null };
  const ranges = { input: contentOf(input), label: contentOf(output) };
  return ranges.input.end > ranges.input.start && ranges.label.end > ranges.label.start
    ? ranges
    : { input: null, label: null };
}

/** Without the white space, rules and closing fences at both ends. */
function trimmed(text: string, range: TextRange): TextRange {
  const piece = text
    .slice(range.start, range.end)
    .replace(/(?:\s|\n\s*(?:-{3,}|#{3,}|={3,}|\*{3,}))+$/, "");
  const lead = piece.length - piece.trimStart().length;
  return {
    start: range.start + lead,
    end: Math.max(range.start + lead, range.start + piece.length),
  };
}
