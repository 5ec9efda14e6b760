/** The order in which token sequences are scored: identical ones once, neighbours sharing long prefixes, contiguous shares for workers. */

/** Token ids of prompt and response; the last `responseTokens` are scored. */
export interface TokenSequence {
  readonly ids: Int32Array;
  readonly responseTokens: number;
}

/** A prompt's tokens and a response's, as one sequence to score. */
export function joinTokens(prompt: Int32Array, response: Int32Array): TokenSequence {
  const ids = new Int32Array(prompt.length + response.length);
  ids.set(prompt);
  ids.set(response, prompt.length);
  return { ids, responseTokens: response.length };
}

export interface SequencePlan {
  /** Distinct sequences, in lexicographic order of their ids. */
  readonly sequences: readonly TokenSequence[];
  /** For each sequence asked: its place in `sequences`. */
  readonly placeOf: Int32Array;
  /** Tokens of all sequences asked. */
  readonly tokensAsked: number;
  /** Tokens that run when one worker goes through the plan with prefix reuse: the same for any number of workers. */
  readonly tokensRun: number;
}

/** Length of the longest common prefix. */
export function commonPrefix(first: Int32Array, second: Int32Array): number {
  const limit = Math.min(first.length, second.length);
  let length = 0;
  while (length < limit && first[length] === second[length]) length++;
  return length;
}

/**
 * How many positions of a sequence may come from keys and values of another that shares `shared` tokens: the token before the response
 * must run again, since its output predicts the first response token.
 */
export function reusablePrefix(sequence: TokenSequence, shared: number): number {
  return Math.min(shared, sequence.ids.length - sequence.responseTokens - 1);
}

function compare(first: TokenSequence, second: TokenSequence): number {
  const shared = commonPrefix(first.ids, second.ids);
  const difference = (first.ids[shared] ?? -1) - (second.ids[shared] ?? -1);
  return difference !== 0 ? difference : first.responseTokens - second.responseTokens;
}

/** Tokens that each sequence runs after the one before it (the first: all). */
function runLengths(sequences: readonly TokenSequence[]): number[] {
  return sequences.map((sequence, i) => {
    const before = sequences[i - 1];
    return (
      sequence.ids.length -
      (before ? reusablePrefix(sequence, commonPrefix(before.ids, sequence.ids)) : 0)
    );
  });
}

/** Sorts and deduplicates; two sequences are the same when ids and response length are. */
export function planSequences(asked: readonly TokenSequence[]): SequencePlan {
  const order = asked
    .map((sequence, index) => ({ sequence, index }))
    .sort((a, b) => compare(a.sequence, b.sequence));
  const sequences: TokenSequence[] = [];
  const placeOf = new Int32Array(asked.length);
  for (const { sequence, index } of order) {
    const last = sequences.at(-1);
    if (!last || compare(last, sequence) !== 0) sequences.push(sequence);
    placeOf[index] = sequences.length - 1;
  }
  const tokensAsked = asked.reduce((sum, sequence) => sum + sequence.ids.length, 0);
  return {
    sequences,
    placeOf,
    tokensAsked,
    tokensRun: runLengths(sequences).reduce((sum, length) => sum + length, 0),
  };
}

/** Cuts planned sequences into at most `shares` contiguous parts of about equal numbers of tokens to run; never an empty part. */
export function splitPlan(
  sequences: readonly TokenSequence[],
  shares: number,
): readonly (readonly TokenSequence[])[] {
  const lengths = runLengths(sequences);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const parts: TokenSequence[][] = [];
  let done = 0;
  sequences.forEach((sequence, i) => {
    const length = lengths[i] ?? 0;
    // A sequence belongs to the share in which its middle token lies.
    const share = Math.min(shares - 1, Math.floor(((done + length / 2) / total) * shares));
    (parts[share] ??= []).push(sequence);
    done += length;
  });
  return parts.filter((part) => part.length > 0);
}
