/** The job summary: the whole report as Markdown, for somebody who has the time. */
import type { Report, RunFacts } from "../domain.js";
import { fitSections, type Section } from "./budget.js";
import { evidenceSections, headed, openSections } from "./pages.js";
import { runSection } from "./sections/provenance.js";
import type { Links, View } from "./view.js";

/** GitHub takes 1 MiB a step, and drops the whole summary above it. */
export const SUMMARY_BYTES = 1_000_000;

const ROWS = 500;
const TEXT = 240;

/**
 * Markdown of the job summary, at most SUMMARY_BYTES bytes. With `facts` null it holds only what the input determines and
 * is the same bytes in every run.
 */
export function renderSummary(
  report: Report,
  facts: RunFacts | null = null,
  links: Links = {},
): string {
  const view: View = { report, links, rows: ROWS, text: TEXT, course: true };
  const run: readonly Section[] =
    facts === null ? [] : [{ name: "this run", body: runSection(facts), dropOrder: 0 }];
  const sections = [...openSections(view), ...headed(evidenceSections(view)), ...run];
  return fitSections(
    sections,
    SUMMARY_BYTES,
    (dropped) =>
      `_Left out for length: ${dropped.join("; ")}. They are in \`understudy-report.json\`._`,
  );
}
