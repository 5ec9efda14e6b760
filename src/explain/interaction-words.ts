import type { Interaction } from "../domain.js";
import type { DeletionCosts } from "./pair-model.js";

/** A cost is little where it is at most this share of the one it is held against; of two equal spans without any interaction it is 1/2. */
const LITTLE = 1 / 3;

/**
 * What two spans are to each other, in words, or null where neither sentence is true (methods A7):
 * - redundant: deleting both costs, deleting either costs little of it: "A and B: either can go, not both"
 * - synergy: keeping a span helps only while the other is there: "B works only with A", or "A and B work only together"
 * Spans that oppose the output are in neither: deleting them costs nothing. `names` are those of the two spans.
 */
export function describePair(
  costs: DeletionCosts,
  names: readonly [string, string],
): Pick<Interaction, "kind" | "sentence"> | null {
  const { first, second, both } = costs;
  const [nameOfFirst, nameOfSecond] = names;
  if (both > 0 && isLittle(first, both) && isLittle(second, both))
    return {
      kind: "redundant",
      sentence: `${nameOfFirst} and ${nameOfSecond}: either can go, not both`,
    };
  const firstNeeds = first > 0 && isLittle(both - second, first);
  const secondNeeds = second > 0 && isLittle(both - first, second);
  if (firstNeeds && secondNeeds)
    return { kind: "synergy", sentence: `${nameOfFirst} and ${nameOfSecond} work only together` };
  if (firstNeeds)
    return { kind: "synergy", sentence: `${nameOfFirst} works only with ${nameOfSecond}` };
  return secondNeeds
    ? { kind: "synergy", sentence: `${nameOfSecond} works only with ${nameOfFirst}` }
    : null;
}

function isLittle(cost: number, whole: number): boolean {
  return Math.abs(cost) <= LITTLE * whole;
}
