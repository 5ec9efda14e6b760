import { UnderstudyError, messageOf } from "../errors.js";

/**
 * How a regenerated answer is held against the fixed one (docs/methods.md, A10c):
 * - exact: 1 where the texts are the same, white space at the ends aside
 * - normalised: 1 where the words are the same in the same order; case, white space, punctuation and compatibility forms aside
 * - words: as normalised, otherwise the F1 of the words
 * - json: F1 of the fields, each by its place and value
 * - pattern: what a regular expression of the user's captures is the same; without a group: the answer matches as a whole
 */
export type AnswerCheck =
  | { readonly kind: "exact" | "normalised" | "words" | "json" }
  | { readonly kind: "pattern"; readonly pattern: AnswerPattern };

/** A user's regular expression; made by parseAnswerPattern. */
export interface AnswerPattern {
  readonly expression: RegExp;
  readonly captures: boolean;
}

/** A character of a script that is written without spaces, or a run of other letters, marks and digits. */
const WORD =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}])[\p{L}\p{M}\p{N}])+/gu;
/** Longer patterns are no patterns, and of longer answers only the beginning is matched: matching may take time. */
const LONGEST_PATTERN = 500;
const LONGEST_MATCHED = 10_000;
/** Deeper JSON is compared as text. */
const DEEPEST_JSON = 64;

/** Agreement in [0, 1] of an answer with the fixed one. */
export function answerAgreement(check: AnswerCheck, text: string, fixed: string): number {
  switch (check.kind) {
    case "exact":
      return text.trim() === fixed.trim() ? 1 : 0;
    case "normalised":
      return similarity(text, fixed) === 1 ? 1 : 0;
    case "words":
      return similarity(text, fixed);
    case "json":
      return jsonAgreement(text, fixed);
    case "pattern":
      return patternAgreement(check.pattern, text, fixed);
  }
}

/**
 * Agreement of a regenerated answer with the fixed one, in [0, 1]: 1 where both are equal but for case, white space, punctuation
 * and compatibility forms; otherwise the F1 of their words as multisets (as in SQuAD: Rajpurkar et al. 2016).
 */
export function similarity(text: string, fixed: string): number {
  const ours = wordsOf(text);
  const theirs = wordsOf(fixed);
  if (ours.length === 0 || theirs.length === 0)
    return normalised(text) === normalised(fixed) ? 1 : 0;
  // Same words in another order are not the same answer.
  const same =
    ours.length === theirs.length && ours.every((word, position) => word === theirs[position]);
  const total = ours.length + theirs.length;
  return same ? 1 : Math.min((2 * common(ours, theirs)) / total, 1 - 1 / total);
}

/** Number of items that two multisets share. */
function common(ours: readonly string[], theirs: readonly string[]): number {
  const left = new Map<string, number>();
  for (const item of theirs) left.set(item, (left.get(item) ?? 0) + 1);
  let shared = 0;
  for (const item of ours) {
    const count = left.get(item) ?? 0;
    if (count > 0) {
      shared++;
      left.set(item, count - 1);
    }
  }
  return shared;
}

function normalised(text: string): string {
  return text.normalize("NFKC").toLowerCase().trim().replace(/\s+/g, " ");
}

function wordsOf(text: string): string[] {
  return normalised(text).match(WORD) ?? [];
}

/**
 * F1 of the fields of two JSON texts: a field is a place (names and positions from the root) with a plain value, text compared
 * as `normalised` does. A fence of Markdown around JSON is looked through. 0 where only the fixed output is JSON; where it is
 * not, similarity of the words.
 */
export function jsonAgreement(text: string, fixed: string): number {
  const theirs = fieldsOf(fixed);
  if (theirs === null) return similarity(text, fixed);
  const ours = fieldsOf(text);
  if (ours === null) return 0;
  return (2 * common(ours, theirs)) / (ours.length + theirs.length);
}

/** One line a field, or null for what is not JSON. */
function fieldsOf(text: string): string[] | null {
  const bare = /^\s*```(?:json)?\s*\n([\s\S]*?)\n\s*```\s*$/i.exec(text)?.[1] ?? text;
  let root: unknown;
  try {
    root = JSON.parse(bare);
  } catch {
    return null;
  }
  const fields: string[] = [];
  const open: { readonly place: readonly string[]; readonly value: unknown }[] = [
    { place: [], value: root },
  ];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { place, value } = next;
    if (place.length > DEEPEST_JSON) return null;
    const inner = typeof value === "object" && value !== null ? Object.entries(value) : [];
    if (inner.length === 0) fields.push(JSON.stringify([place, plainValue(value)]));
    for (const [name, part] of inner) open.push({ place: [...place, name], value: part });
  }
  return fields;
}

function plainValue(value: unknown): unknown {
  return typeof value === "string" ? normalised(value) : value;
}

/** Throws CONFIG for what is no regular expression, has several groups or is longer than 500 characters. */
export function parseAnswerPattern(source: string): AnswerPattern {
  const fix = "give a regular expression (JavaScript) with one capture group, or with none";
  if (source.length > LONGEST_PATTERN)
    throw new UnderstudyError("CONFIG", `a pattern of ${source.length} characters`, { fix });
  let expression: RegExp;
  let groups: number;
  try {
    expression = new RegExp(source, "su");
    // The empty alternative always matches, so that the result says how many groups there are.
    groups = (new RegExp(`(?:${source})|`, "su").exec("")?.length ?? 1) - 1;
  } catch (cause) {
    throw new UnderstudyError("CONFIG", messageOf(cause), { fix, cause });
  }
  if (groups > 1)
    throw new UnderstudyError("CONFIG", `a pattern with ${groups} capture groups`, {
      fix: "write (?:...) for all groups but one",
    });
  return groups === 1
    ? { expression, captures: true }
    : { expression: new RegExp(`^(?:${source})$`, "su"), captures: false };
}

/** With a group: the captures agree as normalised text; where the fixed output has none, the whole texts. Without: a full match. */
function patternAgreement(pattern: AnswerPattern, text: string, fixed: string): number {
  const match = (of: string): RegExpExecArray | null =>
    pattern.expression.exec(of.trim().slice(0, LONGEST_MATCHED));
  if (!pattern.captures) return match(text) === null ? 0 : 1;
  const wanted = match(fixed)?.[1];
  if (wanted === undefined) return normalised(text) === normalised(fixed) ? 1 : 0;
  const found = match(text)?.[1];
  return found !== undefined && normalised(found) === normalised(wanted) ? 1 : 0;
}

/** json where every fixed output is an object or a list, words otherwise. */
export function chooseAnswerCheck(fixed: readonly string[]): AnswerCheck {
  const structured =
    fixed.length > 0 &&
    fixed.every((text) => /^\s*(?:```(?:json)?\s*)?[[{]/i.test(text) && fieldsOf(text) !== null);
  return { kind: structured ? "json" : "words" };
}
