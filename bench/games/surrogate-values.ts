/**
 * A surrogate's values of a game's training masks, and of the unmasked prompt, scored once and kept under out/bench-games:
 * node lib/bench/games/surrogate-values.js --model FILE.gguf [--game NAME]. The fixed outputs are the oracle's. Label tasks: label
 * margin, each label's log-probability a mean over its tokens; free text: log-odds a token.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import type { Mask, ScoringRequest } from "../../src/domain.js";
import { labelMarginFromLogProbabilities, logOddsOfText } from "../../src/explain/values.js";
import { openLocalSurrogate, type LocalSurrogate } from "../../src/surrogate/local-surrogate.js";
import {
  GAME_NAMES,
  inputAt,
  openGame,
  repository,
  type BenchGame,
  type GameName,
} from "./games.js";
import { readGameRecording } from "./recording.js";

/** [input][the unmasked prompt, then training masks] */
export type SurrogateGameValues = readonly (readonly number[])[];

const stored = z.array(z.array(z.number()));

export function surrogateValuesPath(game: GameName, model: string): string {
  return join(repository, "out", "bench-games", `${game}.${model}.json`);
}

/** Values scored earlier; throws where the model has not been run on the game. */
export function readSurrogateValues(game: GameName, model: string): SurrogateGameValues {
  return stored.parse(JSON.parse(readFileSync(surrogateValuesPath(game, model), "utf8")));
}

async function scoreGame(game: BenchGame, surrogate: LocalSurrogate): Promise<SurrogateGameValues> {
  const outputs = readGameRecording(game.name).inputs.map(({ output }) => output);
  const cells = game.inputs.flatMap((_, input) =>
    [null, ...game.masks(input).training].map((mask) => ({ input, mask })),
  );
  const responses = (input: number): readonly string[] => game.labels ?? [inputAt(outputs, input)];
  const requests = cells.flatMap(({ input, mask }): ScoringRequest[] =>
    responses(input).map((response) => ({ messages: messagesOf(game, input, mask), response })),
  );
  const { logProbabilities } = await surrogate.score(requests, {
    onProgress: (done, total) => {
      if (done % 500 === 0) process.stderr.write(`${game.name}: ${done}/${total}\n`);
    },
  });
  let at = 0;
  const values = cells.map(({ input }) => {
    const own = logProbabilities.slice(at, (at += responses(input).length));
    const value =
      game.labels === null
        ? logOddsOfText(own[0] ?? new Float64Array())
        : labelMarginFromLogProbabilities(
            own.map((one) => one.reduce((sum, value) => sum + value, 0) / one.length),
            game.labels.indexOf(inputAt(outputs, input)),
          );
    return Math.round(value * 1e4) / 1e4;
  });
  return game.inputs.map((_, input) => values.filter((__, cell) => cells[cell]?.input === input));
}

function messagesOf(game: BenchGame, input: number, mask: Mask | null): ScoringRequest["messages"] {
  return game.render(input, mask);
}

async function main(): Promise<void> {
  const { values: flags } = parseArgs({
    options: {
      model: { type: "string" },
      game: { type: "string" },
      workers: { type: "string" },
      precision: { type: "string", default: "precise" },
    },
  });
  if (flags.model === undefined) throw new Error("--model FILE.gguf is needed");
  const surrogate = await openLocalSurrogate({
    modelPath: flags.model,
    precision: flags.precision === "fast" ? "fast" : "precise",
    backend: "native",
    workers: Number(flags.workers ?? 1),
    cacheFolder: join(repository, "out", "bench-state"),
  });
  mkdirSync(join(repository, "out", "bench-games"), { recursive: true });
  for (const name of GAME_NAMES.filter((one) => flags.game === undefined || one === flags.game)) {
    const path = surrogateValuesPath(name, basename(flags.model, ".gguf"));
    if (existsSync(path)) continue;
    const values = await scoreGame(openGame(name), surrogate);
    writeFileSync(path, `${JSON.stringify(values)}\n`);
    process.stdout.write(`${name}: scored\n`);
  }
  await surrogate.close();
}

if (process.argv[1]?.endsWith("surrogate-values.js")) await main();
