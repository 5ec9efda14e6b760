/** The prompt of `bench/score.ts`: 30 spans of 10 tokens, a question and a response, of which each mask replaces three spans. */

import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { LocalSurrogate, ScoredTokens } from "../src/surrogate/local-surrogate.js";

const SPANS = 30;
const SPAN_TOKENS = 10;
const MASKED_SPANS = 3;
const QUESTION_TOKENS = 12;
const RESPONSE_TOKENS = 16;

/** A template of 17 sentences, about 460 tokens. */
export const TEXT = `You sort letters that reach the office of a small harbour town. Read each letter once, from the greeting to the
signature, and decide which desk should answer it. The mooring desk handles berths, fees for a night at the quay, lost ropes and the
crane that lifts boats in spring. The lights desk handles buoys, lamps on the pier, the foghorn and anything that is dark and should
not be. The fish desk handles the auction hall, ice, crates, weights and measures, and complaints about smell. Letters about noise
belong to the mooring desk when an engine makes it, and to the fish desk when gulls do. If a letter asks for two things, choose the
one that cannot wait until Monday. A letter without a signature is still a letter: sort it like any other, but write "unsigned" after
the desk. Never promise a date, never quote a price, and never guess what the writer might have meant when the words are plain.
Children sometimes write to ask whether the whale has come back; those letters go to the mayor, who likes to answer them herself.
Letters in another language are sorted by the words you can read, such as the name of a boat or a number on a buoy. Old letters that
come with the flood of the archive are marked with their year and put aside. When a storm warning is in force, everything about
lights comes first, then people, then boats, then fish. Be brief: the name of the desk, and one sentence that tells the clerk why.
Here is the letter: the lamp at the end of the east pier has been out since the storm, and my son rows home after dark.`;
const QUESTION = "\nWhich desk should answer this letter, and why?";
const RESPONSE =
  " The lights desk should answer it, because the lamp on the pier has been dark since the storm.";

/** Which spans each mask replaces: distinct sets of three, from a fixed seed. */
function drawMasks(count: number): readonly ReadonlySet<number>[] {
  const generator = xoroshiro128plus(328);
  const masks = new Map<string, ReadonlySet<number>>();
  while (masks.size < count) {
    const spans = new Set<number>();
    while (spans.size < MASKED_SPANS) spans.add(uniformInt(generator, 0, SPANS - 1));
    masks.set([...spans].sort((a, b) => a - b).join(), spans);
  }
  return [...masks.values()];
}

/** `count` sequences of 328 tokens: masked spans become placeholders of the same length. */
export function maskedPrompts(surrogate: LocalSurrogate, count: number): readonly ScoredTokens[] {
  const body = surrogate.tokenize(TEXT.replaceAll("\n", " ")).subarray(0, SPANS * SPAN_TOKENS);
  const question = surrogate.tokenize(QUESTION).subarray(0, QUESTION_TOKENS);
  const response = surrogate.tokenize(RESPONSE).subarray(0, RESPONSE_TOKENS);
  const placeholder = surrogate.tokenize(" _")[0] ?? 0;
  return drawMasks(count).map((mask) => ({
    ids: [
      ...body.map((id, i) => (mask.has(Math.floor(i / SPAN_TOKENS)) ? placeholder : id)),
      ...question,
      ...response,
    ],
    responseTokens: response.length,
  }));
}
