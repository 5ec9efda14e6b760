import type { Message } from "../domain.js";
import type { ChatTemplate, RenderOptions } from "./chat-template.js";
import { splitAtSpecialTokens } from "./special-tokens.js";
import type { Fragment } from "./special-tokens.js";
import type { ModelTokenizer } from "./tokenizer.js";

/** Token ids of a chat. */
export type EncodeChat = (messages: readonly Message[], options: RenderOptions) => Int32Array;

/** The rendered chat, cut at the special tokens that the template wrote; texts in order are the rendered text. */
export type CutChat = (messages: readonly Message[], options: RenderOptions) => readonly Fragment[];

/** Encodes chats so that contents cannot write markup; see `createChatCutter`. */
export function createChatEncoder(template: ChatTemplate, tokenizer: ModelTokenizer): EncodeChat {
  const cut = createChatCutter(template, tokenizer);
  return (messages, options) => tokenizer.encodeFragments(cut(messages, options));
}

/**
 * Cuts chats so that contents cannot write markup: a control token spelt out in a message's content becomes plain text, also
 * where it would only arise by joining a content to its surroundings. All else is as in encode(render(messages)), ids included.
 *
 * How: a mark that occurs nowhere else is put inside each such token of the contents; the template renders and trims as it
 * likes; the rendered text is cut at the special tokens that are left, all of them the template's; then the marks are taken out,
 * so that contents and the template text next to them are pre-tokenised together. A template that looks for a control token
 * in a content does not find it: that, too, is markup. Control tokens of a single character cannot be marked and stay special.
 */
export function createChatCutter(
  template: ChatTemplate,
  tokenizer: Pick<ModelTokenizer, "specialTokens">,
): CutChat {
  const { specialTokens } = tokenizer;
  const findBreaks = createBreakFinder(
    specialTokens.filter((token) => token.control).map((token) => token.text),
  );
  return (messages, options) => {
    const breaks = messages.map((message) => findBreaks(message.content));
    const rendered = template.render(messages, options);
    if (breaks.every((positions) => positions.length === 0))
      return splitAtSpecialTokens(rendered, specialTokens);
    const mark = unusedMark([
      rendered,
      template.source,
      ...messages.map((message) => message.content),
    ]);
    const marked = messages.map(({ role, content }, index) => ({
      role,
      content: insertAt(content, breaks[index] ?? [], mark),
    }));
    const fragments = splitAtSpecialTokens(template.render(marked, options), specialTokens);
    return fragments.map((fragment) => withoutMarks(fragment, mark));
  };
}

/**
 * Positions in a content where a mark keeps every control token from being read: one inside each token spelt out in full, one
 * inside a beginning of a token at the content's end, and one before the content where it could end or continue a token that
 * its surroundings begin. Ends are those after trimming, since templates trim.
 */
function createBreakFinder(control: readonly string[]): (content: string) => readonly number[] {
  const tokens = control.filter((token) => token.length > 1);
  const beginnings = new Set(
    tokens.flatMap((token) =>
      Array.from({ length: token.length - 1 }, (_, index) => token.slice(0, index + 1)),
    ),
  );
  const endings = new Set(
    tokens.flatMap((token) =>
      Array.from({ length: token.length - 1 }, (_, index) => token.slice(index + 1)),
    ),
  );
  const longest = Math.max(0, ...tokens.map((token) => token.length));
  return (content) => {
    const positions = new Set<number>();
    for (const token of tokens)
      for (let at = content.indexOf(token); at >= 0; at = content.indexOf(token, at + 1))
        positions.add(at + 1);
    const core = content.trim();
    const start = content.length - content.trimStart().length;
    for (let length = 1; length < longest && length <= core.length; length++) {
      if (beginnings.has(core.slice(-length))) positions.add(start + core.length - length + 1);
      if (endings.has(core.slice(0, length))) positions.add(start);
    }
    if (core !== "" && tokens.some((token) => token.includes(core))) positions.add(start);
    return [...positions].sort((a, b) => a - b);
  };
}

/** A string of private-use characters that occurs in none of the texts, nor arises where it is put between their characters. */
export function unusedMark(texts: readonly string[]): string {
  let run = "\uE000";
  while (texts.some((text) => text.includes(run))) run += "\uE000";
  return `${run}\uE001`;
}

function insertAt(text: string, positions: readonly number[], mark: string): string {
  const edges = [0, ...positions, text.length];
  return edges
    .slice(1)
    .map((end, index) => text.slice(edges[index], end))
    .join(mark);
}

function withoutMarks(fragment: Fragment, mark: string): Fragment {
  return fragment.kind === "text"
    ? { kind: "text", text: fragment.text.replaceAll(mark, "") }
    : fragment;
}
