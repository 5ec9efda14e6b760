import { expect, test } from "@jest/globals";
import { binomialCoefficient } from "../../src/numerics/binomial-coefficient.js";
import { gaussLegendre } from "../../src/numerics/gauss-legendre.js";

test("Gauss-Legendre integrates powers up to 2 n - 1 exactly, and no higher", () => {
  const integral = (nodes: number, power: number): number =>
    gaussLegendre(nodes).reduce((sum, { node, weight }) => sum + weight * node ** power, 0);
  for (const nodes of [1, 2, 3, 5, 9, 12]) {
    for (let power = 0; power < 2 * nodes; power++)
      expect(Math.abs(integral(nodes, power) - 1 / (power + 1))).toBeLessThan(1e-14);
    if (nodes < 6)
      expect(Math.abs(integral(nodes, 2 * nodes) - 1 / (2 * nodes + 1))).toBeGreaterThan(1e-9);
  }
  expect(gaussLegendre(2).map(({ node }) => node)).toEqual([
    expect.closeTo((1 - 1 / Math.sqrt(3)) / 2, 14),
    expect.closeTo((1 + 1 / Math.sqrt(3)) / 2, 14),
  ]);
  expect(() => gaussLegendre(0)).toThrow("0 nodes");
});

test("binomial coefficients: Pascal's triangle, and large ones to the last digits", () => {
  for (let n = 1; n <= 40; n++)
    for (let k = 0; k <= n; k++)
      expect(binomialCoefficient(n, k)).toBe(
        binomialCoefficient(n - 1, k - 1) + binomialCoefficient(n - 1, k),
      );
  expect(binomialCoefficient(0, 0)).toBe(1);
  expect(binomialCoefficient(5, 6)).toBe(0);
  expect(binomialCoefficient(5, -1)).toBe(0);
  expect(binomialCoefficient(48, 24)).toBe(32247603683100);
  expect(binomialCoefficient(100, 50) / 1.008913445455642e29).toBeCloseTo(1, 13);
});
