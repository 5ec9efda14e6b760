/** The sections of a full page in reading order, shared by the comment and the job summary. */
import type { Section } from "./budget.js";
import { details } from "./markdown/blocks.js";
import { changeDetails, changeSection } from "./sections/change.js";
import { changedOutputsSection, certificationSection, diffSection } from "./sections/evidence.js";
import { examplesSection } from "./sections/demonstrations.js";
import { influenceSection, methodSection } from "./sections/explanation.js";
import { filesTable, missing, problems } from "./sections/files.js";
import { injectionsSection } from "./sections/injections.js";
import { headline } from "./sections/headline.js";
import { ledgerLine, ledgerTable } from "./sections/ledger.js";
import { provenanceSection } from "./sections/provenance.js";
import { removableSpans } from "./sections/removable.js";
import { screeningSection } from "./sections/screening.js";
import { demonstrationsTable, rowsTable, triggersTable } from "./sections/suspicious.js";
import type { View } from "./view.js";

/** What a reviewer reads: headline, files, findings, ledger line. */
export function openSections(view: View): readonly Section[] {
  return present([
    ["headline", headline(view.report), "always"],
    ["files", filesTable(view), "always"],
    ["removable spans", removableSpans(view), 1],
    ["what the change did", changeSection(view), 2],
    ["suspicious examples", demonstrationsTable(view), 2],
    ["suspicious rows", rowsTable(view), 3],
    ["suspected instructions", injectionsSection(view), 3],
    ["phrases", triggersTable(view), 4],
    ["problems in the wording", problems(view), 5],
    ["what is missing", missing(view), 6],
    ["ledger", ledgerLine(view.report), "always"],
  ]);
}

/** What a doubter reads; the number says which of them goes first where space is short. */
export function evidenceSections(view: View): readonly Section[] {
  return present([
    ["Diff of the shorter prompt", diffSection(view), 10],
    ["How the influence was measured", methodSection(view), 9],
    ["All examples of the prompt", examplesSection(view), 15],
    ["Certification path and control arm", certificationSection(view), 12],
    ["Outputs that changed", changedOutputsSection(view), 13],
    ["What the change added and removed", changeDetails(view), 13],
    ["Screening of the surrogate", screeningSection(view), 11],
    ["Influence of every span", influenceSection(view), 14],
    ["Ledger by purpose", ledgerTable(view.report), 8],
    ["Seeds, versions, limits", provenanceSection(view.report), 7],
  ]);
}

/** The same sections behind a fold. */
export function folded(sections: readonly Section[]): readonly Section[] {
  return sections.map((section) => ({ ...section, body: details(section.name, section.body) }));
}

/** The same sections under a heading. */
export function headed(sections: readonly Section[]): readonly Section[] {
  return sections.map((section) => ({
    ...section,
    body: `#### ${section.name}\n\n${section.body}`,
  }));
}

function present(
  rows: readonly (readonly [string, string | null, number | "always"])[],
): readonly Section[] {
  return rows.flatMap(([name, body, dropOrder]) =>
    body === null || body === "" ? [] : [{ name, body, dropOrder }],
  );
}
