/** The identity of an input: what it says, not where it stands. */

import { createHash } from "node:crypto";

/** sha256 in hexadecimal of a text's UTF-8 bytes. */
export function sha256(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

/** Slot values as JSON with sorted keys: equal for equal content, whatever the order they were written in. */
export function canonicalSlots(slots: Readonly<Record<string, string>>): string {
  const keys = Object.keys(slots).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${JSON.stringify(slots[key])}`).join(",")}}`;
}

/** The identifier of an input that names none: the first 12 hexadecimal digits of the hash of its slots. */
export function contentId(slots: Readonly<Record<string, string>>): string {
  return sha256(canonicalSlots(slots)).slice(0, 12);
}

/** A record of slot values in which `__proto__` is a name like any other. */
export function slotRecord(
  entries: readonly (readonly [string, string])[],
): Readonly<Record<string, string>> {
  const record = Object.create(null) as Record<string, string>;
  for (const [name, value] of entries) record[name] = value;
  return record;
}
