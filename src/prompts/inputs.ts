/** Inputs of a prompt: `NAME.inputs.jsonl`, and the one split into a search set and a certify set. */

import { UnderstudyError } from "../errors.js";
import type { Input, InputSet } from "../domain.js";
import { canonicalSlots, contentId, sha256, slotRecord } from "./inputs-content.js";

/** Inputs in the search set unless something else is asked for. */
export const DEFAULT_SEARCH_SIZE = 40;

const SHAPE = '{"id": "optional", "slots": {"name": "text"}, "expected": "optional"}';

/**
 * The path of the inputs that belong to a prompt file: its name without the last extension, then `.inputs.jsonl`. One of several prompts
 * in a file has its own name before that, unless the name holds a slash.
 */
export function siblingInputsPath(promptPath: string, promptName: string | null = null): string {
  const folder = promptPath.slice(0, promptPath.lastIndexOf("/") + 1);
  const name = promptPath.slice(folder.length);
  const dot = name.lastIndexOf(".");
  const own = promptName === null || /[/\\]/.test(promptName) ? "" : `.${promptName}`;
  return `${folder}${dot > 0 ? name.slice(0, dot) : name}${own}.inputs.jsonl`;
}

/**
 * Inputs of a JSON Lines file, one `{"id"?, "slots": {name: text}, "expected"?}` a line; blank lines are skipped, numbers
 * and booleans kept as they are printed. A missing id is `contentId` of the slots. Throws INPUTS with the line for
 * anything else, and for an id that two lines give.
 */
export function parseInputs(path: string, text: string): Input[] {
  const inputs: Input[] = [];
  const written = new Map<string, number>();
  text
    .replace(/^\ufeff/, "")
    .split("\n")
    .forEach((source, index) => {
      if (source.trim() === "") return;
      const line = index + 1;
      const { input, hasId } = readInput(path, line, source);
      const first = written.get(input.id);
      if (first !== undefined && hasId)
        throw problem(
          path,
          line,
          `the id ${JSON.stringify(input.id)} stands on line ${first} already`,
          "give every input an id of its own, or none",
        );
      if (hasId) written.set(input.id, line);
      inputs.push(input);
    });
  return inputs;
}

function readInput(
  path: string,
  line: number,
  source: string,
): { readonly input: Input; readonly hasId: boolean } {
  const value = parseLine(path, line, source);
  const id = field(value, "id");
  if (id !== undefined && id !== null && typeof id !== "string" && typeof id !== "number")
    throw problem(path, line, `"id" is ${kindOf(id)}`, "make it text");
  const slots = readSlots(path, line, field(value, "slots"));
  const expected = readText(path, line, "expected", field(value, "expected"));
  const hasId = id !== undefined && id !== null;
  return { input: { id: hasId ? String(id) : contentId(slots), slots, expected, line }, hasId };
}

function parseLine(path: string, line: number, source: string): object {
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (cause) {
    throw new UnderstudyError(
      "INPUTS",
      `not valid JSON: ${JSON.stringify(source.trim().slice(0, 60))}`,
      { place: { path, line }, fix: `write one object a line: ${SHAPE}`, cause },
    );
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw problem(
    path,
    line,
    `found ${kindOf(value)} where an object is needed`,
    `write one object a line: ${SHAPE}`,
  );
}

function field(value: object, key: string): unknown {
  return Object.hasOwn(value, key)
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined;
}

function readSlots(path: string, line: number, value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw problem(
      path,
      line,
      `"slots" is ${kindOf(value)}`,
      `make it an object from slot names to text: ${SHAPE}`,
    );
  return slotRecord(
    Object.entries(value).map(([name, text]) => [name, readText(path, line, name, text) ?? ""]),
  );
}

function readText(path: string, line: number, name: string, value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw problem(path, line, `${JSON.stringify(name)} is ${kindOf(value)}`, "make it text");
}

function problem(
  path: string,
  line: number,
  message: string,
  fix: string,
): UnderstudyError<"INPUTS"> {
  return new UnderstudyError("INPUTS", message, { place: { path, line }, fix });
}

function kindOf(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object"
    ? "an object"
    : `the ${typeof value} ${JSON.stringify(value)?.slice(0, 60)}`;
}

/**
 * Splits inputs once into a search set A and a certify set B. Inputs are ordered by the sha256 of their content (canonical
 * slots and expected output), so the split depends on what they say and on nothing else; the first `searchSize` are A, the
 * rest B. Of inputs with the same slots only the first in that order is kept: A and B never share one.
 * `hash` is the sha256 over the kept contents.
 */
export function splitInputs(
  inputs: readonly Input[],
  options: { readonly source: string; readonly searchSize?: number },
): InputSet {
  const searchSize = options.searchSize ?? DEFAULT_SEARCH_SIZE;
  if (!Number.isInteger(searchSize) || searchSize < 0)
    throw new UnderstudyError("INPUTS", `a search set of ${searchSize} inputs`, {
      fix: "use a whole number, 0 or more",
    });
  const hashed = inputs.map((input) => ({
    input,
    slots: canonicalSlots(input.slots),
    hash: contentHash(input),
  }));
  hashed.sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : a.input.line - b.input.line));
  const seen = new Set<string>();
  const kept = hashed.filter(({ slots }) => !seen.has(slots) && seen.add(slots));
  const ordered = kept.map(({ input }) => input);
  return {
    source: options.source,
    hash: sha256(kept.map(({ hash }) => hash).join("\n")),
    search: ordered.slice(0, searchSize),
    certify: ordered.slice(searchSize),
  };
}

function contentHash(input: Input): string {
  return sha256(`${canonicalInput(input)}\n${JSON.stringify(input.expected)}`);
}

/** What an input says, whatever its id and its expected output: the same for the same slots. */
export function canonicalInput(input: Input): string {
  return canonicalSlots(input.slots);
}
