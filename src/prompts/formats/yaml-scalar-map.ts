/**
 * Character maps of YAML scalars: the decoding rules of YAML 1.2.2 with the source offset of every decoded unit. They
 * follow the reading of the `yaml` package, whose value is what the file means here.
 */

import type { CST } from "yaml";
import { DecodedTextBuilder, type DecodedText, type TextRange } from "../decoded-text.js";
import { decodeBlock } from "./yaml-block-scalars.js";
import { decodeDoubleQuoted, decodeFolded } from "./yaml-flow-scalars.js";

/**
 * Decodes a scalar token of `source` with its character map. The caller compares the text with the parser's value and
 * must not trust the map where they differ.
 */
export function mapYamlScalar(
  source: string,
  token: CST.BlockScalar | CST.FlowScalar,
): DecodedText {
  const builder = new DecodedTextBuilder();
  switch (token.type) {
    case "block-scalar":
      decodeBlock(source, token, builder);
      break;
    case "double-quoted-scalar":
      decodeDoubleQuoted(
        source,
        { start: token.offset + 1, end: token.offset + token.source.length - 1 },
        builder,
      );
      break;
    case "single-quoted-scalar":
      decodeFolded(
        source,
        { start: token.offset + 1, end: token.offset + token.source.length - 1 },
        copySingleQuoted,
        builder,
      );
      break;
    case "scalar":
    case "alias":
      decodeFolded(
        source,
        { start: token.offset, end: token.offset + token.source.length },
        copyPlain,
        builder,
      );
      break;
  }
  return builder.build();
}

/** Two quotes stand for one. */
function copySingleQuoted(source: string, range: TextRange, into: DecodedTextBuilder): void {
  for (let at = range.start; at < range.end; at++) {
    const doubled = source[at] === "'" && source[at + 1] === "'" && at + 1 < range.end;
    into.push(source[at] ?? "", at, at + (doubled ? 2 : 1));
    if (doubled) at++;
  }
}

function copyPlain(source: string, range: TextRange, into: DecodedTextBuilder): void {
  into.copy(source, range.start, range.end);
}
