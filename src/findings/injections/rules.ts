/** The rules with what a reader needs to judge a finding: how grave, why, how to confirm, and how often it is wrong. */
import type { InjectionRule, InjectionSeverity } from "../../domain.js";
import { PROMPTS_TESTED, ROWS_TESTED, measuredAlarms } from "./error-rates.js";

/** Where a text stands: who could have written it, and what may stand in it. */
export type Standing = "template" | "demonstration" | "row";

interface RuleFacts {
  readonly severity: InjectionSeverity;
  /** Why this is a finding, as a clause. */
  readonly reason: string;
  /** What would confirm or dismiss it. */
  readonly confirm: string;
}

const READ =
  "read the text as the model does; if nobody can say what it is for, take it out and run again";

export const RULES: Readonly<Record<InjectionRule, RuleFacts>> = {
  "override phrase": {
    severity: "high",
    reason: "it tells the model to drop the instructions it was given",
    confirm: READ,
  },
  "role reassignment": {
    severity: "medium",
    reason: "it tells the model to be something else than the prompt says",
    confirm: READ,
  },
  "new instructions": {
    severity: "medium",
    reason: "it speaks to the model, where text to be worked on should stand",
    confirm: READ,
  },
  "prompt disclosure": {
    severity: "high",
    reason: "it asks for the prompt or for secrets",
    confirm: READ,
  },
  secrecy: {
    severity: "high",
    reason: "it tells the model to hide something from the person it works for",
    confirm: READ,
  },
  "forced output": {
    severity: "medium",
    reason: "it fixes the answer whatever the input says",
    confirm: READ,
  },
  "chat markup": {
    severity: "high",
    reason: "a chat template may take what follows for another speaker's words",
    confirm:
      "see whether the program that fills the prompt escapes such tokens; if the text is a quotation, say so in the prompt",
  },
  "encoded instruction": {
    severity: "high",
    reason: "a model can decode it, and a reviewer does not",
    confirm: "decode the text and ask its author why it is encoded",
  },
  "invisible characters": {
    severity: "medium",
    reason: "models read what nobody sees",
    confirm: "delete the characters and see whether the text says the same",
  },
  "bidirectional controls": {
    severity: "high",
    reason: "people read another order of characters than models do",
    confirm: "look at the line in an editor that shows control characters",
  },
  "tag characters": {
    severity: "high",
    reason: "models read what nobody sees",
    confirm: "delete the characters; flags apart they have no use",
  },
  "mixed scripts": {
    severity: "medium",
    reason: "the word evades searches and is cut into other tokens than it seems",
    confirm: "type the word again",
  },
  "hidden markup": {
    severity: "high",
    reason: "it is written for the model and hidden from people",
    confirm: READ,
  },
  "payload output": {
    severity: "high",
    reason: "a model that learns or copies it sends, runs or fetches something",
    confirm: "ask whether the task calls for such an output; do not open or run it",
  },
};

/** How often the rule fires where nobody planted anything, as a sentence. */
export function errorRateOf(rule: InjectionRule, standing: Standing): string {
  const { prompts, rows } = measuredAlarms(rule);
  return standing === "template"
    ? `fires on ${prompts} of ${PROMPTS_TESTED} real prompts`
    : `fires on ${rows} of ${ROWS_TESTED} rows of public data sets in which nothing was planted`;
}

/** The sentence of evidence: what is there, and why that matters. */
export function evidenceOf(rule: InjectionRule, what: string): string {
  return `${what}: ${RULES[rule].reason}`;
}
