/** Fits sections into a size by leaving out whole ones: a fence or a table row is never cut. */
import { blocks } from "./markdown/blocks.js";

export interface Section {
  /** As it is called in the note about what was left out. */
  readonly name: string;
  readonly body: string;
  /** Left out first where highest; "always" sections are kept, their authors bound their size. */
  readonly dropOrder: number | "always";
}

const encoder = new TextEncoder();

/** UTF-8 bytes, which are never fewer than the UTF-16 units, so that one number bounds both. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

/**
 * The sections in their order, without those that must go for the whole to stay within `limit` bytes. `note` words what was
 * left out and counts towards the limit.
 */
export function fitSections(
  sections: readonly Section[],
  limit: number,
  note: (dropped: readonly string[]) => string,
): string {
  const candidates = sections
    .filter((section) => section.dropOrder !== "always")
    .sort((a, b) => Number(b.dropOrder) - Number(a.dropOrder))
    .map((section) => section.name);
  for (let count = 0; count <= candidates.length; count++) {
    const dropped = new Set(candidates.slice(0, count));
    const kept = sections.filter((section) => !dropped.has(section.name));
    const names = sections
      .filter((section) => dropped.has(section.name))
      .map((section) => section.name);
    const body = `${blocks(...kept.map((section) => section.body), names.length === 0 ? null : note(names))}\n`;
    if (byteLength(body) <= limit || count === candidates.length) return body;
  }
  return "";
}
