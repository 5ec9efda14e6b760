/** How much of the report a page shows, and where its line numbers lead. */
import type { Report, SourceRange } from "../domain.js";
import { codeSpan } from "./markdown/escape.js";

export interface Links {
  /**
   * Address under which the reviewed commit's files lie, such as `https://github.com/OWNER/REPOSITORY/blob/SHA`: lines become
   * links. The commit is part of the input, so the comment stays the same for the same input.
   */
  readonly files?: string;
  /** Address of the workflow run. It differs in every run, so a comment with it is rewritten by every run. */
  readonly run?: string;
}

/** What a section needs to know beside the report. */
export interface View {
  readonly report: Report;
  readonly links: Links;
  /** Rows of one table. */
  readonly rows: number;
  /** Graphemes of one quoted text. */
  readonly text: number;
  /** Whether it is told how tests went, and not only how they ended. */
  readonly course: boolean;
}

type Lines = Pick<SourceRange, "startLine" | "endLine">;

/** `12` or `12–14`, as a link where the view knows the files' address. */
export function linesOf(view: View, path: string, lines: Lines): string {
  const { startLine, endLine } = lines;
  const text = startLine === endLine ? `${startLine}` : `${startLine}–${endLine}`;
  const anchor = startLine === endLine ? `L${startLine}` : `L${startLine}-L${endLine}`;
  const files = webAddress(view.links.files);
  return files === null ? text : `[${text}](${files}/${encodePath(path)}?plain=1#${anchor})`;
}

/** A link of ours, or the bare text where the address is none of the web. */
export function linkTo(text: string, address: string | undefined): string {
  const target = webAddress(address);
  return target === null ? text : `[${text}](${target})`;
}

/** A file name as code. */
export function fileName(path: string): string {
  return codeSpan(path, 120);
}

function encodePath(path: string): string {
  const segment = (part: string): string =>
    encodeURIComponent(part.replace(/\p{Surrogate}/gu, "\uFFFD")).replace(
      /[!'()*]/g,
      percentEncode,
    );
  return path.split("/").map(segment).join("/");
}

function percentEncode(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function webAddress(address: string | undefined): string | null {
  if (address === undefined || !URL.canParse(address) || /[\s()<>\\]/.test(address)) return null;
  return /^https?:$/.test(new URL(address).protocol) ? address.replace(/\/+$/, "") : null;
}
