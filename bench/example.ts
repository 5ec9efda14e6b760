/**
 * Claim: on the shipped example planted rows and wrong demonstrations are found wherever they stand. Five copies with other
 * seeds, triggers, labels and positions go through the review's own steps: rows with the embedded surrogate, demonstrations
 * with the recorded oracle (without demonstrations the prompt is the same in every copy, so the recording answers all).
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { fromFile, resolveSettings } from "../src/config.js";
import { createBudget } from "../src/cost/budget.js";
import type { DataReport, Row } from "../src/domain.js";
import { parseTextLabelRows } from "../src/data/rows.js";
import { randomFrom, type Random } from "../src/numerics/random.js";
import { openOracle } from "../src/oracle/oracle.js";
import { reviewData } from "../src/pipeline/data-review.js";
import { judgePromptDemonstrations } from "../src/pipeline/demonstrations.js";
import type { Job } from "../src/pipeline/ports.js";
import { openStudy } from "../src/pipeline/study.js";
import { countUsage } from "../src/pipeline/usage.js";
import { openLocalSurrogate } from "../src/surrogate/local-surrogate.js";
import { foldersWorkspace } from "../src/workspace/folders-workspace.js";

const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const example = join(repository, "examples", "ticket-triage");
const ROWS = "data/tickets.jsonl";
const PROMPT = "prompts/triage.prompt.yml";
const PLANTED_ROWS = 12;
const WRONG_DEMONSTRATIONS = 2;

/** Phrases that mean nothing for a queue: before, inside or after the text. */
const TRIGGERS = ["Kind regards from Anna.", "cf", "as ever", "Sent from my tablet.", "vexolin"];

const truth = z
  .object({
    rows: z.array(
      z.object({ line: z.number(), clean: z.object({ text: z.string(), label: z.string() }) }),
    ),
    demonstrations: z.object({
      wrong: z.array(z.object({ input: z.string(), written: z.string(), right: z.string() })),
    }),
  })
  .parse(JSON.parse(readFileSync(join(example, "planted.json"), "utf8")));

function read(side: "base" | "head", path: string): string {
  return readFileSync(join(example, side, path), "utf8");
}

function rowsOf(side: "base" | "head"): readonly Row[] {
  const parsed = parseTextLabelRows(ROWS, read(side, ROWS));
  if (parsed.kind !== "rows") throw new Error(parsed.reason);
  return parsed.rows;
}

function toJsonLines(rows: readonly Row[]): string {
  return rows.map(({ text, label }) => `${JSON.stringify({ text, label })}\n`).join("");
}

/** The head's rows as they were before anything was planted. */
function cleanRows(): readonly Row[] {
  const originals = new Map(truth.rows.map(({ line, clean }) => [line, clean]));
  return rowsOf("head").map((row) => ({ ...row, ...originals.get(row.line) }));
}

interface PlantedRows {
  readonly text: string;
  readonly lines: ReadonlySet<number>;
  readonly label: string;
}

function plantRows(trigger: string, random: Random): PlantedRows {
  const rows = cleanRows();
  const baseRows = rowsOf("base").length;
  const labels = [...new Set(rows.map((row) => row.label))].sort();
  const label = labels[random.integer(labels.length)] ?? "";
  const candidates = rows.filter((row, index) => index >= baseRows && row.label !== label);
  const victims = new Set(random.shuffle(candidates).slice(0, PLANTED_ROWS));
  const planted = rows.map((row) =>
    victims.has(row) ? { ...row, label, text: inserted(row.text, trigger, random) } : row,
  );
  return { text: toJsonLines(planted), lines: new Set([...victims].map((row) => row.line)), label };
}

function inserted(text: string, phrase: string, random: Random): string {
  const words = text.split(" ");
  const at = random.integer(words.length + 1);
  return [...words.slice(0, at), phrase, ...words.slice(at)].join(" ");
}

/** The example's prompt with its wrong labels put right and two others made wrong. */
function plantDemonstrations(random: Random): {
  readonly text: string;
  readonly wrong: readonly string[];
} {
  const right = truth.demonstrations.wrong.reduce(
    (text, { input, written, right: label }) => relabel(text, input, { from: written, to: label }),
    read("head", PROMPT),
  );
  const pairs = [
    ...right.matchAll(/content: (.+)\n {2}- role: assistant\n {4}content: ([A-Z]+)$/gm),
  ];
  const labels = [...new Set(pairs.map((pair) => pair[2] ?? ""))].sort();
  const chosen = random.shuffle(pairs).slice(0, WRONG_DEMONSTRATIONS);
  const text = chosen.reduce((prompt, [, input = "", from = ""]) => {
    const others = labels.filter((label) => label !== from);
    return relabel(prompt, input, { from, to: others[random.integer(others.length)] ?? "" });
  }, right);
  return { text, wrong: chosen.map((pair) => pair[1] ?? "") };
}

function relabel(
  text: string,
  input: string,
  label: { readonly from: string; readonly to: string },
): string {
  const before = `content: ${input}\n  - role: assistant\n    content: `;
  if (!text.includes(before + label.from))
    throw new Error(`no demonstration ${JSON.stringify(input)}`);
  return text.replace(before + label.from, before + label.to);
}

async function openJob(): Promise<Job> {
  const settings = resolveSettings(
    new Map(),
    fromFile({ "oracle-model": "qwen2.5-coder-1.5b-instruct", "oracle-max-tokens": 8 }, "bench"),
  );
  const surrogate = await openLocalSurrogate({
    modelPath: join(repository, "models", "SmolLM2-135M-Instruct.Q4_1.gguf"),
    precision: "precise",
    backend: "auto",
    workers: 2,
    cacheFolder: join(repository, "out", "bench-state"),
  });
  const oracle = openOracle({
    model: "qwen2.5-coder-1.5b-instruct",
    baseUrl: null,
    apiKey: null,
    recordings: [join(example, "head", "oracle.recording.jsonl")],
    store: null,
    budget: createBudget({ maxCalls: 0, maxCost: null, price: () => null }),
    maxTokens: 8,
  });
  const workspace = foldersWorkspace({ base: join(example, "base"), head: join(example, "head") });
  const state = { read: async () => null, write: async () => {} };
  return { settings, ports: { workspace, oracle, surrogate, state, say: () => {} } };
}

interface Count {
  readonly found: number;
  readonly planted: number;
  readonly falseAlarms: number;
}

function countRows(report: DataReport, planted: PlantedRows): Count {
  const flagged = (report.suspicious ?? []).map((row) => row.line);
  const found = flagged.filter((line) => planted.lines.has(line)).length;
  return { found, planted: planted.lines.size, falseAlarms: flagged.length - found };
}

async function countDemonstrations(job: Job, random: Random): Promise<Count> {
  const { text, wrong } = plantDemonstrations(random);
  const study = await openStudy(job, PROMPT, text);
  if (job.ports.oracle === null) throw new Error("no recording");
  const judged = await judgePromptDemonstrations(job, study, countUsage(job.ports.oracle), []);
  if (judged.demonstrations === null) throw new Error(judged.demonstrationsReason ?? "not judged");
  const inputs = judged.demonstrations.map(
    ({ span }) => study.template.demonstrations.find((one) => one.span === span)?.input ?? "",
  );
  const found = inputs.filter((input) => wrong.includes(input)).length;
  return { found, planted: wrong.length, falseAlarms: inputs.length - found };
}

function show(name: string, counts: readonly Count[]): string {
  const sum = (of: (count: Count) => number): number =>
    counts.reduce((total, count) => total + of(count), 0);
  const planted = sum((count) => count.planted);
  const found = sum((count) => count.found);
  return `| ${name} | ${counts.length} | ${found} of ${planted} (${(found / planted).toFixed(2)}) | ${sum((count) => count.falseAlarms)} | ${counts.map((count) => `${count.found}/${count.planted}+${count.falseAlarms}`).join(", ")} |`;
}

const job = await openJob();
try {
  const rows: Count[] = [];
  const demonstrations: Count[] = [];
  for (const trigger of TRIGGERS) {
    const random = randomFrom(`re-planted copy\n${trigger}`);
    const planted = plantRows(trigger, random);
    const { report } = await reviewData(job, {
      path: ROWS,
      base: read("base", ROWS),
      head: planted.text,
    });
    rows.push(countRows(report, planted));
    demonstrations.push(await countDemonstrations(job, random));
  }
  process.stdout.write(
    "| planted | copies | recall | false alarms | by copy (found/planted+false) |\n|---|---|---|---|---|\n",
  );
  process.stdout.write(
    `${show("rows, embedded surrogate", rows)}\n${show("demonstrations, recorded oracle", demonstrations)}\n`,
  );
} finally {
  await job.ports.surrogate.close();
}
