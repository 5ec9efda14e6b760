/** A long text whose value is known: words with effects in a few sentences, one pair that only works together, a little of everything else. */

import type { PromptTemplate } from "../../src/domain.js";
import { randomFrom } from "../../src/numerics/random.js";
import { parsePrompt, renderMessages, type SpanMask } from "../../src/prompts/index.js";

export interface PlantedText {
  readonly template: PromptTemplate;
  /** Words with an effect, and those of the pair. */
  readonly planted: readonly string[];
  /** Value of the text with spans deleted: additive but for the pair. */
  value(template: PromptTemplate, kept: SpanMask): number;
}

export interface PlantedTextOptions {
  readonly sections: number;
  readonly sentences: number;
  readonly words: number;
  /** Standard deviation of the effect of a word that was not planted. */
  readonly background: number;
  readonly seed: string;
}

/** Three sentences of different sections hold eight words each: 22 of effect 1 to 1.5, and a pair that is worth 2.5 together and nothing apart. */
export function plantedText(options: PlantedTextOptions): PlantedText {
  const random = randomFrom(`planted\n${options.seed}`);
  const effects = new Map<string, number>();
  const homes = random.shuffle(Array.from({ length: options.sections }, (_, section) => section));
  const planted: string[] = [];
  const sections = Array.from({ length: options.sections }, (_, section) => {
    const home = homes.indexOf(section);
    const sentences = Array.from({ length: options.sentences }, (__, sentence) => {
      const words = Array.from({ length: options.words }, (___, word) => {
        const name = `W${section}x${sentence}x${word}`;
        effects.set(name, options.background * random.normal());
        return name;
      });
      if (home < 3 && sentence === home % options.sentences)
        for (const word of random.shuffle(words).slice(0, 8)) {
          planted.push(word);
          effects.set(word, 1 + 0.5 * random.uniform());
        }
      return `${words.join(" ")}.`;
    });
    return `# Part ${section}\n${sentences.join(" ")}\n`;
  });
  const pair = planted.slice(-2);
  for (const word of pair) effects.set(word, 0);
  const text = `${sections.join("\n")}\nAnswer {{question}} now.\n`;
  return {
    template: parsePrompt("prompts/planted.txt", text, { mostMaskableSpans: Infinity }),
    planted,
    value: (template, kept) => {
      const [message] = renderMessages(template, kept, { question: "it" });
      const present = new Set(message?.content.match(/W\d+x\d+x\d+/g));
      let value = pair.every((word) => present.has(word)) ? 2.5 : 0;
      for (const word of present) value += effects.get(word) ?? 0;
      return value;
    },
  };
}
