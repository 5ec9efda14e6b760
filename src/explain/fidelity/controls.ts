import { randomFrom } from "../../numerics/random.js";
import { centredProduct } from "../hierarchical-kernel.js";
import {
  type FoldPredictor,
  type HeldOutDesign,
  predictHeldOut,
  rankAgreement,
} from "./held-out.js";
import { type ControlTexts, checkTexts, labelMatches, wordOverlaps } from "./text-controls.js";

/** Explanations that know nothing of the values; every fidelity stands beside all of them (methods 0b.4). */
export const CONTROLS = [
  "random",
  "span-length",
  "position",
  "label-match",
  "word-overlap",
] as const;
export type ControlName = (typeof CONTROLS)[number];

export interface ControlProblem {
  readonly spans: number;
  /** Output class of each input. */
  readonly classes: readonly string[];
  /** Tokens of each span, for the length control. */
  readonly spanTokens: ArrayLike<number>;
  /** Texts of spans and inputs, for label-match and word-overlap. */
  readonly texts: ControlTexts;
  readonly seed: string;
}

const RANDOM_DRAWS = 20;

/**
 * LDS of every control for each scored input of a held-out design. Longer spans are held to matter more. Whether early or late
 * spans do, whether naming the label calls for it or warns of it, and whether spans that share words with the input support its
 * output is not known beforehand: such a control gets the better of both signs, taken over all inputs. A control that is constant,
 * as word-overlap where no words are shared, orders nothing and scores 0. Throws INTERNAL where texts are missing.
 */
export function controlScores(
  problem: ControlProblem,
  design: HeldOutDesign,
): Record<ControlName, Float64Array> {
  const { spans, classes, texts } = problem;
  checkTexts(texts, spans, classes.length);
  const scoresOf = (attribution: (input: number) => Float64Array): Float64Array =>
    rankAgreement(design, predictHeldOut(design, attributionPredictor(attribution)));
  const eitherSign = (attributions: readonly Float64Array[]): Float64Array =>
    better(
      scoresOf((input) => attributions[input] as Float64Array),
      scoresOf((input) => (attributions[input] as Float64Array).map((value) => -value)),
    );
  const later = Float64Array.from({ length: spans }, (_, span) => span + 1);
  const lengths = Float64Array.from(problem.spanTokens);
  return {
    random: randomScores(problem, scoresOf),
    "span-length": scoresOf(() => lengths),
    position: better(
      scoresOf(() => later),
      scoresOf(() => later.toReversed()),
    ),
    "label-match": eitherSign(labelMatches(texts)),
    "word-overlap": eitherSign(wordOverlaps(texts)),
  };
}

/** Predicts by attributions that need no fit. */
export function attributionPredictor(attribution: (input: number) => Float64Array): FoldPredictor {
  return (_, heldOut) =>
    Float64Array.from(heldOut, ({ input, mask }) => centredProduct(mask, attribution(input)));
}

function better(a: Float64Array, b: Float64Array): Float64Array {
  const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
  return sum(a) >= sum(b) ? a : b;
}

/** Mean over several random attributions a input, so that the luck of one draw does not decide. */
function randomScores(
  problem: ControlProblem,
  scoresOf: (attribution: (input: number) => Float64Array) => Float64Array,
): Float64Array {
  const random = randomFrom(`random attributions\n${problem.seed}`);
  const draws = Array.from({ length: RANDOM_DRAWS }, () => {
    const attributions = problem.classes.map(() =>
      Float64Array.from({ length: problem.spans }, () => random.normal()),
    );
    return scoresOf((input) => attributions[input] as Float64Array);
  });
  return (draws[0] as Float64Array).map(
    (_, index) => draws.reduce((sum, scores) => sum + (scores[index] as number), 0) / RANDOM_DRAWS,
  );
}
