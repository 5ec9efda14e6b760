/**
 * Records the oracle's values of a game: node lib/bench/games/record.js --game routing --oracle-base-url http://127.0.0.1:8089/v1
 * Every answer is kept under out/record-games before it is used, so that a run that was stopped goes on where it was. What is
 * committed is small: ids, masks and values (bench/games/recordings). The oracle is Qwen2.5-Coder-1.5B-Instruct (Q4_K_M) behind
 * an OpenAI-compatible server on the loopback interface. Retrieved sentences have free answers, which that server cannot score
 * truthfully: their log-odds come from the same weights in this project's engine (--oracle-gguf FILE).
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createBudget } from "../../src/cost/budget.js";
import type { Mask, Oracle, OracleAnswer } from "../../src/domain.js";
import { classMargin, logOddsOfText } from "../../src/explain/values.js";
import { labelProbabilities } from "../../src/explain/label-tokens.js";
import { openOracle } from "../../src/oracle/oracle.js";
import { openLocalSurrogate } from "../../src/surrogate/local-surrogate.js";
import { GAME_NAMES, inputAt, openGame, repository, type BenchGame } from "./games.js";
import { type Recording, hexOf } from "./recording.js";

const MODEL = "qwen2.5-coder-1.5b-instruct";

const { values: flags } = parseArgs({
  options: {
    game: { type: "string" },
    "oracle-base-url": { type: "string" },
    "oracle-gguf": { type: "string" },
    concurrency: { type: "string", default: "1" },
  },
});
const name = GAME_NAMES.find((known) => known === flags.game);
const baseUrl = flags["oracle-base-url"];
if (name === undefined || baseUrl === undefined)
  throw new Error(`--game ${GAME_NAMES.join("|")} and --oracle-base-url URL are needed`);

function oracleOf(game: BenchGame, url: string): Oracle {
  const folder = join(repository, "out", "record-games");
  mkdirSync(folder, { recursive: true });
  return openOracle({
    model: MODEL,
    baseUrl: url,
    apiKey: null,
    recordings: [],
    store: join(folder, `${game.name}.jsonl`),
    budget: createBudget({ maxCalls: null, maxCost: null, price: () => null }),
    maxTokens: game.labels === null ? 16 : 1,
    concurrency: Number(flags.concurrency),
    timeoutMs: 1_800_000,
  });
}

interface Cell {
  readonly input: number;
  readonly mask: Mask | null;
}

async function answers(
  game: BenchGame,
  oracle: Oracle,
  cells: readonly Cell[],
): Promise<readonly OracleAnswer[]> {
  const outcomes = await oracle.ask(
    cells.map(({ input, mask }) => ({ purpose: "masks", messages: game.render(input, mask) })),
    (done, total) => {
      if (done % 100 === 0) process.stderr.write(`${game.name}: ${done}/${total}\n`);
    },
  );
  return outcomes.map((outcome) => {
    if (outcome.kind === "refused") throw new Error(outcome.message);
    return outcome.answer;
  });
}

/** Cells mask by mask, so that neighbours share the template's prefix; by input where each has spans of its own. */
function cellsOf(game: BenchGame): Cell[] {
  const all = game.inputs.flatMap((_, input) =>
    allMasks(game, input).map((mask, position) => ({ input, mask, position })),
  );
  const sorted = game.template ? all.sort((a, b) => a.position - b.position) : all;
  return sorted.map(({ input, mask }) => ({ input, mask }));
}

function allMasks(game: BenchGame, input: number): (Mask | null)[] {
  const { training, heldOutDense, heldOutSparse } = game.masks(input);
  return [null, ...training, ...heldOutDense, ...heldOutSparse];
}

async function recordMargins(game: BenchGame, labels: readonly string[]): Promise<Recording> {
  const oracle = oracleOf(game, baseUrl ?? "");
  const cells = cellsOf(game);
  const given = await answers(game, oracle, cells);
  const answerOf = new Map(
    cells.map(({ input, mask }, index) => [`${input}:${hexOf(mask)}`, given[index]]),
  );
  const outputs = game.inputs.map((_, input) => likeliest(answerOf.get(`${input}:full`), labels));
  return {
    ...headOf(game, `${MODEL}, Q4_K_M, OpenAI-compatible server`, "class-margin"),
    inputs: game.inputs.map(({ id }, input) => ({
      id,
      output: inputAt(outputs, input),
      values: allMasks(game, input).map((mask) => {
        const answer = answerOf.get(`${input}:${hexOf(mask)}`);
        if (!answer) throw new Error("an answer is missing");
        const margin = classMargin(answer, inputAt(outputs, input), labels);
        if (margin.kind === "unknown") throw new Error(margin.reason);
        return rounded(margin.value);
      }),
    })),
  };
}

function likeliest(answer: OracleAnswer | undefined, labels: readonly string[]): string {
  const found = answer ? labelProbabilities(answer, labels) : null;
  if (!found) throw new Error("the oracle lists no alternatives");
  return inputAt(labels, found.probabilities.indexOf(Math.max(...found.probabilities)));
}

async function recordLogOdds(game: BenchGame): Promise<Recording> {
  const modelPath = flags["oracle-gguf"];
  if (modelPath === undefined) throw new Error("--oracle-gguf FILE is needed");
  const full = game.inputs.map((_, input) => ({ input, mask: null }));
  const fixed = await answers(game, oracleOf(game, baseUrl ?? ""), full);
  const engine = await openLocalSurrogate({
    modelPath,
    precision: "precise",
    backend: "native",
    workers: 1,
    cacheFolder: join(repository, "out", "bench-state"),
  });
  const cells = cellsOf(game);
  const { logProbabilities } = await engine.score(
    cells.map(({ input, mask }) => ({
      messages: game.render(input, mask),
      response: inputAt(fixed, input).text.trim(),
    })),
    {
      onProgress: (done, total) => {
        if (done % 50 === 0) process.stderr.write(`${game.name}: ${done}/${total}\n`);
      },
    },
  );
  await engine.close();
  const values = logProbabilities.map((one) => rounded(logOddsOfText(one)));
  return {
    ...headOf(
      game,
      `${MODEL}, Q4_K_M; answers from its server, log-odds from this engine (precise)`,
      "log-odds",
    ),
    inputs: game.inputs.map(({ id }, input) => ({
      id,
      output: inputAt(fixed, input).text.trim(),
      values: values.filter((_, cell) => cells[cell]?.input === input),
    })),
  };
}

function headOf(
  game: BenchGame,
  oracle: string,
  value: Recording["value"],
): Omit<Recording, "inputs"> {
  const { training, heldOutDense, heldOutSparse } = game.masks(0);
  return {
    game: game.name,
    oracle,
    value,
    order: "the unmasked prompt, then training, held-out dense and held-out sparse masks",
    masks: { training: training.length, dense: heldOutDense.length, sparse: heldOutSparse.length },
  };
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}

const game = openGame(name);
const recording =
  game.labels === null ? await recordLogOdds(game) : await recordMargins(game, game.labels);
const folder = join(repository, "bench", "games", "recordings");
mkdirSync(folder, { recursive: true });
writeFileSync(
  join(folder, `${name}.json`),
  `${JSON.stringify(recording).replace('"inputs":[', '"inputs":[\n').replaceAll("},{", "},\n{")}\n`,
);
process.stdout.write(`${name}: ${recording.inputs.length} inputs recorded\n`);
