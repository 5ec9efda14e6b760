/** Surrogates of known fidelity and speed on one prompt. */
import { beforeAll, describe, expect, test } from "@jest/globals";
import type { Surrogate } from "../../src/domain.js";
import { UnderstudyError } from "../../src/errors.js";
import { askUnmasked, measureMasks } from "../../src/pipeline/oracle-values.js";
import type { Job } from "../../src/pipeline/ports.js";
import {
  rankSurrogates,
  type RankingRequest,
  type SurrogateRanking,
} from "../../src/pipeline/rank-surrogates.js";
import { openStudy } from "../../src/pipeline/study.js";
import { countUsage } from "../../src/pipeline/usage.js";
import { renderSurrogateRanking } from "../../src/report/surrogate-ranking.js";
import {
  EFFECTS,
  PROMPT,
  syntheticJob,
  syntheticOracle,
  syntheticSurrogate,
} from "./synthetic-job.js";

/** Time that stands still but for the surrogates' work. */
let now = 0;

function named(model: string, surrogate: Surrogate, secondsPerCall: number): Surrogate {
  return {
    ...surrogate,
    identity: { ...surrogate.identity, model },
    score: async (requests, options) => {
      now += secondsPerCall;
      return await surrogate.score(requests, options);
    },
  };
}

const noise = {
  "The office opened forty years ago.": 2,
  "Our building has a garden.": -1,
  "Answer in a single word.": 1.5,
};
const some = { ...EFFECTS, ...noise };
const fast = named("fast", syntheticSurrogate(noise), 1);
const middling = named("middling", syntheticSurrogate(some), 2);
const slow = named("slow", syntheticSurrogate(), 40);
const equal = named("equal", syntheticSurrogate(), 10);
const broken: Surrogate = {
  ...named("broken", syntheticSurrogate(), 0),
  score: async () => {
    throw new UnderstudyError("ORACLE_ANSWER", "gives 0 for \u202Eevery token");
  },
};

async function requestOf(
  surrogates: readonly [Surrogate, ...Surrogate[]],
): Promise<RankingRequest> {
  const base = syntheticJob({ "masks-per-input": "10" });
  const job: Job = { ...base, ports: { ...base.ports, surrogate: surrogates[0], surrogates } };
  const study = await openStudy(job, "requests.prompt.yml", PROMPT);
  const oracle = countUsage(syntheticOracle());
  const fixed = await askUnmasked(job, study, oracle, study.inputs?.search ?? []);
  const values = await measureMasks(job, study, oracle, fixed);
  return { job, study, values, fixed, clock: () => now };
}

let ranking: SurrogateRanking;
beforeAll(async () => {
  ranking = await rankSurrogates(await requestOf([fast, broken, middling, slow, equal]));
}, 60_000);

describe("surrogates on a prompt", () => {
  test("are ranked by fidelity to the oracle, then speed; one that cannot be used comes last with its reason", () => {
    expect(ranking.surrogates.map(({ name }) => name)).toEqual([
      "equal",
      "slow",
      "middling",
      "fast",
      "broken",
    ]);
    expect(ranking.surrogates.at(-1)).toMatchObject({ kind: "unusable" });
    expect(ranking).toMatchObject({ inputs: 12, oracleMasks: 120 });
  });

  test("have the LDS on the oracle's masks, and whether it beats what knows no model", () => {
    const fidelity = new Map(
      ranking.surrogates.flatMap((one) =>
        one.kind === "measured" && one.fidelity.kind === "measured"
          ? [[one.name, one.fidelity]]
          : [],
      ),
    );
    expect(fidelity.get("equal")).toMatchObject({ beatsControls: true, inputs: 12 });
    expect(fidelity.get("equal")?.estimate).toBeGreaterThan(0.99);
    expect(fidelity.get("fast")?.beatsControls).toBe(false);
    expect(fidelity.get("fast")?.estimate).toBeLessThan(0.3);
    expect(ranking.controls.map(({ name }) => name)).toContain("span-length");
  });

  test("have the time that scoring took, and nothing else", () => {
    for (const [name, seconds] of [
      ["fast", 1],
      ["slow", 40],
    ] as const) {
      const found = ranking.surrogates.find((one) => one.name === name);
      if (found?.kind !== "measured") throw new Error("not measured");
      expect(found.seconds).toBe(seconds);
      expect(found.masks).toBe(12 * 2 ** 7);
      expect(found.masksPerSecond).toBeCloseTo(found.masks / seconds, 9);
    }
  });

  test("and the share of inputs that they may explain themselves, by the rule of the settings", async () => {
    const [best] = ranking.surrogates;
    expect(best).toMatchObject({ instances: { kind: "gated", share: 1, gate: { rule: "kappa" } } });
    const request = await requestOf([slow]);
    const settings = { ...request.job.settings, "instance-rule": "plain" as const };
    const plain = await rankSurrogates({ ...request, job: { ...request.job, settings } });
    expect(plain.surrogates[0]).toMatchObject({ instances: { gate: { rule: "plain" } } });
    const strict = { ...request.job.settings, "instance-kappa": 0.99 };
    const closed = await rankSurrogates({ ...request, job: { ...request.job, settings: strict } });
    expect(closed.surrogates[0]).toMatchObject({ instances: { share: 0, gate: { open: false } } });
    const free = await rankSurrogates({ ...request, study: { ...request.study, labels: [] } });
    expect(free.surrogates[0]).toMatchObject({ instances: { kind: "unknown" } });
  });

  test("are printed a line each, with what a server wrote made visible", () => {
    const text = renderSurrogateRanking("a\u001b[31m.yml", ranking);
    for (const hostile of ["\u001b", "\u202E"]) expect(text).not.toContain(hostile);
    const lines = text.split("\n");
    expect(lines.find((line) => line.startsWith(" 1 "))).toMatch(
      /^ 1 equal +1\.00 \(.* to .*\), 153\.6 masked prompts a second \(1536\)$/,
    );
    expect(lines.find((line) => line.startsWith(" 5 "))).toMatch(/^ 5 broken +not usable: gives 0/);
    expect(text).toContain("inputs it may explain itself: 100 %; the lower bound of kappa is");
    expect(text).toContain("without any model:\n   ");
  });
});
