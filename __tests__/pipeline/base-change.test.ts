/** Head against base by the pipeline, on a prompt whose answers follow from its sentences by a known rule. */
import { beforeAll, describe, expect, test } from "@jest/globals";
import type { Oracle, OracleQuestion, PromptChange } from "../../src/domain.js";
import { reviewPrompt, type PromptReview } from "../../src/pipeline/prompt-review.js";
import { countUsage, type CountingOracle } from "../../src/pipeline/usage.js";
import { promptOf, SENTENCES, syntheticJob, syntheticOracle } from "./synthetic-job.js";

const PATH = "prompts/requests.prompt.yml";
const [ROLE = "", LEAN = "", OFFICE = "", OLD = "", GARDEN = "", , WORD = ""] = SENTENCES;
const INPUTS = 14;
const SEARCH = 12;
const file = (base: readonly string[] | null, head: readonly string[]) => ({
  path: PATH,
  base: base === null ? null : promptOf(base, INPUTS),
  head: promptOf(head, INPUTS),
});

const QUICK = {
  "search-inputs": String(SEARCH),
  "masks-per-input": "4",
  "surrogate-masks-per-input": "8",
};

interface Reviewed {
  readonly review: PromptReview;
  readonly change: PromptChange | null;
  readonly oracle: CountingOracle;
}

async function review(
  versions: ReturnType<typeof file>,
  settings: Readonly<Record<string, string>> = {},
  answering: Oracle = syntheticOracle(),
): Promise<Reviewed> {
  const job = syntheticJob({ ...QUICK, ...settings }, { oracle: answering });
  const oracle = countUsage(answering);
  const reviewed = await reviewPrompt(job, versions, oracle);
  return { review: reviewed, change: reviewed.report.change, oracle };
}

const baseCalls = ({ oracle }: Reviewed): number =>
  oracle.usages().filter(({ purpose }) => purpose === "base").length;

/** Answers nothing about prompts that hold this text, as a recording made before it was asked. */
function without(text: string, cause: "not recorded" | "budget" = "not recorded"): Oracle {
  const whole = syntheticOracle();
  const about = ({ messages }: OracleQuestion): boolean =>
    messages.some(({ content }) => content.includes(text));
  return {
    ...whole,
    ask: async (questions) => {
      const outcomes = await whole.ask(questions);
      return questions.map((question, index) =>
        about(question)
          ? { kind: "refused", cause, message: "no answer here" }
          : (outcomes[index] ?? { kind: "refused", cause, message: "none" }),
      );
    },
  };
}

describe("a change that takes a vital and an idle sentence away and brings an idle one", () => {
  // Base says yes to all; head, without the 2 nats of leaning towards it, no to Baker.
  const base = [ROLE, LEAN, OFFICE, OLD, WORD];
  const head = [WORD, ROLE, OLD, GARDEN];
  let done: Reviewed;
  beforeAll(async () => void (done = await review(file(base, head))));

  test("names what was added, removed and moved", () => {
    const { change } = done;
    expect(change?.added.map(({ text }) => text.trim())).toEqual([GARDEN]);
    expect(change?.removed.map(({ text }) => text.trim())).toEqual([LEAN, OFFICE]);
    expect(change?.moved).toMatchObject([{ baseLine: 8, headLine: 4 }]);
    expect(change?.unchanged).toBe(3);
    expect(done.review.report.tokens).toMatchObject({ ...change?.tokens });
  });

  test("finds that the removed rule carried two nats and the idle one none", () => {
    const [lean, office] = done.change?.removed ?? [];
    expect(done.change?.removedReason).toBeNull();
    expect(lean?.effect).toBe("carries");
    expect(lean?.influence?.low).toBeLessThanOrEqual(2);
    expect(lean?.influence?.high).toBeGreaterThanOrEqual(2);
    expect(lean?.influence?.estimate).toBeCloseTo(2, 1);
    // Small is small beside the strongest span of head, whose effects on "yes" and "no" cancel here.
    expect(office?.effect).toBe("undecided");
    expect(office?.influence?.estimate).toBeCloseTo(0, 1);
  });

  test("gives the added sentence its place in the explanation and its share", () => {
    const { change, review: reviewed } = done;
    const own = reviewed.report.explanation?.spans.find(({ text }) => text.includes(GARDEN));
    expect(change?.added[0]?.influence).toEqual(own?.influence);
    expect(own?.influence).not.toBeNull();
    expect(change?.addedShare?.influence?.estimate).toBeLessThan(0.1);
    expect(change?.addedShare?.tokens).toBeGreaterThan(0.1);
  });

  test("compares the outputs of both versions, input by input", async () => {
    const { outputs } = done.change ?? {};
    expect(outputs?.inputs).toBe(SEARCH);
    for (const { before, after } of outputs?.differing ?? [])
      expect([before, after]).toEqual(["yes", "no"]);
    expect(outputs?.differing.length).toBeGreaterThan(2);
    expect(outputs?.differing.length).toBeLessThan(SEARCH);
  });

  test("asks base last, within its plan, and says what for", () => {
    const { planned } = done.review;
    expect(planned?.byPurpose.base).toBe(SEARCH * (1 + 2));
    expect(baseCalls(done)).toBe(SEARCH * (1 + 2));
    expect(done.oracle.missing()).toEqual([]);
  });

  test("is the same again", async () => {
    const again = await review(file(base, head));
    expect(again.change).toEqual(done.change);
  });
});

describe("a removed sentence alone", () => {
  test("is put back whole: its effect is the difference of two outputs an input", async () => {
    const done = await review(file([ROLE, LEAN, OLD, WORD], [ROLE, OLD, WORD]));
    expect(done.change?.removed).toMatchObject([{ effect: "carries" }]);
    expect(done.change?.removed[0]?.influence?.estimate).toBeCloseTo(2, 1);
    // The prompt without it is head, which was asked before.
    expect(baseCalls(done)).toBe(SEARCH);
    expect(done.review.planned?.byPurpose.base).toBe(2 * SEARCH);
  });
});

describe("what cannot be known", () => {
  test("a new prompt has no change, and says why", async () => {
    const { review: reviewed } = await review(file(null, SENTENCES));
    expect(reviewed.report).toMatchObject({ change: null, changeReason: "the prompt is new" });
  });

  test("a base version that cannot be read costs head nothing", async () => {
    const versions = { ...file(null, SENTENCES), base: "messages: 3\n" };
    const { review: reviewed } = await review(versions);
    expect(reviewed.report.change).toBeNull();
    expect(reviewed.report.changeReason).toContain("cannot be read");
    expect(reviewed.report.explanation).not.toBeNull();
  });

  test("answers that the recording lacks are a reason, and the run is whole", async () => {
    const done = await review(
      file([...SENTENCES, "Thank you."], SENTENCES),
      {},
      without("Thank you."),
    );
    expect(done.change).toMatchObject({
      outputs: null,
      outputsReason: "the recording holds no answers to the version before the change",
      removedReason: "the recording holds no answers to the version before the change",
    });
    expect(done.change?.removed).toMatchObject([{ influence: null, effect: null }]);
    expect(done.oracle.missing()).toEqual([]);
  });

  test("a budget that ended before base is a reason, and makes the run incomplete", async () => {
    const done = await review(
      file([...SENTENCES, "Thank you."], SENTENCES),
      {},
      without("Thank you.", "budget"),
    );
    expect(done.change?.outputsReason).toBe("no answer here");
    expect(done.oracle.missing()).toMatchObject([{ purpose: "base", cause: "budget" }]);
  });

  test("base-masks-per-input 0 asks nothing about base and plans nothing", async () => {
    const done = await review(file([...SENTENCES, "Thank you."], SENTENCES), {
      "base-masks-per-input": "0",
    });
    expect(baseCalls(done)).toBe(0);
    expect(done.review.planned?.byPurpose.base).toBe(0);
    expect(done.change?.outputsReason).toContain("base-masks-per-input is 0");
    expect(done.change?.removed).toHaveLength(1);
  });

  test("without an oracle the texts alone are compared", async () => {
    const job = syntheticJob(QUICK);
    const { report } = await reviewPrompt(job, file([...SENTENCES, "Thank you."], SENTENCES), null);
    expect(report.change?.removed).toHaveLength(1);
    expect(report.change?.outputsReason).toContain("no oracle");
  });

  test("a slot that the change took away is a reason", async () => {
    const base = promptOf(SENTENCES, INPUTS).replace("{{request}}", "{{request}} {{tone}}");
    const { change } = await review({ ...file(null, SENTENCES), base });
    expect(change?.outputs).toBeNull();
    expect(change?.outputsReason).toContain("tone");
  });
});
