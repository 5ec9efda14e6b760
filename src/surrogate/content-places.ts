/** Finds the messages' contents inside a rendered chat. */

import type { Message, PromptToken } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { unusedMark } from "./chat-encoding.js";
import type { ChatTemplate, RenderOptions } from "./chat-template.js";
import type { TokenOffsets } from "./token-offsets.js";

/** White space that JavaScript and templates trim; the first one that occurs nowhere else stands for the white space at contents' ends. */
const BLANKS = ["\u2003", "\u2002", "\u2004", "\u2005", "\u2006", "\u2008", "\u2009", "\u200a"];

/** What a mark and a message's number end in: private-use characters, which no template looks for. */
const OPEN = "\uE002";
const CLOSE = "\uE003";

export interface RenderedChat {
  readonly template: ChatTemplate;
  readonly messages: readonly Message[];
  readonly options: RenderOptions;
  /** What the template makes of the messages. */
  readonly text: string;
}

/** Where a UTF-16 unit of the rendered text comes from. */
interface Origin {
  readonly message: number;
  readonly offset: number;
}

/** A content as it is put into the probe. */
interface ProbedContent {
  readonly content: string;
  /** [start, end): the content without the white space at its ends; equal for a blank content. */
  readonly start: number;
  readonly end: number;
}

/** A rendered probe, read: the text without marks, and the origin of each unit, null for the template's own text. */
interface ReadProbe {
  readonly text: string;
  readonly origins: readonly (Origin | null)[];
}

/**
 * Gives each token of the rendered chat the piece of a content that it stands for. A token that holds both markup and content belongs to
 * the content; one that holds pieces of two contents, to the first. A blank content has no pieces.
 *
 * How: contents may occur several times and templates trim, move and join them, so they are not searched for. The messages are rendered
 * once more with a mark before and after each content's text, inside the white space at its ends, and that white space replaced by a
 * character that occurs nowhere else and is trimmed all the same. What stands between marks is content; the replaced characters next to
 * them are white space that was not trimmed. The probe is believed only if, marks removed, it is the rendered text.
 * Throws MODEL_UNSUPPORTED where it is not: the template rewrites contents.
 */
export function placeContents(chat: RenderedChat): (token: TokenOffsets) => PromptToken {
  const origins = originsOf(chat);
  return ({ id, start, end }) => {
    const own = origins.slice(start, Math.max(end, start + 1));
    const first = own.find((origin) => origin !== null);
    if (!first) return { id, message: null, start: 0, end: 0 };
    const last = own.findLast((origin) => origin?.message === first.message) ?? first;
    return {
      id,
      message: first.message,
      start: first.offset,
      end: end > start ? last.offset + 1 : first.offset,
    };
  };
}

function originsOf(chat: RenderedChat): readonly (Origin | null)[] {
  const texts = [chat.text, chat.template.source, ...chat.messages.map(({ content }) => content)];
  const mark = unusedMark(texts);
  const blank = BLANKS.find((candidate) => !texts.some((text) => text.includes(candidate)));
  const contents = chat.messages.map(({ content }) => withoutEdges(content));
  // Second try: a template that handles the white space at the ends in its own way; then that counts as markup.
  for (const edge of blank === undefined ? [null] : [blank, null]) {
    const messages = chat.messages.map(({ role }, index) => ({
      role,
      content: probed(contents[index] as ProbedContent, { mark, index, edge }),
    }));
    const probe = readProbe(chat.template.render(messages, chat.options), contents, { mark, edge });
    if (probe?.text === chat.text) return probe.origins;
  }
  throw new UnderstudyError(
    "MODEL_UNSUPPORTED",
    "the model's chat template rewrites the messages, so that its tokens cannot be traced back to them",
    { fix: `Use the flat locality kernel, or a model whose template only trims and joins.` },
  );
}

function withoutEdges(content: string): ProbedContent {
  const start = content.length - content.trimStart().length;
  return { content, start, end: Math.max(start, content.trimEnd().length) };
}

function probed(
  { content, start, end }: ProbedContent,
  probe: { readonly mark: string; readonly index: number; readonly edge: string | null },
): string {
  const { mark, index, edge } = probe;
  if (start === end) return content;
  const blanks = (from: number, to: number): string =>
    edge === null ? content.slice(from, to) : edge.repeat(to - from);
  return `${blanks(0, start)}${mark}${index}${OPEN}${content.slice(start, end)}${mark}${index}${CLOSE}${blanks(end, content.length)}`;
}

/** Takes the marks out of a rendered probe; null where they are not in pairs or a content between them has another length. */
function readProbe(
  rendered: string,
  contents: readonly ProbedContent[],
  { mark, edge }: { readonly mark: string; readonly edge: string | null },
): ReadProbe | null {
  const pieces = rendered.split(new RegExp(`${mark}(\\d+)([${OPEN}${CLOSE}])`));
  const read: { text: string; origins: (Origin | null)[] } = { text: "", origins: [] };
  let before: Boundary | null = null;
  for (let at = 0; at < pieces.length; at += 3) {
    const piece = pieces[at] ?? "";
    const after = boundaryAt(pieces, at + 1, contents);
    const origins = before?.opens
      ? within(piece, before, after)
      : between(piece, { before, after, edge });
    if (!origins) return null;
    read.text += restored(piece, origins, contents);
    for (const origin of origins) read.origins.push(origin);
    before = after;
  }
  return read;
}

/** A mark, and the content it belongs to. */
interface Boundary extends ProbedContent {
  readonly message: number;
  readonly opens: boolean;
}

function boundaryAt(
  pieces: readonly string[],
  at: number,
  contents: readonly ProbedContent[],
): Boundary | null {
  const message = Number(pieces[at]);
  const content = contents[message];
  return content ? { ...content, message, opens: pieces[at + 1] === OPEN } : null;
}

/** Origins of a whole content's text; null where it is not one. */
function within(piece: string, opened: Boundary, closed: Boundary | null): Origin[] | null {
  const { message, start, end } = opened;
  if (!closed || closed.opens || closed.message !== message || piece.length !== end - start)
    return null;
  return Array.from({ length: piece.length }, (_, unit) => ({ message, offset: start + unit }));
}

/** Origins of a text between contents: at its ends may be white space of theirs; null where a mark closes what is not open. */
function between(
  piece: string,
  around: {
    readonly before: Boundary | null;
    readonly after: Boundary | null;
    readonly edge: string | null;
  },
): (Origin | null)[] | null {
  const { before, after, edge } = around;
  if (after?.opens === false) return null;
  const { length } = piece;
  const origins: (Origin | null)[] = Array.from({ length }, () => null);
  if (before)
    for (let unit = 0; piece[unit] === edge && before.end + unit < before.content.length; unit++)
      origins[unit] = { message: before.message, offset: before.end + unit };
  if (after)
    for (let unit = 1; piece[length - unit] === edge && unit <= after.start; unit++)
      origins[length - unit] ??= { message: after.message, offset: after.start - unit };
  return origins;
}

function restored(
  piece: string,
  origins: readonly (Origin | null)[],
  contents: readonly ProbedContent[],
): string {
  return origins
    .map((origin, unit) =>
      origin ? contents[origin.message]?.content[origin.offset] : piece[unit],
    )
    .join("");
}
