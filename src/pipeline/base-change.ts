/** Head against base as a report shows it: what the change added, removed and moved, and what that did. */
import type {
  ChangedSpan,
  Explanation,
  Interval,
  OracleAnswer,
  PromptChange,
  PromptReport,
  Span,
  SuspiciousDemonstration,
  Unknown,
} from "../domain.js";
import { effectOf, shareOfInfluence } from "../findings/prompt-change.js";
import { strongestInfluence } from "../report/facts.js";
import { askBase, type BaseAnswers } from "./base-outputs.js";
import type { BaseSide, BaseVersion } from "./base-version.js";
import type { Job } from "./ports.js";
import { spanTokens } from "./report-spans.js";
import type { PromptStudy } from "./study.js";
import type { CountingOracle } from "./usage.js";

export type ChangeFields = Pick<PromptReport, "change" | "changeReason">;

/** Head as far as it was studied when base is looked at, last of all. */
export interface StudiedHead {
  readonly study: PromptStudy;
  readonly explanation: Explanation | null;
  readonly demonstrations: readonly SuspiciousDemonstration[];
  /** Who may be asked about base, and head's outputs on the search set; or why nobody is. */
  readonly oracle:
    | {
        readonly kind: "oracle";
        readonly oracle: CountingOracle;
        readonly fixed: readonly (OracleAnswer | null)[];
      }
    | Unknown;
}

/** The change of one prompt. Without an oracle, or with `base-masks-per-input` 0, it holds what the texts alone say. */
export async function compareWithBase(
  job: Job,
  head: StudiedHead,
  base: BaseSide,
): Promise<ChangeFields> {
  if (base.kind === "none") return { change: null, changeReason: base.reason };
  const answers = await answersOf(job, head, base);
  const { outputs, removed } = answers;
  return {
    change: {
      tokens: { base: textTokens(job, base.study), head: textTokens(job, head.study) },
      added: addedSpans(job, head, base),
      removed: removedSpans(job, head, base, answers),
      moved: base.alignment.moved.map(([own, other]) => ({
        text: base.spans.head[other]?.text ?? "",
        baseLine: base.spans.base[own]?.source.startLine ?? 1,
        headLine: base.spans.head[other]?.source.startLine ?? 1,
      })),
      unchanged: base.alignment.unchanged.length,
      addedShare: addedShare(job, head, base),
      outputs: "kind" in outputs ? null : outputs,
      outputsReason: "kind" in outputs ? outputs.reason : null,
      removedReason: "kind" in removed && base.study.maskable.length > 0 ? removed.reason : null,
      oldDemonstrations: oldDemonstrations(head, base),
    },
    changeReason: null,
  };
}

async function answersOf(job: Job, head: StudiedHead, base: BaseVersion): Promise<BaseAnswers> {
  const unknown = (reason: string): BaseAnswers => ({
    outputs: { kind: "unknown", reason },
    removed: { kind: "unknown", reason },
  });
  if (head.oracle.kind === "unknown") return unknown(head.oracle.reason);
  if (job.settings["base-masks-per-input"] === 0)
    return unknown("the setting base-masks-per-input is 0");
  const { oracle, fixed } = head.oracle;
  return askBase(job, { study: head.study, fixed }, base, oracle);
}

function textTokens(job: Job, { template }: PromptStudy): number {
  return template.messages.reduce(
    (sum, { content }) => sum + job.ports.surrogate.countTokens(content),
    0,
  );
}

function addedSpans(job: Job, head: StudiedHead, base: BaseVersion): readonly ChangedSpan[] {
  const strongest = strongestInfluence(head.explanation?.spans ?? []);
  return base.alignment.added.flatMap((position) => {
    const span = base.spans.head[position];
    if (!span) return [];
    const mask = head.study.maskable.indexOf(span.index);
    const influence = head.explanation?.spans[mask]?.influence ?? null;
    return [changedSpan(job, span, influence, strongest)];
  });
}

/** Small beside the strongest span of head, where both are measured in the same units. */
function removedSpans(
  job: Job,
  head: StudiedHead,
  base: BaseVersion,
  { removed }: BaseAnswers,
): readonly ChangedSpan[] {
  const comparable = !("kind" in removed) && removed.value === head.explanation?.value;
  const strongest = comparable ? strongestInfluence(head.explanation?.spans ?? []) : null;
  return base.alignment.removed.flatMap((position) => {
    const span = base.spans.base[position];
    if (!span) return [];
    const mask = base.study.maskable.indexOf(span.index);
    const influence = "kind" in removed ? null : (removed.influence[mask] ?? null);
    return [changedSpan(job, span, influence, strongest)];
  });
}

function changedSpan(
  job: Job,
  { source, text }: Span,
  influence: Interval | null,
  strongest: number | null,
): ChangedSpan {
  return {
    startLine: source.startLine,
    endLine: source.endLine,
    text,
    tokens: job.ports.surrogate.countTokens(text),
    influence,
    effect: influence === null ? null : effectOf(influence, strongest),
  };
}

function addedShare(
  job: Job,
  { study, explanation }: StudiedHead,
  base: BaseVersion,
): PromptChange["addedShare"] {
  const added = new Set(base.alignment.added.map((position) => base.spans.head[position]?.index));
  const tokens = spanTokens(job, study);
  const spans = study.maskable.map((index, mask) => ({
    added: added.has(index),
    tokens: tokens[mask] ?? 0,
    influence: explanation?.spans[mask]?.influence ?? null,
  }));
  if (!spans.some((span) => span.added)) return null;
  const sum = (some: readonly { readonly tokens: number }[]): number =>
    some.reduce((total, span) => total + span.tokens, 0);
  const measured = spans.flatMap(({ added: own, influence }) =>
    influence === null ? [] : [{ added: own, influence }],
  );
  return {
    tokens: sum(spans) === 0 ? 0 : sum(spans.filter((span) => span.added)) / sum(spans),
    influence: measured.length === spans.length ? shareOfInfluence(measured) : null,
  };
}

function oldDemonstrations(
  { demonstrations }: StudiedHead,
  { alignment, spans }: BaseVersion,
): readonly number[] {
  const old = new Set(
    [...alignment.unchanged, ...alignment.moved].map(([, position]) => spans.head[position]?.index),
  );
  return demonstrations.map(({ span }) => span).filter((span) => old.has(span));
}
