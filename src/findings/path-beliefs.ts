/** What each input's margin would be under any deletion: normal beliefs from the attribution, corrected by every answer on the path. */
import type { Interaction, Interval } from "../domain.js";
import { normalCdf } from "../numerics/normal.js";

// Looked up once: an order of hundreds of spans takes millions of steps.
const { max, sqrt } = Math;

export interface BeliefEvidence {
  readonly influence: readonly (readonly Interval[])[];
  readonly margins?: readonly (number | null)[];
  readonly rowInputs?: readonly number[];
  readonly interactions?: readonly Interaction[];
}

/** Width of a 90 % interval of a normal distribution in standard deviations. */
const WIDTH_90 = 3.2897;
/** Least standard deviation of an effect, in units of the value, so that nothing is believed beyond what answers can correct. */
const LEAST_DEVIATION = 0.01;
/** Variance of an answer's margin around the sum of effects, a deleted span, as a share of the mean prior variance: effects do not quite add up. */
const MISFIT = 0.25;

interface Row {
  readonly input: number;
  readonly margin: number;
  readonly mean: Float64Array;
  /** [spans * spans], symmetric, row-major. */
  readonly covariance: Float64Array;
  readonly misfit: number;
}

/**
 * For every input with a margin m the effects of its spans are normal: means and variances of the attribution, independent at first.
 * A deletion D leaves m - sum of effects over D, less half the effect of each pair of which one span is in D. An answer under D measures
 * that sum, and the beliefs are conditioned on it (a Kalman filter): effects of the spans in D move together, and later answers about
 * larger deletions start from what was measured.
 */
export class PathBeliefs {
  readonly #rows: readonly Row[];
  readonly #spans: number;
  readonly #interactions: readonly Interaction[];

  constructor({ influence, margins = [], rowInputs, interactions = [] }: BeliefEvidence) {
    this.#spans = influence[0]?.length ?? 0;
    this.#interactions = interactions;
    this.#rows = influence.flatMap((effects, row) => {
      const margin = margins[row] ?? null;
      return margin === null ? [] : [rowOf(effects, margin, rowInputs?.[row] ?? row)];
    });
  }

  /** Conditions on margins measured under a deletion (positions in mask order), by position in the search set. */
  observe(deleted: readonly number[], measured: ReadonlyMap<number, number>): void {
    const gone = new Set(deleted);
    if (gone.size === 0) return;
    const pairs = this.#pairDrop(gone);
    for (const row of this.#rows) {
      const margin = measured.get(row.input);
      if (margin !== undefined) condition(row, gone, row.margin - margin - pairs);
    }
  }

  /** A walk from a deletion on, one span at a time. */
  startFrom(deleted: readonly number[]): BeliefWalk {
    const walk = new BeliefWalk(this.#rows, this.#spans, this.#interactions);
    for (const span of deleted) walk.remove(span);
    return walk;
  }

  #pairDrop(gone: ReadonlySet<number>): number {
    return this.#interactions.reduce(
      (sum, { spans: [first, second], effect }) =>
        gone.has(first) === gone.has(second) ? sum : sum + effect.estimate / 2,
      0,
    );
  }
}

function rowOf(effects: readonly Interval[], margin: number, input: number): Row {
  const count = effects.length;
  const covariance = new Float64Array(count * count);
  effects.forEach(({ low, high }, span) => {
    covariance[span * count + span] = max((high - low) / WIDTH_90, LEAST_DEVIATION) ** 2;
  });
  const total = effects.reduce((sum, _, span) => sum + (covariance[span * count + span] ?? 0), 0);
  return {
    input,
    margin,
    mean: Float64Array.from(effects, ({ estimate }) => estimate),
    covariance,
    misfit: (MISFIT * total) / max(1, count),
  };
}

function condition(row: Row, gone: ReadonlySet<number>, drop: number): void {
  const { mean, covariance, misfit } = row;
  const count = mean.length;
  const gain = new Float64Array(count);
  let [expected, variance] = [0, misfit * gone.size];
  for (const span of gone) {
    expected += mean[span] ?? 0;
    for (let other = 0; other < count; other++)
      gain[other] = (gain[other] ?? 0) + (covariance[span * count + other] ?? 0);
  }
  for (const span of gone) variance += gain[span] ?? 0;
  for (let one = 0; one < count; one++) {
    const share = (gain[one] ?? 0) / variance;
    mean[one] = (mean[one] ?? 0) + share * (drop - expected);
    for (let other = 0; other < count; other++) {
      const place = one * count + other;
      covariance[place] = (covariance[place] ?? 0) - share * (gain[other] ?? 0);
    }
  }
}

/** Means and variances of the margins while spans go. */
export class BeliefWalk {
  readonly #rows: readonly Row[];
  readonly #interactions: readonly Interaction[];
  readonly #gone = new Set<number>();
  readonly #mean: Float64Array;
  readonly #variance: Float64Array;
  /** [row * spans + span]: covariance of a span's effect with the sum of those that are gone. */
  readonly #shared: Float64Array;
  readonly #spans: number;

  constructor(rows: readonly Row[], spans: number, interactions: readonly Interaction[]) {
    this.#rows = rows;
    this.#spans = spans;
    this.#interactions = interactions;
    this.#mean = Float64Array.from(rows, ({ margin }) => margin);
    this.#variance = new Float64Array(rows.length);
    this.#shared = new Float64Array(rows.length * spans);
  }

  remove(span: number): void {
    const pairs = this.#pairStep(span);
    const spans = this.#spans;
    this.#rows.forEach(({ mean, covariance }, row) => {
      const [own, shared] = [covariance[span * spans + span] ?? 0, row * spans];
      this.#mean[row] = (this.#mean[row] ?? 0) - (mean[span] ?? 0) - pairs;
      this.#variance[row] =
        (this.#variance[row] ?? 0) + own + 2 * (this.#shared[shared + span] ?? 0);
      for (let other = 0; other < spans; other++)
        this.#shared[shared + other] =
          (this.#shared[shared + other] ?? 0) + (covariance[span * spans + other] ?? 0);
    });
    this.#gone.add(span);
  }

  /** Expected number of inputs whose margin lies below 0, with one more span gone where one is given. */
  expectedChanges(span: number | null = null): number {
    const spans = this.#spans;
    const pairs = span === null ? 0 : this.#pairStep(span);
    let sum = 0;
    for (let row = 0; row < this.#rows.length; row++) {
      let [mean, variance] = [this.#mean[row] ?? 0, this.#variance[row] ?? 0];
      if (span !== null) {
        const { mean: effects, covariance } = this.#rows[row] ?? EMPTY;
        mean -= (effects[span] ?? 0) + pairs;
        variance +=
          (covariance[span * spans + span] ?? 0) + 2 * (this.#shared[row * spans + span] ?? 0);
      }
      sum += normalCdf(-mean / sqrt(max(variance, LEAST_DEVIATION ** 2)));
    }
    return sum;
  }

  /** What a pair's effect adds to the drop when this span goes: half of it where the partner stays, minus half where it is gone. */
  #pairStep(span: number): number {
    return this.#interactions.reduce((sum, { spans: [first, second], effect }) => {
      const partner = first === span ? second : second === span ? first : null;
      if (partner === null) return sum;
      return sum + (this.#gone.has(partner) ? -effect.estimate : effect.estimate) / 2;
    }, 0);
  }
}

const EMPTY = { mean: new Float64Array(), covariance: new Float64Array() };
