/** Writing a message's text anew, in the style it was written in and then in ways that can hold any text. */

import type { Edit, SourceFile, SourceMessage } from "../source-file.js";

/** Ways to write `wanted` in the place of the message's literal, the message's own style first. */
export function rewriteLiteral(file: SourceFile, message: SourceMessage, wanted: string): Edit[] {
  const written = file.text.slice(message.literal.start, message.literal.end);
  const styles =
    file.format === "prompt-yaml"
      ? yamlStyles(file, written, wanted)
      : file.format === "chat-json"
        ? [JSON.stringify(wanted)]
        : [wanted];
  return styles.map((text) => ({ ...message.literal, text }));
}

function yamlStyles(file: SourceFile, written: string, wanted: string): string[] {
  const feed = file.text.includes("\r\n") ? "\r\n" : "\n";
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
