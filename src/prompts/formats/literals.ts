/** Text as a file writes it: its decoded characters, its literal, and the ways to write another text in its place. */

import type { DecodedText, TextRange } from "../decoded-text.js";
import type { SourceMessage } from "../source-file.js";

/** What a message takes over from the text that is its content. */
export type SourceLiteral = Pick<
  SourceMessage,
  "content" | "literal" | "pinned" | "opaque" | "rewrites"
>;

/** Text that stands in the file as it is. */
export function verbatimLiteral(content: DecodedText, literal: TextRange): SourceLiteral {
  return { content, literal, pinned: false, opaque: false, rewrites: (wanted) => [wanted] };
}

export function jsonRewrites(wanted: string): readonly string[] {
  return [JSON.stringify(wanted)];
}

/** Ways to write a text as a YAML scalar: in the style of `written`, then in ways that hold any text. */
export function yamlRewrites(source: string, written: string, wanted: string): readonly string[] {
  const feed = source.includes("\r\n") ? "\r\n" : "\n";
  const quoted = `${JSON.stringify(wanted)}${/^[|>]/.test(written) && written.endsWith("\n") ? feed : ""}`;
  const single = `'${wanted.replaceAll("'", "''")}'`;
  if (/^[|>]/.test(written))
    return [
      literalBlock({ indent: blockIndent(written), feed, ended: written.endsWith("\n") }, wanted),
      quoted,
    ];
  const isOneLine = !/[\r\n]/.test(wanted);
  if (written.startsWith('"')) return [quoted];
  if (written.startsWith("'")) return isOneLine ? [single, quoted] : [quoted];
  return isOneLine ? [wanted, single, quoted] : [quoted];
}

/** Indentation of a block scalar's first line with content. */
function blockIndent(written: string): number {
  const line = written
    .split("\n")
    .slice(1)
    .find((candidate) => candidate.trim() !== "");
  return line === undefined ? 2 : line.length - line.trimStart().length;
}

function literalBlock(
  block: { readonly indent: number; readonly feed: string; readonly ended: boolean },
  wanted: string,
): string {
  const body = wanted.replace(/\n+$/, "");
  const trailing = wanted.length - body.length;
  const chomping = trailing === 0 ? "-" : trailing === 1 ? "" : "+";
  const lines = body
    .split("\n")
    .map((line) => (line === "" ? "" : " ".repeat(block.indent) + line));
  const end = block.feed.repeat(Math.max(1, trailing));
  return `|${chomping}${block.feed}${lines.join(block.feed)}${block.ended ? end : ""}`;
}

/** Ways to write a text as a TOML string: over several lines where `written` was so, then as a basic string. */
export function tomlRewrites(source: string, written: string, wanted: string): readonly string[] {
  const basic = `"${escapedToml(wanted).replaceAll("\n", "\\n")}"`;
  if (!/^(?:"""|''')/.test(written)) return [basic];
  const feed = source.includes("\r\n") ? "\r\n" : "\n";
  const lines = escapedToml(wanted).replaceAll("\n", feed);
  return [`"""${feed}${lines}"""`, basic];
}

/** What a basic string must escape (TOML 1.0, String), all but line feeds. */
function escapedToml(text: string): string {
  return text.replace(/(?!\n)[\\"\p{Cc}]/gu, (unit) =>
    unit === "\\" || unit === '"'
      ? `\\${unit}`
      : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
