/** One level for several surrogates: however many come, and whenever, no more than alpha is spent. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { firstRejection } from "../../src/numerics/bound-path.js";
import { betOnDifferences } from "../../src/numerics/e-process.js";
import { randomFrom } from "../../src/numerics/random.js";
import { shortfall } from "../../src/screening/explain.js";
import {
  claimShare,
  parseShares,
  serialiseShares,
  type AlphaShares,
  type TestFamily,
} from "../../src/screening/shares.js";
import { drawPairs, HORIZON, NULLS } from "./simulated-pairs.js";

const family: TestFamily = {
  inputSetHash: "h",
  oracle: "large",
  mode: "predict",
  qVersion: "spearman-1",
  form: "finite",
  threshold: 0.7,
  alpha: 0.05,
};

/** Claims in turn, each register written and read again. */
function claims(names: readonly string[], slots: readonly number[]): (number | "refused")[] {
  let stored: AlphaShares | null = null;
  return names.map((surrogate, index) => {
    const claim = claimShare(stored, family, { surrogate, slots: slots[index] ?? 1 });
    stored = parseShares(serialiseShares(claim.shares), "s.json");
    return claim.kind === "granted" ? claim.alpha : "refused";
  });
}

describe("shares of alpha", () => {
  test("one surrogate has all of it, and a second comes too late", () => {
    expect(claims(["a", "a", "b", "a"], [1, 1, 1, 1])).toEqual([0.05, 0.05, "refused", 0.05]);
  });

  test("k surrogates have equal parts, and the k + 1st none", () => {
    expect(claims(["a", "b", "c", "b"], [2, 2, 2, 2])).toEqual([0.025, 0.025, "refused", 0.025]);
  });

  test("k is fixed when the first comes: settings of later runs neither shrink nor stretch it", () => {
    expect(claims(["a", "b", "c"], [2, 5, 1])).toEqual([0.025, 0.025, "refused"]);
  });

  test("whoever comes in whatever order under whatever settings, the parts add up to alpha at most", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.constantFrom("a", "b", "c", "d", "e"), fc.integer({ min: 1, max: 6 })),
          {
            minLength: 1,
            maxLength: 12,
          },
        ),
        (events) => {
          const parts = claims(
            events.map(([name]) => name),
            events.map(([, slots]) => slots),
          );
          const spent = new Map<string, number>();
          parts.forEach((part, index) => {
            const name = events[index]?.[0] ?? "";
            if (part === "refused") return;
            // Once given a part is the same for ever.
            expect(spent.get(name) ?? part).toBe(part);
            spent.set(name, part);
          });
          const total = [...spent.values()].reduce((sum, part) => sum + part, 0);
          expect(total).toBeLessThanOrEqual(family.alpha * (1 + 1e-12));
        },
      ),
      { numRuns: 300, seed: 1 },
    );
  });

  test("three unfit surrogates, one added late: any of them is certified in at most alpha + 3 se of runs", () => {
    const scenario = NULLS[2];
    if (!scenario) throw new Error("no scenario");
    const random = randomFrom("three unfit");
    const runs = 2000;
    const certifies = (alpha: number): boolean => {
      const design = { threshold: 0.9, alpha, horizon: HORIZON, population: null };
      const differences = drawPairs(scenario, random, 0.9, HORIZON).map(({ q, oracleQ }) =>
        shortfall(q, oracleQ, 0.9),
      );
      return firstRejection(betOnDifferences(differences, design), design) !== null;
    };
    let shared = 0;
    let each = 0;
    for (let run = 0; run < runs; run++) {
      const parts = claims(["a", "b", "c"], [2, 2, 2]);
      if (parts.some((part) => part !== "refused" && certifies(part))) shared++;
      if ([0, 1, 2].some(() => certifies(family.alpha))) each++;
    }
    const limit = family.alpha + 3 * Math.sqrt((family.alpha * (1 - family.alpha)) / runs);
    expect(shared / runs).toBeLessThanOrEqual(limit);
    // The harness sees what sharing is for.
    expect(each / runs).toBeGreaterThan(limit);
  });

  test("says who has the level, and what to do", () => {
    const { shares } = claimShare(null, family, { surrogate: "first", slots: 1 });
    expect(claimShare(shares, family, { surrogate: "second", slots: 3 })).toMatchObject({
      kind: "refused",
      reason: expect.stringMatching(/0\.05 .* spent.*1 surrogate.*"first".*screen-surrogates/),
    });
  });

  test("of another test are refused", () => {
    const { shares } = claimShare(null, family, { surrogate: "a", slots: 1 });
    for (const other of [{ oracle: "new" }, { mode: "labels" as const }, { alpha: 0.1 }])
      expect(() =>
        claimShare(shares, { ...family, ...other }, { surrogate: "a", slots: 1 }),
      ).toThrow(/another test/);
  });

  test.each([
    ["not JSON", (): string => "{"],
    ["an altered number", (text: string): string => text.replace('"slots": 2', '"slots": 9')],
    ["a removed name", (text: string): string => text.replace('"b"', '"x"')],
    ["an added field", (text: string): string => text.replace('"slots"', '"more": 1, "slots"')],
    ["another level", (text: string): string => text.replace("0.05", "0.2")],
  ])("%s in the file is refused", (_, change) => {
    const shares: AlphaShares = { version: 1, family, slots: 2, surrogates: ["a", "b"] };
    const text = serialiseShares(shares);
    expect(parseShares(text, "s.json")).toEqual(shares);
    expect(change(text)).not.toBe(text);
    expect(() => parseShares(change(text), "s.json")).toThrow(
      expect.objectContaining({ code: "CERTIFICATE" }),
    );
  });

  test("more names than shares are refused even with a fitting checksum, and no slots are a fault of ours", () => {
    const text = serialiseShares({ version: 1, family, slots: 1, surrogates: ["a", "b"] });
    expect(() => parseShares(text, "s.json")).toThrow(/2 names for 1 shares/);
    expect(() => claimShare(null, family, { surrogate: "a", slots: 0 })).toThrow(/shared by 0/);
  });
});
