/** The pull request comment: one per job key, written for a reviewer who reads for twenty seconds. */
import type { Report } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { byteLength, fitSections, type Section } from "./budget.js";
import { hasFindings } from "./facts.js";
import { evidenceSections, folded, openSections } from "./pages.js";
import { blocks } from "./markdown/blocks.js";
import { suggestionsSection, type SuggestionNotes } from "./sections/suggestions.js";
import { linkTo, type Links, type View } from "./view.js";

export interface CommentOptions {
  /** Tells the comments of several jobs apart: letters, digits, `.`, `_` and `-`. */
  readonly key: string;
  readonly links?: Links;
  /** What stands as suggestions on the diff; absent or empty: nothing was to be suggested. */
  readonly suggestions?: readonly SuggestionNotes[];
}

/** GitHub takes 65,536 characters; the rest is room for what redaction may add. Bytes and UTF-16 units both stay below. */
export const COMMENT_BYTES = 60_000;

const ROWS = 15;
const TEXT = 80;

/**
 * First line of every comment of ours: by it, and by its author, the comment is found again.
 * @throws UnderstudyError USAGE for a key that could end the HTML comment or is longer than 100 characters.
 */
export function commentMarker(key: string): string {
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(key) || key.includes("--")) {
    throw new UnderstudyError("USAGE", `comment key ${JSON.stringify(key)} is not usable`, {
      fix: "use letters, digits, '.', '_' and single '-' only, at most 100 of them",
    });
  }
  return `<!-- understudy:v1 key=${key} -->`;
}

/**
 * Markdown of the comment, at most COMMENT_BYTES bytes, the same bytes for the same report and options. Without findings it
 * is the short resolved state: what was looked at, and what could not be known.
 */
export function renderComment(report: Report, options: CommentOptions): string {
  const view: View = { report, links: options.links ?? {}, rows: ROWS, text: TEXT, course: false };
  const marker = `${commentMarker(options.key)}\n`;
  const evidence = hasFindings(report) ? folded(evidenceSections(view)) : [];
  const suggested = suggestionsSection(view, options.suggestions ?? []);
  const sections = [
    ...openSections(view),
    ...(suggested === null
      ? []
      : [{ name: "suggestions", body: blocks("**Suggestions**", suggested), dropOrder: 6 }]),
    ...evidence,
    ...runLink(view),
  ];
  return (
    marker +
    fitSections(sections, COMMENT_BYTES - byteLength(marker), (dropped) => leftOut(view, dropped))
  );
}

function runLink(view: View): readonly Section[] {
  if (view.links.run === undefined) return [];
  return [
    {
      name: "link",
      body: linkTo("The whole report is in the job summary.", view.links.run),
      dropOrder: "always",
    },
  ];
}

function leftOut(view: View, dropped: readonly string[]): string {
  const where = linkTo("the job summary", view.links.run);
  return `_Left out for length: ${dropped.join("; ")}. They are in ${where} and in \`understudy-report.json\`._`;
}
