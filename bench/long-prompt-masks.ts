/** Masks over all words of a long prompt, by which flat explanations are made and all explanations are judged. */

import type { Mask, PromptTemplate } from "../src/domain.js";
import { randomFrom } from "../src/numerics/random.js";
import { maskableSpans } from "../src/prompts/index.js";
import type { LongPrompt } from "./long-prompt-instances.js";

export interface WordMasks {
  /** Every word is kept with probability 1/2: what flat explanations are fitted to, and what all are judged on. */
  readonly dense: readonly Mask[];
  /** 1 to a quarter of the words of the passages that hold the evidence are deleted; nobody is fitted to these. */
  readonly sparse: readonly Mask[];
}

/** Masks over the words of a prompt; the seed is its id, so that more of them begin with the same ones. */
export function wordMasks(
  prompt: LongPrompt,
  byWord: PromptTemplate,
  count: { readonly dense: number; readonly sparse: number },
): WordMasks {
  const words = maskableSpans(byWord).length;
  const gold = wordsWithin(byWord, prompt.goldPassages);
  const dense = randomFrom(`dense word masks\n${prompt.id}`);
  const sparse = randomFrom(`sparse word masks\n${prompt.id}`);
  return {
    dense: Array.from({ length: count.dense }, () =>
      Uint8Array.from({ length: words }, () => (dense.bernoulli(0.5) ? 1 : 0)),
    ),
    sparse: Array.from({ length: count.sparse }, () => {
      const mask = new Uint8Array(words).fill(1);
      const removed = 1 + sparse.integer(Math.max(2, Math.ceil(gold.length / 4)));
      for (const word of sparse.shuffle(gold).slice(0, removed)) mask[word] = 0;
      return mask;
    }),
  };
}

/** Positions, among the maskable words, of those inside given texts of the prompt. */
export function wordsWithin(byWord: PromptTemplate, texts: readonly string[]): number[] {
  const content = byWord.messages[0]?.content ?? "";
  const ranges = texts.map((text) => ({
    start: content.indexOf(text),
    end: content.indexOf(text) + text.length,
  }));
  return maskableSpans(byWord).flatMap((index, position) => {
    const start = byWord.spans[index]?.parts[0]?.start ?? -1;
    return ranges.some((range) => range.start <= start && start < range.end) ? [position] : [];
  });
}
