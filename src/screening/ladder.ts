/** Surrogates in order of cost: the first that is certified may save further oracle calls. */
import type { Screen } from "../domain.js";
import { UnderstudyError } from "../errors.js";

/** One surrogate of the ladder after its test, or why it could not be tested. */
export type Rung =
  | { readonly kind: "screened"; readonly name: string; readonly screen: Screen }
  | { readonly kind: "unusable"; readonly name: string; readonly reason: string };

export type LadderDecision =
  | {
      readonly kind: "certified";
      /** Place in order of cost, from 0. */
      readonly rung: number;
      readonly name: string;
      /** What was passed over and why, for a person. */
      readonly reason: string;
    }
  | {
      /** No surrogate may speak for the oracle: its own pooled answers explain, with every surrogate as a prior (methods A10). */
      readonly kind: "oracle";
      readonly reason: string;
      /** The cheapest one whose test came near, or null. */
      readonly supported: string | null;
    };

/** Rounding of shares of one level that are added up again. */
const ROUNDING = 1e-9;

/**
 * Decides by the tests alone which surrogate is used: the first, cheapest, that is certified. Several tests may certify falsely, so
 * their levels together must not exceed `alpha` (methods C3: several proxies, alpha / k each); the cheapest is then certified falsely
 * with probability at most its own share, any one with at most alpha. Every rung's attributions are a prior of hierarchical
 * attribution whatever is decided here. Throws INTERNAL where the levels of the rungs exceed alpha together.
 */
export function climbLadder(rungs: readonly Rung[], alpha: number): LadderDecision {
  checkLevels(rungs, alpha);
  const rung = rungs.findIndex(isCertified);
  const found = rungs[rung];
  if (!found)
    return {
      kind: "oracle",
      reason:
        rungs.length === 0
          ? "there is no surrogate"
          : `no surrogate is certified: ${listed(rungs)}`,
      supported: rungs.find((one) => verdictOf(one) === "supported")?.name ?? null,
    };
  const cheaper = rungs.slice(0, rung);
  return {
    kind: "certified",
    rung,
    name: found.name,
    reason:
      cheaper.length === 0
        ? `${found.name} is the cheapest and certified`
        : `${found.name} is the cheapest that is certified; passed over: ${listed(cheaper)}`,
  };
}

function checkLevels(rungs: readonly Rung[], alpha: number): void {
  const together = rungs.reduce(
    (sum, one) =>
      // What was not screened has spent nothing.
      sum +
      (one.kind === "screened" && one.screen.verdict !== "not screened" ? one.screen.alpha : 0),
    0,
  );
  if (together > alpha + ROUNDING)
    throw new UnderstudyError(
      "INTERNAL",
      `the tests of ${rungs.length} surrogates have levels of ${together} together, more than ${alpha}`,
    );
}

function verdictOf(rung: Rung): Screen["verdict"] | null {
  return rung.kind === "screened" ? rung.screen.verdict : null;
}

function isCertified(rung: Rung): boolean {
  return verdictOf(rung) === "certified";
}

function listed(rungs: readonly Rung[]): string {
  return rungs
    .map((one) =>
      one.kind === "screened"
        ? `${one.name}: ${one.screen.verdict} (${one.screen.reason})`
        : `${one.name}: not usable (${one.reason})`,
    )
    .join("; ");
}
