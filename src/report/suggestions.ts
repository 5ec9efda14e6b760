/** A certified deletion as suggestions: the runs of lines that its diff changes, and the Markdown that GitHub turns into a button. */
import { createHash } from "node:crypto";
import { parsePatch } from "diff";
import type { Certificate } from "../domain.js";
import { percent, quantity, whole } from "./markdown/numbers.js";

/** A contiguous run of changed lines. Numbers count from 1 in the file before the deletion; texts are without their line feed. */
export interface LineRun {
  readonly startLine: number;
  readonly endLine: number;
  /** The lines as they are: one for each number. */
  readonly before: readonly string[];
  /** The lines as they would be; none where the run goes. */
  readonly after: readonly string[];
  /** Why no suggestion can say this; null where one can. */
  readonly obstacle: string | null;
}

/**
 * The runs of a unified diff of one file, in order. Lines that are only put in are joined to a neighbour, for a suggestion replaces lines.
 * Empty for a text that is no such diff.
 */
export function runsOf(diff: string): readonly LineRun[] {
  return hunksOf(diff).flatMap(({ oldStart, lines }) => runsOfHunk(oldStart, lines));
}

function hunksOf(diff: string): ReturnType<typeof parsePatch>[number]["hunks"] {
  try {
    const [file, ...more] = parsePatch(diff);
    return file === undefined || more.length > 0 ? [] : file.hunks;
  } catch {
    return [];
  }
}

interface Change {
  readonly line: number;
  readonly before: string[];
  readonly after: string[];
  /** Whether the file's last line, without a line feed, is among them. */
  unended: boolean;
}

function runsOfHunk(oldStart: number, lines: readonly string[]): readonly LineRun[] {
  const changes: Change[] = [];
  let [line, open] = [oldStart, false];
  let context: { readonly line: number; readonly text: string } | null = null;
  for (const whole_ of lines) {
    const [sign, text] = [whole_[0], whole_.slice(1)];
    if (sign === " ") {
      const last = changes.at(-1);
      // Put in before anything of the hunk: the line behind takes it.
      if (last !== undefined && open && last.before.length === 0) join(last, text);
      context = { line, text };
      line++;
      open = false;
      continue;
    }
    if (sign === "\\") {
      const last = changes.at(-1);
      if (open && last !== undefined) last.unended = true;
      continue;
    }
    if (!open) changes.push(opening(line, sign, context));
    open = true;
    const last = changes.at(-1);
    if (sign === "-") {
      last?.before.push(text);
      line++;
    } else last?.after.push(text);
  }
  return changes.filter(({ before }) => before.length > 0).map(runOf);
}

/** Lines that are only put in begin with the line in front of them, where there is one. */
function opening(
  line: number,
  sign: string | undefined,
  context: { readonly line: number; readonly text: string } | null,
): Change {
  if (sign === "+" && context !== null)
    return { line: context.line, before: [context.text], after: [context.text], unended: false };
  return { line, before: [], after: [], unended: false };
}

function join({ before, after }: Change, text: string): void {
  before.push(text);
  after.push(text);
}

function runOf({ line, before, after, unended }: Change): LineRun {
  return {
    startLine: line,
    endLine: line + before.length - 1,
    before,
    after,
    obstacle: obstacleOf({ after, unended }),
  };
}

/** What would not arrive in the file as it stands in the suggestion. */
function obstacleOf({ after, unended }: Pick<Change, "after" | "unended">): string | null {
  if (unended) return "the file's last line has no line feed, and a suggestion gives it one";
  if (after.some((text) => text.includes("\r")))
    return "its lines end in carriage returns, which a suggestion may lose";
  return null;
}

/** More parts than this are nothing to click through: the diff is. */
export const MOST_SUGGESTIONS = 20;

export interface SuggestionContext {
  /** Job key of the comment. */
  readonly key: string;
  readonly path: string;
  readonly certificate: Certificate;
  readonly tokensSaved: number;
  /** Parts of the whole deletion, and how many of them can be suggested. */
  readonly parts: number;
  readonly suggested: number;
}

/** A suggestion's first line: by it, and by its author, it is known again wherever it stands in the diff by then. */
export function suggestionMarker(key: string, id: string): string {
  return `<!-- understudy:suggestion:v1 key=${key} id=${id} -->`;
}

/** The same for the same lines of a file, wherever they stand; `occurrence` tells equal runs of one file apart, from 0. */
export function suggestionId(
  path: string,
  { before, after }: Pick<LineRun, "before" | "after">,
  occurrence: number,
): string {
  return createHash("sha256")
    .update(JSON.stringify([path, before, after, occurrence]))
    .digest("hex")
    .slice(0, 16);
}

/**
 * Markdown of one suggestion: marker, what it rests on, and the lines as they would be behind a fence that they cannot end. Nothing of a
 * prompt stands outside the fence.
 */
export function suggestionBody(run: LineRun, id: string, context: SuggestionContext): string {
  const { key, certificate, tokensSaved, parts, suggested } = context;
  const { changed, inputs, bound, alphaSpent } = certificate;
  const together =
    parts === 1
      ? "Certified"
      : suggested === parts
        ? `One of ${whole(parts)} parts, certified together: accept all of them or none. Together`
        : `One of ${whole(parts)} parts, certified together; ${whole(parts - suggested)} lie outside this diff, and the parts within it were not certified alone (\`understudy compress --write\` makes the whole change). Together`;
  const removes = run.after.length === 0 ? "These lines can go." : "These lines can be shorter.";
  const fence = "`".repeat(Math.max(3, longestRun(run.after) + 1));
  return [
    suggestionMarker(key, id),
    `**${removes}** ${together}: −${whole(tokensSaved)} tokens; ${whole(changed)} of ${quantity(inputs, "held-out output")} changed, at most ${percent(bound)} at ${percent(1 - alphaSpent)} confidence.`,
    "",
    `${fence}suggestion`,
    ...run.after,
    fence,
  ].join("\n");
}

function longestRun(lines: readonly string[]): number {
  return lines
    .flatMap((line) => [...line.matchAll(/`+/g)])
    .reduce((longest, match) => Math.max(longest, match[0].length), 0);
}
