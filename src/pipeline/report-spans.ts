/** The maskable spans of a study as reports and controls see them. */
import type { Attribution, ReportSpan } from "../domain.js";
import type { ControlTexts } from "../explain/fidelity/text-controls.js";
import type { OracleValues } from "./oracle-values.js";
import type { Job } from "./ports.js";
import type { PromptStudy } from "./study.js";

/** Every maskable span with its tokens and, where it may be shown, its influence. */
export function reportSpans(
  job: Job,
  study: PromptStudy,
  influence: Attribution["template"] | null,
): readonly ReportSpan[] {
  return study.maskable.flatMap((index, position) => {
    const span = study.template.spans[index];
    if (!span) return [];
    const { startLine, endLine, startOffset, endOffset } = span.source;
    return [
      {
        index: position,
        kind: span.kind,
        startLine,
        endLine,
        startOffset,
        endOffset,
        text: span.text,
        tokens: job.ports.surrogate.countTokens(span.text),
        influence: influence?.[position] ?? null,
      },
    ];
  });
}

export function spanTokens(job: Job, study: PromptStudy): readonly number[] {
  return study.maskable.map((index) =>
    job.ports.surrogate.countTokens(study.template.spans[index]?.text ?? ""),
  );
}

/** What the text controls compare: the spans with what fills the slots and with the fixed output. */
export function controlTexts(study: PromptStudy, values: OracleValues): ControlTexts {
  const search = study.inputs?.search ?? [];
  return {
    spans: study.maskable.map((index) => study.template.spans[index]?.text ?? ""),
    inputs: values.inputs.map((index, position) => ({
      text: Object.values(search[index]?.slots ?? {}).join("\n"),
      output: values.classes[position] ?? "",
    })),
  };
}

/** What a person calls each maskable span, such as "line 4" or "the word \"please\" in line 4". */
export function spanNames(study: PromptStudy): readonly string[] {
  const spans = study.maskable.map((index) => study.template.spans[index]);
  const lines = spans.map((span) => span?.source.startLine ?? 0);
  return spans.map((span, position) => {
    const line = lines[position] ?? 0;
    const alone = lines.filter((other) => other === line).length === 1;
    const text = (span?.text ?? "").trim().replace(/\s+/g, " ").slice(0, 40);
    return alone ? `line ${line}` : `${JSON.stringify(text)} in line ${line}`;
  });
}
