/** Surrogates that believe other things of a known rule, on the same oracle masks. */
import { beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { OracleAnswer, Surrogate } from "../../src/domain.js";
import { UnderstudyError } from "../../src/errors.js";
import { fitHierarchical } from "../../src/explain/hierarchical.js";
import { gateSearchInputs } from "../../src/pipeline/instance-level.js";
import {
  cheapestAble,
  explainOnLadder,
  ladderPriors,
  screenLadder,
  surrogatesOf,
  type StudiedRung,
} from "../../src/pipeline/ladder.js";
import { askUnmasked, measureMasks, type OracleValues } from "../../src/pipeline/oracle-values.js";
import type { Job } from "../../src/pipeline/ports.js";
import { reviewPrompt } from "../../src/pipeline/prompt-review.js";
import { openStudy, type PromptStudy } from "../../src/pipeline/study.js";
import { countUsage, type CountingOracle } from "../../src/pipeline/usage.js";
import { PROMPT, syntheticJob, syntheticOracle, syntheticSurrogate } from "./synthetic-job.js";

// A busy machine is no failure.
jest.setTimeout(60_000);

const INPUTS = 44;
const head = `${PROMPT.slice(0, PROMPT.indexOf("testData:"))}testData:
${Array.from({ length: INPUTS }, (_, index) => {
  const asker = index % 2 === 0 ? "Adams" : "Baker";
  return `  - request: "request ${index} from ${asker}"\n    expected: "${index % 2 === 0 ? "yes" : "no"}"\n`;
}).join("")}`;

function named(model: string, surrogate: Surrogate, more: Partial<Surrogate> = {}): Surrogate {
  return { ...surrogate, identity: { ...surrogate.identity, model }, ...more };
}
const wrong = named(
  "wrong",
  syntheticSurrogate({
    "The office opened forty years ago.": 2,
    "Our building has a garden.": -1,
    "Answer in a single word.": 1.5,
  }),
);
const right = named("right", syntheticSurrogate());
const down = named("down", right, {
  score: async () => {
    throw new UnderstudyError("ORACLE_UNAVAILABLE", "connection refused");
  },
});
const labelsOnly = named("labels only", right, {
  lacks: ["output scores", "divergence", "embeddings"],
  score: async () => {
    throw new UnderstudyError("USAGE", "scores labels alone");
  },
});

interface Opened {
  readonly job: Job;
  readonly study: PromptStudy;
  readonly oracle: CountingOracle;
  readonly fixed: readonly (OracleAnswer | null)[];
  readonly values: OracleValues;
}

async function openLadder(surrogates: readonly [Surrogate, ...Surrogate[]]): Promise<Opened> {
  const base = syntheticJob({ "search-inputs": "40", "masks-per-input": "8" });
  const job = { ...base, ports: { ...base.ports, surrogate: surrogates[0], surrogates } };
  const study = await openStudy(job, "requests.prompt.yml", head);
  const oracle = countUsage(syntheticOracle());
  const fixed = await askUnmasked(job, study, oracle, study.inputs?.search ?? []);
  const values = await measureMasks(job, study, oracle, fixed);
  return { job, study, oracle, fixed, values };
}

let opened: Opened;
let rungs: readonly StudiedRung[];
beforeAll(async () => {
  opened = await openLadder([wrong, down, right, labelsOnly]);
  rungs = await explainOnLadder(opened.job, opened.study, opened.values, opened.fixed);
}, 60_000);

describe("several surrogates on one set of oracle masks", () => {
  test("each explains; one that does not answer is a rung with its reason", () => {
    expect(rungs.map(({ name, kind }) => [name, kind])).toEqual([
      ["wrong", "explained"],
      ["down", "unusable"],
      ["right", "explained"],
      ["labels only", "explained"],
    ]);
    expect(rungs[1]).toMatchObject({ reason: "connection refused" });
  });

  test("the cheapest certified one is used, each tested at its share of the level, with no further oracle call", async () => {
    const asked = opened.oracle.usages().length;
    const { screens, decision } = await screenLadder(opened, rungs);
    expect(screens.map(({ surrogate, verdict, alpha }) => [surrogate, verdict, alpha])).toEqual([
      ["wrong", "not supported", 0.0125],
      ["down", "not screened", 0.0125],
      ["right", "certified", 0.0125],
      ["labels only", "certified", 0.0125],
    ]);
    expect(decision).toMatchObject({ kind: "certified", rung: 2, name: "right" });
    expect(opened.oracle.usages()).toHaveLength(asked);
  });

  test("shares that are kept for surrogates to come are not given to those that are there", async () => {
    const { settings, ports } = opened.job;
    const job = {
      // No test has begun there.
      ports: { ...ports, state: syntheticJob({}).ports.state },
      settings: { ...settings, "screen-surrogates": 10 },
    };
    const { screens } = await screenLadder({ ...opened, job }, rungs);
    expect(screens.map(({ alpha }) => alpha)).toEqual([0.005, 0.005, 0.005, 0.005]);
  });

  test("a review screens all of them, weighs each as a prior, and holds the cheapest beside the explanation", async () => {
    const said: string[] = [];
    const job = {
      ...opened.job,
      ports: {
        ...opened.job.ports,
        state: syntheticJob({}).ports.state,
        say: (line: string) => void said.push(line),
      },
    };
    const { report } = await reviewPrompt(
      job,
      { path: "requests.prompt.yml", base: null, head },
      countUsage(syntheticOracle()),
      "explanation",
    );
    expect(report.screens.map(({ surrogate, verdict }) => [surrogate, verdict])).toEqual([
      ["wrong", "not supported"],
      ["down", "not screened"],
      ["right", "certified"],
      ["labels only", "certified"],
    ]);
    const { explanation } = report;
    expect(explanation?.surrogates.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["wrong", "right", "labels only"]),
    );
    expect(explanation?.surrogateFits.map(({ name }) => name)).toEqual([
      "wrong",
      "right",
      "labels only",
    ]);
    // Who answers as the oracle does may explain; who answers the opposite may not, and the oracle explains those inputs.
    const levels = report.instanceLevels.map((one) => [one.surrogate, one.open, one.fallbackShare]);
    expect(levels).toContainEqual(["right", true, 0]);
    expect(levels.map(([name]) => name)).toEqual(["wrong", "right", "labels only"]);
    for (const { bySurrogate, byOracle, notExplained } of report.instanceLevels)
      expect(bySurrogate + byOracle + notExplained).toBe(40);
    expect(report.instanceLevels.every((one) => one.notExplained === 0)).toBe(true);
    // The cheapest one knows nothing, alone as well as pooled.
    expect(explanation?.baselines["surrogate-pooled"]?.estimate).toBeLessThan(0.3);
    expect(explanation?.baselines["surrogate-lasso"]?.estimate).toBeLessThan(0.3);
    const decided = said.find((line) => line.startsWith("ladder of surrogates: "));
    expect(decided).toMatch(/right is the cheapest/);
  });

  test("all of them are priors of hierarchical attribution, which switches the wrong one off", () => {
    const { study, values } = opened;
    const priors = ladderPriors(rungs);
    expect(priors.map(({ name }) => name)).toEqual(["wrong", "right", "labels only"]);
    const fit = fitHierarchical({
      spans: study.maskable.length,
      classes: values.classes,
      rows: values.rows,
      // Two equal ones could not be told apart.
      surrogates: priors.slice(0, 2),
    });
    const weights = new Map(fit.surrogateWeights.map(({ name, weight }) => [name, weight]));
    expect(weights.get("wrong")).toBeLessThan(0.05);
    expect(weights.get("right")).toBeGreaterThan(0.5);
  });

  test("a surrogate alone that does not answer is an error, and equal names are told apart", async () => {
    const { study, values, fixed, job } = opened;
    const alone = { ...job, ports: { ...job.ports, surrogate: down, surrogates: [down] } };
    await expect(explainOnLadder(alone, study, values, fixed)).rejects.toMatchObject({
      code: "ORACLE_UNAVAILABLE",
    });
    const twins = { ...job, ports: { ...job.ports, surrogate: right, surrogates: [right, right] } };
    const both = await explainOnLadder(twins, study, values, fixed);
    expect(both.map(({ name }) => name)).toEqual(["right", "right (2)"]);
  });

  test("a fault that is not the surrogate's stops the run", async () => {
    const { study, values, fixed, job } = opened;
    const broken = named("broken", right, { score: async () => Promise.reject(new Error("bug")) });
    const ports = { ...job.ports, surrogate: broken, surrogates: [broken, right] };
    await expect(explainOnLadder({ ...job, ports }, study, values, fixed)).rejects.toThrow("bug");
  });

  test("what only some can do is asked of the cheapest that can", () => {
    const ports = { ...opened.job.ports, surrogate: labelsOnly, surrogates: [labelsOnly, right] };
    expect(cheapestAble(ports, "output scores")).toBe(right);
    expect(cheapestAble({ ...ports, surrogates: [labelsOnly] }, "embeddings")).toBe(labelsOnly);
  });

  test("a report says whose vocabulary its tokens are counted in", async () => {
    const counted = async (surrogate: Surrogate): Promise<string> => {
      const base = syntheticJob({}, { surrogate });
      const file = { path: "requests.prompt.yml", base: null, head };
      return (await reviewPrompt(base, file, null)).report.tokens.countedBy;
    };
    expect(await counted(right)).toBe("tokenizer of right");
    expect(await counted(named("served", right, { countedBy: "tiny" }))).toBe("tokenizer of tiny");
  });

  test("without a list the job's one surrogate is the ladder", () => {
    const { ports } = syntheticJob({});
    expect(surrogatesOf(ports)).toEqual([ports.surrogate]);
  });
});

describe("instance level", () => {
  const level = (surrogate: Surrogate, fixed = opened.fixed) => {
    const job = { ...opened.job, ports: { ...opened.job.ports, surrogate } };
    return { job, study: opened.study, fixed, rule: "kappa", oracleInstances: 4 } as const;
  };

  test("a surrogate that answers alike explains everything", async () => {
    const gate = await gateSearchInputs(level(right));
    expect(gate).toMatchObject({ open: true, agreement: { raw: 1, kappa: 1 } });
    expect(gate.counts).toEqual({ surrogate: 40, oracle: 0, "not explained": 0 });
  });

  test("the share shift undoes a preference for one label, which raw answers would show as kappa 0", async () => {
    const biased = named("biased", right, {
      scoreLabels: async (prompts, labels, options) => {
        const scores = await right.scoreLabels(prompts, labels, options);
        const yes = labels.indexOf("yes");
        for (const row of scores.logProbabilities) row[yes] = (row[yes] ?? 0) + 20;
        return scores;
      },
    });
    expect((await gateSearchInputs(level(biased))).agreement).toMatchObject({ kappa: 1 });
  });

  test("one that answers the opposite is refused, and the oracle explains what its budget reaches", async () => {
    const opposite = named("opposite", right, {
      scoreLabels: async (prompts, labels, options) => {
        const scores = await right.scoreLabels(prompts, labels, options);
        return {
          ...scores,
          logProbabilities: scores.logProbabilities.map((row) => Float64Array.from(row).reverse()),
        };
      },
    });
    const gate = await gateSearchInputs(level(opposite));
    expect(gate.open).toBe(false);
    expect(gate.counts).toEqual({ surrogate: 0, oracle: 4, "not explained": 36 });
  });

  test("free text has no agreement, so nothing is left to the surrogate", async () => {
    const given = level(right);
    const gate = await gateSearchInputs({ ...given, study: { ...given.study, labels: [] } });
    expect(gate).toMatchObject({ open: false, agreement: { kind: "unknown" } });
    expect(gate.counts).toEqual({ surrogate: 0, oracle: 4, "not explained": 36 });
    expect(gate.outcomes[0]?.outcome).toMatchObject({
      reason: expect.stringContaining("agreement is not defined"),
    });
    const other = await gateSearchInputs({
      ...given,
      study: { ...given.study, labels: ["a", "b"] },
    });
    expect(other.counts.surrogate).toBe(0);
  });
});
