/** What a format reads from a prompt file, before slots and spans are looked for. */

import { UnderstudyError } from "../errors.js";
import type { Input, PromptFormat, Role, TemplateSyntax } from "../domain.js";
import { LineIndex, type DecodedText, type TextRange } from "./decoded-text.js";

export const ROLES: readonly Role[] = ["system", "user", "assistant"];

/** One message with the place of its text and of the list item that holds it. */
export interface SourceMessage {
  readonly role: Role;
  readonly content: DecodedText;
  /** Range of the content as written, quotes and block header included. */
  readonly literal: TextRange;
  /** Range of the whole message as written; for a file that is one message, the text. */
  readonly item: TextRange;
  /** The author asked in a comment outside the text to keep the whole message. */
  readonly pinned: boolean;
  /** The character map could not be established: the message is one span and stays as it is. */
  readonly opaque: boolean;
  /** Ways to write another text in the place of `literal`, the message's own style first. */
  readonly rewrites: (wanted: string) => readonly string[];
}

export interface SourceFile {
  readonly path: string;
  readonly name: string | null;
  readonly format: PromptFormat;
  readonly syntax: TemplateSyntax;
  readonly text: string;
  readonly lines: LineIndex;
  readonly messages: readonly SourceMessage[];
  readonly embeddedInputs: readonly Input[];
  readonly model: string | null;
  readonly notes: readonly string[];
  /** Everything else that the file says: a shorter prompt must leave it the same. */
  readonly rest: string;
}

/** Replaces source[start, end) by `text`. */
export interface Edit extends TextRange {
  readonly text: string;
}

/** A PROMPT_SYNTAX error at an offset of the file. */
export function syntaxError(
  file: { readonly path: string; readonly lines: LineIndex },
  offset: number,
  problem: { readonly message: string; readonly fix: string },
): UnderstudyError<"PROMPT_SYNTAX"> {
  return new UnderstudyError("PROMPT_SYNTAX", problem.message, {
    place: { path: file.path, ...file.lines.position(offset) },
    fix: problem.fix,
  });
}

/** A value as it may be shown in an error: one line, at most 60 characters, control characters escaped. */
export function shown(value: string): string {
  const escaped = JSON.stringify(value);
  return escaped.length > 60 ? `${escaped.slice(0, 56)}..."` : escaped;
}

/** The role a file wrote, or an error that names the allowed ones. */
export function checkedRole(
  file: { readonly path: string; readonly lines: LineIndex },
  offset: number,
  role: string,
): Role {
  const known = ROLES.find((candidate) => candidate === role);
  if (known !== undefined) return known;
  throw syntaxError(file, offset, {
    message: `unknown role ${shown(role)}`,
    fix: `use one of: ${ROLES.join(", ")}`,
  });
}

/** Whether a comment asks to keep what it stands beside. */
export function asksToKeep(comment: string): boolean {
  return /\bunderstudy:\s*keep\b/i.test(comment);
}

/** Whether a line is nothing but such a comment. */
export function isOnlyKeepComment(text: string): boolean {
  return /^(?:<!--|\/\/|\/\*|#|\{#)?\s*understudy:\s*keep\s*(?:-->|\*\/|#\})?$/i.test(text);
}

/** A text without the comment that pins it. */
export function withoutKeepComment(text: string): string {
  return text
    .replace(
      /[ \t]{0,8}(?:<!--|\/\/|\/\*|#|\{#)?[ \t]{0,8}understudy:[ \t]{0,8}keep[ \t]{0,8}(?:-->|\*\/|#\})?/gi,
      "",
    )
    .trim();
}
