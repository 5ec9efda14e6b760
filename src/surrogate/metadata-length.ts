import { GGUFValueType } from "@huggingface/gguf";
import type { GGUFTypedMetadata } from "@huggingface/gguf";

/** One entry as the parser gives it. */
interface TypedValue {
  readonly value: unknown;
  readonly type: GGUFValueType;
  readonly subType?: GGUFValueType;
}

/** What the parser adds from the preamble. */
const NOT_ENTRIES = new Set(["version", "tensor_count", "kv_count"]);

/** Bytes that a number of the type takes; strings and arrays tell their own length. */
const NUMBER_BYTES: Readonly<Partial<Record<GGUFValueType, number>>> = {
  [GGUFValueType.UINT8]: 1,
  [GGUFValueType.INT8]: 1,
  [GGUFValueType.BOOL]: 1,
  [GGUFValueType.UINT16]: 2,
  [GGUFValueType.INT16]: 2,
  [GGUFValueType.UINT32]: 4,
  [GGUFValueType.INT32]: 4,
  [GGUFValueType.FLOAT32]: 4,
  [GGUFValueType.UINT64]: 8,
  [GGUFValueType.INT64]: 8,
  [GGUFValueType.FLOAT64]: 8,
};

/**
 * Bytes that parsed metadata took in the file (version 2 or 3), or null where arrays lie in arrays. Where this is not what the
 * parser consumed, a value was not read as written: @huggingface/gguf 0.4.6 loses the end of an array's last string where
 * that lies across a boundary of its read buffer (every 2,000,000 bytes), without an error.
 */
export function metadataLength(metadata: GGUFTypedMetadata): number | null {
  let total = 0;
  for (const [key, entry] of Object.entries(metadata)) {
    if (NOT_ENTRIES.has(key)) continue;
    const length = valueLength(entry);
    if (length === null) return null;
    total += stringLength(key) + 4 + length;
  }
  return total;
}

function valueLength({ value, type, subType }: TypedValue): number | null {
  if (type === GGUFValueType.STRING) return typeof value === "string" ? stringLength(value) : null;
  if (type !== GGUFValueType.ARRAY) return NUMBER_BYTES[type] ?? null;
  if (!Array.isArray(value) || subType === undefined || subType === GGUFValueType.ARRAY)
    return null;
  if (subType !== GGUFValueType.STRING) return 12 + value.length * (NUMBER_BYTES[subType] ?? NaN);
  return value.reduce((total: number, text: unknown) => total + stringLength(String(text)), 12);
}

function stringLength(text: string): number {
  return 8 + Buffer.byteLength(text, "utf8");
}
