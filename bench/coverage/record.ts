/**
 * Scores all 1,024 masks of ten HotpotQA sentences on the embedded surrogate, for eight questions of the development data.
 * Run: npm run build && node lib/bench/coverage/record.js   Writes bench/coverage/enumerated.json.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { enumerateMasks } from "../../src/explain/mask-designs/enumeration.js";
import { openLocalSurrogate } from "../../src/surrogate/local-surrogate.js";
import { hotpotInstances } from "../explain/instances.js";
import { SurrogateGame } from "../explain/surrogate-game.js";
import { repository } from "../games/games.js";
import { ENUMERATED_PATH, type Enumerated } from "./enumerated.js";

const SPANS = 10;
const GAMES = 8;

const surrogate = await openLocalSurrogate({
  modelPath: join(repository, "models", "SmolLM2-135M-Instruct.Q4_1.gguf"),
  precision: "fast",
  backend: "native",
  workers: 2,
  cacheFolder: join(repository, "out", "bench-state"),
});
const masks = enumerateMasks(SPANS);
const games: Enumerated["games"] = [];
for (const instance of hotpotInstances({ sentences: SPANS, mostWords: 170 }).slice(0, GAMES)) {
  const game = new SurrogateGame("ten-sentences", instance, surrogate);
  await game.measure(masks);
  const values = Array.from(game.values(masks, "logOdds"), (value) => Number(value.toFixed(5)));
  games.push({ id: instance.id, values });
  process.stderr.write(`${games.length} of ${GAMES}\n`);
}
const { model, sha256, precision } = surrogate.identity;
await surrogate.close();
const recorded: Enumerated = {
  surrogate: { model, sha256, precision },
  dataset: "hotpotqa, ten sentences",
  spans: SPANS,
  value: "log-odds",
  games,
};
writeFileSync(ENUMERATED_PATH, `${JSON.stringify(recorded)}\n`);
