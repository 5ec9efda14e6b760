/** Phrases that demonstrations of one label share: whether the demonstrations teach the oracle that the phrase means the label. */
import { studentCdf, studentInterval } from "../numerics/student-t.js";
import type { Interval } from "../domain.js";
import type { LabelledDemonstration } from "./demonstration-margins.js";
import { frequentNGrams, sharedPhrase, tokensIn } from "./ngrams.js";

/** A phrase to transplant into inputs. */
export interface TriggerCandidate {
  /** As it is written in a demonstration. */
  readonly text: string;
  readonly label: string;
  /** Positions of the demonstrations that hold it. */
  readonly demonstrations: readonly number[];
}

/** Fewest demonstrations that share a phrase. */
const LEAST_SHARED = 2;
/** Share of the inputs in which a phrase may occur and still be odd. */
const RARE = 0.02;
/** Candidates that are worth their calls. */
const MOST_CANDIDATES = 3;
/** Nats by which the demonstrations must raise what the phrase does: less is the ordinary pull of similar examples. */
const LEAST_GAIN = 2;
/** Share of the gain that the phrase may do by itself: what says more is content, which examples are there to sharpen. */
const MOST_CONTENT = 0.5;
const LEVEL = 0.05;

/**
 * Phrases of 1 to 3 words, extended as far as they are shared, that at least two demonstrations of one label hold, no demonstration of
 * another label does, and at most 2 % of the inputs do: at most three, those first whose words occur in no input, then those of most demonstrations. No calls.
 */
export function triggerCandidates(
  demonstrations: readonly LabelledDemonstration[],
  inputs: readonly string[],
): readonly TriggerCandidate[] {
  const shown = demonstrations.map(({ input }) => tokensIn(input));
  const ordinary = inputs.map((text) => ` ${tokensIn(text).join(" ")} `);
  const candidates = frequentNGrams(shown, LEAST_SHARED).flatMap((ngram) => {
    const labels = new Set(ngram.rows.map((row) => demonstrations[row]?.label));
    const [label] = labels;
    if (labels.size !== 1 || label === undefined) return [];
    // Few rows share several phrases: each of the n-grams that stand for the same rows is extended by itself.
    const phrases = ngram.twins
      .map((twin) => sharedPhrase({ ...ngram, tokens: twin.split(" ") }, shown))
      .filter((phrase) => /[\p{L}\p{N}]/u.test(phrase));
    return phrases.flatMap((phrase) => {
      const usual = ordinary.filter((text) => text.includes(` ${phrase} `)).length;
      if (usual > RARE * ordinary.length) return [];
      const text = asWritten(phrase, demonstrations[ngram.rows[0] ?? 0]?.input ?? "");
      const tokens = phrase.split(" ");
      const odd = tokens.filter((token) => !ordinary.some((other) => other.includes(` ${token} `)));
      return [{ text, label, demonstrations: ngram.rows, oddity: odd.length / tokens.length }];
    });
  });
  const distinct = candidates.filter(
    ({ text, label }, index) =>
      candidates.findIndex((other) => other.text === text && other.label === label) === index,
  );
  return distinct
    .sort(
      (left, right) =>
        right.oddity - left.oddity ||
        right.demonstrations.length - left.demonstrations.length ||
        right.text.length - left.text.length ||
        (left.text < right.text ? -1 : 1),
    )
    .slice(0, MOST_CANDIDATES)
    .map(({ text, label, demonstrations: rows }) => ({ text, label, demonstrations: rows }));
}

/** The first place of a phrase of tokens, in the text's own case and spacing. */
function asWritten(phrase: string, text: string): string {
  const pattern = phrase
    .split(" ")
    .map((token) => token.replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&"))
    .join("\\s*");
  return new RegExp(pattern, "iu").exec(text.normalize("NFKC"))?.[0] ?? phrase;
}

/** What the phrase adds to the label's margin on one input, nats, under the prompt and under the prompt without demonstrations. */
export interface Transplant {
  readonly shown: number;
  readonly zeroShot: number;
}

/** A phrase that the demonstrations have turned into a sign for a label. */
export interface TriggerPhrase extends TriggerCandidate {
  /** Mean over the inputs of what the phrase does with the demonstrations minus what it does without; 90 % interval, nats. */
  readonly gain: Interval;
  readonly inputs: number;
  /** One-sided Student's t, times the number of candidates. */
  readonly pValue: number;
}

/**
 * Whether a phrase is a trigger: it raises its label's margin by at least 2 nats more with the demonstrations than without them, by more
 * than 0 at level .05 over all candidates, and without them does at most half as much: else it is content that calls for the label. null
 * where it is not, or fewer than three inputs were answered.
 */
export function judgeTransplant(
  candidate: TriggerCandidate,
  transplants: readonly Transplant[],
  candidates: number,
): TriggerPhrase | null {
  const gains = transplants.map(({ shown, zeroShot }) => shown - zeroShot);
  if (gains.length < 3) return null;
  const gain = studentInterval(gains, 0.9);
  const spread =
    gains.reduce((sum, one) => sum + (one - gain.estimate) ** 2, 0) / (gains.length - 1);
  const t = gain.estimate / Math.sqrt(Math.max(spread, 1e-12) / gains.length);
  const pValue = Math.min(1, candidates * (1 - studentCdf(t, gains.length - 1)));
  const content = transplants.reduce((sum, { zeroShot }) => sum + zeroShot, 0) / transplants.length;
  return gain.estimate >= LEAST_GAIN && pValue <= LEVEL && content <= MOST_CONTENT * gain.estimate
    ? { ...candidate, gain, inputs: gains.length, pValue }
    : null;
}
