/** YAML documents as value trees. */

import { isMap, isScalar, isSeq, parseDocument, type CST, type Document, type Scalar } from "yaml";
import { opaque, type LineIndex } from "../decoded-text.js";
import { asksToKeep, syntaxError } from "../source-file.js";
import { yamlRewrites, type SourceLiteral } from "./literals.js";
import type { ValueTree } from "./value-tree.js";
import { isTextScalar, rangeOf, resolve, type TextScalar, type YamlFile } from "./yaml-nodes.js";
import { mapYamlScalar } from "./yaml-scalar-map.js";

/** Parses a YAML document. Throws PROMPT_SYNTAX with the place of the first error. */
export function openYaml(path: string, text: string, lines: LineIndex): YamlFile {
  const document = parseDocument(text, {
    keepSourceTokens: true,
    prettyErrors: false,
    version: "1.2",
  });
  const [error] = document.errors;
  if (error)
    throw syntaxError({ path, lines }, error.pos[0], {
      message: `not valid YAML: ${error.message}`,
      fix: fixOf(error.code),
    });
  return { path, text, lines, document };
}

function fixOf(code: Document.Parsed["errors"][number]["code"]): string {
  switch (code) {
    case "DUPLICATE_KEY":
      return "keep one of the two keys";
    case "TAB_AS_INDENT":
      return "indent with spaces";
    case "BAD_INDENT":
    case "MISSING_CHAR":
      return "check the indentation and the quotes around this line; put text with `: ` or `#` in quotes or in a block (`|`)";
    default:
      return "correct the YAML at this place; any YAML 1.2 document is allowed";
  }
}

/** The tree of a document's contents. */
export function yamlTree(file: YamlFile, node: unknown = file.document.contents): ValueTree {
  const range = rangeOf(node);
  const target = resolve(file, node);
  if (isTextScalar(target))
    return {
      kind: "text",
      range,
      text: target.value,
      literal: () => yamlLiteral(file, target),
    };
  if (isMap(target))
    return {
      kind: "mapping",
      range,
      entries: () =>
        target.items.map((pair) => [
          isScalar(pair.key) ? String(pair.key.value) : String(pair.key),
          yamlTree(file, pair.value ?? null),
        ]),
    };
  if (isSeq(target))
    return { kind: "list", range, items: () => target.items.map((item) => yamlTree(file, item)) };
  const written = isScalar(target) && target.value !== null ? writtenAs(target) : null;
  return { kind: "plain", range, written };
}

function writtenAs(scalar: Scalar): string {
  return typeof scalar.source === "string" ? scalar.source : String(scalar.value);
}

/** A scalar's text with the place of every character; opaque where the map does not give the parser's own value. */
export function yamlLiteral(file: YamlFile, scalar: TextScalar): SourceLiteral {
  const literal = rangeOf(scalar);
  const mapped = mappedText(file, scalar);
  return {
    content: mapped ?? opaque(scalar.value, literal.start, literal.end),
    literal,
    pinned: asksToKeep(`${scalar.comment ?? ""}\n${headerComment(scalar)}`),
    opaque: mapped === null,
    rewrites: (wanted) =>
      yamlRewrites(file.text, file.text.slice(literal.start, literal.end), wanted),
  };
}

function mappedText(file: YamlFile, scalar: TextScalar): SourceLiteral["content"] | null {
  const token = scalar.srcToken;
  if (!token || (token.type !== "block-scalar" && !isFlowToken(token))) return null;
  const mapped = mapYamlScalar(file.text, token);
  return mapped.text === scalar.value ? mapped : null;
}

/** The comment beside a block scalar's header, which the parser keeps with the scalar's own token. */
function headerComment(scalar: Scalar): string {
  const token = scalar.srcToken;
  if (token?.type !== "block-scalar") return "";
  return token.props.map((prop) => ("source" in prop ? prop.source : "")).join("");
}

function isFlowToken(token: CST.Token): token is CST.FlowScalar {
  return (
    token.type === "scalar" ||
    token.type === "single-quoted-scalar" ||
    token.type === "double-quoted-scalar"
  );
}
