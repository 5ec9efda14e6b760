import type { Message } from "../domain.js";

/** Edits made, as many as methods A3 asks for. */
const EDITS = 4;
/** A single space between two letters or digits: not indentation, not a list's or a table's alignment. */
const WORD_SPACE = /(?<=[\p{L}\p{N}]) (?=[\p{L}\p{N}])/gu;
/** Ends of the asking message, in case it has too few words: more line ends and spaces, where templates do not trim them. */
const ENDINGS = ["\n", " ", "\n\n", " \n"];

/**
 * Four versions of a prompt that mean the same: a space between two words doubled at a quarter, half and three quarters of its length, and
 * a line end added to the last message; where there are fewer than three such spaces, other white space at that message's end. All differ
 * from the prompt and from each other. The spread of a value over them is its noise (docs/methods.md, A3).
 * Templates that trim contents undo what is added at the end: such a version then counts as no change, which it is.
 */
export function noOpEdits(messages: readonly Message[]): readonly (readonly Message[])[] {
  const last = messages.length - 1;
  const ending = (text: string): readonly Message[] =>
    replaced(messages, last, (content) => content + text);
  const spaces = messages.flatMap(({ content }, message) =>
    [...content.matchAll(WORD_SPACE)].map(({ index }) => ({ message, index })),
  );
  const places = new Set([1, 2, 3].map((quarter) => Math.floor((quarter * spaces.length) / 4)));
  const doubled = [...places].flatMap((place) => {
    const space = spaces[place];
    return space
      ? [replaced(messages, space.message, (content) => doubledAt(content, space.index))]
      : [];
  });
  return [...doubled, ...ENDINGS.map(ending)].slice(0, EDITS);
}

function replaced(
  messages: readonly Message[],
  at: number,
  edit: (content: string) => string,
): readonly Message[] {
  return messages.map((message, index) =>
    index === at ? { ...message, content: edit(message.content) } : message,
  );
}

function doubledAt(content: string, index: number): string {
  return `${content.slice(0, index)} ${content.slice(index)}`;
}
