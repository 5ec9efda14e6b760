/** What removing or correcting the flagged demonstrations does to the oracle's answers on inputs whose right answer is known. */
import type { ConfirmationArm, DemonstrationChange, Unknown } from "../domain.js";
import { mcnemarExact } from "../numerics/mcnemar.js";
import { studentInterval } from "../numerics/student-t.js";

/** One input under one prompt. */
export interface ConfirmedAnswer {
  readonly text: string;
  /** Of the expected label, nats; null where the oracle gives none. */
  readonly margin: number | null;
}

export interface ConfirmedInput {
  readonly expected: string;
  readonly before: ConfirmedAnswer | null;
  readonly after: ConfirmedAnswer | null;
}

/** Below this p-value a change of accuracy counts as shown. */
const LEVEL = 0.05;

/**
 * Accuracy before and after on the inputs that were answered both times, with the exact McNemar p-value, and the change of the expected
 * label's margin with a 90 % Student's t interval over inputs (methods E1, 0b.8). Margins often move where answers do not: the conclusion
 * says which of the two was shown. Unknown where no input was answered both times.
 */
export function confirmChange(
  change: DemonstrationChange,
  lines: readonly number[],
  inputs: readonly ConfirmedInput[],
): ConfirmationArm | Unknown {
  const pairs = inputs.flatMap(({ expected, before, after }) =>
    before === null || after === null ? [] : [{ expected: expected.trim(), before, after }],
  );
  if (pairs.length === 0)
    return { kind: "unknown", reason: `no input was answered with these examples ${change}` };
  const right = pairs.map(({ expected, before, after }) => ({
    before: before.text.trim() === expected,
    after: after.text.trim() === expected,
  }));
  const gained = right.filter(({ before, after }) => !before && after).length;
  const lost = right.filter(({ before, after }) => before && !after).length;
  const margins = pairs.flatMap(({ before, after }) =>
    before.margin === null || after.margin === null
      ? []
      : [{ before: before.margin, after: after.margin }],
  );
  const measured = {
    change,
    lines,
    inputs: pairs.length,
    rightBefore: right.filter(({ before }) => before).length,
    rightAfter: right.filter(({ after }) => after).length,
    gained,
    lost,
    pValue: mcnemarExact(gained, lost),
    changedAnswers: pairs.filter(({ before, after }) => before.text.trim() !== after.text.trim())
      .length,
    margin: marginsOf(margins),
  };
  return { ...measured, conclusion: conclusionOf(measured) };
}

function marginsOf(
  margins: readonly { readonly before: number; readonly after: number }[],
): ConfirmationArm["margin"] {
  if (margins.length < 2) return null;
  const mean = (of: (one: { before: number; after: number }) => number): number =>
    margins.reduce((sum, one) => sum + of(one), 0) / margins.length;
  return {
    before: mean(({ before }) => before),
    after: mean(({ after }) => after),
    change: studentInterval(
      margins.map(({ before, after }) => after - before),
      0.9,
    ),
  };
}

function conclusionOf({
  gained,
  lost,
  pValue,
  margin,
}: Omit<ConfirmationArm, "conclusion">): ConfirmationArm["conclusion"] {
  if (pValue <= LEVEL) return gained > lost ? "more answers right" : "fewer answers right";
  if (margin !== null && margin.change.low > 0) return "more confident";
  if (margin !== null && margin.change.high < 0) return "less confident";
  return "no change shown";
}
