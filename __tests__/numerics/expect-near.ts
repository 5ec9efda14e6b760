import { expect } from "@jest/globals";

/** Two vectors of one length whose entries differ by less than the tolerance. */
export function expectNear(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < found.length; i++)
    expect(Math.abs((found[i] as number) - (expected[i] as number))).toBeLessThan(tolerance);
}
