/** The version of a prompt before the change: its spans, and which of them the change took away. */
import type { ChangedFile, PromptTemplate, Span } from "../domain.js";
import { isUserMistake, UnderstudyError } from "../errors.js";
import { alignSpans, type AlignableSpan, type Alignment } from "../findings/prompt-change.js";
import { maskableSpans, parsePrompt } from "../prompts/index.js";
import { evenStudy } from "./granular-study.js";
import type { Job } from "./ports.js";
import type { PromptStudy } from "./study.js";

/** Both versions cut alike and aligned. */
export interface BaseVersion {
  readonly kind: "known";
  /** Base on the inputs of head; maskable are the removed spans alone, all others stay. */
  readonly study: PromptStudy;
  /** Positions in these lists of spans that hold text. */
  readonly alignment: Alignment;
  readonly spans: { readonly base: readonly Span[]; readonly head: readonly Span[] };
}

export type BaseSide = BaseVersion | { readonly kind: "none"; readonly reason: string };

/** Reads base and aligns it with head. None, with the reason, for a new prompt and for a base version that cannot be read. */
export function openBase(
  { settings }: Job,
  head: PromptStudy,
  file: Pick<ChangedFile, "path" | "base">,
): BaseSide {
  if (file.base === null) return { kind: "none", reason: "the prompt is new" };
  const { name, included } = head.template;
  let template: PromptTemplate;
  try {
    template = parsePrompt(file.path, file.base, { name, included });
  } catch (thrown) {
    if (!(thrown instanceof UnderstudyError) || !isUserMistake(thrown)) throw thrown;
    return {
      kind: "none",
      reason: `the version before the change cannot be read: ${thrown.message}`,
    };
  }
  const whole: PromptStudy = { ...head, template, maskable: maskableSpans(template) };
  const { granularity, method } = settings;
  const cut = granularity === "coarse-to-fine" ? whole : evenStudy(whole, granularity, method);
  const spans = { base: withText(cut.template), head: withText(head.template) };
  const alignment = alignSpans(
    spans.base.map((span) => alignable(cut.template, span)),
    spans.head.map((span) => alignable(head.template, span)),
  );
  const removed = new Set(alignment.removed.map((position) => spans.base[position]?.index));
  return {
    kind: "known",
    study: { ...cut, maskable: cut.maskable.filter((index) => removed.has(index)) },
    alignment,
    spans,
  };
}

function withText({ spans }: PromptTemplate): readonly Span[] {
  return spans.filter(({ text }) => text.trim() !== "");
}

function alignable({ messages }: PromptTemplate, { parts, text }: Span): AlignableSpan {
  return { role: parts.map(({ message }) => messages[message]?.role ?? "").join(), text };
}

/** What base will be asked, for the plan; null where it is not asked. */
export function plannedBase(
  { settings }: Job,
  head: PromptStudy,
  base: BaseSide,
): { readonly inputs: number; readonly masksPerInput: number } | null {
  const masks = settings["base-masks-per-input"];
  if (base.kind === "none" || masks === 0 || head.inputs === null) return null;
  const removed = base.study.maskable.length;
  return {
    inputs: head.inputs.search.length,
    // All masks but the whole prompt: of one span there is one.
    masksPerInput: Math.min(masks, 2 ** Math.min(removed, 20) - 1),
  };
}
