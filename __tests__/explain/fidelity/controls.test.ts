import { describe, expect, test } from "@jest/globals";
import type { Unknown } from "../../../src/domain.js";
import {
  type Baseline,
  type ShownDecision,
  baselineOf,
  decideByControls,
} from "../../../src/explain/fidelity/baseline.js";
import {
  type AttributionComparison,
  type AttributionProblem,
  compareAttribution,
} from "../../../src/explain/fidelity/compare-attribution.js";
import { CONTROLS, controlScores } from "../../../src/explain/fidelity/controls.js";
import { designHeldOut } from "../../../src/explain/fidelity/held-out.js";
import {
  labelMatches,
  noTexts,
  wordOverlaps,
} from "../../../src/explain/fidelity/text-controls.js";
import { contentWordsOf, wordsOf } from "../../../src/explain/fidelity/words.js";
import { designMasks } from "../../../src/explain/masks.js";
import { type Random, randomFrom } from "../../../src/numerics/random.js";

const lists = (arrays: readonly Float64Array[]): number[][] => arrays.map((array) => [...array]);

describe("words", () => {
  test("are found in any script, without punctuation, whatever the case", () => {
    expect(wordsOf("Refund: don't WAIT, it's 3.50!")).toEqual([
      "refund",
      "don't",
      "wait",
      "it's",
      "3.50",
    ]);
    expect(wordsOf("退款请求").length).toBeGreaterThan(1);
    expect(wordsOf("ﬁne print")).toEqual(["fine", "print"]);
    expect(wordsOf(" ,;-- ")).toEqual([]);
  });

  test("carry content unless every English text has them", () => {
    expect([...contentWordsOf("The refund of the order is not a refund.")]).toEqual([
      "refund",
      "order",
    ]);
  });
});

describe("label-match", () => {
  test("counts mentions of the input's own output, whole words and phrases", () => {
    const matches = labelMatches({
      spans: ["Answer Refund, refund or billing.", "Refunds differ.", "Use not spam or spam."],
      inputs: [
        { text: "x", output: "refund" },
        { text: "x", output: "not spam." },
        { text: "x", output: "" },
      ],
    });
    expect(lists(matches)).toEqual([
      [2, 0, 0],
      [0, 0, 1],
      [0, 0, 0],
    ]);
  });
});

describe("word-overlap", () => {
  test("is the share of a span's content words that the input or its output has", () => {
    const overlaps = wordOverlaps({
      spans: ["The river Rhine flows north.", "It is.", "Basel Basel Rhine"],
      inputs: [
        { text: "Which city does the RHINE pass?", output: "Basel" },
        { text: "nothing shared", output: "" },
      ],
    });
    expect(lists(overlaps)).toEqual([
      [1 / 4, 0, 1],
      [0, 0, 0],
    ]);
  });
});

interface World {
  readonly seed: string;
  readonly inputs: number;
  /** How the true effects come about; noise by default. */
  readonly effects?: (label: string, span: number) => number;
}

const LABELS = ["refund", "billing", "shipping"];
const VOCABULARY = [...LABELS, "ticket", "answer", "polite", "order", "late", "broken", "short"];
const SPANS = 10;

function phrase(random: Random): string {
  return Array.from({ length: 6 }, () => VOCABULARY[random.integer(VOCABULARY.length)]).join(" ");
}

/** A template of ten sentences whose effects differ a little from input to input. */
function simulateTemplate(world: World): {
  readonly problem: Omit<AttributionProblem, "attributions">;
  readonly truth: readonly Float64Array[];
  readonly random: Random;
} {
  const { seed, inputs, effects } = world;
  const random = randomFrom(`controls ${seed}`);
  const classes = Array.from({ length: inputs }, (_, input) => LABELS[input % 3] as string);
  const shared = Float64Array.from({ length: SPANS }, () => random.normal());
  const truth = classes.map((label) =>
    shared.map((effect, span) => (effects?.(label, span) ?? effect) + 0.3 * random.normal()),
  );
  const { assignment } = designMasks({
    spans: SPANS,
    inputs,
    masksPerInput: 8,
    poolSize: 48,
    seed,
  });
  const rows = assignment.map(({ input, mask }) => ({
    input,
    mask,
    value:
      (truth[input] as Float64Array).reduce(
        (sum, effect, span) => sum + effect * (mask[span] as number),
        0,
      ) +
      0.3 * random.normal(),
  }));
  const spanTokens = shared.map(() => 3 + random.integer(10));
  const texts = {
    spans: Array.from(shared, () => phrase(random)),
    inputs: classes.map((output) => ({ text: phrase(random), output })),
  };
  return {
    problem: { spans: SPANS, classes, rows, spanTokens, texts, seed },
    truth,
    random,
  };
}

function compared(problem: AttributionProblem): AttributionComparison {
  const found: AttributionComparison | Unknown = compareAttribution(problem);
  if (found.kind === "unknown") throw new Error(found.reason);
  return found;
}

describe("an attribution beside its controls", () => {
  const { problem, truth } = simulateTemplate({ seed: "one", inputs: 12 });

  test("stands beside all five, in their order, paired by input", () => {
    const found = compared({ ...problem, attributions: truth });
    expect(found.baselines.map(({ name }) => name)).toEqual([
      "random",
      "span-length",
      "position",
      "label-match",
      "word-overlap",
    ]);
    for (const { control, fidelity, pairedDifference } of found.baselines) {
      expect(control).toBe(true);
      expect(pairedDifference.estimate).toBeCloseTo(found.fidelity.estimate - fidelity.estimate, 9);
    }
    expect(found.fidelity.inputs).toBe(12);
    expect(found.fidelity.estimate).toBeGreaterThan(0.9);
    expect(found.decision).toEqual({ shown: true, withheld: null });
  });

  test("a control without anything to say scores 0 and is listed all the same", () => {
    const found = compared({ ...problem, attributions: truth, texts: noTexts(SPANS, 12) });
    for (const name of ["label-match", "word-overlap"]) {
      const control = found.baselines.find((baseline) => baseline.name === name);
      expect([...(control?.perInput ?? [1])]).toEqual(Array<number>(12).fill(0));
    }
  });

  test.each([1, -1])("label-match explains effects that mentions make, sign %d", (sign) => {
    const mentions = (label: string, span: number): number =>
      sign * Number(span % 3 === LABELS.indexOf(label));
    const world = simulateTemplate({ seed: `label ${sign}`, inputs: 12, effects: mentions });
    const texts = {
      spans: Array.from({ length: SPANS }, (_, span) => `About ${LABELS[span % 3]} cases.`),
      inputs: world.problem.texts.inputs,
    };
    const design = designHeldOut(world.problem.rows, 1, "x");
    const scores = controlScores({ ...world.problem, texts }, design);
    const mean = (values: Float64Array): number =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(scores["label-match"])).toBeGreaterThan(0.6);
    expect(mean(scores["label-match"])).toBeGreaterThan(mean(scores.position) + 0.1);
    // An attribution that is nothing but the mentions is withheld for that reason.
    const found = compared({ ...world.problem, texts, attributions: labelMatches(texts) });
    expect(found.decision.withheld).toContain("label-match");
  });

  test("cannot be known with too few inputs; texts must be complete", () => {
    const two = simulateTemplate({ seed: "two", inputs: 2 });
    expect(compareAttribution({ ...two.problem, attributions: two.truth })).toMatchObject({
      kind: "unknown",
    });
    expect(() =>
      compareAttribution({ ...problem, attributions: truth, texts: noTexts(SPANS, 11) }),
    ).toThrow("11 inputs for controls of 10 and 12");
  });
});

describe("the decision", () => {
  const scored = (name: string, score: number): Baseline =>
    baselineOf(
      { name, control: true, scores: Float64Array.of(score, score + 0.1, score - 0.1) },
      Float64Array.of(0.8, 0.7, 0.9),
      "decision",
    );
  const decide = (scores: Record<string, number>): ShownDecision =>
    decideByControls(
      0.8,
      CONTROLS.map((name) => scored(name, scores[name] ?? 0)),
    );

  test.each(CONTROLS)("withholds where %s does as well", (name) => {
    expect(decide({})).toEqual({ shown: true, withheld: null });
    const decision = decide({ [name]: 0.85 });
    expect(decision.shown).toBe(false);
    expect(decision.withheld).toContain(`${name} (0.85; difference \u22120.05`);
    for (const other of CONTROLS.filter((control) => control !== name))
      expect(decision.withheld).not.toContain(`${other} (`);
  });

  test("is refused where a control is missing", () => {
    expect(() => decideByControls(0.8, [scored("random", 0)])).toThrow(
      "without the controls span-length, position, label-match, word-overlap",
    );
  });
});

describe("calibration of what is shown", () => {
  function shareShown(inputs: number, runs: number, kind: "truth" | "noise"): number {
    let shown = 0;
    for (let run = 0; run < runs; run++) {
      const { problem, truth, random } = simulateTemplate({
        seed: `${kind} ${inputs} ${run}`,
        inputs,
      });
      const noise = truth.map((effects) => effects.map(() => random.normal()));
      const attributions = kind === "truth" ? truth : noise;
      shown += Number(compared({ ...problem, attributions }).decision.shown);
    }
    return shown / runs;
  }

  test.each([3, 6, 12])("noise is shown in 5 % of the cases or less: %d inputs", (inputs) => {
    expect(shareShown(inputs, 80, "noise")).toBeLessThanOrEqual(0.05);
  });

  test.each([6, 12])("the truth is shown nearly always: %d inputs", (inputs) => {
    expect(shareShown(inputs, 20, "truth")).toBeGreaterThanOrEqual(0.95);
  });
});
