/**
 * The only way in which text that we did not write enters Markdown. Prompts, rows, file names, reasons and model answers are
 * hostile: nothing of them may become a link, a mention, a reference, an image, HTML, a fence or the end of a table row.
 *
 * A backslash does not stop a mention (`\@name` still notifies), nor do entities, for GitHub looks for mentions after
 * rendering. Only code does, so words that GitHub would link are put into code spans, where copying them stays clean.
 */
import { visibleBlock, visibleExcerpt } from "./visible.js";

/** Longest text shown in a code span and in prose unless the caller says otherwise, in graphemes. */
const CODE_LIMIT = 80;
const PROSE_LIMIT = 400;

/** Words that GitHub turns into a link, a notification, an emoji or a formula, in any position of the word. */
const LINKED = [
  String.raw`[@$]`, // mention, e-mail address, commit reference, formula
  String.raw`#\w`, // issue
  String.raw`&#?\w`, // an entity, which decodes before mentions are looked for
  String.raw`:\/\/|www\.|mailto:|xmpp:`, // bare address
  String.raw`:[\w+-]+:`, // emoji short code
  String.raw`\b[a-z][a-z0-9]*-\d`, // GH-1 and custom references
  String.raw`\bghsa-`, // advisory
  String.raw`\b[0-9a-f]{7,64}\b`, // commit
];
const LINKED_WORD = new RegExp(LINKED.join("|"), "iu");

/** Inline Markdown that shows `text` as it is, on one line, safe at the start of a line and in a table cell. */
export function escapeMarkdown(text: string, limit: number = PROSE_LIMIT): string {
  const line = visibleExcerpt(text, limit).trim();
  return line
    .split(/\s+/u)
    .filter((word) => word !== "")
    .map(escapeWord)
    .join(" ");
}

function escapeWord(word: string, index: number): string {
  if (LINKED_WORD.test(word)) return code(word);
  const inline = word
    .replace(/[\\`*_[\]()#!~]/g, String.raw`\$&`)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("|", "&#124;");
  return index === 0 ? escapeBlockStart(inline) : inline;
}

/** What would open a list, a heading underline or a thematic break at the start of a line. */
function escapeBlockStart(word: string): string {
  return word.replace(/^[-+=]/, String.raw`\$&`).replace(/^(\d+)([.])/, String.raw`$1\$2`);
}

/**
 * `text` in a code span: one line, at most `limit` graphemes. A pipe stands between two spans as an entity, because inside
 * a span Markdown parsers disagree how it is escaped in a table and outside of one.
 */
export function codeSpan(text: string, limit: number = CODE_LIMIT): string {
  return code(visibleExcerpt(text, limit));
}

function code(line: string): string {
  if (line.trim() === "") return line === "" ? "_(empty)_" : "_(blank)_";
  return line
    .split("|")
    .map((piece) => (piece === "" ? "" : fence(piece)))
    .join("&#124;");
}

function fence(piece: string): string {
  const ticks = "`".repeat(longestRun(piece) + 1);
  const touches = piece.startsWith("`") || piece.endsWith("`");
  const stripped = piece.startsWith(" ") && piece.endsWith(" ") && piece.trim() !== "";
  const pad = touches || stripped ? " " : "";
  return `${ticks}${pad}${piece}${pad}${ticks}`;
}

/** A fenced code block that its content cannot end; `language` is a plain word of ours. */
export function fencedBlock(text: string, language = ""): string {
  const body = visibleBlock(text).replace(/\n$/, "");
  const ticks = "`".repeat(Math.max(3, longestRun(body) + 1));
  return `${ticks}${language}\n${body}\n${ticks}`;
}

function longestRun(text: string): number {
  return [...text.matchAll(/`+/g)].reduce((longest, run) => Math.max(longest, run[0].length), 0);
}
