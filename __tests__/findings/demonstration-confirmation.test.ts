import { describe, expect, test } from "@jest/globals";
import {
  confirmChange,
  type ConfirmedInput,
} from "../../src/findings/demonstration-confirmation.js";

/** An input that calls for "yes": right or wrong before and after, with these margins. */
function input(
  before: readonly [text: string, margin: number | null] | null,
  after: readonly [text: string, margin: number | null] | null,
): ConfirmedInput {
  const answer = (given: typeof before) =>
    given === null ? null : { text: given[0], margin: given[1] };
  return { expected: "yes", before: answer(before), after: answer(after) };
}

const same = input(["yes", 1], ["yes ", 3]);

describe("the confirmation", () => {
  test("counts what was gained and lost, with the exact p-value, on inputs answered both times", () => {
    const arm = confirmChange(
      "removed",
      [4, 8],
      [
        ...Array.from({ length: 8 }, () => input(["no", -1], ["yes", 2])),
        ...Array.from({ length: 2 }, () => input(["yes", 1], ["no", -1])),
        input(["no", -3], ["maybe", -2]),
        same,
        input(null, ["yes", 9]),
        input(["yes", 9], null),
      ],
    );
    expect(arm).toMatchObject({
      change: "removed",
      lines: [4, 8],
      inputs: 12,
      rightBefore: 3,
      rightAfter: 9,
      gained: 8,
      lost: 2,
      pValue: expect.closeTo(0.109375, 12),
      changedAnswers: 11,
      margin: { before: -8 / 12, after: 15 / 12 },
      conclusion: "more confident",
    });
  });

  test("says that margins moved where answers did not, which way, and nothing where neither did", () => {
    const conclusion = (inputs: readonly ConfirmedInput[]) => {
      const arm = confirmChange("corrected", [4], inputs);
      return "kind" in arm ? arm.reason : arm.conclusion;
    };
    const moved = (by: number) => (at: number) =>
      input(["yes", at], ["yes", at + by + (at % 2) / 10]);
    const places = [1, 2, 3, 4, 5, 6];
    expect(conclusion(places.map(moved(2)))).toBe("more confident");
    expect(conclusion(places.map(moved(-2)))).toBe("less confident");
    expect(conclusion(places.map(moved(-0.05)))).toBe("no change shown");
    expect(conclusion(places.map(() => input(["no", null], ["yes", null])))).toBe(
      "more answers right",
    );
    expect(conclusion(places.map(() => input(["yes", 1], ["no", -1])))).toBe("fewer answers right");
    expect(conclusion([input(null, null)])).toBe(
      "no input was answered with these examples corrected",
    );
  });
});
