/** A text as a reader takes it: without what cannot be seen, letters of all scripts by their looks, with its places kept. */
import { lookalikeOf } from "./confusables.js";
import { UnitBuffer } from "./unit-buffer.js";

export interface FoldedText {
  /** Lower case; white space and punctuation are there. */
  readonly text: string;
  /** Unit i of `text` was written as original[starts[i], ends[i]). */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** 1 where invisible characters stood before unit i of `text`. */
  readonly hidden: Uint8Array;
}

const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
const MARKS = /\p{M}/gu;
const FIRST_REGIONAL_INDICATOR = 0x1f1e6;
const LAST_REGIONAL_INDICATOR = 0x1f1ff;
const CACHE_LIMIT = 20_000;
const cache = new Map<number, string>();

/** Folds a text in one pass (compatibility decomposition, no marks, lower case, UTS 39 look-alikes). */
export function foldText(original: string): FoldedText {
  // A code point becomes at most 18 units (U+FDFA), and nearly always one; arrays grow as needed.
  let capacity = original.length + 16;
  let starts = new Int32Array(capacity);
  let ends = new Int32Array(capacity);
  let hidden = new Uint8Array(capacity);
  const units = new UnitBuffer(capacity);
  let isHidden = false;
  for (let at = 0; at < original.length;) {
    const unit = original.charCodeAt(at);
    const code = unit < 0xd800 || unit > 0xdbff ? unit : (original.codePointAt(at) ?? unit);
    const next = at + (code > 0xffff ? 2 : 1);
    const folded = code < 0x80 ? null : foldCodePoint(code);
    const count = folded === null ? 1 : folded.length;
    if (folded === HIDDEN) isHidden = true;
    else if (count > 0) {
      const { length } = units;
      if (length + count > capacity) {
        capacity = 2 * capacity + count;
        starts = grown(starts, new Int32Array(capacity));
        ends = grown(ends, new Int32Array(capacity));
        hidden = grown(hidden, new Uint8Array(capacity));
      }
      if (isHidden) hidden[length] = 1;
      isHidden = false;
      for (let index = 0; index < count; index++) {
        starts[length + index] = at;
        ends[length + index] = next;
        units.push(folded === null ? smallLetter(code) : folded.charCodeAt(index));
      }
    }
    at = next;
  }
  return {
    text: units.toString(),
    starts: starts.subarray(0, units.length),
    ends: ends.subarray(0, units.length),
    hidden: hidden.subarray(0, units.length),
  };
}

/** An ASCII character in lower case. */
function smallLetter(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
}

function grown<Store extends Int32Array | Uint8Array>(from: Store, to: Store): Store {
  to.set(from);
  return to;
}

/** What stands in the cache for a code point that cannot be seen. */
const HIDDEN = "\u0000hidden";

/** What a code point beyond ASCII is read as; "": nothing of its own (a combining mark), `HIDDEN`: it cannot be seen. */
function foldCodePoint(code: number): string {
  const known = cache.get(code);
  if (known !== undefined) return known;
  const folded = foldRare(code) ?? HIDDEN;
  if (cache.size < CACHE_LIMIT) cache.set(code, folded);
  return folded;
}

/** The same uncached; null: it cannot be seen. */
function foldRare(code: number): string | null {
  const character = String.fromCodePoint(code);
  if (INVISIBLE.test(character)) return null;
  if (code >= FIRST_REGIONAL_INDICATOR && code <= LAST_REGIONAL_INDICATOR)
    return String.fromCharCode(0x61 + code - FIRST_REGIONAL_INDICATOR);
  const parts = [...character.normalize("NFKD").replace(MARKS, "")];
  return parts.map((part) => lookalikeOf(part) ?? part.toLowerCase().replace(MARKS, "")).join("");
}
