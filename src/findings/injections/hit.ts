import type { InjectionRule } from "../../domain.js";

/** What a rule found in one text: [start, end) in UTF-16 units, and what is there, as a clause with hostile text escaped. */
export interface Hit {
  readonly rule: InjectionRule;
  readonly start: number;
  readonly end: number;
  readonly what: string;
}
