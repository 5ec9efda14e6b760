import { UnderstudyError } from "../../errors.js";
import { contentWordsOf, countPhrase, wordsOf } from "./words.js";

/** What the text controls read: plain strings, never obeyed. */
export interface ControlTexts {
  /** Text of each maskable span. */
  readonly spans: readonly string[];
  /** Of each input: what fills its slots, and the fixed output. Empty where nobody knows it. */
  readonly inputs: readonly { readonly text: string; readonly output: string }[];
}

/** Texts that say nothing, for values without a prompt such as simulated ones: either control is then constant, and listed. */
export function noTexts(spans: number, inputs: number): ControlTexts {
  return {
    spans: Array.from({ length: spans }, () => ""),
    inputs: Array.from({ length: inputs }, () => ({ text: "", output: "" })),
  };
}

/**
 * The control "label-match" (methods 0b.4), [input][span]: how often the input's fixed output stands in the span's text, word for
 * word, whatever the case. Zeros where the output is mentioned nowhere, as free text hardly ever is.
 */
export function labelMatches({ spans, inputs }: ControlTexts): Float64Array[] {
  const words = spans.map(wordsOf);
  return inputs.map(({ output }) => {
    const label = wordsOf(output);
    return Float64Array.from(words, (span) => countPhrase(span, label));
  });
}

/**
 * The control "word-overlap" (methods 0b.4), [input][span]: share of the span's different content words that occur in the input or
 * in its fixed output, in [0, 1]; 0 for a span without content words.
 */
export function wordOverlaps({ spans, inputs }: ControlTexts): Float64Array[] {
  const words = spans.map(contentWordsOf);
  return inputs.map(({ text, output }) => {
    const known = contentWordsOf(`${text}\n${output}`);
    return Float64Array.from(words, (span) => {
      const shared = [...span].filter((word) => known.has(word)).length;
      return span.size === 0 ? 0 : shared / span.size;
    });
  });
}

/** Throws INTERNAL unless there is a text for every span and input. */
export function checkTexts(texts: ControlTexts, spans: number, inputs: number): void {
  if (texts.spans.length !== spans || texts.inputs.length !== inputs)
    throw new UnderstudyError(
      "INTERNAL",
      `texts of ${texts.spans.length} spans and ${texts.inputs.length} inputs for controls of ${spans} and ${inputs}`,
    );
}
