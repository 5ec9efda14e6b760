import { expect, test } from "@jest/globals";
import { compareScores } from "../../src/oracle/score-agreement.js";

const off = (...differences: number[]): string | null =>
  compareScores(
    Float64Array.from(differences, (difference, index) => -1 - index + difference),
    differences.map((_, index) => -1 - index),
  );

test.each([[[0]], [[0.25]], [[-0.125, 0.125, 0, 0.125]], [[0.04, -0.04, 0.05, 0.25, -0.2]]])(
  "scores that are off by %j agree",
  (differences) => {
    expect(off(...differences)).toBeNull();
  },
);

test.each([
  [[0.26], "by up to 0.26 nats over 1 tokens, median 0.26"],
  [[0, 0, 0, 0, 0, -0.3], "by up to 0.30 nats over 6 tokens, median 0.00"],
  [[0.1, 0.1, 0.1, 0, 0], "by up to 0.10 nats over 5 tokens, median 0.10"],
  [[Number.NaN, 0], "no numbers"],
])("scores that are off by %j do not", (differences, reason) => {
  expect(off(...differences)).toContain(reason);
});

test("zeros are named as such, and pass only where the server was certain", () => {
  expect(compareScores(new Float64Array(3), [-0.1, -2, 0])).toContain("gives 0");
  expect(compareScores(new Float64Array(3), [-0.1, -0.2, 0])).toBeNull();
});
