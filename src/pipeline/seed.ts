import { createHash } from "node:crypto";
import type { ChangedFile } from "../domain.js";

/** Seeds derive from content: the hash of everything that changed. Stages derive their own from the part they work on. */
export function reportSeed(changed: readonly ChangedFile[]): string {
  const hash = createHash("sha256");
  for (const file of changed) hash.update(JSON.stringify([file.path, file.base, file.head]));
  return hash.digest("hex").slice(0, 16);
}
