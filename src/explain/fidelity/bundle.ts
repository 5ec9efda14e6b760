import type { Mask, Unknown } from "../../domain.js";
import { UnderstudyError } from "../../errors.js";
import { randomFrom } from "../../numerics/random.js";
import { drawPool } from "../mask-pool.js";
import { type FlipOutcome, type FlipTest, flipTestMasks, pairedFlipTest } from "./flip-test.js";
import { type Infidelity, infidelity } from "./infidelity.js";
import { linearDatamodelingScore } from "./linear-datamodeling-score.js";
import {
  CORRELATION_RANGE,
  type OverInstances,
  SHARE_RANGE,
  meanOverInstances,
} from "./over-instances.js";

/** Masks of each design in the bundle. */
const MASKS_OF_A_DESIGN = 8;

export interface BundleOptions {
  readonly attribution: Float64Array;
  readonly spanTokens: ArrayLike<number>;
  /** Number of spans that the flip test deletes. */
  readonly k: number;
  /**
   * Decides the masks on which attributions are compared, so it names the instance and never the explanation: explanations of one
   * instance are then held against the same 16 values.
   */
  readonly seed: string;
}

/** What the oracle said about one instance's masks. */
export interface BundleValues {
  /** One value a mask, in the order of `masks`. */
  readonly values: ArrayLike<number>;
  /** v(1): known already, since it belongs to the fixed output. */
  readonly fullValue: number;
  /** Whether the label stayed under each mask; null where the output is free text. */
  readonly labelKept: readonly boolean[] | null;
}

export interface InstanceFidelity {
  readonly ldsDense: number | Unknown;
  readonly ldsSparse: number | Unknown;
  readonly infidelity: Infidelity;
  /** v(1) - v(without the top k). */
  readonly topKDrop: number;
  readonly flip: FlipOutcome | Unknown;
  /** Share of the 16 masks under which the label stayed. */
  readonly keepRate: number | Unknown;
}

export interface FidelityBundle {
  /** At most 18: dense ones, Sparse-K ones, then without the top k and without random spans of that length. */
  readonly masks: readonly Mask[];
  score(measured: BundleValues): InstanceFidelity;
}

/**
 * The handful of calls of methods B: for one instance 8 masks of p = .5, 8 of Sparse-K and the two deletions of the flip test, 18
 * oracle calls, from which come LDS on either design, infidelity, flips, top-k drop and keep-rate. Few spans have few masks: then
 * there are fewer. Explanations that are scored must not have seen these values. Throws INTERNAL where shapes do not fit.
 */
export function fidelityBundle(options: BundleOptions): FidelityBundle {
  const { attribution, spanTokens, k, seed } = options;
  const spans = attribution.length;
  const random = randomFrom(`fidelity bundle\n${seed}\n${spans} spans`);
  const pool = drawPool(spans, 2 * MASKS_OF_A_DESIGN, random);
  const flips = flipTestMasks({ attribution, spanTokens, k, random });
  const dense = pool.dense.slice(0, MASKS_OF_A_DESIGN);
  const sparse = pool.sparse.slice(0, MASKS_OF_A_DESIGN);
  const designed = [...dense, ...sparse];
  return {
    masks: [...designed, flips.topRemoved, flips.randomRemoved],
    score: ({ values, fullValue, labelKept }) => {
      checkCount(values.length, designed.length + 2);
      if (labelKept) checkCount(labelKept.length, designed.length + 2);
      const all = Array.from(values);
      const held = all.slice(0, designed.length);
      return {
        ldsDense: linearDatamodelingScore(attribution, {
          masks: dense,
          values: held.slice(0, dense.length),
        }),
        ldsSparse: linearDatamodelingScore(attribution, {
          masks: sparse,
          values: held.slice(dense.length),
        }),
        infidelity: infidelity(attribution, { masks: designed, values: held, fullValue }),
        topKDrop: fullValue - (all[designed.length] as number),
        ...labelOutcomes(labelKept, designed.length),
      };
    },
  };
}

function labelOutcomes(
  labelKept: readonly boolean[] | null,
  designed: number,
): Pick<InstanceFidelity, "flip" | "keepRate"> {
  if (labelKept === null) {
    const unknown: Unknown = { kind: "unknown", reason: "free text has no label that could flip" };
    return { flip: unknown, keepRate: unknown };
  }
  return {
    flip: { topFlipped: !labelKept[designed], randomFlipped: !labelKept[designed + 1] },
    keepRate: labelKept.slice(0, designed).filter(Boolean).length / designed,
  };
}

function checkCount(found: number, wanted: number): void {
  if (found !== wanted)
    throw new UnderstudyError("INTERNAL", `${found} answers for ${wanted} masks of a bundle`);
}

/** The bundles of several instances, an interval over instances for each number. */
export interface BundleSummary {
  readonly ldsDense: OverInstances | Unknown;
  readonly ldsSparse: OverInstances | Unknown;
  /** Share of the squared drops that the attribution at its best scale leaves unexplained, in [0, 1]. */
  readonly infidelityShare: OverInstances | Unknown;
  readonly topKDrop: OverInstances | Unknown;
  readonly keepRate: OverInstances | Unknown;
  readonly flips: FlipTest | Unknown;
}

/** Means over instances; the interval of each says how it was made. */
export function summariseBundles(
  instances: readonly InstanceFidelity[],
  seed: string,
): BundleSummary {
  const over = (
    range: { readonly low: number; readonly high: number } | null,
    metric: (instance: InstanceFidelity) => number | Unknown,
  ): OverInstances | Unknown => meanOverInstances({ values: instances.map(metric), range, seed });
  return {
    ldsDense: over(CORRELATION_RANGE, ({ ldsDense }) => ldsDense),
    ldsSparse: over(CORRELATION_RANGE, ({ ldsSparse }) => ldsSparse),
    infidelityShare: over(SHARE_RANGE, (instance) => shareOf(instance.infidelity)),
    topKDrop: over(null, ({ topKDrop }) => topKDrop),
    keepRate: over(SHARE_RANGE, ({ keepRate }) => keepRate),
    flips: pairedFlipTest(instances.flatMap(({ flip }) => ("kind" in flip ? [] : [flip]))),
  };
}

/** Rounding may carry the best share above 1 by a few ulps. */
function shareOf({ share }: Infidelity): number | Unknown {
  return typeof share === "number" ? Math.min(1, share) : share;
}
