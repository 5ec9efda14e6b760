/** What a run went without, in words: which step, how many answers, and why. */
import type { Ledger, MissingAnswers, OraclePurpose } from "../domain.js";

/**
 * A sentence a cause, such as "60 oracle answers are missing (20 masks, 40 certification): the cap of 25 oracle calls is reached", then
 * the steps that were planned and not begun for want of those. Of a server that failed in many ways the first failure stands for all.
 * Empty where nothing is missing, for then a step that was not taken was not needed.
 */
export function missingReasons(
  missing: readonly MissingAnswers[],
  ledger: Pick<Ledger, "oracle" | "planned">,
): readonly string[] {
  const causes = [...new Set(missing.map(({ cause }) => cause))];
  const sentences = causes.map((cause) => {
    const own = missing.filter((group) => group.cause === cause);
    const steps = [...new Set(own.map(({ purpose }) => purpose))].map(
      (purpose) => `${sum(own.filter((group) => group.purpose === purpose))} ${purpose}`,
    );
    const count = sum(own);
    const answers = count === 1 ? "1 oracle answer is" : `${count} oracle answers are`;
    return `${answers} missing (${steps.join(", ")}): ${own[0]?.message ?? cause}`;
  });
  const idle = missing.length === 0 ? [] : notBegun(missing, ledger);
  return idle.length === 0 ? sentences : [...sentences, `not begun: ${idle.join(", ")}`];
}

function notBegun(
  missing: readonly MissingAnswers[],
  { oracle, planned }: Pick<Ledger, "oracle" | "planned">,
): readonly string[] {
  if (planned === null) return [];
  const waiting = (purpose: OraclePurpose): boolean =>
    planned.byPurpose[purpose] > 0 &&
    oracle.byPurpose[purpose].calls === 0 &&
    !missing.some((group) => group.purpose === purpose);
  return LATE_STEPS.filter(waiting).map(
    (purpose) => `${purpose} (up to ${planned.byPurpose[purpose]} calls)`,
  );
}

/** Steps that depend on others. */
const LATE_STEPS = ["masks", "search", "certification", "control"] as const;

function sum(groups: readonly MissingAnswers[]): number {
  return groups.reduce((total, { questions }) => total + questions, 0);
}
