/** From messages to spans: leaves of every message, chat pairs as one span each, numbered in order. */

import type { Protection, Span, SourceRange, SpanKind, SpanPart } from "../../domain.js";
import { sourceRangeOf, type LineIndex, type TextRange } from "../decoded-text.js";
import type { TemplateTokens } from "../syntax/tokens.js";
import type { SourceFile, SourceMessage } from "../source-file.js";
import { finalTurn, findChatPairs, findTextExamples } from "./examples.js";
import type { ExampleBlock } from "./fields.js";
import { cutLeaves, type Leaf } from "./leaves.js";
import { splitLines } from "./lines.js";
import { trimmedRange } from "./sentences.js";

/** A span before it is numbered; `example` tells where input and label stand in a message's text. */
export interface DraftSpan {
  readonly kind: SpanKind;
  readonly protection: Protection | null;
  readonly pieces: readonly (TextRange & { readonly message: number })[];
  readonly example: ExampleBlock | null;
}

/** The finest partition of a file's messages: sentences, list items, whole examples; chat pairs as one span of two parts. */
export function partition(file: SourceFile, tokens: readonly TemplateTokens[]): DraftSpan[] {
  const roles = file.messages.map((message) => message.role);
  const pairs = findChatPairs(roles);
  const last = finalTurn(roles);
  const drafts: DraftSpan[] = [];
  for (let index = 0; index < file.messages.length; index++) {
    const message = file.messages[index];
    if (!message) break;
    if (pairs.some(([user]) => user === index)) {
      drafts.push(pairSpan(file, tokens, index));
      index++;
    } else {
      const context = {
        tokens: tokens[index] ?? { slots: [], code: [] },
        isFinalTurn: index === last,
      };
      drafts.push(
        ...leavesOf(message, context).map((leaf) => ({
          ...leaf,
          pieces: [{ message: index, start: leaf.start, end: leaf.end }],
        })),
      );
    }
  }
  return withClosedQuery(file, tokens, drafts);
}

function pairSpan(file: SourceFile, tokens: readonly TemplateTokens[], user: number): DraftSpan {
  const members = [user, user + 1];
  const pieces = members.map((message) => ({
    message,
    start: 0,
    end: file.messages[message]?.content.text.length ?? 0,
  }));
  const isPinned = members.some(
    (message) =>
      file.messages[message]?.pinned === true ||
      /\bunderstudy:\s*keep\b/i.test(file.messages[message]?.content.text ?? ""),
  );
  const hasToken = members.some(
    (message) => (tokens[message]?.slots.length ?? 0) + (tokens[message]?.code.length ?? 0) > 0,
  );
  const isIncluded = members.some(
    (message) => file.messages[message]?.content.included !== undefined,
  );
  const isOpaque = members.some((message) => file.messages[message]?.opaque === true);
  return {
    kind: "example",
    protection: isPinned
      ? "pinned"
      : hasToken
        ? "slot"
        : isIncluded
          ? "included"
          : isOpaque
            ? "delimiter"
            : null,
    pieces,
    example: null,
  };
}

function leavesOf(
  message: SourceMessage,
  context: {
    readonly tokens: TemplateTokens;
    readonly isFinalTurn: boolean;
  },
): Leaf[] {
  const text = message.content.text;
  if (message.opaque)
    return [
      { start: 0, end: text.length, kind: "sentence", protection: "delimiter", example: null },
    ];
  const lines = splitLines(text);
  const included = message.content.included ?? [];
  const examples = findTextExamples({ text, lines, ...context.tokens });
  const leaves = cutLeaves({
    text,
    lines,
    tokens: context.tokens,
    examples: examples.blocks.filter(
      (block) =>
        !included.some((stretch) => block.start < stretch.end && stretch.start < block.end),
    ),
    included,
    query: context.isFinalTurn ? examples.query : null,
    isFinalTurn: context.isFinalTurn,
  });
  return message.pinned
    ? leaves.map((leaf) => ({ ...leaf, protection: leaf.protection ?? "pinned" }))
    : leaves;
}

/** Where the asking turn of a chat has no slot, the whole turn is the query; an assistant's turn after it is the answer's prefix. */
function withClosedQuery(
  file: SourceFile,
  tokens: readonly TemplateTokens[],
  drafts: readonly DraftSpan[],
): DraftSpan[] {
  if (file.messages.length < 2) return [...drafts];
  const last = finalTurn(file.messages.map((message) => message.role));
  const isLiteral = file.messages[last]?.role === "user" && (tokens[last]?.slots.length ?? 0) === 0;
  return drafts.map((draft) => {
    const message = draft.pieces[0]?.message ?? 0;
    const closed = message > last || (message === last && isLiteral);
    return closed ? { ...draft, protection: draft.protection ?? "query" } : draft;
  });
}

/** Numbers the spans and gives them their text and their place in the source. */
export function numberSpans(
  file: { readonly lines: LineIndex; readonly messages: readonly SourceMessage[] },
  drafts: readonly DraftSpan[],
): Span[] {
  return drafts.map((draft, index) => {
    const parts = draft.pieces.map((piece): SpanPart => {
      const content = file.messages[piece.message]?.content;
      return {
        ...piece,
        source: content ? sourceRangeOf(file.lines, content, piece) : file.lines.range(0, 0),
      };
    });
    const text = parts
      .map((part) => file.messages[part.message]?.content.text.slice(part.start, part.end) ?? "")
      .join("\n");
    return {
      index,
      kind: draft.kind,
      parts,
      text,
      source: visibleSource(file, parts),
      protection: draft.protection,
    };
  });
}

/** The place of what is seen of a span: from the first to the last part, without the white space around. */
function visibleSource(
  file: { readonly lines: LineIndex; readonly messages: readonly SourceMessage[] },
  parts: readonly SpanPart[],
): SourceRange {
  return hull(
    parts.map((part) => {
      const content = file.messages[part.message]?.content;
      return content
        ? sourceRangeOf(file.lines, content, trimmedRange(content.text, part))
        : part.source;
    }),
  );
}

const NOWHERE: SourceRange = {
  startOffset: 0,
  endOffset: 0,
  startLine: 1,
  startColumn: 1,
  endLine: 1,
  endColumn: 1,
};

/** From the start of the first range to the end of the last. */
export function hull(ranges: readonly SourceRange[]): SourceRange {
  const first = ranges[0] ?? NOWHERE;
  const last = ranges[ranges.length - 1] ?? NOWHERE;
  return {
    ...first,
    endOffset: last.endOffset,
    endLine: last.endLine,
    endColumn: last.endColumn,
  };
}
