import { describe, expect, test } from "@jest/globals";
import type { Screen, Verdict } from "../../src/domain.js";
import { climbLadder, type Rung } from "../../src/screening/ladder.js";
import { randomFrom } from "../../src/numerics/random.js";
import { screenPredict } from "../../src/screening/predict.js";
import { notScreened } from "../../src/screening/verdict.js";

function rung(name: string, verdict: Verdict, alpha = 0.01): Rung {
  const none = notScreened({
    surrogate: name,
    mode: "predict",
    verdict: "not screened",
    reason: `why ${verdict}`,
    threshold: 0.7,
    alpha,
    form: "finite",
    rule: "betting",
  });
  const screen: Screen = { ...none, verdict };
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
    const shared = [0, 1, 2].map((at) => rung(`s${at}`, "not supported", 0.05 / 3));
    expect(climbLadder(shared, 0.05).kind).toBe("oracle");
    const each = [rung("a", "certified", 0.05), rung("b", "certified", 0.05)];
    expect(() => climbLadder(each, 0.05)).toThrow(expect.objectContaining({ code: "INTERNAL" }));
  });

  test("four surrogates just at the threshold, tested on one set of inputs: any is certified in at most alpha of the draws", () => {
    const [alpha, draws, inputs, surrogates] = [0.2, 150, 40, 4];
    const exactly = Array.from({ length: inputs }, (_, at) => (at < 28 ? 1 : 0));
    const share = alpha / surrogates;
    let certified = 0;
    for (let draw = 0; draw < draws; draw++) {
      const rungs = Array.from({ length: surrogates }, (_, at): Rung => {
        const values = randomFrom(`ladder ${draw} ${at}`).shuffle(exactly);
        const { screen } = screenPredict({
          surrogate: `s${at}`,
          oracle: "large",
          inputSetHash: `set ${draw}`,
          instances: values.map((q, id) => ({ id: `i${id}`, spearman: 2 * q - 1, masks: 8 })),
          population: inputs,
          threshold: 0.7,
          alpha: share,
        });
        return { kind: "screened", name: `s${at}`, screen };
      });
      if (climbLadder(rungs, alpha).kind === "certified") certified += 1;
    }
    expect(certified / draws).toBeLessThanOrEqual(
      alpha + 3 * Math.sqrt((alpha * (1 - alpha)) / draws),
    );
    // The harness can see false certificates.
    expect(certified).toBeGreaterThan(0);
  });
});
