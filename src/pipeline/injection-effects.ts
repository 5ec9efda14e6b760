/** What flagged spans do: their influence where there is an explanation, and whether outputs change without them. */
import type { InjectionEffect, Interval, OracleAnswer, PromptInjection } from "../domain.js";
import { planChecks } from "../findings/injections/checks.js";
import { answerOf, progress } from "./asking.js";
import type { ExplanationOutcome } from "./explanation-outcome.js";
import { outputEqualityOf } from "./output-equality.js";
import type { Job } from "./ports.js";
import { maskWithout, renderMasked, type PromptStudy } from "./study.js";
import type { CountingOracle } from "./usage.js";

const NOT_MASKABLE =
  "the text stands in a part of the prompt that is never deleted, such as a slot's surroundings or a pinned part";
const NO_BUDGET = "the setting injection-evaluations leaves none for it";
const OLD = "the base version has the text too";

/** Positions among the maskable spans that hold each finding; empty where none of its text can be deleted. */
function spansHolding(study: PromptStudy, { source }: PromptInjection): readonly number[] {
  return study.maskable.flatMap((index, position) => {
    const span = study.template.spans[index]?.source;
    const overlaps =
      span !== undefined &&
      span.path === source.path &&
      span.startOffset < source.endOffset &&
      source.startOffset < span.endOffset;
    return overlaps ? [position] : [];
  });
}

/** The distinct deletions that new findings call for, in their order. */
function deletionsOf(
  study: PromptStudy,
  injections: readonly PromptInjection[],
): readonly (readonly number[])[] {
  const distinct = new Map<string, readonly number[]>();
  for (const injection of injections) {
    const spans = injection.isNew ? spansHolding(study, injection) : [];
    if (spans.length > 0) distinct.set(spans.join(), spans);
  }
  return [...distinct.values()];
}

/** Oracle calls that `measureEffects` makes at most. */
export function plannedEffectCalls(
  job: Job,
  study: PromptStudy,
  injections: readonly PromptInjection[],
): number {
  const { deletions, inputsEach } = planChecks({
    deletions: deletionsOf(study, injections).length,
    inputs: study.inputs?.search.length ?? 0,
    budget: job.settings["injection-evaluations"],
  });
  return deletions * inputsEach;
}

export interface MeasuredPrompt {
  readonly fixed: readonly (OracleAnswer | null)[];
  readonly explained: ExplanationOutcome;
}

/** The findings with their effect, which their evidence then tells as well. A recording without the answers leaves it unknown. */
export async function measureEffects(
  job: Job,
  study: PromptStudy,
  oracle: CountingOracle,
  injections: readonly PromptInjection[],
  measured: MeasuredPrompt,
): Promise<readonly PromptInjection[]> {
  const deletions = deletionsOf(study, injections);
  const changes = await askDeletions(job, study, oracle, deletions, measured.fixed);
  const influence = influenceOf(measured.explained);
  return injections.map((injection) => {
    if (!injection.isNew) return { ...injection, effectReason: OLD };
    const spans = spansHolding(study, injection);
    if (spans.length === 0) return { ...injection, effectReason: NOT_MASKABLE };
    const deletion = changes.get(spans.join()) ?? { kind: "unknown", reason: NO_BUDGET };
    const own = spans.length === 1 ? (influence[spans[0] ?? -1] ?? null) : null;
    if (deletion.kind === "unknown" && own === null)
      return { ...injection, effectReason: deletion.reason };
    const effect: InjectionEffect = {
      spans,
      influence: own,
      deletion:
        deletion.kind === "changes" ? { inputs: deletion.inputs, changed: deletion.changed } : null,
    };
    return {
      ...injection,
      evidence: `${injection.evidence}; ${effectSentence(effect)}`,
      effect,
      effectReason: deletion.kind === "unknown" ? deletion.reason : null,
    };
  });
}

function influenceOf(explained: ExplanationOutcome): readonly (Interval | null)[] {
  if (explained.kind !== "explained" || !explained.explained.explanation.shown) return [];
  return explained.explained.explanation.spans.map((span) => span.influence);
}

/** "removing it changes 7 of 40 outputs; its influence is 0.41 (90 % interval 0.30 to 0.52)". */
function effectSentence({ influence, deletion, spans }: InjectionEffect): string {
  const what =
    spans.length === 1 ? "the span that holds it" : `the ${spans.length} spans that hold it`;
  const parts = [
    ...(deletion === null
      ? []
      : [`removing ${what} changes ${deletion.changed} of ${deletion.inputs} outputs`]),
    ...(influence === null
      ? []
      : [
          `its influence is ${influence.estimate.toFixed(2)} (90 % interval ${influence.low.toFixed(2)} to ${influence.high.toFixed(2)})`,
        ]),
  ];
  return parts.join("; ");
}

type DeletionOutcome =
  | { readonly kind: "changes"; readonly inputs: number; readonly changed: number }
  | { readonly kind: "unknown"; readonly reason: string };

async function askDeletions(
  job: Job,
  study: PromptStudy,
  oracle: CountingOracle,
  deletions: readonly (readonly number[])[],
  fixed: readonly (OracleAnswer | null)[],
): Promise<ReadonlyMap<string, DeletionOutcome>> {
  const answered = (study.inputs?.search ?? []).flatMap((input, index) => {
    const answer = fixed[index];
    return answer ? [{ input, text: answer.text }] : [];
  });
  const equality = outputEqualityOf(job.settings, {
    labels: study.labels,
    fixed: answered.map(({ text }) => text),
  });
  const checks = planChecks({
    deletions: deletions.length,
    inputs: answered.length,
    budget: job.settings["injection-evaluations"],
  });
  const tried = deletions.slice(0, checks.deletions);
  const asked = answered.slice(0, checks.inputsEach);
  const outcomes = await oracle.askIfThere(
    tried.flatMap((spans) =>
      asked.map(({ input }) => ({
        purpose: "injections" as const,
        messages: renderMasked(study, maskWithout(study, spans), input),
      })),
    ),
    progress(job, "flagged spans"),
  );
  return new Map(
    tried.map((spans, index) => {
      const own = outcomes.slice(index * asked.length, (index + 1) * asked.length);
      const pairs = own.flatMap((outcome, position) => {
        const text = answerOf(outcome)?.text;
        return text === undefined ? [] : [{ before: asked[position]?.text ?? "", after: text }];
      });
      const changed = pairs.filter(({ before, after }) => !equality.same(before, after)).length;
      const outcome: DeletionOutcome =
        pairs.length === 0
          ? { kind: "unknown", reason: "the oracle gave no answer without the span" }
          : { kind: "changes", inputs: pairs.length, changed };
      return [spans.join(), outcome];
    }),
  );
}
