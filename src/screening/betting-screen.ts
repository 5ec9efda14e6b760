/** The part of a screen that all modes share: which inputs are looked at in which order, and the bets on them (methods C3). */
import { createHash } from "node:crypto";
import { UnderstudyError } from "../errors.js";
import { firstRejection, lowerBoundPath } from "../numerics/bound-path.js";
import {
  betOnDifferences,
  isFutile,
  NO_BETS,
  type BettingDesign,
  type BettingState,
} from "../numerics/e-process.js";
import {
  type CertificateState,
  type PredictConsumed,
  type ScreenForm,
  type ScreenTest,
} from "./certificate-state.js";
import { checkSameTest } from "./certificate.js";
import { paperTTest } from "./paper-ttest.js";

/** What is asked in every mode. */
export interface ScreenRequest {
  readonly surrogate: string;
  readonly oracle: string;
  readonly inputSetHash: string;
  /** Number of inputs in the search set, measured or not. */
  readonly population: number;
  /** finite by default. */
  readonly form?: ScreenForm;
  readonly threshold?: number;
  /** Level of this test: its share where several surrogates share one (see shares.ts). */
  readonly alpha?: number;
  /** What the verdict follows: betting by default; the paper's rule never certifies. */
  readonly rule?: "betting" | "paper-ttest";
}

export const SCREEN_ALPHA = 0.05;
/** Fewest masks of an input on which its q is worth looking at. */
export const MINIMUM_MASKS = 8;

/** What one input has to say. */
export type Judged<One extends PredictConsumed> =
  | { readonly kind: "seen"; readonly consumed: One }
  /** Measured too little yet: it stays in the population, unseen. */
  | { readonly kind: "unseen"; readonly id: string }
  /**
   * The oracle's own values say nothing, whatever the surrogate says: outside the population if that is known when the test
   * begins; found out later, it counts as `worst`, which can only withhold a certificate.
   */
  | { readonly kind: "outside"; readonly id: string; readonly worst: One };

/** A test after everything that could be looked at. */
export interface Tested<One extends PredictConsumed> {
  readonly test: ScreenTest;
  readonly population: number;
  readonly excluded: readonly string[];
  readonly consumed: readonly One[];
  /** null where the population is empty. */
  readonly design: BettingDesign | null;
  /** State after each look. */
  readonly path: readonly BettingState[];
  /** Lower confidence bound after each look. */
  readonly bounds: readonly number[];
  /** Number of looks after which it was certified, or could not be any more; null: never. */
  readonly certifiedAfter: number | null;
  readonly futileAfter: number | null;
  /** The paper's rule on the same differences, where it was asked for: number of looks after which it passed, or null. */
  readonly paper: { readonly passedAfter: number | null } | null;
}

/**
 * Bets on the inputs of a screen in an order fixed by hash, going on from `previous`. The population is the search set without the
 * inputs that are outside when the test begins; with the form `population` its size is the horizon. Which inputs have been
 * measured by now must not depend on how well the surrogate does on them: calls are spent in an order fixed before.
 * @param differencesAt d in [-threshold, 1] of every consumed input, in order.
 * @throws UnderstudyError CERTIFICATE where `previous` belongs to another test or contradicts itself; INTERNAL on repeated ids.
 */
export function testByBetting<One extends PredictConsumed>(options: {
  readonly request: ScreenRequest;
  readonly threshold: number;
  readonly judged: readonly Judged<One>[];
  readonly previous: (CertificateState & { readonly consumed: readonly One[] }) | undefined;
  readonly differencesAt: (consumed: readonly One[], threshold: number) => Float64Array;
}): Tested<One> {
  const { request, judged, previous, differencesAt } = options;
  const test = testOf(request, options.threshold);
  checkJudged(judged, request.population);
  if (previous) checkSameTest(previous, test);
  const outside = judged.filter((one) => one.kind === "outside").map((one) => one.id);
  const excluded = previous?.excluded ?? outside;
  const population = previous?.population ?? request.population - outside.length;
  const consumed = [
    ...(previous?.consumed ?? []),
    ...inTestOrder(newlySeen(judged, previous, excluded), test),
  ];
  const design = designOf(test, population);
  const differences = differencesAt(consumed, test.threshold);
  const path = design === null ? [] : betOnDifferences(differences, design);
  if (previous) checkReplay(previous, path);
  return {
    test,
    population,
    excluded,
    consumed,
    design,
    path,
    bounds:
      design === null
        ? []
        : lowerBoundPath((threshold) => differencesAt(consumed, threshold), design),
    certifiedAfter: design === null ? null : lookOf(firstRejection(path, design)),
    futileAfter: design === null ? null : futileAfter(path, design),
    paper:
      request.rule === "paper-ttest" ? { passedAfter: paperTTest(differences, test.alpha) } : null,
  };
}

/** What a test stores beside its mode. */
export function stateOf<One extends PredictConsumed>(
  tested: Tested<One>,
): {
  readonly version: 2;
  readonly test: ScreenTest;
  readonly population: number;
  readonly excluded: readonly string[];
  readonly consumed: readonly One[];
} & BettingState {
  const { test, population, excluded, consumed, path } = tested;
  return { version: 2, test, population, excluded, consumed, ...(path.at(-1) ?? NO_BETS) };
}

function testOf(request: ScreenRequest, threshold: number): ScreenTest {
  const { inputSetHash, surrogate, oracle, form = "finite", alpha = SCREEN_ALPHA } = request;
  return { inputSetHash, surrogate, oracle, form, threshold, alpha };
}

function checkJudged<One extends PredictConsumed>(
  judged: readonly Judged<One>[],
  population: number,
): void {
  const ids = new Set(judged.map(idOf));
  if (ids.size !== judged.length)
    throw new UnderstudyError("INTERNAL", "an input was given twice to the screen");
  if (population < ids.size)
    throw new UnderstudyError(
      "INTERNAL",
      `${ids.size} inputs cannot come from a search set of ${population}`,
    );
}

function idOf<One extends PredictConsumed>(judged: Judged<One>): string {
  return judged.kind === "seen" ? judged.consumed.id : judged.id;
}

function newlySeen<One extends PredictConsumed>(
  judged: readonly Judged<One>[],
  previous: { readonly consumed: readonly One[] } | undefined,
  excluded: readonly string[],
): readonly One[] {
  const done = new Set([...excluded, ...(previous?.consumed ?? []).map((one) => one.id)]);
  return judged.flatMap((one) => {
    if (one.kind === "unseen" || done.has(idOf(one))) return [];
    return [one.kind === "seen" ? one.consumed : one.worst];
  });
}

/** A shuffle in which the place of an input depends on the test and its id alone, so that no later run can reorder it. */
function inTestOrder<One extends PredictConsumed>(
  inputs: readonly One[],
  test: ScreenTest,
): readonly One[] {
  const key = (id: string): string =>
    createHash("sha256")
      .update(JSON.stringify([test.inputSetHash, test.surrogate, test.oracle, id]))
      .digest("hex");
  const keyed = inputs.map((input) => ({ input, key: key(input.id) }));
  return keyed.sort((left, right) => (left.key < right.key ? -1 : 1)).map(({ input }) => input);
}

function designOf(test: ScreenTest, population: number): BettingDesign | null {
  return population === 0
    ? null
    : {
        threshold: test.threshold,
        alpha: test.alpha,
        horizon: population,
        population: test.form === "finite" ? population : null,
      };
}

function lookOf(position: number | null): number | null {
  return position === null ? null : position + 1;
}

function futileAfter(path: readonly BettingState[], design: BettingDesign): number | null {
  // After the last input there is nothing left to save.
  const open = path.slice(0, design.horizon - 1);
  const first = open.findIndex((state) => isFutile(state, design));
  return lookOf(first < 0 ? null : first);
}

function checkReplay(previous: CertificateState, path: readonly BettingState[]): void {
  const then = previous.consumed.length === 0 ? NO_BETS : path[previous.consumed.length - 1];
  const close = (left: number, right: number): boolean =>
    Math.abs(left - right) <= 1e-9 * Math.max(1, Math.abs(left));
  const names: readonly (keyof BettingState)[] = [
    "count",
    "wealth",
    "largestWealth",
    "sum",
    "squares",
  ];
  if (then && names.every((name) => close(then[name], previous[name]))) return;
  throw new UnderstudyError(
    "CERTIFICATE",
    "the certificate contradicts itself: its inputs do not lead to its wealth",
    { fix: "restore the file from the last run" },
  );
}
