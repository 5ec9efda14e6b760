import type { ChangedFile } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { shown } from "./limits.js";

/** One side of a file as far as a program that reviews text can use it. */
export type Content =
  | { readonly kind: "absent" }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "skipped"; readonly reason: string };

export const ABSENT: Content = { kind: "absent" };

/** Some names are bytes that are no UTF-8; they reach us damaged and cannot be opened. */
export const DAMAGED_NAME: Content = { kind: "skipped", reason: "has a name that is not UTF-8" };

export function isDamaged(path: string): boolean {
  return path.includes("\ufffd");
}

/** Git's own rule: a file with a zero byte near its beginning is binary. */
const LOOKED_AT = 8000;

/** Decodes strictly and loses nothing: a byte order mark stays, so that offsets are those of the file. */
export function decode(bytes: Uint8Array): Content {
  if (bytes.subarray(0, LOOKED_AT).includes(0))
    return { kind: "skipped", reason: "is a binary file" };
  try {
    return {
      kind: "text",
      text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes),
    };
  } catch {
    return { kind: "skipped", reason: "is not UTF-8 text" };
  }
}

/** The text of a file that was asked for by name; null where it is absent. @throws UnderstudyError FILE where it is no text. */
export function textOf(path: string, content: Content): string | null {
  if (content.kind === "skipped")
    throw new UnderstudyError("FILE", content.reason, { place: { path: shown(path) } });
  return content.kind === "text" ? content.text : null;
}

/** Both sides as a change, or null where they are the same or one cannot be used; the reason then goes to `notice`. */
export function changeOf(
  path: string,
  sides: { readonly base: Content; readonly head: Content },
  notice: (text: string) => void,
): ChangedFile | null {
  for (const side of [sides.head, sides.base]) {
    if (side.kind !== "skipped") continue;
    notice(`${shown(path)} ${side.reason}: skipped`);
    return null;
  }
  const [base, head] = [textOf(path, sides.base), textOf(path, sides.head)];
  return base === head ? null : { path, base, head };
}
