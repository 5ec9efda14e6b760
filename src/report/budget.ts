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
 * The sections in their order: those always kept, then, most important first, each that still fits. `note` words what was left
 * out; room for it is kept as if everything were.
 */
export function fitSections(
  sections: readonly Section[],
  limit: number,
  note: (left: readonly string[]) => string,
): string {
  const whole = join(sections, null);
  if (byteLength(whole) <= limit) return whole;
  const names = (some: readonly Section[]): string[] => some.map((section) => section.name);
  const kept = new Set(sections.filter((section) => section.dropOrder === "always"));
  let room = limit - byteLength(join([...kept], note(names(sections))));
  for (const section of sections.filter(isOptional).sort((a, b) => a.dropOrder - b.dropOrder)) {
    const size = byteLength(section.body) + SEPARATOR_BYTES;
    if (size > room) continue;
    kept.add(section);
    room -= size;
  }
  const left = sections.filter((section) => !kept.has(section));
  return join(
    sections.filter((section) => kept.has(section)),
    left.length === 0 ? null : note(names(left)),
  );
}

/** The blank line between two sections. */
const SEPARATOR_BYTES = 2;

function isOptional(section: Section): section is Section & { readonly dropOrder: number } {
  return section.dropOrder !== "always";
}

function join(sections: readonly Section[], note: string | null): string {
  return `${blocks(...sections.map((section) => section.body), note)}\n`;
}
