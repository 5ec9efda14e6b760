import type { Mask } from "../../domain.js";
import { UnderstudyError } from "../../errors.js";

/** Most spans whose masks are enumerated: 65,536 of them. */
export const MOST_ENUMERATED_SPANS = 16;

/** All 2^spans masks, empty and full included, in the order of their codes (bit `span` set: kept). Throws INTERNAL for more than 16 spans. */
export function enumerateMasks(spans: number): Mask[] {
  if (!(spans >= 1 && spans <= MOST_ENUMERATED_SPANS))
    throw new UnderstudyError("INTERNAL", `enumerating all masks of ${spans} spans`);
  return Array.from({ length: 2 ** spans }, (_, code) =>
    Uint8Array.from({ length: spans }, (__, span) => (code >> span) & 1),
  );
}

/** All masks that keep exactly `kept` of the spans, in lexicographic order of the kept spans. */
export function masksOfSize(spans: number, kept: number): Mask[] {
  const masks: Mask[] = [];
  const chosen = Array.from({ length: kept }, (_, position) => position);
  for (;;) {
    const mask = new Uint8Array(spans);
    for (const span of chosen) mask[span] = 1;
    masks.push(mask);
    let position = kept - 1;
    while (position >= 0 && chosen[position] === spans - kept + position) position--;
    if (position < 0) return masks;
    const start = (chosen[position] as number) + 1;
    for (let next = position; next < kept; next++) chosen[next] = start + next - position;
  }
}

/** The mask that keeps what this one deletes. */
export function complementOf(mask: Mask): Mask {
  return mask.map((kept) => 1 - kept);
}
