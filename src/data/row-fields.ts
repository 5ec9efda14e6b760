/** The texts of JSON Lines rows, whatever their schema: what rules look at that need no labels. */

/** One text of a row. */
export interface RowField {
  /** Where it stands in the row, such as "messages[1].content". */
  readonly name: string;
  readonly text: string;
  /** What a model learns to answer, what it is told by its author, or anything else. */
  readonly use: "output" | "system" | "input";
}

export interface RowTexts {
  /** Counts from 1. */
  readonly line: number;
  /** The row as written, without the white space around. */
  readonly source: string;
  readonly fields: readonly RowField[];
}

const OUTPUTS = new Set([
  "label",
  "labels",
  "label_text",
  "category",
  "intent",
  "class",
  "target",
  "answer",
  "answers",
  "output",
  "completion",
  "response",
  "chosen",
  "rejected",
  "expected",
  "summary",
]);
const SPEAKERS: Readonly<Record<string, RowField["use"]>> = {
  assistant: "output",
  gpt: "output",
  model: "output",
  system: "system",
};

/** The written lines of a text that are not blank, one at a time. */
export function* writtenLines(
  text: string,
): Generator<{ readonly line: number; readonly source: string }> {
  let line = 0;
  for (let start = 0; start <= text.length;) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    line++;
    const source = text
      .slice(start, end)
      .replace(/^\uFEFF/, "")
      .trim();
    if (source !== "") yield { line, source };
    start = end + 1;
  }
}

/** The rows of a file, one at a time; lines that are no JSON object are left out, for whoever needs them names them. */
export function* rowTexts(text: string): Generator<RowTexts> {
  for (const { line, source } of writtenLines(text)) {
    const value = parsed(source);
    if (typeof value === "object" && value !== null)
      yield { line, source, fields: fieldsOf(value) };
  }
}

function parsed(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return null;
  }
}

interface Pending {
  readonly name: string;
  readonly value: unknown;
  readonly use: RowField["use"];
}

/** Every text in a value, in the order in which it is written; a stack, for rows may be nested as deep as they like. */
function fieldsOf(row: object): RowField[] {
  const fields: RowField[] = [];
  const stack: Pending[] = [{ name: "", value: row, use: "input" }];
  for (let pending = stack.pop(); pending !== undefined; pending = stack.pop()) {
    const { name, value, use } = pending;
    if (typeof value === "string") fields.push({ name, text: value, use });
    else if (typeof value === "object" && value !== null)
      stack.push(...partsOf(name, value, use).reverse());
  }
  return fields;
}

function partsOf(name: string, value: object, use: RowField["use"]): Pending[] {
  if (Array.isArray(value))
    return value.map((item: unknown, index) => ({ name: `${name}[${index}]`, value: item, use }));
  const entries: readonly [string, unknown][] = Object.entries(value);
  const speaker = entries.find(([key]) => key === "role" || key === "from")?.[1];
  const spoken = typeof speaker === "string" ? SPEAKERS[speaker] : undefined;
  return entries.map(([key, item]) => ({
    name: name === "" ? key : `${name}.${key}`,
    value: item,
    use: spoken ?? (OUTPUTS.has(key) ? "output" : use),
  }));
}
