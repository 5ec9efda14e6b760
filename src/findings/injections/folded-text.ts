/** A text as a reader takes it: without what cannot be seen, letters of all scripts by their looks, with its places kept. */
import { lookalikeOf } from "./confusables.js";

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
  const pieces: string[] = [];
  let length = 0;
  let isHidden = false;
  for (let at = 0; at < original.length;) {
    const code = original.codePointAt(at) ?? 0;
    const next = at + (code > 0xffff ? 2 : 1);
    const folded = foldCodePoint(code);
    if (folded === null) isHidden = true;
    else if (folded !== "") {
      if (length + folded.length > capacity) {
        capacity = 2 * capacity + folded.length;
        starts = grown(starts, new Int32Array(capacity));
        ends = grown(ends, new Int32Array(capacity));
        hidden = grown(hidden, new Uint8Array(capacity));
      }
      if (isHidden) hidden[length] = 1;
      isHidden = false;
      pieces.push(folded);
      for (let unit = 0; unit < folded.length; unit++) {
        starts[length] = at;
        ends[length] = next;
        length++;
      }
    }
    at = next;
  }
  return {
    text: pieces.join(""),
    starts: starts.subarray(0, length),
    ends: ends.subarray(0, length),
    hidden: hidden.subarray(0, length),
  };
}

function grown<Store extends Int32Array | Uint8Array>(from: Store, to: Store): Store {
  to.set(from);
  return to;
}

/** What a code point is read as; "": nothing of its own (a combining mark), null: it cannot be seen. */
function foldCodePoint(code: number): string | null {
  if (code < 0x80) return ASCII[code] ?? "";
  const known = cache.get(code);
  if (known !== undefined) return known === HIDDEN ? null : known;
  const folded = foldRare(code);
  if (cache.size < CACHE_LIMIT) cache.set(code, folded ?? HIDDEN);
  return folded;
}

const HIDDEN = "\u0000hidden";
const ASCII = Array.from({ length: 0x80 }, (_, code) => String.fromCharCode(code).toLowerCase());

function foldRare(code: number): string | null {
  const character = String.fromCodePoint(code);
  if (INVISIBLE.test(character)) return null;
  if (code >= FIRST_REGIONAL_INDICATOR && code <= LAST_REGIONAL_INDICATOR)
    return String.fromCharCode(0x61 + code - FIRST_REGIONAL_INDICATOR);
  const parts = [...character.normalize("NFKD").replace(MARKS, "")];
  return parts.map((part) => lookalikeOf(part) ?? part.toLowerCase().replace(MARKS, "")).join("");
}
