/** Few-shot examples that mark themselves: JSON lines, `<example>` elements, headings `Example 3`, quoted text with an arrow. */

import type { TextRange } from "../decoded-text.js";
import { inputAndLabel, type ExampleBlock } from "./fields.js";
import { isInputName, isOutputName } from "./labels.js";
import type { SearchedText } from "./label-units.js";
import { CAPITALS_LEVEL, type Line } from "./lines.js";

const OPENING_TAG = /^<(example|sample|shot|demo|demonstration|scenario|case)\b[^<>]*>/i;
/** Longer elements are not searched for their fields. */
const LONGEST_ELEMENT = 20_000;
const CHILD = /<([A-Za-z][\w-]*)>([\s\S]*?)<\/\1>/g;
const HEADER = /^(#{1,6})\s+\W{0,3}(?:example|sample|case|demonstration)\s*(?:#\s*)?\d{1,3}\b/i;
const END = /^\W*(?:end (?:of )?(?:the )?examples?|examples? end)\W*$/i;
const ARROW = /^(?:[-*]\s+|\d+[.)]\s+)?(["“][^"“”]+["”])\s*(?:->|=>|→|⇒)\s*(\S.{0,60})$/;

/** JSON objects, one a line, that share an input-like and an output-like key. At least two, else none. */
export function findJsonLines(searched: SearchedText): ExampleBlock[] {
  const found = searched.lines.flatMap((line) => {
    const fields = jsonFields(line.text);
    if (!fields) return [];
    const at = (key: string): TextRange | null => literalRange(searched.text, line, key);
    return [{ start: line.start, end: line.end, input: at(fields.input), label: at(fields.label) }];
  });
  return found.length >= 2 ? found : [];
}

function jsonFields(line: string): { readonly input: string; readonly label: string } | null {
  if (!line.startsWith("{") || !line.endsWith("}")) return null;
  try {
    const value: unknown = JSON.parse(line);
    const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
    const inputs = keys.filter((key) => isInputName(key.toLowerCase()));
    const labels = keys.filter((key) => isOutputName(key.toLowerCase()));
    const [input] = inputs;
    const [label] = labels;
    return inputs.length === 1 && labels.length === 1 && input !== undefined && label !== undefined
      ? { input, label }
      : null;
  } catch {
    return null;
  }
}

/** The place of a key's string between its quotes; null for strings with escapes and for other values. */
function literalRange(text: string, line: Line, key: string): TextRange | null {
  const match = new RegExp(`${escapePattern(JSON.stringify(key))}\\s*:\\s*"([^"\\\\]*)"`).exec(
    text.slice(line.start, line.end),
  );
  if (!match || match[1] === undefined) return null;
  const end = line.start + match.index + match[0].length - 1;
  return { start: end - match[1].length, end };
}

function escapePattern(literal: string): string {
  return literal.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** `<example>` elements (also sample, shot, demo, demonstration, scenario, case) on lines of their own. */
export function findExampleElements(searched: SearchedText): ExampleBlock[] {
  const blocks: ExampleBlock[] = [];
  const unclosed = new Set<string>();
  for (let index = 0; index < searched.lines.length; index++) {
    const name = OPENING_TAG.exec(searched.lines[index]?.text ?? "")?.[1]?.toLowerCase();
    if (name === undefined || unclosed.has(name)) continue;
    const close = closingLine(searched.lines, index, name);
    if (close === null) unclosed.add(name);
    else {
      const range = {
        start: searched.lines[index]?.start ?? 0,
        end: searched.lines[close]?.end ?? 0,
      };
      blocks.push({ ...range, ...elementFields(searched, range) });
      index = close;
    }
  }
  return blocks;
}

/** The line that ends with the closing tag. */
function closingLine(lines: readonly Line[], from: number, name: string): number | null {
  const close = `</${name}>`;
  for (let at = from; at < lines.length; at++)
    if (lines[at]?.text.toLowerCase().endsWith(close)) return at;
  return null;
}

function elementFields(
  searched: SearchedText,
  range: TextRange,
): { readonly input: TextRange | null; readonly label: TextRange | null } {
  if (range.end - range.start > LONGEST_ELEMENT) return { input: null, label: null };
  const open = searched.text.indexOf(">", range.start) + 1;
  const close = searched.text.lastIndexOf("</", range.end - 1);
  const children = [...searched.text.slice(open, close).matchAll(CHILD)].map((match) => {
    const start = open + match.index + match[0].indexOf(">") + 1;
    return { name: (match[1] ?? "").toLowerCase(), start, end: start + (match[2] ?? "").length };
  });
  const inputs = children.filter((child) => isInputName(child.name));
  const labels = children.filter((child) => isOutputName(child.name));
  const [input] = inputs;
  const [label] = labels;
  if (inputs.length === 1 && labels.length === 1 && input && label)
    return {
      input: { start: input.start, end: input.end },
      label: { start: label.start, end: label.end },
    };
  return children.length > 0
    ? { input: null, label: null }
    : inputAndLabel(searched.text, searched.fields, {
        start: open,
        end: close,
        lines: searched.lines,
      });
}

/** Sections under headings `Example 1`, `Example 2`, ...: at least two. */
export function findExampleSections(searched: SearchedText): ExampleBlock[] {
  const headers = searched.lines.flatMap((line, index) =>
    line.kind === "heading" && HEADER.test(line.text) ? [index] : [],
  );
  if (headers.length < 2) return [];
  return headers.map((header, index) => {
    const next = endOfExampleSection(searched.lines, header, index === headers.length - 1);
    const range = {
      start: searched.lines[header]?.start ?? 0,
      end: searched.lines[next]?.start ?? searched.text.length,
    };
    return {
      ...range,
      ...inputAndLabel(searched.text, searched.fields, { ...range, lines: searched.lines }),
    };
  });
}

/** A heading as high as the example's or a rule ends its section, the last one also a title in capitals or the word that examples end. */
function endOfExampleSection(lines: readonly Line[], header: number, last: boolean): number {
  const level = lines[header]?.level ?? 1;
  const next = lines.findIndex((line, index) => {
    if (index <= header) return false;
    const isHeading = line.kind === "heading" && line.level > 0 && line.level <= level;
    return (
      line.kind === "rule" ||
      isHeading ||
      (last && (line.level === CAPITALS_LEVEL || END.test(line.text)))
    );
  });
  return next < 0 ? lines.length : next;
}

/** Lines `"quoted text" -> label`: at least three. */
export function findArrowLines(searched: SearchedText): ExampleBlock[] {
  const found = searched.lines.flatMap((line) => {
    const match = ARROW.exec(line.text);
    if (!match?.[1] || !match[2] || line.kind === "code") return [];
    const inputStart = line.start + line.indent + line.text.indexOf(match[1]) + 1;
    const labelEnd = line.start + line.indent + line.text.length;
    return [
      {
        start: line.start,
        end: line.end,
        input: { start: inputStart, end: inputStart + match[1].length - 2 },
        label: { start: labelEnd - match[2].length, end: labelEnd },
      },
    ];
  });
  return found.length >= 3 ? found : [];
}
