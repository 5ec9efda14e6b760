/**
 * A surrogate's values of a game's training masks, and of the unmasked prompt, scored once and kept under out/bench-games:
 * node lib/bench/games/surrogate-values.js --model FILE.gguf [--game NAME]. Values are log-odds a token of the oracle's fixed output,
 * which is what the program asks a surrogate for.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import type { ScoringRequest } from "../../src/domain.js";
import { logOddsOfText } from "../../src/explain/values.js";
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
  const requests = cells.map(({ input, mask }): ScoringRequest => ({
    messages: game.render(input, mask),
    response: inputAt(outputs, input),
  }));
  const { logProbabilities } = await surrogate.score(requests, {
    onProgress: (done, total) => {
      if (done % 500 === 0) process.stderr.write(`${game.name}: ${done}/${total}\n`);
    },
  });
  const values = logProbabilities.map((one) => Math.round(logOddsOfText(one) * 1e4) / 1e4);
  return game.inputs.map((_, input) => values.filter((__, cell) => cells[cell]?.input === input));
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
