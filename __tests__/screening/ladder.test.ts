import { describe, expect, test } from "@jest/globals";
import type { Screen, Verdict } from "../../src/domain.js";
import { climbLadder, equalShares, type Rung } from "../../src/screening/ladder.js";
import { notScreened } from "../../src/screening/verdict.js";

function rung(name: string, verdict: Verdict, alpha = 0.01): Rung {
  const screen: Screen = { ...notScreened(name, `why ${verdict}`), verdict, alpha };
  return { kind: "screened", name, screen };
}
const down: Rung = { kind: "unusable", name: "down", reason: "connection refused" };

describe("the ladder", () => {
  test("uses the cheapest certified surrogate, also where a dearer one is certified too", () => {
    const rungs = [rung("small", "certified"), rung("large", "certified")];
    expect(climbLadder(rungs, 0.05)).toEqual({
      kind: "certified",
      rung: 0,
      name: "small",
      reason: "small is the cheapest and certified",
    });
  });

  test("passes over what is not certified or cannot be used, and names both with their reasons", () => {
    const rungs = [rung("small", "supported"), down, rung("large", "certified")];
    expect(climbLadder(rungs, 0.05)).toEqual({
      kind: "certified",
      rung: 2,
      name: "large",
      reason:
        "large is the cheapest that is certified; passed over: small: supported (why supported); down: not usable (connection refused)",
    });
  });

  test.each(["supported", "not supported", "insufficient data", "not screened"] as const)(
    "%s is no licence",
    (verdict) => {
      const decision = climbLadder([rung("small", verdict), down], 0.05);
      expect(decision).toMatchObject({
        kind: "oracle",
        supported: verdict === "supported" ? "small" : null,
        reason: expect.stringContaining(`small: ${verdict} (why ${verdict}); down: not usable`),
      });
    },
  );

  test("without surrogates the oracle explains", () => {
    expect(climbLadder([], 0.05)).toMatchObject({ kind: "oracle", supported: null });
  });

  test("the levels of all tests together must not exceed alpha", () => {
    const shared = [0, 1, 2].map((at) => rung(`s${at}`, "not supported", equalShares(0.05, 3)));
    expect(climbLadder(shared, 0.05).kind).toBe("oracle");
    const each = [rung("a", "certified", 0.05), rung("b", "certified", 0.05)];
    expect(() => climbLadder(each, 0.05)).toThrow(expect.objectContaining({ code: "INTERNAL" }));
    expect(() => equalShares(0.05, 0)).toThrow(expect.objectContaining({ code: "INTERNAL" }));
  });
});
