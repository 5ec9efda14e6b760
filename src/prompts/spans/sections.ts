/** Sections: what lies between two headings, rules or top-level tags. */

import type { Span } from "../../domain.js";
import { splitLines, type Line } from "./lines.js";
import { groupBy, isMergeable, mergeSpans } from "./merge.js";

/** Offsets at which a section starts: headings, rules, top-level opening tags and what follows a top-level closing tag. */
export function sectionStarts(lines: readonly Line[]): number[] {
  const starts: number[] = [];
  let depth = 0;
  lines.forEach((line) => {
    const opens = line.kind === "tag" && /^<[A-Za-z]/.test(line.text) && !line.text.endsWith("/>");
    const closes = line.kind === "tag" && line.text.startsWith("</");
    const isBreak =
      (line.kind === "heading" && line.level > 0) || line.kind === "rule" || (opens && depth === 0);
    if (isBreak) starts.push(line.start);
    if (opens) depth++;
    if (closes) {
      depth = Math.max(0, depth - 1);
      if (depth === 0) starts.push(line.end);
    }
  });
  return starts;
}

/** The spans of one section: a single one where all of it may go, headings included; else runs of maskable ones between those that must stay. */
export function mergeSection(section: readonly Span[]): Span[] {
  const removable = section.every(
    (span) =>
      span.kind !== "example" && (span.protection === null || span.protection === "delimiter"),
  );
  if (removable && section.some((span) => span.protection === null) && hasWholeElements(section))
    return [mergeSpans(section, "section")];
  return groupBy(section, (span) => (isMergeable(span) ? "run" : `${span.index}`)).flatMap((run) =>
    run.length > 1 ? [mergeSpans(run, "section")] : run,
  );
}

/** Every tag that opens on a line of its own closes in the same section, and the other way round. */
function hasWholeElements(section: readonly Span[]): boolean {
  let depth = 0;
  for (const line of section.flatMap((span) => splitLines(span.text))) {
    if (line.kind !== "tag" || line.text.endsWith("/>")) continue;
    depth += line.text.startsWith("</") ? -1 : 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}
