import { describe, expect, test } from "@jest/globals";
import {
  claimLook,
  levelOfLook,
  parseLooks,
  serialiseLooks,
  type LookRequest,
  type LookState,
} from "../../src/findings/certify-looks.js";

const FAMILY = { prompt: "prompts/a.md", oracle: "m" };
const inputs = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => `i${from + index}`);

function request(question: string, more: Partial<LookRequest> = {}): LookRequest {
  return {
    family: FAMILY,
    question,
    inputs: inputs(130),
    reuse: "spend",
    alpha: 0.05,
    // Of unchanged outputs, at a tolerance of .05: alpha >= .95^n.
    needed: (alpha) => Math.ceil(Math.log(alpha) / Math.log(0.95)),
    enough: 62,
    ...more,
  };
}

function claimAll(requests: readonly LookRequest[]) {
  let state: LookState | null = null;
  return requests.map((one) => {
    const claimed = claimLook(state, one);
    state = claimed.state;
    return claimed.claim;
  });
}

describe("spending", () => {
  test("gives look k the share 6 / (pi^2 k^2), which over all looks is the level", () => {
    let sum = 0;
    for (let number = 1; number <= 100_000; number++) sum += levelOfLook(0.05, number);
    expect(sum).toBeCloseTo(0.05, 6);
    const claims = claimAll([request("a"), request("b"), request("c")]);
    expect(claims.map((claim) => claim.kind === "granted" && claim.alpha)).toEqual([
      expect.closeTo(0.0304, 4),
      expect.closeTo(0.0076, 4),
      expect.closeTo(0.00338, 5),
    ]);
    expect(claims[1]).toMatchObject({
      look: { reuse: "spend", number: 2, alphaLeft: expect.closeTo(0.05 - 0.0304 - 0.0076, 4) },
    });
  });

  test("asks nothing for the same question on the same inputs", () => {
    const [first, other, again] = claimAll([request("a"), request("b"), request("a")]);
    expect(other).toMatchObject({ look: { number: 2 } });
    expect(again).toEqual(first);
  });

  test("does not begin anew where inputs are added, and does where all are others", () => {
    const [, more, others] = claimAll([
      request("a"),
      request("b", { inputs: inputs(150) }),
      request("c", { inputs: inputs(130, 1000) }),
    ]);
    expect(more).toMatchObject({ look: { number: 2 } });
    expect(others).toMatchObject({ look: { number: 1 } });
  });

  test("refuses a look whose level the inputs cannot reach, says how many are lacking, and spends nothing on it", () => {
    const claims = claimAll("abcdefgh".split("").map((question) => request(question)));
    const refused = claims.findIndex((claim) => claim.kind === "refused");
    // .0304 / k^2 >= .95^130 up to k = 4.
    expect(refused).toBe(4);
    expect(claims[4]).toMatchObject({
      reason: expect.stringMatching(/look 5 .* takes 131 inputs, and there are 130; add 1 inputs/),
    });
    expect(claims[7]).toEqual(claims[4]);
  });
});

describe("rotation", () => {
  const rotate = (question: string, more: Partial<LookRequest> = {}): LookRequest =>
    request(question, { reuse: "rotate", ...more });

  test("gives each look inputs that none has used, at the whole level, while there are enough", () => {
    const claims = claimAll([rotate("a"), rotate("b"), rotate("c")]);
    const used = claims.map((claim) => (claim.kind === "granted" ? claim.inputs : []));
    expect(used[0]).toEqual(Array.from({ length: 62 }, (_, index) => index));
    expect(used[1]).toEqual(Array.from({ length: 68 }, (_, index) => 62 + index));
    expect(claims[0]).toMatchObject({ alpha: 0.05, look: { number: 1, inputsLeft: 68 } });
    expect(claims[2]).toMatchObject({
      kind: "refused",
      reason: expect.stringMatching(/0 of 130 certify inputs are left .* add 59 inputs/),
    });
  });

  test("gives a repeated question its own inputs again, and takes all where the rest would be of no use", () => {
    const [first, , again] = claimAll([rotate("a"), rotate("b"), rotate("a")]);
    expect(again?.kind === "granted" && again.inputs).toEqual(
      first?.kind === "granted" && first.inputs,
    );
    const [all] = claimAll([rotate("a", { inputs: inputs(100) })]);
    expect(all?.kind === "granted" && all.inputs).toHaveLength(100);
  });

  test("never uses inputs that a look by spending has seen", () => {
    const [, claim] = claimAll([request("a"), rotate("b")]);
    expect(claim).toMatchObject({ kind: "refused" });
  });
});

describe("the stored looks", () => {
  const { state } = claimLook(null, request("a"));
  const text = serialiseLooks(state);

  test("come back as they were", () => {
    expect(parseLooks(text, "looks.json", FAMILY)).toEqual(state);
    expect(serialiseLooks(parseLooks(text, "looks.json", FAMILY))).toBe(text);
  });

  test.each([
    ["are no JSON", "{"],
    ["are something else", "{}"],
    ["were altered", text.replace('"number": 1', '"number": 2')],
  ])("are refused, never taken for no look, where they %s", (_, broken) => {
    expect(() => parseLooks(broken, "looks.json", FAMILY)).toThrow(/looks/);
  });

  test("are refused for another prompt", () => {
    expect(() => parseLooks(text, "looks.json", { ...FAMILY, prompt: "b" })).toThrow(/another/);
  });
});
