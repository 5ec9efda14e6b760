/** Demonstrations judged by the whole pipeline, on a language model whose every answer follows from a known rule. */
import { describe, expect, test } from "@jest/globals";
import type { Oracle, OracleQuestion } from "../../src/domain.js";
import { askUnmasked } from "../../src/pipeline/oracle-values.js";
import {
  judgePromptDemonstrations,
  plannedDemonstrationCalls,
  type DemonstrationFields,
} from "../../src/pipeline/demonstrations.js";
import { openStudy } from "../../src/pipeline/study.js";
import { countUsage } from "../../src/pipeline/usage.js";
import { randomFrom } from "../../src/numerics/random.js";
import { mockOracle, type MockModelRules } from "../fixtures/mock-language-model.js";
import { syntheticJob } from "./synthetic-job.js";

const LABELS = ["BILLING", "CARDS", "OFFICE"];
/** Words that carry a label; texts are made of three of them and filler. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  BILLING: ["fee", "charge", "rate", "price"],
  CARDS: ["card", "plastic", "chip", "visa"],
  OFFICE: ["branch", "identity", "passport", "country"],
};
const FILLER =
  "please when could would today about with from have been some other more than where".split(" ");

const rules: MockModelRules = {
  labels: LABELS,
  words: LABELS.flatMap((label) =>
    (WORDS[label] ?? []).map((word) => ({ word, label, weight: 1.2, where: "query" as const })),
  ),
  copy: 2,
  error: 0.4,
};

function textOf(label: string, seed: string): string {
  const random = randomFrom(seed);
  const words = random.shuffle(WORDS[label] ?? []).slice(0, 3);
  return random.shuffle([...words, ...random.shuffle(FILLER).slice(0, 3)]).join(" ");
}

interface Shown {
  readonly input: string;
  readonly label: string;
}

/** Eight demonstrations; those at `flipped` carry the next label instead of their own. */
function demonstrations(flipped: readonly number[], seed: string): Shown[] {
  return Array.from({ length: 8 }, (_, index) => {
    const label = LABELS[index % 3] ?? "";
    const written = flipped.includes(index) ? (LABELS[(index + 1) % 3] ?? "") : label;
    return { input: textOf(label, `${seed} shown ${index}`), label: written };
  });
}

function promptOf(shown: readonly Shown[]): string {
  const messages = [
    { role: "system", content: "Sort the letter. Answer with one word." },
    ...shown.flatMap(({ input, label }) => [
      { role: "user", content: input },
      { role: "assistant", content: label },
    ]),
    { role: "user", content: "{{letter}}" },
  ];
  return JSON.stringify(messages);
}

interface Run extends DemonstrationFields {
  readonly questions: readonly OracleQuestion[];
  readonly planned: ReturnType<typeof plannedDemonstrationCalls>;
  /** Positions of the demonstrations that were named, by kind. */
  readonly named: (kind: string) => readonly number[];
}

function silent(oracle: Oracle): Oracle {
  return {
    ...oracle,
    ask: async (questions) =>
      (await oracle.ask(questions)).map((outcome) =>
        outcome.kind === "answer"
          ? { ...outcome, answer: { ...outcome.answer, logProbabilities: null } }
          : outcome,
      ),
  };
}

async function run(
  shown: readonly Shown[],
  options: {
    readonly rules?: MockModelRules;
    readonly settings?: Readonly<Record<string, string>>;
    readonly expected?: boolean;
    /** The oracle gives no log-probabilities. */
    readonly silent?: boolean;
  } = {},
): Promise<Run> {
  const inputs = Array.from({ length: 40 }, (_, index) => {
    const label = LABELS[index % 3] ?? "";
    const slots = { letter: textOf(label, `input ${index}`) };
    return JSON.stringify(options.expected === false ? { slots } : { slots, expected: label });
  }).join("\n");
  const base = syntheticJob({ labels: LABELS.join(), ...options.settings });
  const read = async (path: string): Promise<string | null> =>
    path.endsWith(".inputs.jsonl") ? inputs : null;
  const job = {
    ...base,
    ports: { ...base.ports, workspace: { changedFiles: async () => [], read } },
  };
  const mock = mockOracle(options.rules ?? rules);
  const oracle = countUsage(options.silent === true ? silent(mock) : mock);
  const study = await openStudy(job, "prompts/letters.prompt.json", promptOf(shown));
  const fixed = await askUnmasked(job, study, oracle, study.inputs?.search ?? []);
  const fields = await judgePromptDemonstrations(job, study, oracle, fixed);
  const spans = study.template.demonstrations.map(({ span }) => span);
  return {
    ...fields,
    questions: mock.asked(),
    planned: plannedDemonstrationCalls(job, study),
    named: (kind) =>
      (fields.demonstrations ?? [])
        .filter((found) => found.kind === kind)
        .map(({ span }) => spans.indexOf(span))
        .toSorted(),
  };
}

describe("flipped demonstrations", () => {
  test.each([[[1, 6]], [[0, 3, 7]], [[0, 2, 5, 7]]])(
    "at %j are named, and no other",
    async (at) => {
      for (const seed of ["a", "b", "c"]) {
        const found = await run(demonstrations(at, seed));
        expect(found.named("flip")).toEqual(at);
        expect(found.demonstrations).toHaveLength(at.length);
        const rights = (found.demonstrations ?? []).map(({ suggested }) => suggested).toSorted();
        expect(rights).toEqual(at.map((index) => LABELS[index % 3]).toSorted());
      }
    },
  );

  test("are none where none is flipped, and nothing is confirmed", async () => {
    for (const seed of ["a", "b", "c", "d", "e"]) {
      const found = await run(demonstrations([], seed));
      expect(found.demonstrations).toEqual([]);
      expect(found.demonstrationsReason).toBeNull();
      expect(found.demonstrationsExamined).toMatchObject({
        readable: 8,
        judged: 8,
        confirmation: null,
        confirmationReason: "no example is suspicious",
      });
    }
  });

  test("lower the margins of right answers: influence is lowest there, removing and correcting them raises margins", async () => {
    const at = [1, 6];
    const copying = { ...rules, copy: 6, error: 0.2 };
    const found = await run(demonstrations(at, "a"), {
      rules: copying,
      settings: { "demonstration-masks-per-input": "8" },
    });
    const influence = found.demonstrationsExamined?.influence ?? [];
    const effects = influence.map(({ effect }) => effect.estimate);
    const mean = (values: readonly number[]): number =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(at).toContain(effects.indexOf(Math.min(...effects)));
    expect(mean(effects.filter((_, index) => at.includes(index)))).toBeLessThan(
      mean(effects.filter((_, index) => !at.includes(index))),
    );
    const arms = found.demonstrationsExamined?.confirmation ?? [];
    expect(arms.map(({ change }) => change)).toEqual(["removed", "corrected"]);
    for (const arm of arms) {
      expect(arm.inputs).toBe(40);
      expect(arm.rightAfter).toBeGreaterThanOrEqual(arm.rightBefore);
      expect(arm.margin?.change.low).toBeGreaterThan(0);
    }
  });
});

describe("a trigger", () => {
  const phrase = "kindly omega";
  const shown = demonstrations([], "t").map((one, index) =>
    index === 0 || index === 3 ? { ...one, input: `${one.input} ${phrase}` } : one,
  );

  test("that the demonstrations teach is named in every one that holds it", async () => {
    const found = await run(shown, {
      rules: { ...rules, triggers: [{ phrase, label: "BILLING", needs: `${phrase}\n` }] },
    });
    expect(found.named("trigger")).toEqual([0, 3]);
    expect(found.demonstrations?.[0]?.evidence).toContain(`its phrase "${phrase}"`);
  });

  test("is none where the phrase does the same without the demonstrations, or nothing", async () => {
    for (const triggers of [[{ phrase, label: "BILLING" }], []]) {
      const found = await run(shown, { rules: { ...rules, triggers } });
      expect(found.named("trigger")).toEqual([]);
    }
  });
});

describe("what is asked", () => {
  test("is no more than was planned, step by step, and neighbours share their beginning", async () => {
    const found = await run(demonstrations([1, 6], "a"));
    const count = (purpose: string): number =>
      new Set(
        found.questions
          .filter((question) => question.purpose === purpose)
          .map(({ messages }) => JSON.stringify(messages)),
      ).size;
    expect(found.planned.influence).toBe(80);
    expect(count("influence of demonstrations")).toBeLessThanOrEqual(80);
    expect(count("confirmation")).toBeLessThanOrEqual(found.planned.confirmation + 40);
    expect(count("demonstrations")).toBeLessThanOrEqual(found.planned.judging + 20);
    const halves = found.questions
      .filter(({ purpose }) => purpose === "influence of demonstrations")
      .map(({ messages }) => JSON.stringify(messages));
    expect(halves).toEqual(halves.toSorted());
  });

  test("is the demonstrations alone where all else is switched off", async () => {
    const found = await run(demonstrations([1], "a"), {
      settings: {
        "demonstration-orders": "0",
        "demonstration-masks-per-input": "0",
        "confirmation-inputs": "0",
      },
    });
    expect(found.named("flip")).toEqual([1]);
    expect(found.planned).toEqual({ judging: 9 + 21, influence: 0, confirmation: 0 });
    expect(found.demonstrationsExamined).toMatchObject({
      influence: null,
      influenceReason: "the setting demonstration-masks-per-input is 0",
      confirmation: null,
      confirmationReason: "the setting confirmation-inputs is 0",
    });
  });

  test("of an oracle without log-probabilities is the demonstrations once, and the reason is said", async () => {
    const found = await run(demonstrations([1], "a"), { silent: true });
    expect(found.demonstrations).toBeNull();
    expect(found.demonstrationsReason).toMatch(/no log-probabilities of labels for any of 8/);
    expect(found.questions.filter(({ purpose }) => purpose !== "fixed outputs")).toHaveLength(9);
  });

  test("without expected outputs judges all the same, and says that it cannot be confirmed", async () => {
    const found = await run(demonstrations([1], "a"), { expected: false });
    expect(found.named("flip")).toEqual([1]);
    expect(found.demonstrations?.[0]?.errorRate).toMatch(/^unknown/);
    expect(found.demonstrationsExamined?.confirmationReason).toBe(
      "no input has an expected output",
    );
  });
});

describe("without labels that can be asked", () => {
  test("contradictions and near-duplicates are found all the same, and the reason stands beside them", async () => {
    const shown = demonstrations([], "a");
    const twice = [
      ...shown,
      { input: shown[0]?.input ?? "", label: "OFFICE" },
      { input: `${shown[1]?.input ?? ""}!`, label: shown[1]?.label ?? "" },
    ];
    const found = await run(twice, { settings: { labels: "yes,no" } });
    expect(found.named("contradiction")).toEqual([0, 8]);
    expect(found.demonstrationsReason).toMatch(/is not among the labels/);
    expect(found.demonstrationsExamined?.redundant).toHaveLength(1);
    const plain = await run(shown, { settings: { labels: "yes,no" } });
    expect(plain.demonstrations).toBeNull();
  });
});
