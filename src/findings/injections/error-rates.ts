/** False alarms of every rule as measured by `npm run bench:injections`; the benchmark fails where they are no longer so. */
import type { InjectionRule } from "../../domain.js";

/** Prompt files of public repositories (docs/injections.md), and rows of public data sets without planted instructions. */
export const PROMPTS_TESTED = 51;
export const ROWS_TESTED = 5357;

const ALARMS: Readonly<Record<InjectionRule, { readonly prompts: number; readonly rows: number }>> =
  {
    "override phrase": { prompts: 0, rows: 0 },
    "role reassignment": { prompts: 0, rows: 0 },
    "new instructions": { prompts: 0, rows: 0 },
    "prompt disclosure": { prompts: 0, rows: 0 },
    secrecy: { prompts: 0, rows: 0 },
    "forced output": { prompts: 0, rows: 1 },
    "chat markup": { prompts: 0, rows: 1 },
    "encoded instruction": { prompts: 0, rows: 0 },
    "invisible characters": { prompts: 0, rows: 0 },
    "bidirectional controls": { prompts: 0, rows: 0 },
    "tag characters": { prompts: 0, rows: 0 },
    "mixed scripts": { prompts: 0, rows: 0 },
    "hidden markup": { prompts: 0, rows: 0 },
    "payload output": { prompts: 0, rows: 0 },
  };

/** Prompts and rows on which a rule fired. */
export function measuredAlarms(rule: InjectionRule): {
  readonly prompts: number;
  readonly rows: number;
} {
  return ALARMS[rule];
}
