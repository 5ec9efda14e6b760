import { describe, expect, test } from "@jest/globals";
import { paperTTest } from "../../src/screening/paper-ttest.js";

describe("the paper's rule", () => {
  test("by hand: passes where the mean exceeds t s / sqrt(n), not before", () => {
    // n = 2: mean .15, s = .0707, t_{.9, 1} = 3.0777: lower end .15 - 3.0777 * .05 = -.0039.
    expect(paperTTest([0.1, 0.2], 0.1, { firstLook: 2 })).toBeNull();
    // n = 3: mean .15, s = .05, t_{.9, 2} = 1.8856: .15 - 1.8856 * .02887 = .0956.
    expect(paperTTest([0.1, 0.2, 0.15], 0.1, { firstLook: 2 })).toBe(3);
  });

  test("looks from the tenth value on unless told otherwise", () => {
    const values = Array.from({ length: 12 }, (_, index) => 0.5 + 0.01 * (index % 2));
    expect(paperTTest(values, 0.01)).toBe(10);
    expect(paperTTest(values.slice(0, 9), 0.01)).toBeNull();
  });

  test("equal values have no s and pass nothing", () => {
    expect(paperTTest(new Float64Array(50).fill(0.1), 0.01)).toBeNull();
    expect(paperTTest(new Float64Array(50).fill(0.1 + 0.2), 0.01)).toBeNull();
  });

  test("a mean of 0 or less passes nothing", () => {
    expect(
      paperTTest(
        Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? -0.1 : 0.1)),
        0.4,
      ),
    ).toBeNull();
  });
});
