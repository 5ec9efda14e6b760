/** What a deletion is made of: the maskable spans, and the headings that go with their sections. */
import type { Interval } from "../domain.js";
import type { CandidateSpan } from "../findings/compression.js";
import { lockedSpans, parseLockPatterns, sectionHeadings } from "../prompts/index.js";
import type { Job } from "./ports.js";
import { spanTokens } from "./report-spans.js";
import type { PromptStudy } from "./study.js";

export interface DeletableSpans {
  /**
   * The study with the headings of deletable sections behind its maskable spans: positions below `maskable` are those of masks and
   * reports, the others headings.
   */
  readonly study: PromptStudy;
  readonly maskable: number;
  /** One a position. */
  readonly candidates: readonly CandidateSpan[];
}

/** `suspicious`: spans of demonstrations that are to be corrected, which changes answers for the better, not to be dropped unseen. */
export function deletableSpans(
  job: Job,
  study: PromptStudy,
  suspicious: readonly number[],
): DeletableSpans {
  const { template, maskable } = study;
  const sections = sectionHeadings(template);
  const frames = sections.filter(
    ({ span, under }) => under.length > 0 && template.spans[span]?.protection === "delimiter",
  );
  const all = { ...study, maskable: [...maskable, ...frames.map(({ span }) => span)] };
  const position = new Map(all.maskable.map((span, place) => [span, place]));
  const under = new Map(sections.map((section) => [section.span, section.under]));
  const locked = lockedSpans(template, {
    sections: job.settings.lock === "sections",
    patterns: parseLockPatterns(job.settings["lock-patterns"]),
  });
  const tokens = spanTokens(job, all);
  return {
    study: all,
    maskable: maskable.length,
    candidates: all.maskable.map((span, place): CandidateSpan => {
      const heads = under.get(span)?.map((one) => position.get(one) ?? -1);
      const because = suspicious.includes(span)
        ? ("suspicious" as const)
        : locked.has(span)
          ? ("locked" as const)
          : null;
      return {
        index: place,
        tokens: tokens[place] ?? 0,
        pinned: because !== null,
        ...(because === null ? {} : { pinnedBecause: because }),
        ...(heads === undefined ? {} : { heads }),
      };
    }),
  };
}

/** A row of influence for all positions: headings were never masked. */
export function withHeadingColumns(
  row: readonly Interval[],
  { candidates }: DeletableSpans,
): readonly Interval[] {
  return candidates.map((_, place) => row[place] ?? { estimate: 0, low: 0, high: 0 });
}
