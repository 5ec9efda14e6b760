/** Games of the real surrogate of which every coalition was measured, so that what an estimator aims at is known. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { enumerateMasks } from "../../src/explain/mask-designs/enumeration.js";
import type { MeasuredGame } from "../../src/explain/game.js";
import { repository } from "../games/games.js";

const schema = z.strictObject({
  surrogate: z.strictObject({ model: z.string(), sha256: z.string(), precision: z.string() }),
  dataset: z.string(),
  spans: z.int(),
  value: z.literal("log-odds"),
  /** Values of all masks in the order of their codes, bit `span` set where the span is kept; nats a token, five decimals. */
  games: z.array(z.strictObject({ id: z.string(), values: z.array(z.number()) })),
});
export type Enumerated = z.infer<typeof schema>;

export const ENUMERATED_PATH = join(repository, "bench", "coverage", "enumerated.json");

export interface EnumeratedGame extends MeasuredGame {
  readonly id: string;
}

export function readEnumeratedGames(): readonly EnumeratedGame[] {
  const { games, spans } = schema.parse(JSON.parse(readFileSync(ENUMERATED_PATH, "utf8")));
  const masks = enumerateMasks(spans);
  return games.map(({ id, values }) => {
    if (values.length !== masks.length)
      throw new Error(`${id}: ${values.length} values for ${masks.length} masks`);
    return { id, spans, masks, values: Float64Array.from(values) };
  });
}
