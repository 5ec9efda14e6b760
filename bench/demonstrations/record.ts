/**
 * Records the oracle's answers of one task (bench/demonstrations/recording.ts says how to read them):
 *   node lib/bench/demonstrations/record.js --task sentiment --model qwen2.5-coder-1.5b-instruct --setting sentiment.1.5b \
 *     --oracle-base-url http://127.0.0.1:8105/v1 --concurrency 200 --stages evaluation,leave-one-out,evaluation
 * Zero-shot answers come first, then the stages in the order given: leave-one-out with its controls, reverse (others in reverse order),
 * evaluation (the arms whose signals are there), influence (and its arm), clean (the arm with right labels). Answers are kept under
 * out/record-demonstrations before they are used, so that a run that was stopped, or one with more stages, asks nothing twice. The
 * oracle is a Q4_K_M model behind an OpenAI-compatible server on the loopback interface; batches that share a prefix are cheapest.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { createBudget } from "../../src/cost/budget.js";
import type { Message, Oracle } from "../../src/domain.js";
import { labelProbabilities } from "../../src/explain/label-tokens.js";
import { labelAnswer } from "../../src/findings/demonstrations.js";
import { openOracle } from "../../src/oracle/oracle.js";
import { repository } from "../games/games.js";
import { ARM_NAMES, keptBy } from "./arms.js";
import { DRAWS, type Draw, drawOf } from "./draws.js";
import {
  type DemonstrationsRecording,
  type Reading,
  type RecordedDraw,
  readingOf,
  recordingPath,
} from "./recording.js";
import { TASK_NAMES, type PoolRow, labelsOf, messagesOf, poolOf, taskNamed } from "./tasks.js";

const STAGES = ["leave-one-out", "reverse", "evaluation", "influence", "clean"] as const;
const CONTENT_FREE = "N/A";

const { values: flags } = parseArgs({
  options: {
    task: { type: "string" },
    model: { type: "string" },
    setting: { type: "string" },
    "oracle-base-url": { type: "string" },
    concurrency: { type: "string", default: "1" },
    stages: { type: "string", default: "" },
  },
});
const taskName = TASK_NAMES.find((known) => known === flags.task);
const { model, setting, "oracle-base-url": baseUrl } = flags;
const stages = flags.stages
  .split(",")
  .flatMap((name) => STAGES.find((stage) => stage === name) ?? []);
if (taskName === undefined || !model || !setting || !baseUrl)
  throw new Error(
    `--task ${TASK_NAMES.join("|")}, --model, --setting and --oracle-base-url are needed; --stages are of ${STAGES.join(", ")}`,
  );
const task = taskNamed(taskName);
const labels = labelsOf(task);
const pool = poolOf(task);
const draws = Array.from({ length: DRAWS }, (_, draw) => drawOf(task, pool, draw));
const oracle = openRecordingOracle(model, setting, baseUrl);

function openRecordingOracle(name: string, store: string, url: string): Oracle {
  const folder = join(repository, "out", "record-demonstrations");
  mkdirSync(folder, { recursive: true });
  return openOracle({
    model: name,
    baseUrl: url,
    apiKey: null,
    recordings: [],
    store: join(folder, `${store}.jsonl`),
    budget: createBudget({ maxCalls: null, maxCost: null, price: () => null }),
    maxTokens: 1,
    concurrency: Number(flags.concurrency),
    timeoutMs: 1_800_000,
  });
}

async function ask(prompts: readonly Message[][]): Promise<Reading[]> {
  const outcomes = await oracle.ask(
    prompts.map((messages) => ({ purpose: "demonstrations", messages })),
  );
  return outcomes.map((outcome) => {
    if (outcome.kind === "refused") throw new Error(outcome.message);
    const found = labelProbabilities(outcome.answer, labels);
    if (found === null) throw new Error("the oracle lists no alternatives");
    return readingOf(labelAnswer(found));
  });
}

/** Demonstrations at these positions, in this order, asked `query`. */
function under(draw: Draw, positions: readonly number[], query: string): Message[] {
  const shown = positions.flatMap((position) => {
    const { row, written } = draw.demonstrations[position] ?? {};
    return row === undefined || written === undefined
      ? []
      : [{ text: row.text, label: labels[written] ?? "" }];
  });
  return messagesOf(task, shown, query);
}

/** Every demonstration asked under the others, which stand in the given order. */
async function leaveOneOut(
  draw: Draw,
  order: readonly number[],
): Promise<RecordedDraw["leaveOneOut"][number]> {
  const answers = await ask(
    draw.demonstrations.flatMap(({ row }, position) => {
      const others = order.filter((other) => other !== position);
      return [under(draw, others, row.text), under(draw, others, CONTENT_FREE)];
    }),
  );
  return draw.demonstrations.map((_, position) => ({
    own: answers[2 * position] ?? [],
    contentFree: answers[2 * position + 1] ?? [],
  }));
}

async function askControls(draw: Draw): Promise<RecordedDraw["controls"]> {
  const all = [...draw.demonstrations.keys()];
  const [contentFree, ...answers] = await ask(
    [CONTENT_FREE, ...draw.influenceQueries.map(({ text }) => text)].map((query) =>
      under(draw, all, query),
    ),
  );
  return { answers, contentFree: contentFree ?? [] };
}

async function influence(draw: Draw): Promise<RecordedDraw["influence"]> {
  const answers = await ask(
    draw.masks.flatMap(({ order, queries }) =>
      queries.map((query) => under(draw, order, draw.influenceQueries[query]?.text ?? "")),
    ),
  );
  let next = 0;
  return draw.masks.map(({ mask, order, queries }) => ({
    mask: mask.join(""),
    order: [...order],
    queries: [...queries],
    answers: queries.map(() => answers[next++] ?? []),
  }));
}

async function evaluate(
  draw: Draw,
  known: RecordedDraw["evaluation"],
  arms: readonly string[],
): Promise<RecordedDraw["evaluation"]> {
  const fresh = [...new Set(arms)].filter((arm) => !known.some(({ kept }) => kept === arm));
  const right = {
    ...draw,
    demonstrations: draw.demonstrations.map(({ row }) => ({ row, written: row.label })),
  };
  const answers = await ask(
    fresh.flatMap((arm) => {
      const positions = [...draw.demonstrations.keys()].filter(
        (position) => arm === "clean" || arm[position] === "1",
      );
      return draw.queries.map(({ text }) => under(arm === "clean" ? right : draw, positions, text));
    }),
  );
  const size = draw.queries.length;
  return [
    ...known,
    ...fresh.map((kept, arm) => ({ kept, answers: answers.slice(arm * size, (arm + 1) * size) })),
  ];
}

async function record(): Promise<void> {
  const used = new Map<string, PoolRow>();
  for (const { demonstrations, influenceQueries } of draws)
    for (const row of [...demonstrations.map((one) => one.row), ...influenceQueries])
      used.set(row.id, row);
  const rows = [...used.values()].sort((left, right) => (left.id < right.id ? -1 : 1));
  const zeroShot = await ask(
    [CONTENT_FREE, ...rows.map(({ text }) => text)].map((query) => messagesOf(task, [], query)),
  );
  const recording: DemonstrationsRecording = {
    task: task.name,
    oracle: `${model}, Q4_K_M, OpenAI-compatible server`,
    labels: [...labels],
    contentFree: zeroShot[0] ?? [],
    rows: rows.map(({ id, label }, row) => ({ id, label, zeroShot: zeroShot[row + 1] ?? [] })),
    draws: [],
  };
  const named = ({ id, label }: PoolRow): [string, number] => [id, label];
  for (const draw of draws)
    recording.draws.push({
      demonstrations: draw.demonstrations.map(({ row, written }) => [rows.indexOf(row), written]),
      queries: draw.queries.map(named),
      influenceQueries: draw.influenceQueries.map(named),
      random: [...draw.random].sort((left, right) => left - right),
      leaveOneOut: [],
      controls: null,
      influence: null,
      evaluation: [],
    });
  write(recording);
  for (const stage of stages)
    for (const [index, draw] of draws.entries()) {
      const recorded = recording.draws[index];
      if (recorded === undefined) continue;
      await advance(stage, draw, recording, recorded);
      write(recording);
    }
}

async function advance(
  stage: (typeof STAGES)[number],
  draw: Draw,
  recording: DemonstrationsRecording,
  recorded: RecordedDraw,
): Promise<void> {
  if (stage === "leave-one-out" || stage === "reverse") {
    const order = draw.orders[stage === "reverse" ? 1 : 0] ?? [];
    const [asked, controls] = await Promise.all([
      leaveOneOut(draw, order),
      recorded.controls ?? askControls(draw),
    ]);
    recorded.leaveOneOut.push(asked);
    recorded.controls = controls;
    return;
  }
  if (stage === "influence") recorded.influence = await influence(draw);
  const arms = ARM_NAMES.filter((name) => name !== "clean" || stage === "clean").flatMap(
    (name) => keptBy(name, recording, recorded) ?? [],
  );
  recorded.evaluation = await evaluate(draw, recorded.evaluation, arms);
}

function write(recording: DemonstrationsRecording): void {
  const path = recordingPath(flags.setting ?? "");
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    `${JSON.stringify(recording)
      .replace('"rows":[', '"rows":[\n')
      .replace('"draws":[', '\n"draws":[\n')
      .replaceAll('},{"id"', '},\n{"id"')
      .replaceAll('},{"demonstrations"', '},\n{"demonstrations"')
      .replaceAll(/,"(leaveOneOut|influence|evaluation)":/g, ',\n"$1":')}\n`,
  );
  const count = (is: (draw: RecordedDraw) => boolean): number => recording.draws.filter(is).length;
  process.stderr.write(
    `${flags.setting}: ${count((draw) => draw.leaveOneOut.length > 0)} left one out, ${count((draw) => draw.evaluation.length > 0)} evaluated, ${count((draw) => draw.influence !== null)} with influence\n`,
  );
}

await record();
process.stdout.write(`${setting}: recorded\n`);
