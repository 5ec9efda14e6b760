import { createHash } from "node:crypto";

interface Message {
  readonly role: string;
  readonly content: string;
}

/** The é of café is two tokens of one byte each, as in byte-level vocabularies. */
const VOCABULARY: readonly Buffer[] = [
  ...["yes", "no", "perhaps", " and", " so", " caf"].map((text) => Buffer.from(text)),
  Buffer.from([0xc3]),
  Buffer.from([0xa9]),
  Buffer.from("<|end|>"),
];
const END = VOCABULARY.length - 1;
const [FIRST_HALF, SECOND_HALF] = [6, 7];
/** A word in the prompt that makes this token likelier at the beginning of the answer. */
const CUES: Readonly<Record<number, string>> = { 0: "good", 1: "bad", 2: "unclear" };

export interface WrittenToken {
  readonly token: number;
  readonly logProbabilities: Float64Array;
}

/**
 * A language model with known probabilities: the next token depends on the one before it, the first one on the words of the
 * prompt. `sharpness` multiplies its logits: a large one makes it certain of everything it says.
 */
export class BigramModel {
  readonly #sharpness: number;

  constructor(sharpness = 1) {
    this.#sharpness = sharpness;
  }

  /** log p of every token of the vocabulary after these messages and the tokens of the answer so far. */
  next(messages: readonly Message[], answer: readonly number[]): Float64Array {
    const previous = answer.at(-1);
    const logits = VOCABULARY.map((_, token) => this.#logit(messages, previous, token));
    const most = Math.max(...logits);
    const total = most + Math.log(logits.reduce((sum, each) => sum + Math.exp(each - most), 0));
    return Float64Array.from(logits, (each) => each - total);
  }

  #logit(messages: readonly Message[], previous: number | undefined, token: number): number {
    if ((previous === FIRST_HALF) !== (token === SECOND_HALF)) return -Infinity;
    if (previous === undefined) {
      if (token > 2) return -Infinity;
      const cue = CUES[token] ?? "";
      const words = messages.map(({ content }) => content).join(" ");
      return this.#sharpness * (words.split(cue).length - 1 + hash(`start ${token}`));
    }
    return this.#sharpness * (2 * hash(`${previous} ${token}`) + (token === END ? 1 : 0));
  }

  /** log p of each token of a text as an answer, its end not included. */
  score(messages: readonly Message[], text: string): number[] {
    const tokens = tokenize(text);
    return tokens.map((token, at) => this.next(messages, tokens.slice(0, at))[token] as number);
  }

  /** An answer with the distribution at each of its tokens, the end included where it was reached. */
  write(
    messages: readonly Message[],
    maxTokens: number,
    choose: (logProbabilities: Float64Array) => number,
  ): readonly WrittenToken[] {
    const written: WrittenToken[] = [];
    while (written.length < maxTokens && written.at(-1)?.token !== END) {
      const logProbabilities = this.next(
        messages,
        written.map((each) => each.token),
      );
      written.push({ token: choose(logProbabilities), logProbabilities });
    }
    return written;
  }
}

export function isEnd(token: number): boolean {
  return token === END;
}

/** The bytes of tokens as text; a part of a character is a replacement character, as servers print it. */
export function decode(tokens: readonly number[]): string {
  return Buffer.concat(tokens.map((token) => VOCABULARY[token] ?? Buffer.alloc(0))).toString();
}

/** The longest token of the vocabulary, again and again. */
export function tokenize(text: string): number[] {
  const bytes = Buffer.from(text);
  const tokens: number[] = [];
  for (let at = 0; at < bytes.length; at += VOCABULARY[tokens.at(-1) ?? 0]?.length ?? 1) {
    const fits = VOCABULARY.flatMap((token, index) =>
      bytes.subarray(at, at + token.length).equals(token) ? [index] : [],
    );
    const longest = fits.sort(
      (a, b) => (VOCABULARY[b]?.length ?? 0) - (VOCABULARY[a]?.length ?? 0),
    )[0];
    if (longest === undefined) throw new Error(`no token for ${JSON.stringify(text)} at ${at}`);
    tokens.push(longest);
  }
  return tokens;
}

/** The likeliest token. */
export function likeliest(logProbabilities: Float64Array): number {
  return logProbabilities.indexOf(Math.max(...logProbabilities));
}

/** Draws by inversion from a stream that the seed text determines. */
export function drawing(seed: string): (logProbabilities: Float64Array) => number {
  let calls = 0;
  return (logProbabilities) => {
    let left = (hash(`${seed} ${(calls += 1)}`) + 1) / 2;
    const drawn = logProbabilities.findIndex((value) => (left -= Math.exp(value)) < 0);
    return drawn < 0 ? likeliest(logProbabilities) : drawn;
  };
}

/** Uniform in [-1, 1), from the text alone. */
function hash(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE(0) / 2 ** 31 - 1;
}
