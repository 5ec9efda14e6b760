/** The shipped example, whole and offline: recorded oracle, embedded surrogate, and the truth about what was planted. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { fromStrings } from "../src/config.js";
import { settingsOf, type CommandContext } from "../src/wiring/context.js";
import { reviewAndWrite, type Reviewed } from "../src/wiring/review.js";

const MINUTES = 60_000;
const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const example = join(repository, "examples", "ticket-triage");
const scratch = mkdtempSync(join(tmpdir(), "understudy-example-"));
const truth = z
  .object({
    trigger: z.string(),
    label: z.string(),
    rows: z.array(z.object({ line: z.number() })),
    demonstrations: z.object({
      wrong: z.array(z.object({ written: z.string(), right: z.string() })),
    }),
  })
  .parse(JSON.parse(readFileSync(join(example, "planted.json"), "utf8")));

const recordedUsage = z.object({
  key: z.string(),
  usage: z.object({ promptTokens: z.number(), completionTokens: z.number() }),
});

async function reviewExample(output: string): Promise<Reviewed> {
  const caller = {
    base: join(example, "base"),
    head: join(example, "head"),
    "output-folder": output,
    "state-folder": "state",
  };
  const context: CommandContext = {
    caller: fromStrings(caller, "--"),
    operands: [],
    json: false,
    quiet: true,
    raw: false,
    prompt: null,
    response: null,
    model: null,
    masks: null,
    values: null,
    perInput: false,
    root: scratch,
    environment: {},
    print: () => {},
    say: () => {},
    interactive: false,
  };
  return await reviewAndWrite(context, await settingsOf(context));
}

let reviewed: Reviewed;

beforeAll(async () => {
  reviewed = await reviewExample("first");
}, 20 * MINUTES);

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

describe("the shipped example", () => {
  test("is answered by its recording alone, whole", () => {
    expect(reviewed.report.complete).toBe(true);
    expect(reviewed.facts.oracleCallsPaid).toBe(0);
    expect(reviewed.report.ledger.oracle.calls).toBe(reviewed.usedKeys.size);
  });

  test("has a ledger that adds up to the usage recorded with the answers it used, to the token", () => {
    const recorded = readFileSync(join(example, "head", "oracle.recording.jsonl"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => recordedUsage.parse(JSON.parse(line)))
      .filter(({ key }) => reviewed.usedKeys.has(key));
    const { oracle } = reviewed.report.ledger;
    for (const field of ["promptTokens", "completionTokens"] as const) {
      const sum = recorded.reduce((total, { usage }) => total + usage[field], 0);
      expect(oracle[field]).toBe(sum);
      expect(Object.values(oracle.byPurpose).reduce((total, part) => total + part[field], 0)).toBe(
        sum,
      );
    }
    expect(oracle.calls).toBe(recorded.length);
  });

  test("needs no more calls of any step than its plan says, and measures how much the oracle wavers on the certify set", () => {
    const { oracle, planned } = reviewed.report.ledger;
    const most = Object.values(planned?.byPurpose ?? {});
    Object.values(oracle.byPurpose).forEach(({ calls }, step) =>
      expect(calls).toBeLessThanOrEqual(most[step] ?? -1),
    );
    const [prompt] = reviewed.report.prompts;
    expect(prompt?.selfDisagreement?.inputs).toBe(8);
    expect(reviewed.comment).toContain(
      "Self-disagreement of the oracle: the whole prompt asked again changed",
    );
  });

  test("names the planted rows and no other, with their phrase", () => {
    const [data] = reviewed.report.data;
    expect(data?.suspicious?.map((row) => row.line).sort((a, b) => a - b)).toEqual(
      truth.rows.map((row) => row.line),
    );
    expect(data?.triggers).toHaveLength(1);
    expect(data?.triggers[0]?.label).toBe(truth.label);
  });

  test("names the wrong demonstrations and no other, with the right label", () => {
    const found = reviewed.report.prompts[0]?.demonstrations ?? [];
    expect(found.map(({ label, suggested }) => ({ written: label, right: suggested }))).toEqual(
      expect.arrayContaining(truth.demonstrations.wrong),
    );
    expect(found).toHaveLength(truth.demonstrations.wrong.length);
  });

  test("certifies a shorter prompt on inputs the search never saw", () => {
    const removable = reviewed.report.prompts[0]?.removable;
    // The bound is computed at the level of the look, so that it stays within the tolerance.
    expect(removable?.certificate?.bound).toBeLessThanOrEqual(0.1);
    expect(removable?.certificate).toMatchObject({ tolerance: 0.1, look: { number: 1 } });
    expect(removable?.certificate?.inputs).toBeGreaterThanOrEqual(100);
    expect(removable?.tokensSaved).toBeGreaterThan(0);
    expect(removable?.diff).toMatch(/^-/m);
    expect(removable?.certificate).toMatchObject({ equality: "label", guarantee: "outputs" });
    expect(removable?.accuracy?.inputs).toBe(removable?.certificate?.inputs);
    expect(removable?.decisions.find(({ span }) => span === 16)?.why).toBe("locked");
  });

  test("pools: hierarchical beats the same masks input by input and the surrogate alone", () => {
    const explanation = reviewed.report.prompts[0]?.explanation;
    const own = explanation?.fidelity.estimate ?? 0;
    for (const other of ["input-by-input", "surrogate-lasso", "surrogate-pooled"] as const)
      expect(own).toBeGreaterThan(explanation?.baselines[other]?.estimate ?? 1);
    expect(explanation?.shown).toBe(true);
  });

  test("stays within its surrogate budget of 1,000 masked prompts", () => {
    expect(reviewed.report.ledger.surrogate?.masks).toBeLessThanOrEqual(1000);
  });

  test(
    "gives the same bytes a second time",
    async () => {
      const again = await reviewExample("second");
      for (const name of ["comment.md", "summary.md", "understudy-report.json"])
        expect(readFileSync(join(scratch, "second", name), "utf8")).toBe(
          readFileSync(join(scratch, "first", name), "utf8"),
        );
      expect(again.comment).toBe(reviewed.comment);
    },
    20 * MINUTES,
  );
});
