/** Text that a rendered page does not show and a model reads: comments, and elements styled away. */
import { escaped } from "./escaped.js";
import type { Hit } from "./hit.js";

export interface HiddenPiece {
  readonly kind: "comment" | "hidden element";
  /** Of the whole piece, markup included. */
  readonly start: number;
  readonly end: number;
  /** What stands inside. */
  readonly content: string;
}

const MARKDOWN_COMMENT = /^\[(?:\/\/|comment|_)\]: ?# ?["(']([^\n]*)$/gm;
/** An opening tag that hides its content; attributes are bounded so that a long line costs no more than its length. */
const HIDING_TAG =
  /<[a-z][a-z0-9]{0,15}\b[^<>]{0,300}?(?:display\s?:\s?none|visibility\s?:\s?hidden|font-size\s?:\s?0|opacity\s?:\s?0(?:[;"'\s]|$)|color\s?:\s?(?:white|#fff(?:fff)?|transparent)\b|\bhidden\b)[^<>]{0,300}>/gi;
const LONGEST_CONTENT = 2000;

/** All hidden pieces of a text, in order of their kind and place. */
export function hiddenPieces(text: string): readonly HiddenPiece[] {
  return [...htmlComments(text), ...markdownComments(text), ...hiddenElements(text)];
}

/**
 * Hidden pieces that speak to a model: with a phrase of the rules for untrusted text (`speaks`) or an order to a model. In
 * untrusted text any words that are styled away are enough.
 */
export function findHiddenMarkup(
  text: string,
  options: { readonly isUntrusted: boolean; readonly speaks: (content: string) => boolean },
): readonly Hit[] {
  if (!text.includes("<") && !text.includes("]:")) return [];
  return hiddenPieces(text).flatMap(({ kind, start, end, content }): Hit[] => {
    const isOrder =
      ORDER.test(content) && (options.isUntrusted ? UNTRUSTED_CALL : MODEL).test(content);
    const isStyledAway =
      options.isUntrusted && kind === "hidden element" && /\p{L}{3}/u.test(content);
    if (!isOrder && !isStyledAway && !options.speaks(content)) return [];
    const where = kind === "comment" ? "a comment" : "an element that is styled away";
    const what = `${where}, which a rendered page does not show and a model reads: ${escaped(content.trim())}`;
    return [{ rule: "hidden markup", start, end, what }];
  });
}

const ORDER =
  /\b(?:must|always|never|please|instead|ignore|disregard|do not|don't|should|answer|respond|reply|output|rate|classify|label|approve|recommend)\b/i;
const MODEL = /\b(?:ai|llm|assistant|chatbot|gpt|chatgpt|claude|gemini|copilot)\b/i;
/** In a template's comment "you" may be a colleague; in a row it is whoever reads. */
const UNTRUSTED_CALL = new RegExp(`${MODEL.source}|\\b(?:model|agent|bot|you)\\b`, "i");

function htmlComments(text: string): readonly HiddenPiece[] {
  const pieces: HiddenPiece[] = [];
  for (let start = text.indexOf("<!--"); start >= 0;) {
    const close = text.indexOf("-->", start + 4);
    const end = close < 0 ? text.length : close + 3;
    const content = text.slice(start + 4, close < 0 ? text.length : close);
    pieces.push({ kind: "comment", start, end, content: content.slice(0, LONGEST_CONTENT) });
    start = text.indexOf("<!--", end);
  }
  return pieces;
}

function markdownComments(text: string): readonly HiddenPiece[] {
  return [...text.matchAll(MARKDOWN_COMMENT)].map(({ 0: line, 1: content, index }) => ({
    kind: "comment",
    start: index,
    end: index + line.length,
    content: (content ?? "").slice(0, LONGEST_CONTENT),
  }));
}

function hiddenElements(text: string): readonly HiddenPiece[] {
  return [...text.matchAll(HIDING_TAG)].map(({ 0: tag, index }) => {
    const from = index + tag.length;
    const close = text.slice(from, from + LONGEST_CONTENT).indexOf("</");
    const end = close < 0 ? from : from + close;
    return { kind: "hidden element", start: index, end, content: text.slice(from, end) };
  });
}
