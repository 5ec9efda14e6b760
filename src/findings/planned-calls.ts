import { inputsNeeded, type Guarantee } from "./certification.js";
import { CERTIFIED_SHARES, DEFAULT_GUARANTEE, SEARCH_TRIALS } from "./compression-defaults.js";

/** Most oracle calls each part can need; early stops make it fewer. */
export interface PlannedCalls {
  readonly search: number;
  readonly certification: number;
  readonly control: number;
  readonly total: number;
}

/** What `compress` may ask of the oracle, for the plan before the first paid call. `level`: of that test, by default
 * 1 - confidence. */
export function plannedCalls(
  sizes: {
    readonly search: number;
    readonly certify: number;
    readonly spans: number;
    readonly level?: number;
    /** Inputs to certify on without which nothing is asked; by default those of the test of changed outputs. */
    readonly needed?: number;
  } & Partial<Guarantee>,
): PlannedCalls {
  const { tolerance, confidence } = { ...DEFAULT_GUARANTEE, ...sizes };
  const enough =
    sizes.search > 0 &&
    sizes.spans > 0 &&
    sizes.certify >= (sizes.needed ?? inputsNeeded(tolerance, sizes.level ?? 1 - confidence));
  if (!enough) return { search: 0, certification: 0, control: 0, total: 0 };
  const search = SEARCH_TRIALS * sizes.search;
  const certification = CERTIFIED_SHARES.length * sizes.certify;
  return {
    search,
    certification,
    control: sizes.certify,
    total: search + certification + sizes.certify,
  };
}
