/** Fewer runs of `bench/compression-level.ts`: certificates keep their level, and what would break it is seen to. */
import { describe, expect, test } from "@jest/globals";
import { levelRow, pushRow } from "./compression-levels.js";

/** Three standard errors over the level. */
const above = (level: number, runs: number): number =>
  level + 3 * Math.sqrt((level * (1 - level)) / runs);

describe("calibration of the certificate", () => {
  test.each([
    [0.05, 20, 59],
    [0.1, 50, 100],
  ])(
    "at eps %d with |A| = %d and |B| = %d it is false less often than its level, where the search alone is mostly wrong",
    async (tolerance, search, certify) => {
      const runs = 120;
      const row = await levelRow({ tolerance, search, certify, runs });
      expect(row.violated).toBeLessThanOrEqual(0.05);
      expect(row.greedyViolated).toBeGreaterThan(0.4);
      // The harness sees a certificate that is made on the inputs that the deletion was chosen on.
      if (certify === 59) expect(row.violatedOnSearchSet).toBeGreaterThan(above(0.05, runs));
      expect(row.certified).toBeGreaterThan(0.9);
      expect(row.removed).toBeGreaterThan(0.25);
    },
  );

  test("over five pushes spending keeps the level of all together, rotation that of each; reuse that is not paid for breaks it", async () => {
    const given = { pushes: 5, runs: 500, tolerance: 0.1, certify: 150 };
    const spend = await pushRow({ ...given, reuse: "spend" });
    expect(spend.violated).toBeLessThanOrEqual(above(0.05, given.runs));
    expect(spend.certified).toBe(5);
    const rotate = await pushRow({ ...given, reuse: "rotate" });
    expect(rotate.violatedPerCertificate).toBeLessThanOrEqual(above(0.05, 3 * given.runs));
    expect(rotate.certified).toBe(3);
    const ignored = await pushRow({ ...given, reuse: "ignored" });
    expect(ignored.violated).toBeGreaterThan(0.1);
  });
});
