import { describe, expect, test } from "@jest/globals";
import { cohenKappa, type Kappa } from "../../src/numerics/kappa.js";
import { normalQuantile } from "../../src/numerics/normal.js";
import { randomFrom } from "../../src/numerics/random.js";

const { sqrt } = Math;

/** Ratings from a table of counts, row = first rater. */
function ratingsOf(table: readonly (readonly number[])[]): {
  readonly first: number[];
  readonly second: number[];
  readonly categories: number;
} {
  const pairs = table.flatMap((row, i) =>
    row.flatMap((count, j) => Array.from({ length: count }, () => [i, j] as const)),
  );
  return {
    first: pairs.map(([i]) => i),
    second: pairs.map(([, j]) => j),
    categories: table.length,
  };
}

function measured(kappa: Kappa): Extract<Kappa, { kind: "kappa" }> {
  if (kappa.kind !== "kappa") throw new Error("undefined");
  return kappa;
}

/** Fleiss, Cohen and Everitt (1969), equation 13, as it is printed: A + B - C. */
function printedVariance(cells: readonly (readonly number[])[], kappa: number, n: number): number {
  const rows = cells.map((row) => row.reduce((sum, one) => sum + one, 0));
  const columns = cells.map((_, j) => cells.reduce((sum, row) => sum + (row[j] ?? 0), 0));
  const chance = rows.reduce((sum, row, i) => sum + row * (columns[i] ?? 0), 0);
  let [a, b] = [0, 0];
  for (const [i, row] of cells.entries())
    for (const [j, cell] of row.entries()) {
      if (i === j) a += cell * (1 - ((rows[i] ?? 0) + (columns[i] ?? 0)) * (1 - kappa)) ** 2;
      else b += cell * ((columns[i] ?? 0) + (rows[j] ?? 0)) ** 2;
    }
  const c = (kappa - chance * (1 - kappa)) ** 2;
  return (a + (1 - kappa) ** 2 * b - c) / ((1 - chance) ** 2 * n);
}

describe("Cohen's kappa", () => {
  test("is that of the textbook's table", () => {
    const { estimate, agreement, chance } = measured(
      cohenKappa(
        ratingsOf([
          [20, 5],
          [10, 15],
        ]),
        0.95,
      ),
    );
    expect([agreement, chance, estimate]).toEqual([0.7, 0.5, expect.closeTo(0.4, 12)]);
  });

  test("its bound is where the test of the hypothesis, printed formula on the hypothesised table, is just not rejected", () => {
    const table = [
      [14, 2, 1],
      [3, 9, 0],
      [1, 1, 5],
    ];
    const n = 36;
    const { estimate, low, chance } = measured(cohenKappa(ratingsOf(table), 0.9));
    const rows = table.map((row) => row.reduce((sum, one) => sum + one, 0) / n);
    const columns = table.map((_, j) => table.reduce((sum, row) => sum + (row[j] ?? 0), 0) / n);
    const weight = low / estimate;
    const cells = table.map((row, i) =>
      row.map(
        (count, j) => (1 - weight) * (rows[i] ?? 0) * (columns[j] ?? 0) + weight * (count / n),
      ),
    );
    const corrected = estimate - 0.5 / n / (1 - chance);
    const z = (corrected - low) / sqrt(printedVariance(cells, low, n));
    expect(z).toBeCloseTo(normalQuantile(0.9), 8);
  });

  test("below 0 the bound uses the variance of independence", () => {
    const table = [
      [5, 15],
      [14, 6],
    ];
    const { estimate, low } = measured(cohenKappa(ratingsOf(table), 0.95));
    const [rows, columns] = [
      [0.5, 0.5],
      [0.475, 0.525],
    ];
    const cells = rows.map((row) => columns.map((column) => row * column));
    const expected =
      estimate - 0.5 / 40 / 0.5 - normalQuantile(0.95) * sqrt(printedVariance(cells, 0, 40));
    expect(estimate).toBeLessThan(0);
    expect(low).toBeCloseTo(expected, 10);
  });

  test("perfect agreement has a bound below 1, and two items of a rare category are little proof", () => {
    const even = measured(
      cohenKappa(
        ratingsOf([
          [20, 0],
          [0, 20],
        ]),
        0.95,
      ),
    );
    const rare = measured(
      cohenKappa(
        ratingsOf([
          [48, 0],
          [0, 2],
        ]),
        0.95,
      ),
    );
    expect([even.estimate, rare.estimate]).toEqual([1, 1]);
    expect(even.low).toBeGreaterThan(0.7);
    expect(even.low).toBeLessThan(0.95);
    expect(rare.low).toBeLessThan(0.4);
  });

  test("is 0 where one rater always says the same, and undefined where both do", () => {
    const constant = measured(
      cohenKappa(
        ratingsOf([
          [48, 0],
          [2, 0],
        ]),
        0.95,
      ),
    );
    expect(constant).toMatchObject({ agreement: 0.96, estimate: 0 });
    expect(constant.low).toBeLessThan(0);
    expect(
      cohenKappa(
        ratingsOf([
          [50, 0],
          [0, 0],
        ]),
        0.95,
      ),
    ).toEqual({
      kind: "undefined",
      agreement: 1,
    });
  });

  test("ratings that cannot be are refused", () => {
    const none = { first: [], second: [], categories: 2 };
    const outside = { first: [0, 2], second: [0, 1], categories: 2 };
    for (const ratings of [none, outside, { ...outside, first: [0] }])
      expect(() => cohenKappa(ratings, 0.95)).toThrow(
        expect.objectContaining({ code: "INTERNAL" }),
      );
  });
});

describe("calibration: the one-sided 95 % bound covers the true kappa in at least 93 % of 1,500 draws", () => {
  const even = (labels: number, right: number): number[][] =>
    Array.from({ length: labels }, (_, i) =>
      Array.from(
        { length: labels },
        (__, j) => (i === j ? right : (1 - right) / (labels - 1)) / labels,
      ),
    );
  const skewed = (rare: number, found: number, alarms: number): number[][] => [
    [(1 - rare) * (1 - alarms), (1 - rare) * alarms],
    [rare * (1 - found), rare * found],
  ];
  test.each([
    ["two even labels, right 90 %", even(2, 0.9)],
    ["two even labels, right 70 %", even(2, 0.7)],
    ["two even labels, chance", even(2, 0.5)],
    ["six labels, right 50 %", even(6, 0.5)],
    ["six labels, chance", even(6, 1 / 6)],
    ["a label of 96 %, chance", skewed(0.04, 0.03, 0.03)],
    ["a label of 96 %, the rare one found by half", skewed(0.04, 0.5, 0.02)],
    ["a label of 90 %, the rare one found by half", skewed(0.1, 0.5, 0.05)],
  ])("%s", (name, cells) => {
    const labels = cells.length;
    const flat = cells.flat();
    const truth = trueKappa(cells);
    for (const inputs of [20, 40, 120]) {
      const random = randomFrom(`kappa ${name} ${inputs}`);
      let covered = 0;
      const runs = 1500;
      for (let run = 0; run < runs; run++) {
        const drawn = Array.from({ length: inputs }, () => draw(flat, random.uniform()));
        const kappa = cohenKappa(
          {
            first: drawn.map((cell) => (cell - (cell % labels)) / labels),
            second: drawn.map((cell) => cell % labels),
            categories: labels,
          },
          0.95,
        );
        if (kappa.kind === "undefined" || kappa.low <= truth) covered += 1;
      }
      expect(covered / runs).toBeGreaterThanOrEqual(0.93);
    }
  });
});

function trueKappa(cells: readonly (readonly number[])[]): number {
  const rows = cells.map((row) => row.reduce((sum, one) => sum + one, 0));
  const columns = cells.map((_, j) => cells.reduce((sum, row) => sum + (row[j] ?? 0), 0));
  const agreement = cells.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
  const chance = rows.reduce((sum, row, i) => sum + row * (columns[i] ?? 0), 0);
  return (agreement - chance) / (1 - chance);
}

function draw(shares: readonly number[], uniform: number): number {
  let left = uniform;
  const found = shares.findIndex((share) => (left -= share) < 0);
  return found < 0 ? shares.length - 1 : found;
}
