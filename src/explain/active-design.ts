import type { Interval, Mask, MaskedInput } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { randomFrom } from "../numerics/random.js";
import { decisionFunctionals } from "./decision-functionals.js";
import {
  type FittedPosterior,
  type HierarchicalProblem,
  type HierarchicalScales,
  fitPosterior,
} from "./hierarchical.js";
import { checkDesign } from "./hierarchical-kernel.js";
import { NORMAL_95 } from "./hierarchical-posterior.js";
import { type PosteriorCovariances, openCovariances } from "./posterior-covariances.js";

export interface ActiveProblem extends HierarchicalProblem {
  /** Masks that may be asked next, of any input; the best come from designMasks. */
  readonly maskPool: readonly Mask[];
  /** Calls that are left. */
  readonly budget: number;
  /** Most calls of one step; 40 by default. */
  readonly batch?: number;
  /** A span can go where its effect lies below, in units of the values. */
  readonly threshold: number;
  /** An interval that is no wider is narrow enough wherever it lies, in units of the values. */
  readonly width: number;
  /** Masks whose deletion is up for decision besides single spans. */
  readonly deletions?: readonly Mask[];
  /** Most candidates that are weighed; of more, a sample that depends on the seed and the rows only. */
  readonly candidates?: number;
  readonly seed: string;
}

/** What is to be decided: whether the mean effect over inputs, of a span or of a deletion, lies above or below the threshold. */
export interface Decision {
  /** Which span or which of the problem's deletions. */
  readonly of: { readonly kind: "span" | "deletion"; readonly index: number };
  /** 90 % posterior interval of the mean over inputs, in units of the values. */
  readonly effect: Interval;
  readonly undecided: boolean;
}

interface Judged {
  readonly decisions: readonly Decision[];
  /** Where the next step's search for scales may begin. */
  readonly scales: HierarchicalScales;
}

export type ActiveStep = Judged &
  (
    | {
        readonly kind: "measure";
        /** At most the batch and the budget, most useful first; none was measured before. */
        readonly masks: readonly MaskedInput[];
        /** Variance of the undecided effects, summed, before and as expected after, in squared units of the values. */
        readonly variance: { readonly before: number; readonly after: number };
      }
    | { readonly kind: "stop"; readonly reason: "narrow" | "budget" | "pool exhausted" }
  );

const BATCH = 40;
const CANDIDATES = 2000;

/**
 * The next masks to measure (docs/methods.md, A10): one after the other the input and mask that most lower the summed posterior
 * variance of the undecided effects, those whose 90 % interval holds the threshold and is wider than asked; the ones chosen before
 * count as measured. Within a step, effects that are expected to be decided by then no longer count, and a step in which all are
 * ends early. Stops where nothing is undecided, no call is left or every candidate was measured. Sequential Bayesian experimental
 * design for linear functionals; Krause, Singh and Guestrin (2008) for the greedy batch.
 * Throws INTERNAL for rows that fitHierarchical refuses, and numbers that are no budget, batch, threshold or width.
 */
export function nextMasks(problem: ActiveProblem): ActiveStep {
  const { deletions = [], batch = BATCH, budget } = problem;
  checkActive(problem, batch);
  const fitted = fitPosterior(problem);
  const candidates = openCandidates(problem);
  const limit = Math.min(batch, budget, candidates.length);
  const covariances = openCovariances({
    posterior: fitted.posterior,
    functionals: (frame) => decisionFunctionals(frame, deletions),
    candidates,
    knownVariance: typicalKnownVariance(problem) / fitted.deviation ** 2,
    capacity: limit,
  });
  const decisions = decisionsOf(problem, fitted, covariances);
  const judged = { decisions, scales: fitted.posterior.process.scales };
  const undecided = positions(decisions);
  if (undecided.length === 0) return { kind: "stop", reason: "narrow", ...judged };
  if (budget === 0) return { kind: "stop", reason: "budget", ...judged };
  if (candidates.length === 0) return { kind: "stop", reason: "pool exhausted", ...judged };
  const total = (): number =>
    fitted.deviation ** 2 *
    undecided.reduce((sum, f) => sum + (covariances.variances[f] as number), 0);
  const before = total();
  const masks = greedyBatch({ problem, fitted, covariances, candidates, limit });
  return { kind: "measure", masks, variance: { before, after: total() }, ...judged };
}

function checkActive(
  { budget, threshold, width, maskPool, deletions = [], ...design }: ActiveProblem,
  batch: number,
): void {
  if (!Number.isInteger(budget) || budget < 0)
    throw new UnderstudyError("INTERNAL", `an active design with a budget of ${budget} calls`);
  if (!Number.isInteger(batch) || batch < 1)
    throw new UnderstudyError("INTERNAL", `an active design in steps of ${batch} calls`);
  if (!Number.isFinite(threshold) || !(width >= 0))
    throw new UnderstudyError("INTERNAL", `a decision at ${threshold} with width ${width}`);
  checkDesign(
    { ...design, surrogates: [] },
    [...maskPool, ...deletions].map((mask) => ({ input: 0, mask })),
  );
}

/** Every mask of the pool with every input that it was not measured with, thinned at random where there are too many. */
function openCandidates(problem: ActiveProblem): MaskedInput[] {
  const key = (input: number, mask: Mask): string => `${input}:${mask.join("")}`;
  const taken = new Set(problem.rows.map(({ input, mask }) => key(input, mask)));
  const open = problem.classes.flatMap((_, input) =>
    problem.maskPool.flatMap((mask): MaskedInput[] => {
      const name = key(input, mask);
      if (taken.has(name)) return [];
      taken.add(name);
      return [{ input, mask }];
    }),
  );
  const most = problem.candidates ?? CANDIDATES;
  if (open.length <= most) return open;
  return randomFrom(`active candidates\n${problem.seed}\n${problem.rows.length} rows`)
    .shuffle(open)
    .slice(0, most);
}

/** What a row that is still to be measured is expected to have: the floor, and the mean of the measured rows' own variances. */
function typicalKnownVariance({ rows, noiseFloor = 0 }: ActiveProblem): number {
  return noiseFloor + rows.reduce((sum, { variance = 0 }) => sum + variance, 0) / rows.length;
}

function decisionsOf(
  problem: ActiveProblem,
  { deviation }: FittedPosterior,
  { means, variances }: PosteriorCovariances,
): Decision[] {
  return Array.from(means, (mean, index) => {
    const estimate = mean * deviation;
    const half = NORMAL_95 * deviation * Math.sqrt(Math.max(0, variances[index] as number));
    const low = estimate - half;
    const high = estimate + half;
    const { spans, threshold, width } = problem;
    return {
      of:
        index < spans
          ? { kind: "span" as const, index }
          : { kind: "deletion" as const, index: index - spans },
      effect: { estimate, low, high },
      undecided: low < threshold && threshold < high && high - low > width,
    };
  });
}

function positions(decisions: readonly Decision[]): number[] {
  return decisions.flatMap(({ undecided }, index) => (undecided ? [index] : []));
}

interface Batch {
  readonly problem: ActiveProblem;
  readonly fitted: FittedPosterior;
  readonly covariances: PosteriorCovariances;
  readonly candidates: readonly MaskedInput[];
  readonly limit: number;
}

function greedyBatch({ problem, fitted, covariances, candidates, limit }: Batch): MaskedInput[] {
  const open = new Set(candidates.keys());
  const chosen: MaskedInput[] = [];
  while (chosen.length < limit) {
    const undecided = positions(decisionsOf(problem, fitted, covariances));
    if (undecided.length === 0) break;
    let best = -1;
    let most = -1;
    for (const candidate of open) {
      const reduction = covariances.reduction(candidate, undecided);
      if (reduction > most) [best, most] = [candidate, reduction];
    }
    covariances.imagine(best);
    open.delete(best);
    chosen.push(candidates[best] as MaskedInput);
  }
  return chosen;
}
