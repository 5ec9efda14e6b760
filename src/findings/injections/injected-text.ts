/** A hit as a report tells it. */
import type { InjectedRow } from "../../domain.js";
import type { Hit } from "./hit.js";
import { errorRateOf, evidenceOf, RULES, type Standing } from "./rules.js";

/** Longest text of a finding, in UTF-16 units. */
const LONGEST_TEXT = 200;

type Told = Pick<
  InjectedRow,
  "kind" | "rule" | "severity" | "text" | "evidence" | "confirm" | "errorRate"
>;

/** What is said of a hit, whoever holds it; `text` is what the hit's places are of. */
export function tell(hit: Hit, text: string, standing: Standing): Told {
  const { severity, confirm } = RULES[hit.rule];
  return {
    kind: "injection",
    rule: hit.rule,
    severity,
    text: cut(text.slice(hit.start, hit.end)),
    evidence: evidenceOf(hit.rule, hit.what),
    confirm,
    errorRate: errorRateOf(hit.rule, standing),
  };
}

/** At most `LONGEST_TEXT` units, never half of a surrogate pair. */
function cut(text: string): string {
  if (text.length <= LONGEST_TEXT) return text;
  const last = text.charCodeAt(LONGEST_TEXT - 1);
  const isHalf = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, isHalf ? LONGEST_TEXT - 1 : LONGEST_TEXT);
}
