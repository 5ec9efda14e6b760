/** Label lines such as `Input: ...` and `**Answer:** ...`: the skeleton by which few-shot examples in running text are told. */

import type { TextRange } from "../decoded-text.js";
import { isInputName, isOutputName } from "./labels.js";
import type { Line } from "./lines.js";

/** A label line: `name` in lower case without decoration or number, and where its content begins on the line. */
export interface Field {
  readonly line: number;
  readonly name: string;
  readonly contentStart: number;
}

const FIELD =
  /^(?:>\s*)*(?:[-*•]\s+)?(?:\*\*|__|`)?([A-Za-z][A-Za-z _/-]{0,28}?)\s*#?\d{0,3}(?:\*\*|__|`)?\s*:(?:\*\*|__)?(?=\s|$)/;

/** The label lines among `lines`, in order; lines of code are no labels. */
export function findFields(text: string, lines: readonly Line[]): Field[] {
  return lines.flatMap((line, index) => {
    if (line.kind === "code" || line.kind === "blank") return [];
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

/**
 * Input and label of a block by its label lines; null unless exactly one field of each sort is there, the label follows, and
 * neither is quoted or code.
 */
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
  const isPlain = !/^\s*>|```/m.test(text.slice(block.start, block.end));
  const isFilled = ranges.input.end > ranges.input.start && ranges.label.end > ranges.label.start;
  return isPlain && isFilled ? ranges : { input: null, label: null };
}

/** Without white space at both ends, and without rules on the last lines. */
function trimmed(text: string, range: TextRange): TextRange {
  const lines = text.slice(range.start, range.end).trimEnd().split("\n");
  while (lines.length > 1 && /^\s*(?:-{3,}|#{3,}|={3,}|\*{3,}|)\s*$/.test(lines.at(-1) ?? ""))
    lines.pop();
  const piece = lines.join("\n").trimEnd();
  const lead = piece.length - piece.trimStart().length;
  return { start: range.start + lead, end: range.start + piece.length };
}
