import type { Guarantee } from "./certification.js";

/** Default guarantee: at most 5 % of the outputs change, said with 95 % confidence. */
export const DEFAULT_GUARANTEE: Guarantee = { tolerance: 0.05, confidence: 0.95 };
/** Default for the largest fall of accuracy. */
export const DEFAULT_ACCURACY_MARGIN = 0.05;
/** Trials on the search set that are paid for in full; failing ones stop early and leave room for more. */
export const SEARCH_TRIALS = 6;
/** Steps of the path that are certified, as shares of the tokens that the search found deletable. */
export const CERTIFIED_SHARES = [0.2, 0.4, 0.7, 1];
