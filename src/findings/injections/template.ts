/** A prompt template under the rules: its authors' own text, and the demonstrations in it, which nobody vouches for. */
import type { PromptTemplate } from "../../domain.js";
import { isTranscript } from "./chat-markup.js";
import type { Hit } from "./hit.js";
import { scanText } from "./scan-text.js";
import type { Standing } from "./rules.js";

/** A finding with its place in a message's decoded content. */
export interface TemplateHit {
  readonly hit: Hit;
  /** The scanned text, which the hit's own places are of. */
  readonly text: string;
  readonly standing: Standing;
  readonly message: number;
  /** [start, end) in UTF-16 units of the message. */
  readonly start: number;
  readonly end: number;
  readonly demonstration: { readonly span: number; readonly startLine: number } | null;
}

/** All findings of a template, in the order of messages and places. */
export function scanTemplate(
  template: Pick<PromptTemplate, "messages" | "spans" | "demonstrations">,
): readonly TemplateHit[] {
  const pieces = template.messages.flatMap((message, index) =>
    piecesOf(template, message.content, index),
  );
  return pieces
    .flatMap((piece) => {
      const text = template.messages[piece.message]?.content.slice(piece.start, piece.end) ?? "";
      const { demonstration, message, standing } = piece;
      return scanText(text, piece).map((hit) => ({
        hit,
        text,
        standing,
        message,
        start: piece.start + hit.start,
        end: piece.start + hit.end,
        demonstration,
      }));
    })
    .toSorted((left, right) => left.message - right.message || left.start - right.start);
}

interface Piece {
  readonly message: number;
  readonly start: number;
  readonly end: number;
  readonly standing: Standing;
  readonly isOutput: boolean;
  readonly isOneSpeaker: boolean;
  readonly hasMarkup: boolean;
  readonly demonstration: TemplateHit["demonstration"];
}

/** The message cut at its demonstrations; what a text demonstration answers is a piece of its own. */
function piecesOf(
  template: Pick<PromptTemplate, "messages" | "spans" | "demonstrations">,
  content: string,
  message: number,
): readonly Piece[] {
  const hasMarkup = isTranscript(content);
  const shown = template.demonstrations
    .flatMap(({ span, startLine, label }) => {
      const parts = template.spans[span]?.parts ?? [];
      return parts
        .filter((part) => part.message === message)
        .flatMap(({ start, end }): Piece[] => {
          const isChat = parts.length > 1;
          const common = {
            message,
            standing: "demonstration",
            isOneSpeaker: isChat,
            hasMarkup,
            demonstration: { span, startLine },
          } as const;
          const isOutput = isChat && template.messages[message]?.role === "assistant";
          const answer =
            isChat || label === null ? -1 : content.slice(start, end).lastIndexOf(label);
          return answer < 0
            ? [{ ...common, start, end, isOutput }]
            : [
                { ...common, start, end: start + answer, isOutput: false },
                { ...common, start: start + answer, end, isOutput: true },
              ];
        });
    })
    .toSorted((left, right) => left.start - right.start);
  const pieces: Piece[] = [];
  let at = 0;
  const own = (end: number): void => {
    if (end > at)
      pieces.push({
        message,
        start: at,
        end,
        standing: "template",
        isOutput: false,
        isOneSpeaker: false,
        hasMarkup,
        demonstration: null,
      });
  };
  for (const piece of shown) {
    own(piece.start);
    pieces.push(piece);
    at = piece.end;
  }
  own(content.length);
  return pieces;
}
