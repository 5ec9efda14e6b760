/** Demonstrations that show nearly the same input: with one label they are redundant, with two they contradict each other. No calls. */
import type { DemonstrationsExamined } from "../domain.js";
import type { LabelledDemonstration } from "./demonstration-margins.js";
import { nearDuplicates } from "./near-duplicates.js";

/** Another demonstration with nearly the same input and another label. */
export interface Contradiction {
  readonly span: number;
  readonly startLine: number;
  readonly label: string;
  readonly similarity: number;
}

export interface DemonstrationPairs {
  readonly redundant: DemonstrationsExamined["redundant"];
  /** [demonstration] */
  readonly contradictions: readonly (readonly Contradiction[])[];
}

/** Pairs by Jaccard similarity of at least .8 of 5-character shingles of the inputs (methods E2). */
export function pairDemonstrations(
  demonstrations: readonly LabelledDemonstration[],
): DemonstrationPairs {
  const contradictions = demonstrations.map((): Contradiction[] => []);
  const redundant: DemonstrationsExamined["redundant"][number][] = [];
  for (const { first, second, similarity } of nearDuplicates(
    demonstrations.map(({ input }) => input),
  )) {
    const [left, right] = [demonstrations[first], demonstrations[second]];
    if (left === undefined || right === undefined) continue;
    if (left.label.trim() === right.label.trim())
      redundant.push({ lines: [left.startLine, right.startLine], similarity });
    else {
      contradictions[first]?.push({ ...placeOf(right), similarity });
      contradictions[second]?.push({ ...placeOf(left), similarity });
    }
  }
  return { redundant, contradictions };
}

function placeOf({
  span,
  startLine,
  label,
}: LabelledDemonstration): Omit<Contradiction, "similarity"> {
  return { span, startLine, label };
}
