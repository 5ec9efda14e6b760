import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A file of this folder; compiled tests lie in lib, the values do not. */
export function readReference(path: string): unknown {
  const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
  return JSON.parse(readFileSync(join(repository, "__tests__", "references", path), "utf8"));
}
