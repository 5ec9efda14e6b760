import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { GgufMetadata } from "../../src/surrogate/gguf.js";

export const repository = join(dirname(fileURLToPath(import.meta.url)), "../../..");
export const embeddedModel = join(repository, "models/SmolLM2-135M-Instruct.Q4_1.gguf");

/** The same metadata with some strings replaced; null removes a key. */
export function withStrings(
  metadata: GgufMetadata,
  replaced: Readonly<Record<string, string | null>>,
): GgufMetadata {
  const optionalString = (key: string): string | null =>
    Object.hasOwn(replaced, key) ? (replaced[key] ?? null) : metadata.optionalString(key);
  return {
    ...metadata,
    optionalString,
    string: (key) => optionalString(key) ?? metadata.string(key),
  };
}
