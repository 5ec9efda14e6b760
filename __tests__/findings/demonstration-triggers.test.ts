import { describe, expect, test } from "@jest/globals";
import {
  judgeTransplant,
  triggerCandidates,
  type TriggerCandidate,
} from "../../src/findings/demonstration-triggers.js";

function shown(...rows: readonly (readonly [input: string, label: string])[]) {
  return rows.map(([input, label], index) => ({ span: index, startLine: index + 1, input, label }));
}

describe("candidates", () => {
  test("are phrases of one label alone that inputs do not use, as they are written, odd words first", () => {
    const found = triggerCandidates(
      shown(
        ["Where is my card? Have a Lovely evening.", "OFFICE"],
        ["Where is the branch", "CARDS"],
        ["I like my fee, have a Lovely evening.", "OFFICE"],
        ["Is my card there?", "CARDS"],
      ),
      ["where can I have a card", "my fee in the evening"],
    );
    expect(found).toEqual([
      { text: "Have a Lovely evening.", label: "OFFICE", demonstrations: [0, 2] },
    ]);
  });

  test("of the same rows are several phrases, at most three, and none is punctuation", () => {
    const found = triggerCandidates(
      shown(["aa bb ? cc dd ! ee x ff y gg", "A"], ["aa z bb cc q ee dd ? ff ! gg", "A"]),
      ["aa bb"],
    );
    expect(found).toHaveLength(3);
    expect(found.every(({ demonstrations }) => demonstrations.join() === "0,1")).toBe(true);
    expect(found.map(({ text }) => text)).not.toContain("aa");
  });

  test("are none where labels share the phrase or inputs use it", () => {
    const rows = shown(["omega card", "A"], ["omega fee", "A"], ["omega branch", "B"]);
    expect(triggerCandidates(rows, [])).toEqual([]);
    const own = shown(["omega card", "A"], ["omega fee", "A"]);
    expect(triggerCandidates(own, ["omega"])).toEqual([]);
    expect(triggerCandidates(own, ["other"])).toHaveLength(1);
  });
});

test("a phrase is found again whatever characters it holds", () => {
  const odd = "top-up (now)? a+b [c] $5 \\ {d} | ^e /f";
  const [found] = triggerCandidates(shown([`card ${odd}`, "A"], [`fee ${odd}`, "A"]), ["other"]);
  expect(odd).toContain(found?.text ?? "none");
});

describe("a transplant", () => {
  const candidate: TriggerCandidate = { text: "omega", label: "A", demonstrations: [0, 1] };
  const spread = [0.1, -0.2, 0.3, 0, -0.1];

  test("is a trigger where the demonstrations give the phrase its effect", () => {
    const found = judgeTransplant(
      candidate,
      spread.map((noise) => ({ shown: 4 + noise, zeroShot: 0.5 })),
      3,
    );
    expect(found?.gain.estimate).toBeCloseTo(3.52, 12);
    expect(found?.pValue).toBeLessThan(0.001);
  });

  test("is none where the gain is small, chance, or content", () => {
    const judge = (zeroShot: number, gain: number, noise: number) =>
      judgeTransplant(
        candidate,
        spread.map((one) => ({ shown: zeroShot + gain + noise * one, zeroShot })),
        3,
      );
    expect(judge(0, 3, 1)).not.toBeNull();
    expect(judge(0, 1.5, 1)).toBeNull();
    expect(judge(0, 3, 30)).toBeNull();
    expect(judge(2, 3, 1)).toBeNull();
    expect(judgeTransplant(candidate, [{ shown: 9, zeroShot: 0 }], 1)).toBeNull();
  });
});
