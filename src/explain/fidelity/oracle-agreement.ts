import type { Unknown } from "../../domain.js";
import { UnderstudyError } from "../../errors.js";
import { kendallTauB } from "../../numerics/kendall.js";
import { spearman } from "../../numerics/rank-correlation.js";
import type { Random } from "../../numerics/random.js";
import type { MeasuredGame } from "../game.js";
import { checkTopK, spansBySupport } from "./evaluation-plan.js";

/** How far two attributions of one instance agree. */
export interface Agreement {
  /** Spearman's correlation over spans, in [-1, 1]. */
  readonly spearman: number;
  /** Kendall's tau-b over spans, in [-1, 1]. */
  readonly kendall: number;
  /** Jaccard index of the two sets of k spans of largest attribution, in [0, 1]. */
  readonly topK: number;
}

/** Agreement with the oracle's explanation is never read without its ceiling, so the two come together. */
export interface AgreementWithOracle {
  readonly kind: "compared";
  /** Mean of the agreements with either half's explanation. */
  readonly agreement: Agreement;
  /** Agreement of the two halves' explanations: what an explanation as good as one half of the oracle's masks would reach. */
  readonly ceiling: Agreement;
}

/**
 * Agreement of an attribution with an oracle's explanation of the same instance, beside its ceiling (methods B): the oracle is
 * explained twice by the same recipe, from disjoint halves of its masks or from different seeds, and both the attribution and
 * the halves are held against explanations of that one precision. An attribution without variation agrees with nothing: 0.
 * Unknown where a half's explanation does not vary. Throws INTERNAL for different lengths or unless 1 <= k <= spans.
 */
export function agreementWithOracle(options: {
  readonly attribution: ArrayLike<number>;
  readonly oracleHalves: readonly [ArrayLike<number>, ArrayLike<number>];
  readonly k: number;
}): AgreementWithOracle | Unknown {
  const { attribution, oracleHalves, k } = options;
  const [first, second] = oracleHalves;
  if (isConstant(first) || isConstant(second))
    return { kind: "unknown", reason: "half of the oracle's masks gives an explanation of zeros" };
  const withFirst = agreementOf(attribution, first, k);
  const withSecond = agreementOf(attribution, second, k);
  const mean = (name: keyof Agreement): number => (withFirst[name] + withSecond[name]) / 2;
  return {
    kind: "compared",
    agreement: { spearman: mean("spearman"), kendall: mean("kendall"), topK: mean("topK") },
    ceiling: agreementOf(first, second, k),
  };
}

function agreementOf(a: ArrayLike<number>, b: ArrayLike<number>, k: number): Agreement {
  return {
    spearman: spearman(a, b) ?? 0,
    kendall: kendallTauB(a, b) ?? 0,
    topK: isConstant(a) || isConstant(b) ? 0 : topKJaccard(a, b, k),
  };
}

/** |A and B| / |A or B| of the k spans of largest attribution on either side. */
export function topKJaccard(a: ArrayLike<number>, b: ArrayLike<number>, k: number): number {
  checkTopK(k, a.length);
  const chosen = new Set(spansBySupport(a).slice(0, k));
  const shared = spansBySupport(b)
    .slice(0, k)
    .filter((span) => chosen.has(span)).length;
  return shared / (2 * k - shared);
}

function isConstant(values: ArrayLike<number>): boolean {
  return Array.from(values).every((value) => value === values[0]);
}

/** A game's rows dealt at random to two games whose sizes differ by at most one; for an odd number the first is larger. */
export function disjointHalves(game: MeasuredGame, random: Random): [MeasuredGame, MeasuredGame] {
  if (game.masks.length < 2)
    throw new UnderstudyError("INTERNAL", `two halves of ${game.masks.length} masks`);
  const order = random.shuffle([...game.masks.keys()]);
  const middle = Math.ceil(order.length / 2);
  const half = (rows: readonly number[]): MeasuredGame => ({
    spans: game.spans,
    masks: rows.map((row) => game.masks[row] as Uint8Array),
    values: Float64Array.from(rows, (row) => game.values[row] as number),
  });
  return [half(order.slice(0, middle)), half(order.slice(middle))];
}
