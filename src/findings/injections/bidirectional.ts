/**
 * Bidirectional controls that make a line read in another order than it is stored (Trojan Source, Boucher and Anderson 2021;
 * Unicode Standard Annex 9). Marks (U+200E, U+200F, U+061C) order nothing and are ordinary in Arabic and Hebrew.
 */
import { codePoint } from "./escaped.js";
import type { Hit } from "./hit.js";

const CONTROLS = /[\u202A-\u202E\u2066-\u2069]/g;
const OVERRIDES = new Set(["\u202D", "\u202E"]);
const OPENS_EMBEDDING = new Set(["\u202A", "\u202B", "\u202D", "\u202E"]);
const OPENS_ISOLATE = new Set(["\u2066", "\u2067", "\u2068"]);

/** Overrides anywhere, and embeddings or isolates that their line does not close: one hit a line. */
export function findBidirectional(text: string): readonly Hit[] {
  const hits: Hit[] = [];
  for (let start = 0; start <= text.length;) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    const hit = hitOfLine(text.slice(start, end), start);
    if (hit) hits.push(hit);
    start = end + 1;
  }
  return hits;
}

function hitOfLine(line: string, offset: number): Hit | null {
  const controls = [...line.matchAll(CONTROLS)];
  const [first] = controls;
  const last = controls[controls.length - 1];
  if (!first || !last) return null;
  const override = controls.find(([control]) => OVERRIDES.has(control));
  const balanced = isBalanced(controls.map(([control]) => control));
  if (!override && balanced) return null;
  const what = override
    ? `the bidirectional override ${codePoint(override[0])}, which makes the text after it read backwards`
    : `bidirectional controls (first: ${codePoint(first[0])}) that are not closed on their line, so that what follows is shown in another order`;
  return {
    rule: "bidirectional controls",
    start: offset + first.index,
    end: offset + last.index + 1,
    what,
  };
}

/** Whether everything opened is closed; a closer that closes nothing has no effect and is left over by careless copying. */
function isBalanced(controls: readonly string[]): boolean {
  const open: ("embedding" | "isolate")[] = [];
  for (const control of controls) {
    if (OPENS_EMBEDDING.has(control)) open.push("embedding");
    else if (OPENS_ISOLATE.has(control)) open.push("isolate");
    else if (open[open.length - 1] === (control === "\u202C" ? "embedding" : "isolate")) open.pop();
  }
  return open.length === 0;
}
