/** The compact form of a game's oracle values: ids, fixed outputs and numbers; masks follow from the game's seeds. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Mask } from "../../src/domain.js";
import { GAME_NAMES, repository, type GameName } from "./games.js";

const recordingSchema = z.strictObject({
  game: z.enum(GAME_NAMES),
  oracle: z.string(),
  value: z.enum(["class-margin", "log-odds"]),
  order: z.string(),
  masks: z.strictObject({ training: z.number(), dense: z.number(), sparse: z.number() }),
  inputs: z.array(
    z.strictObject({ id: z.string(), output: z.string(), values: z.array(z.number()) }),
  ),
});
export type Recording = z.infer<typeof recordingSchema>;

export function readGameRecording(name: GameName): Recording {
  const path = join(repository, "bench", "games", "recordings", `${name}.json`);
  return recordingSchema.parse(JSON.parse(readFileSync(path, "utf8")));
}

/** Bits of a mask as text; the unmasked prompt is "full". */
export function hexOf(mask: Mask | null): string {
  return mask === null ? "full" : mask.join("");
}
