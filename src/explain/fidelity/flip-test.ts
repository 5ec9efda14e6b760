import type { Mask, Unknown } from "../../domain.js";
import { UnderstudyError } from "../../errors.js";
import { binomialCdf } from "../../numerics/binomial.js";
import type { Random } from "../../numerics/random.js";
import { checkTopK, spansBySupport, withoutSpans } from "./evaluation-plan.js";

/** Two deletions of about the same number of tokens from one instance's prompt. */
export interface FlipPair {
  readonly topRemoved: Mask;
  readonly randomRemoved: Mask;
  /** Tokens that each deletion removes: equal as far as the spans permit. */
  readonly topTokens: number;
  readonly randomTokens: number;
}

/** Random deletions among which the one closest in length is taken. */
const DRAWS = 32;

/**
 * The two masks of the paired flip test (methods B): without the k spans of largest attribution, and without spans drawn at random
 * that have the same number of tokens as far as spans permit; the draw knows the lengths and nothing else. The random deletion
 * is another one than the top k, which needs at least two spans. Throws INTERNAL unless 1 <= k < spans and spans >= 2.
 */
export function flipTestMasks(options: {
  readonly attribution: ArrayLike<number>;
  readonly spanTokens: ArrayLike<number>;
  readonly k: number;
  readonly random: Random;
}): FlipPair {
  const { attribution, spanTokens, k, random } = options;
  const spans = attribution.length;
  checkTopK(k, spans - 1);
  if (spanTokens.length !== spans)
    throw new UnderstudyError("INTERNAL", `${spanTokens.length} lengths for ${spans} spans`);
  const top = spansBySupport(attribution).slice(0, k);
  const target = tokensOf(top, spanTokens);
  const drawn = Array.from({ length: DRAWS }, () =>
    randomDeletion(spanTokens, target, random),
  ).filter((deletion) => !sameSpans(deletion, top));
  const closest = drawn.reduce(
    (best, deletion) =>
      distance(deletion, spanTokens, target) < distance(best, spanTokens, target) ? deletion : best,
    drawn[0] ?? anotherDeletion(top, spans, random),
  );
  return {
    topRemoved: withoutSpans(spans, top),
    randomRemoved: withoutSpans(spans, closest),
    topTokens: target,
    randomTokens: tokensOf(closest, spanTokens),
  };
}

/** Spans in random order, as many as come closest to the target; at least one, never all. */
function randomDeletion(
  spanTokens: ArrayLike<number>,
  target: number,
  random: Random,
): readonly number[] {
  const order = random.shuffle(Array.from({ length: spanTokens.length }, (_, span) => span));
  let tokens = 0;
  let closest = Infinity;
  let count = 0;
  for (const span of order.slice(0, -1)) {
    tokens += spanTokens[span] as number;
    if (Math.abs(tokens - target) >= closest) break;
    closest = Math.abs(tokens - target);
    count++;
  }
  return order.slice(0, count);
}

/** k spans at random that are not the top k: for prompts in which every draw of matching length is the top k. */
function anotherDeletion(top: readonly number[], spans: number, random: Random): readonly number[] {
  const others = Array.from({ length: spans }, (_, span) => span).filter(
    (span) => !top.includes(span),
  );
  return [others[random.integer(others.length)] as number, ...top.slice(1)];
}

function tokensOf(spans: readonly number[], spanTokens: ArrayLike<number>): number {
  return spans.reduce((sum, span) => sum + (spanTokens[span] as number), 0);
}

function distance(spans: readonly number[], spanTokens: ArrayLike<number>, target: number): number {
  return Math.abs(tokensOf(spans, spanTokens) - target);
}

function sameSpans(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((span) => b.includes(span));
}

/** Whether the oracle's label changed under each of the two deletions. */
export interface FlipOutcome {
  readonly topFlipped: boolean;
  readonly randomFlipped: boolean;
}

export interface FlipTest {
  readonly kind: "tested";
  readonly instances: number;
  readonly topFlips: number;
  readonly randomFlips: number;
  /** Instances in which only one of the deletions flips the label: all that the test looks at. */
  readonly topOnly: number;
  readonly randomOnly: number;
  /** One-sided: P(X >= topOnly), X ~ Binomial(topOnly + randomOnly, 1/2); 1 without discordant instances. */
  readonly pValue: number;
}

/**
 * Exact McNemar test, one-sided, that deleting the top k flips more labels than deleting as many tokens at random (McNemar 1947;
 * exact binomial on discordant pairs). One pair an instance: masks of one instance are not independent. Unknown without instances.
 */
export function pairedFlipTest(outcomes: readonly FlipOutcome[]): FlipTest | Unknown {
  if (outcomes.length === 0)
    return { kind: "unknown", reason: "no instance has labels under both deletions" };
  const count = (wanted: (outcome: FlipOutcome) => boolean): number =>
    outcomes.filter(wanted).length;
  const topOnly = count(({ topFlipped, randomFlipped }) => topFlipped && !randomFlipped);
  const randomOnly = count(({ topFlipped, randomFlipped }) => randomFlipped && !topFlipped);
  return {
    kind: "tested",
    instances: outcomes.length,
    topFlips: count(({ topFlipped }) => topFlipped),
    randomFlips: count(({ randomFlipped }) => randomFlipped),
    topOnly,
    randomOnly,
    pValue: binomialCdf(randomOnly, topOnly + randomOnly, 0.5),
  };
}
