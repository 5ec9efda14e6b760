/** All rows of a data file under the rules: row by row, nothing of a row kept but its findings. */
import type { InjectedRow, InjectionRule, RowInjections } from "../../domain.js";
import { tell } from "./injected-text.js";
import { scanText } from "./scan-text.js";

/** The texts of a row, as the data room gives them. */
export interface ScannedRow {
  readonly line: number;
  readonly isNew: boolean;
  readonly fields: readonly {
    readonly name: string;
    readonly text: string;
    readonly use: "output" | "system" | "input";
  }[];
}

/** Findings listed of a file, at most; the count is of all. */
export const MOST_LISTED = 1000;
/** From so many rows on, a rule that fires on more than half of them has found the format of the file. */
const LEAST_FOR_FORMAT = 20;
const FORMAT_SHARE = 0.5;
const MAY_BE_FORMAT: ReadonlySet<InjectionRule> = new Set(["chat markup", "payload output"]);

/** Scans every row; the rows may come from a generator. */
export function scanRows(path: string, rows: Iterable<ScannedRow>): RowInjections {
  const byRule = new Map<InjectionRule, RuleFindings>();
  let count = 0;
  for (const row of rows) {
    count++;
    for (const found of scanRow(path, row)) note(byRule, found);
  }
  const formats = [...byRule].filter(
    ([rule, { rows: fired }]) =>
      MAY_BE_FORMAT.has(rule) && count >= LEAST_FOR_FORMAT && fired > FORMAT_SHARE * count,
  );
  const isFormat = new Set(formats.map(([rule]) => rule));
  const kept = [...byRule].filter(([rule]) => !isFormat.has(rule)).map(([, findings]) => findings);
  const inOrder = (list: readonly InjectedRow[]): readonly InjectedRow[] =>
    list.toSorted((left, right) => left.line - right.line);
  return {
    rows: count,
    found: kept.reduce((sum, { found }) => sum + found, 0),
    foundNew: kept.reduce((sum, { foundNew }) => sum + foundNew, 0),
    listed: [
      ...inOrder(kept.flatMap(({ fresh }) => fresh)),
      ...inOrder(kept.flatMap(({ old }) => old)),
    ].slice(0, MOST_LISTED),
    formats: formats.map(([rule, { rows: fired }]) => ({ rule, rows: fired })),
  };
}

interface RuleFindings {
  rows: number;
  found: number;
  foundNew: number;
  lastLine: number;
  readonly fresh: InjectedRow[];
  readonly old: InjectedRow[];
}

function note(byRule: Map<InjectionRule, RuleFindings>, finding: InjectedRow): void {
  const known = byRule.get(finding.rule) ?? {
    rows: 0,
    found: 0,
    foundNew: 0,
    lastLine: 0,
    fresh: [],
    old: [],
  };
  byRule.set(finding.rule, known);
  known.found++;
  if (finding.isNew) known.foundNew++;
  if (finding.line !== known.lastLine) known.rows++;
  known.lastLine = finding.line;
  const list = finding.isNew ? known.fresh : known.old;
  if (list.length < MOST_LISTED) list.push(finding);
}

/** Findings of one row, field by field. */
export function scanRow(path: string, row: ScannedRow): readonly InjectedRow[] {
  return row.fields.flatMap(({ name, text, use }) => {
    // The system message of a fine-tuning row is a prompt: its author may say who the model is.
    const standing = use === "system" ? "template" : "row";
    const options = {
      standing,
      isOutput: use === "output",
      isOneSpeaker: use !== "system",
    } as const;
    return scanText(text, options).map((hit): InjectedRow => ({
      ...tell(hit, text, "row"),
      path,
      line: row.line,
      field: name,
      isNew: row.isNew,
    }));
  });
}
