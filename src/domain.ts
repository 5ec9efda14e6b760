/**
 * The nouns of Understudy, in reading order, and the ports through which effects enter. Everything is readonly.
 * Words are those of docs/methods.md: oracle, surrogate, span, mask, value, attribution, fidelity, screen, finding, ledger.
 */

// ---------------------------------------------------------------------------------------------------------------------
// Numbers with their uncertainty

/** A point estimate with an interval; what the interval covers is said by the field that holds it. */
export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** "Nothing found" is a value; "could not know" is this, with the reason as a sentence for a person. */
export interface Unknown {
  readonly kind: "unknown";
  readonly reason: string;
}

// ---------------------------------------------------------------------------------------------------------------------
// Prompts

export type Role = "system" | "user" | "assistant";

export interface Message {
  readonly role: Role;
  readonly content: string;
}

/** A piece of a source file: UTF-16 offsets into the file's text, end exclusive; lines and columns count from 1. */
export interface SourceRange {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
  /** The file that offsets and lines are of, where it is not the prompt's own: text that an include put in. */
  readonly path?: string;
}

/** A piece of one message's decoded content, [start, end) in UTF-16 units, and where it stands in the source file. */
export interface SpanPart {
  readonly message: number;
  readonly start: number;
  readonly end: number;
  readonly source: SourceRange;
}

export type SpanKind = "section" | "block" | "example" | "sentence" | "word";

/** How finely a prompt is cut, coarsest first; "example": demonstrations only, all else stays. */
export type Granularity = "section" | "block" | "example" | "sentence" | "word";

/**
 * Why a span may never be masked; "granularity": not one of the pieces that the chosen granularity looks at; "included": another
 * file's text, which other prompts may share.
 */
export type Protection =
  | "slot"
  | "delimiter"
  | "pinned"
  | "query"
  | "role"
  | "whitespace"
  | "granularity"
  | "included";

/**
 * A piece of the template. The parts of all spans of a template partition its messages: concatenated in order they give
 * every message back byte for byte. A span has several parts only where a demonstration is a user/assistant pair.
 */
export interface Span {
  readonly index: number;
  readonly kind: SpanKind;
  readonly parts: readonly SpanPart[];
  /** The decoded text of all parts, joined by a newline where they lie in different messages. */
  readonly text: string;
  /** From the first part to the last in the source file, without the white space around. */
  readonly source: SourceRange;
  /** null: maskable. */
  readonly protection: Protection | null;
}

/** A placeholder such as `{{ticket}}`. */
export interface Slot {
  readonly name: string;
  readonly message: number;
  readonly start: number;
  readonly end: number;
  readonly source: SourceRange;
}

/** A few-shot example. `input` and `label` are null where the format is not certain: never guessed. */
export interface Demonstration {
  readonly span: number;
  readonly input: string | null;
  readonly label: string | null;
  readonly startLine: number;
}

export type PromptFormat =
  | "prompt-yaml"
  | "chat-yaml"
  | "chat-json"
  | "chat-jsonl"
  | "prompty"
  | "dotprompt"
  | "promptfoo"
  | "jinja"
  | "handlebars"
  | "liquid"
  | "named-value"
  | "markdown"
  | "text";

/**
 * How a prompt's slots and code are written: as one of the template engines has it, whose tags are then scanned as that engine does;
 * as `{{name}}` alone; or as whatever occurs first in it.
 */
export type TemplateSyntax = "jinja" | "liquid" | "handlebars" | "double-brace" | "any";

/** A parsed prompt. `messages` hold decoded text with slots still in place. */
export interface PromptTemplate {
  readonly path: string;
  /** Which of the prompts in the file it is: a name, a number or the path of keys to a value; null where the file is the prompt. */
  readonly name: string | null;
  readonly format: PromptFormat;
  readonly syntax: TemplateSyntax;
  readonly source: string;
  readonly messages: readonly Message[];
  readonly spans: readonly Span[];
  readonly slots: readonly Slot[];
  readonly demonstrations: readonly Demonstration[];
  /** Inputs the prompt file itself carries (`testData`), not yet split. */
  readonly embeddedInputs: readonly Input[];
  /** Model name written in the prompt file, if any: shown, never used to choose an endpoint. */
  readonly model: string | null;
  /** Texts of the files that it may include, by path; null: looked for and not there. */
  readonly included: ReadonlyMap<string, string | null>;
  /** What was left alone in the file, and why, as sentences for a person. */
  readonly notes: readonly string[];
}

// ---------------------------------------------------------------------------------------------------------------------
// Inputs

/** One set of slot values, with an optional expected output. */
export interface Input {
  readonly id: string;
  readonly slots: Readonly<Record<string, string>>;
  readonly expected: string | null;
  readonly line: number;
}

/** Search set A and certify set B: disjoint, split once by hash of the inputs' content. */
export interface InputSet {
  readonly source: string;
  readonly hash: string;
  readonly search: readonly Input[];
  readonly certify: readonly Input[];
}

// ---------------------------------------------------------------------------------------------------------------------
// Masks and values

/** One byte a maskable span, in the order of the maskable spans: 1 = kept, 0 = deleted. Called a coalition in game terms. */
export type Mask = Uint8Array;

/** Which mask goes with which input of the search set. */
export interface MaskedInput {
  readonly input: number;
  readonly mask: Mask;
}

/**
 * What is measured under a mask with the output held fixed (methods A10):
 * - class-margin: log p(fixed label) - log sum of the other labels, first answer token, from `top_logprobs`; natural log
 * - log-odds: log-odds of the fixed output per token; natural log
 * - similarity: agreement of the regenerated answer with the fixed one, in [0, 1]
 * - sampled-log-odds: smoothed log-odds of the fixed label among several answers at temperature 1; natural log
 */
export type ValueKind = "class-margin" | "log-odds" | "similarity" | "sampled-log-odds";

/**
 * What a surrogate is asked under a mask, the output held fixed (methods A3), natural log throughout:
 * - log-odds: of the fixed output, per token
 * - negative-log-likelihood: of the fixed output, mean per token; attributions are of its negative, so that support is positive
 * - divergence: mean over the output's tokens of KL(unmasked run || masked run), full vocabulary; attributions of its negative
 * - label-margin: log p(fixed label) - log sum of p(other labels); one pass where labels are single tokens, length-normalised otherwise
 */
export type Objective = "log-odds" | "negative-log-likelihood" | "divergence" | "label-margin";

/** Weights of masks in a local fit: all equal, LIME's cosine distance, or Relaxed Word Mover's Distance in RoPE space (methods A6). */
export type LocalityKernel = "flat" | "lime" | "rope-rwmd";

/** Ways to explain one game (one input's masks and values) on its own. */
export type EstimatorName =
  | "lasso"
  | "lime"
  | "kernel-shap"
  | "rope-lime"
  | "leave-one-out"
  | "exact"
  | "gsmile";

/**
 * Which masks of one game are measured (docs/methods.md, A4 and A5):
 * - bernoulli: each span kept with probability 1/2
 * - uniform-size: LIME's, the number of deleted spans uniform, the full mask first
 * - shapley-size: Kernel SHAP's, sizes by the Shapley kernel, outer sizes complete while the budget allows
 * - leverage: Leverage SHAP's, all sizes equally often
 * - sparse-k: 1 to a quarter of the spans deleted, balanced, the full mask first
 * - mixed: half Sparse-K, half Bernoulli
 * - leave-one-out: the full mask and each span deleted alone
 * - enumeration: all masks
 */
export type MaskDesignName =
  | "bernoulli"
  | "uniform-size"
  | "shapley-size"
  | "leverage"
  | "sparse-k"
  | "mixed"
  | "leave-one-out"
  | "enumeration";

export interface MaskedValue {
  readonly input: number;
  readonly mask: Mask;
  readonly value: number;
  /** True where a label was absent from `top_logprobs` and its probability only bounded. */
  readonly bounded: boolean;
  /** Known variance of the value, such as of sampled log-odds, in squared units of the value; absent where none is known. */
  readonly variance?: number;
}

// ---------------------------------------------------------------------------------------------------------------------
// Explanations

/** How much a surrogate's attribution was used as a prior: posterior scale relative to the whole, 0 = switched off by the data. */
export interface SurrogateWeight {
  readonly name: string;
  readonly weight: number;
}

/** Held-out agreement of predicted and measured values, Spearman, averaged over inputs; interval over inputs (90 %). */
export interface Fidelity {
  readonly measure: "cross-validated LDS" | "LDS";
  readonly inputs: number;
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

export type AttributionMethod =
  | EstimatorName
  | "hierarchical"
  | "pooled"
  | "surrogate-pooled"
  | "surrogate-lasso"
  | "input-by-input"
  | "random"
  | "span-length"
  | "position"
  | "label-match"
  | "word-overlap";

/** Two maskable spans whose effects do not add up, by their index among the maskable ones, ascending. */
export interface Interaction {
  readonly spans: readonly [number, number];
  /** redundant: either can go, not both; synergy: one works only with the other. */
  readonly kind: "redundant" | "synergy";
  /** v(both) - v(first alone) - v(second alone) + v(neither), other spans averaged; 90 % interval that excludes 0. */
  readonly effect: Interval;
  /** For a person, such as "span 2 works only with span 1". */
  readonly sentence: string;
}

/** One number a maskable span: the change of the value when the span is kept instead of deleted. Intervals: 90 %, posterior or refits. */
export interface Attribution {
  readonly method: AttributionMethod;
  readonly value: ValueKind;
  /** Mean over the inputs of the search set. */
  readonly template: readonly Interval[];
  /** [input][span] */
  readonly perInput: readonly (readonly Interval[])[];
  readonly surrogates: readonly SurrogateWeight[];
}

// ---------------------------------------------------------------------------------------------------------------------
// Screening

export type Verdict =
  | "certified"
  | "supported"
  | "not supported"
  | "insufficient data"
  | "not screened";

/**
 * What a screen tests (methods C3; q in [0, 1] is the fidelity of an explanation on masks that it did not see):
 * - predict: how well the surrogate's attribution orders a few oracle masks; q = (Spearman + 1) / 2
 * - labels: how well it foresees which masks flip the oracle's answer, where there are no log-probabilities; q = sign-AUC
 * - explain: q of the surrogate's explanation against a share of the q of the oracle's own; q = max(0, LDS)
 */
export type ScreenMode = Screen["mode"];

/** The numbers that every screen has, whatever its mode and verdict. */
export interface ScreenNumbers {
  readonly surrogate: string;
  readonly verdict: Verdict;
  readonly reason: string;
  /** Mean of q, or in mode `explain` the ratio of the means; null where nothing was measured. */
  readonly estimate: number | null;
  /** Lower confidence bound of it at level alpha: the last of the path. */
  readonly low: number | null;
  /** What must be exceeded: by the mean of q, or by the ratio. */
  readonly threshold: number;
  /** A bound above this, short of a certificate, makes `supported`. */
  readonly supportedAbove: number;
  /** This surrogate's share of the level. */
  readonly alpha: number;
  /** Final wealth of the betting test; certified when the largest wealth reached 1 / alpha. */
  readonly wealth: number | null;
  /** Wealth after each input, for the chart. */
  readonly wealthPath: readonly number[];
  /** Lower confidence bound after each input, valid at all of them at once. */
  readonly boundPath: readonly number[];
  readonly inputs: number;
  /** Fewer make "insufficient data". */
  readonly inputsNeeded: number;
  /**
   * finite: a claim about the inputs of the search set, of which `size` can be judged; population: a claim about inputs like
   * these, from at most `size` of them. null: not fixed, for nothing was measured.
   */
  readonly population: { readonly form: "finite" | "population"; readonly size: number | null };
  /** Number of inputs after which it was certified; null where it was not. */
  readonly certifiedAfter: number | null;
  /** Number of inputs after which no further input could have certified it; null where some could. Going on is allowed. */
  readonly futileAfter: number | null;
  readonly rule: ScreenRule;
}

/** What the verdict follows. */
export type ScreenRule =
  | { readonly kind: "betting" }
  /** The paper's, for comparison: it can say `supported` at most, and `invalid` says why. */
  | {
      readonly kind: "paper-ttest";
      readonly passedAfter: number | null;
      readonly invalid: string;
    };

export interface PredictScreen extends ScreenNumbers {
  readonly mode: "predict";
}

export interface LabelsScreen extends ScreenNumbers {
  readonly mode: "labels";
  /** Inputs whose answer flipped under some masks and not under others. */
  readonly flipped: number;
  /** What needs no model, on the same flips: the surrogate must be shown to beat it as well. null where nothing was measured. */
  readonly control: {
    readonly name: "span-length";
    readonly estimate: number;
    readonly wealth: number;
    readonly beatenAfter: number | null;
  } | null;
}

export interface ExplainScreen extends ScreenNumbers {
  readonly mode: "explain";
  /** Means of q, whose ratio is the estimate. */
  readonly surrogateQ: number | null;
  readonly oracleQ: number | null;
}

/** The outcome of the test whether a surrogate may speak for the oracle, with the numbers that made it (methods C3). */
export type Screen = PredictScreen | LabelsScreen | ExplainScreen;

/**
 * How many inputs a surrogate may explain by itself: those on which its label is the oracle's, where such agreement is more than chance
 * (methods C3, instance level). The others are explained by the oracle's own masks.
 */
export interface InstanceLevel {
  readonly surrogate: string;
  readonly rule: "kappa" | "plain";
  /** Whether any input may be left to the surrogate; `reason` says why or why not. */
  readonly open: boolean;
  readonly reason: string;
  /** Of both models' labels over the inputs that have both: `low` is a one-sided 95 % bound; null where it could not be measured. */
  readonly agreement: {
    readonly inputs: number;
    readonly raw: number;
    readonly kappa: number;
    readonly low: number;
  } | null;
  readonly bySurrogate: number;
  readonly byOracle: number;
  readonly notExplained: number;
  /** Share of the inputs for which the surrogate may not speak; null without inputs. */
  readonly fallbackShare: number | null;
}

// ---------------------------------------------------------------------------------------------------------------------
// Findings

/**
 * How an output under a shorter prompt is held against the fixed one:
 * - label: the same label of the closed set, or the same words
 * - exact: the same text, white space at the ends aside
 * - normalised: the same words in the same order; case, white space and punctuation aside
 * - json: the same fields with the same values
 * - pattern: what the user's regular expression captures is the same
 * - words: the F1 of the words reaches a threshold
 */
export type OutputEqualityName = "label" | "exact" | "normalised" | "json" | "pattern" | "words";

/** What must be shown of a shorter prompt: few outputs change, accuracy on expected outputs does not fall by a margin, or both. */
export type CompressionGuarantee = "outputs" | "accuracy" | "both";

/**
 * Which look at the certify inputs a certificate comes from (methods D3). spend: look k is tested at 6 / (pi^2 k^2) of the level, on all
 * inputs; rotate: at the whole level, on inputs that no look before has used.
 */
export type CertifyLook =
  | { readonly reuse: "spend"; readonly number: number; readonly alphaLeft: number }
  | { readonly reuse: "rotate"; readonly number: number; readonly inputsLeft: number };

/** What was deleted and how well the shorter prompt held on inputs the search never saw (methods D3). */
export interface Certificate {
  readonly inputs: number;
  readonly changed: number;
  /** Upper bound on the share of changed outputs at confidence 1 - alphaSpent. */
  readonly bound: number;
  /** Of the guarantee: with `spend` over all looks at these inputs together, with `rotate` of each look. */
  readonly confidence: number;
  readonly tolerance: number;
  /** Level at which this look was tested. */
  readonly alphaSpent: number;
  readonly guarantee: CompressionGuarantee;
  readonly equality: OutputEqualityName;
  readonly look: CertifyLook;
  /** Changed outputs beyond those that change by themselves, where the guarantee is about these; null where every change counts. */
  readonly excess: ExcessChanges | null;
}

/**
 * Outputs that changed under the shorter prompt against those that changed when the whole prompt was asked again, on the same inputs.
 * `bound`: upper confidence bound of the difference of both shares; `shown`: it was shown to lie below `margin`.
 */
export interface ExcessChanges {
  readonly inputs: number;
  readonly changed: number;
  readonly ownChanged: number;
  readonly margin: number;
  readonly bound: number;
  readonly shown: boolean;
}

/** Accuracy on the inputs that have an expected output, under the whole and the shorter prompt (paired non-inferiority, methods D3). */
export interface AccuracyComparison {
  readonly inputs: number;
  /** Right under the whole prompt, and under the shorter one. */
  readonly right: number;
  readonly rightShorter: number;
  /** Right under the whole prompt alone, and under the shorter one alone. */
  readonly lost: number;
  readonly gained: number;
  /** Largest fall of accuracy that is allowed. */
  readonly margin: number;
  /** Upper confidence bound of that fall at confidence 1 - alpha, valid however early asking stopped. */
  readonly bound: number;
  readonly alpha: number;
  /** Whether a fall of `margin` or more was refuted. */
  readonly nonInferior: boolean;
}

/**
 * What became of a maskable span, and why: certified; held on the search set and not certified; pinned; locked (output format, policy,
 * safety); heading (it goes with what stands under it); suspicious (to be corrected first); redundant (its partner goes, and both cannot);
 * changes outputs (the oracle's answers changed too often without it); not tried (no calls were left).
 */
export interface SpanDecision {
  readonly span: number;
  readonly deleted: boolean;
  readonly why:
    | "certified"
    | "not certified"
    | "pinned"
    | "locked"
    | "heading"
    | "suspicious"
    | "redundant"
    | "changes outputs"
    | "not tried";
  /** The span that it is redundant with, where the explanation names one. */
  readonly partner: number | null;
}

/** How often the oracle changed its own output when the whole prompt was asked again. */
export interface SelfDisagreement {
  /** Outputs asked for again and answered. */
  readonly inputs: number;
  readonly changed: number;
  /** Exact upper confidence bound on the share of outputs that change by themselves. */
  readonly bound: number;
  readonly confidence: number;
}

export interface ChangedOutput {
  readonly input: string;
  readonly before: string;
  readonly after: string;
}

/** What a certified deletion saves, every thousand calls of the shortened prompt. */
export interface Savings {
  /** Counted as `PromptReport.tokens` are. */
  readonly promptTokens: number;
  /** USD at the price of the oracle's model; null = unknown price, never 0. */
  readonly cost: number | null;
}

/** One step of the nested deletion path. */
export interface PathStep {
  readonly spans: readonly number[];
  readonly tokensSaved: number;
  readonly search: { readonly inputs: number; readonly changed: number } | null;
  readonly certify: {
    readonly inputs: number;
    readonly changed: number;
    readonly pValue: number;
  } | null;
}

export interface Compression {
  readonly spans: readonly number[];
  readonly tokensSaved: number;
  readonly path: readonly PathStep[];
  readonly certificate: Certificate | null;
  /** Why there is no certificate, or null where there is one. */
  readonly reason: string | null;
  readonly changedOutputs: readonly ChangedOutput[];
  /** Random deletion of equal length on the same inputs. */
  readonly control: {
    readonly inputs: number;
    readonly changed: number;
    readonly spans: readonly number[];
  } | null;
  readonly equality: OutputEqualityName;
  /** Of the last certified step, or of the first that failed; null with a reason where there are no expected outputs or no step. */
  readonly accuracy: AccuracyComparison | null;
  readonly accuracyReason: string | null;
  /** One a span that might be masked, in mask order. */
  readonly decisions: readonly SpanDecision[];
}

/**
 * Why a demonstration is suspicious:
 * - flip: the oracle speaks against its label
 * - trigger: it holds a phrase that the demonstrations turn into a sign for its label
 * - contradiction: another demonstration shows nearly the same input with another label, and the oracle decides for neither
 */
export type DemonstrationSuspicion = "flip" | "trigger" | "contradiction";

export interface SuspiciousDemonstration {
  readonly span: number;
  readonly startLine: number;
  readonly kind: DemonstrationSuspicion;
  readonly label: string;
  /** What the oracle would say; null where it was not asked or would say the same. */
  readonly suggested: string | null;
  readonly evidence: string;
  /** Log-likelihood ratio of a right against a wrong label from the oracle's margins, nats; null where it was not measured. */
  readonly score: number | null;
  readonly errorRate: string;
  readonly confirm: string;
}

/** What was measured of a prompt's demonstrations beside the verdicts on single ones. */
export interface DemonstrationsExamined {
  /** Demonstrations with an input and a label that are certain, and those among them that the oracle was asked about and answered. */
  readonly readable: number;
  readonly judged: number;
  /** Pairs with nearly the same input and the same label: one of the two adds tokens and little else. */
  readonly redundant: readonly {
    readonly lines: readonly [number, number];
    /** Jaccard similarity of their 5-character shingles. */
    readonly similarity: number;
  }[];
  /** Of every demonstration on the expected answers of the inputs; null with a reason where it was not measured. */
  readonly influence: readonly DemonstrationInfluence[] | null;
  readonly influenceReason: string | null;
  /** One an arm: without the suspicious demonstrations, and with their labels corrected; null with a reason where nothing was confirmed. */
  readonly confirmation: readonly ConfirmationArm[] | null;
  readonly confirmationReason: string | null;
}

/** What showing a demonstration adds to the margin of the expected label, mean over inputs, nats (methods E1). */
export interface DemonstrationInfluence {
  readonly span: number;
  readonly startLine: number;
  readonly effect: Interval;
  /** One-sided, of a randomisation test: the demonstration lowers margins. */
  readonly pValue: number;
  /** Benjamini and Hochberg over the prompt's demonstrations. */
  readonly qValue: number;
}

export type DemonstrationChange = "removed" | "corrected";

/** The oracle's answers before and after suspicious demonstrations were removed or corrected, on inputs with an expected output. */
export interface ConfirmationArm {
  readonly change: DemonstrationChange;
  /** Lines of the demonstrations that were changed. */
  readonly lines: readonly number[];
  /** Inputs answered both times. */
  readonly inputs: number;
  readonly rightBefore: number;
  readonly rightAfter: number;
  /** Wrong before and right after; the other way round. */
  readonly gained: number;
  readonly lost: number;
  /** Exact McNemar test, two-sided. */
  readonly pValue: number;
  readonly changedAnswers: number;
  /** Of the expected label, means over inputs, nats; the change with a 90 % interval. null where the oracle gives no margins. */
  readonly margin: {
    readonly before: number;
    readonly after: number;
    readonly change: Interval;
  } | null;
  /** What was shown: a change of accuracy (p <= .05), else one of the margins (90 % interval without 0). */
  readonly conclusion:
    | "more answers right"
    | "fewer answers right"
    | "more confident"
    | "less confident"
    | "no change shown";
}

export interface SuspiciousRow {
  readonly path: string;
  readonly line: number;
  readonly kind: "trigger" | "label";
  readonly label: string;
  readonly text: string;
  readonly evidence: string;
  readonly score: number;
  readonly qValue: number;
  readonly confirm: string;
}

/** What a rule without any model looks for (docs/injections.md). */
export type InjectionRule =
  | "override phrase"
  | "role reassignment"
  | "new instructions"
  | "prompt disclosure"
  | "secrecy"
  | "forced output"
  | "chat markup"
  | "encoded instruction"
  | "invisible characters"
  | "bidirectional controls"
  | "tag characters"
  | "mixed scripts"
  | "hidden markup"
  | "payload output";

/** high: seldom there by accident; medium: honest uses exist. Both are findings. */
export type InjectionSeverity = "high" | "medium";

interface InjectedText {
  readonly kind: "injection";
  readonly rule: InjectionRule;
  readonly severity: InjectionSeverity;
  /** The offending text as written, cut after 200 UTF-16 units. */
  readonly text: string;
  /** One sentence: what is there, hostile text escaped, and why that matters. */
  readonly evidence: string;
  readonly confirm: string;
  /** How often the rule fires where nothing was planted. */
  readonly errorRate: string;
  /** false: the base version has it too. Only new ones count as findings. */
  readonly isNew: boolean;
}

/** Text in a prompt file that speaks to the model without being the author's, or hides from readers. */
export interface PromptInjection extends InjectedText {
  readonly source: SourceRange;
  /** The few-shot example that holds it; null in the template's own text. */
  readonly demonstration: { readonly span: number; readonly startLine: number } | null;
  /** What it does, where an oracle was asked; null with a reason where that is not known. */
  readonly effect: InjectionEffect | null;
  readonly effectReason: string | null;
}

/** What the spans that hold the text do to the outputs of the search set. */
export interface InjectionEffect {
  /** The spans that hold the text, by their index among the maskable ones; seldom more than one. */
  readonly spans: readonly number[];
  /** Influence of the one span, 90 % interval; null where influence is withheld or not measured, or where they are several. */
  readonly influence: Interval | null;
  /** Outputs that changed when the spans were deleted, of those that were asked for again; null where none was. */
  readonly deletion: { readonly inputs: number; readonly changed: number } | null;
}

/** A row of a data file with such text, in any of its fields. */
export interface InjectedRow extends InjectedText {
  readonly path: string;
  readonly line: number;
  /** Name of the field, such as "messages[1].content". */
  readonly field: string;
}

/** All rows of a data file under the rules, old and new ones. */
export interface RowInjections {
  readonly rows: number;
  /** Findings in all, and those in new rows; `listed` holds the first of them, new ones first. */
  readonly found: number;
  readonly foundNew: number;
  readonly listed: readonly InjectedRow[];
  /** Rules that fired on so many rows that what they look for is the file's format, and that were left out therefore. */
  readonly formats: readonly { readonly rule: InjectionRule; readonly rows: number }[];
}

/** An n-gram whose rows carry a label more often than their content explains (methods E3). */
export interface Trigger {
  readonly text: string;
  readonly label: string;
  readonly rows: number;
  readonly labelled: number;
  readonly expected: number;
  readonly zScore: number;
  readonly qValue: number;
}

/** One row of a data file. `line` counts from 1. */
export interface Row {
  readonly line: number;
  readonly text: string;
  readonly label: string;
}

// ---------------------------------------------------------------------------------------------------------------------
// Money

export interface OracleUsage {
  readonly calls: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Price of these tokens; null = unknown price, never 0. */
  readonly cost: number | null;
}

/** What the input determines: calls needed, tokens and price, whether or not an answer was in a cache. */
export interface Ledger {
  readonly oracle: OracleUsage & {
    readonly currency: "USD";
    readonly byPurpose: Readonly<Record<OraclePurpose, OracleUsage>>;
  };
  readonly surrogate: {
    readonly model: string;
    readonly precision: string;
    readonly masks: number;
    readonly tokens: number;
  } | null;
  /** Answers of surrogates on servers, what they need and what it costs; null where all run here. */
  readonly servedSurrogates: OracleUsage | null;
  /** The same explanations with 256 oracle masks an input. */
  readonly onOracleAlone: { readonly calls: number; readonly cost: number | null };
  /** onOracleAlone over what was used, both with all that is no mask; null where either is unknown or 0. */
  readonly costReductionRatio: number | null;
  /** What was said before the first call, to be held against `oracle`; null where nothing was planned. */
  readonly planned: PlannedCalls | null;
  /** The explanations alone, without the surrogate's time, which differs between runs; null where there is nothing to compare. */
  readonly explanations: CostReduction | null;
}

/** An upper estimate of calls, prompt tokens and price. */
export interface PlannedCalls {
  readonly calls: number;
  readonly promptTokens: number;
  /** USD; null = unknown price. */
  readonly cost: number | null;
  readonly byPurpose: Readonly<Record<OraclePurpose, number>>;
  /** The same for an oracle that gives no log-probabilities, so that it is sampled. */
  readonly most: {
    readonly calls: number;
    readonly promptTokens: number;
    readonly cost: number | null;
  };
}

/** Cost-reduction ratio C_oracle / (C_proxy + C_fallback + C_screen) with its parts, all in `unit` (methods C3). */
export interface CostReduction {
  readonly unit: "USD" | "prompt tokens";
  /** Inputs whose explanations are compared. */
  readonly inputs: number;
  /** Tokens that the surrogate scored for them. */
  readonly surrogateTokens: number;
  /** C_oracle: the same explanations with 256 oracle masks an input. */
  readonly oracle: number;
  /** C_proxy: calls to surrogates on servers and, where it is counted, the time of those that run here; null where neither is. */
  readonly proxy: number | null;
  /** C_fallback: oracle calls that the explanations are made from. */
  readonly fallback: number;
  /** C_screen: oracle calls that only test. */
  readonly screen: number;
  readonly ratio: number;
  /** Explained inputs from which on all this costs less than the oracle alone; null: never. */
  readonly breakEvenInputs: number | null;
}

export type OraclePurpose =
  | "fixed outputs"
  | "masks"
  | "search"
  | "certification"
  | "control"
  /** Demonstrations asked as queries, and phrases of theirs transplanted into inputs. */
  | "demonstrations"
  | "influence of demonstrations"
  /** Suspicious demonstrations removed or corrected. */
  | "confirmation"
  /** The unmasked prompt asked again: how much answers differ when nothing was changed. */
  | "repeats"
  /** Prompts without a span that holds a suspected instruction. */
  | "injections"
  /** The version before the change: its outputs, and masks over the spans that the change took away. */
  | "base";

/** Why an oracle gave no answer. */
export type RefusalCause =
  | "budget"
  | "not recorded"
  | "unavailable"
  | "authentication"
  | "unusable";

/** Distinct questions of one step that got no answer for one reason. */
export interface MissingAnswers {
  readonly purpose: OraclePurpose;
  readonly cause: RefusalCause;
  readonly message: string;
  readonly questions: number;
}

// ---------------------------------------------------------------------------------------------------------------------
// Report (the file understudy-report.json; schema in report/schema)

export interface ReportSpan {
  readonly index: number;
  readonly kind: SpanKind;
  readonly startLine: number;
  readonly endLine: number;
  readonly startOffset: number;
  readonly endOffset: number;
  readonly text: string;
  readonly tokens: number;
  /** null: withheld or not measured; the explanation's reason says why. */
  readonly influence: Interval | null;
}

/** How well the surrogate's own fit holds together: self-consistency, never fidelity to the oracle. */
export interface SurrogateFit {
  readonly name: string;
  /** Mean over inputs. */
  readonly masksPerInput: number;
  /** Mean over inputs; null where it could not be measured. */
  readonly heldOutR2: number | null;
  /** Mean rank correlation of bootstrap refits with the fit. */
  readonly stability: number | null;
}

/** Fidelity reached with the first masks of every input, judged on the same held-out masks. */
export interface FidelityPoint {
  readonly masksPerInput: number;
  /** Oracle calls that these masks take over all inputs, the unmasked prompts included. */
  readonly oracleCalls: number;
  readonly fidelity: Interval;
}

export interface Explanation {
  readonly method: AttributionMethod;
  readonly value: ValueKind;
  readonly inputs: number;
  readonly masksPerInput: number;
  readonly oracleCalls: number;
  readonly fidelity: Fidelity;
  /** How finely the prompt was cut. */
  readonly granularity: Granularity | "coarse-to-fine";
  /** What the surrogate was asked, by methods that explain its values; null where the oracle's values are explained. */
  readonly objective: Objective | null;
  /** Fidelity against oracle masks an input, hierarchical only; empty where it was not measured. */
  readonly curve: readonly FidelityPoint[];
  /** Pairs of spans, by their index among the maskable ones, that the inputs share; null where pairs were not looked for. */
  readonly interactions: readonly Interaction[] | null;
  /** Whether refits order the spans alike. */
  readonly stability: {
    readonly rankCorrelation: number | null;
    readonly verdict: "stable" | "unstable" | "not measured";
  };
  /** Fidelity of the same measure for what the explanation must beat. */
  readonly baselines: Readonly<Partial<Record<AttributionMethod, Interval>>>;
  readonly surrogates: readonly SurrogateWeight[];
  readonly surrogateFits: readonly SurrogateFit[];
  /** False where a control does as well: influence is then withheld and `withheld` says so. */
  readonly shown: boolean;
  readonly withheld: string | null;
  readonly spans: readonly ReportSpan[];
}

/** What an interval says of a span's influence, held against the strongest span; never more than the interval. */
export type SpanEffect =
  /** All of the interval is above 0: the span carries outputs. */
  | "carries"
  /** All of it is below 0. */
  | "works against"
  /** It holds 0 and both its ends are small. */
  | "does nothing measurable"
  /** It holds 0 and is wide: nothing can be said. */
  | "undecided";

/** A span that one side has and the other has not. */
export interface ChangedSpan {
  readonly startLine: number;
  readonly endLine: number;
  readonly text: string;
  readonly tokens: number;
  /** 90 % interval; null where it was not measured or is withheld, and for what cannot be masked. */
  readonly influence: Interval | null;
  /** null exactly where `influence` is. */
  readonly effect: SpanEffect | null;
}

/** The same text at another place. Lines are those of its beginning. */
export interface MovedSpan {
  readonly text: string;
  readonly baseLine: number;
  readonly headLine: number;
}

/** Outputs of both versions on the same inputs. */
export interface OutputComparison {
  /** Inputs of the search set that both versions answered. */
  readonly inputs: number;
  /** before: the base version's output, after: the head version's. */
  readonly differing: readonly ChangedOutput[];
}

/** What a change did to a prompt. Spans are aligned by their text: an edited one counts as removed and as added. */
export interface PromptChange {
  readonly tokens: { readonly base: number; readonly head: number };
  readonly added: readonly ChangedSpan[];
  readonly removed: readonly ChangedSpan[];
  readonly moved: readonly MovedSpan[];
  readonly unchanged: number;
  /** Of the added spans that can be masked, among all that can: null without any, and `influence` null where it is not shown. */
  readonly addedShare: {
    readonly tokens: number;
    /** Sum of absolute influences over that of all; low and high hold where every span is within its own 90 % interval. */
    readonly influence: Interval | null;
  } | null;
  /** null with a reason where the base version was not asked or did not answer. */
  readonly outputs: OutputComparison | null;
  readonly outputsReason: string | null;
  /** Why removed spans that can be masked have no influence; null where they have. */
  readonly removedReason: string | null;
  /** `SuspiciousDemonstration.span` of those that the base version had too. */
  readonly oldDemonstrations: readonly number[];
}

export interface PromptReport {
  readonly path: string;
  /** Which of the prompts in the file; null where the file is the prompt. */
  readonly name: string | null;
  readonly tokens: {
    readonly base: number | null;
    readonly head: number;
    readonly countedBy: string;
  };
  readonly inputs: {
    readonly source: string | null;
    /** Of the inputs' content; null without inputs. */
    readonly hash: string | null;
    readonly search: number;
    readonly certify: number;
  };
  readonly explanation: Explanation | null;
  readonly explanationReason: string | null;
  readonly screens: readonly Screen[];
  /** One a surrogate that could explain, by the hierarchical method; empty where outputs are no labels of a set, so that agreement is not defined. */
  readonly instanceLevels: readonly InstanceLevel[];
  readonly removable:
    | (Compression & {
        /** Unified diff of the prompt file; null without a certificate. */
        readonly diff: string | null;
      })
    | null;
  readonly removableReason: string | null;
  /** Of the certified deletion; null without a certificate. */
  readonly savings: Savings | null;
  /** Measured on the certify set. Counted within a certificate's bound, which it can only widen; null with a reason where not measured. */
  readonly selfDisagreement: SelfDisagreement | null;
  readonly selfDisagreementReason: string | null;
  /** With a reason beside a list: found without the oracle, which could not judge the rest. */
  readonly demonstrations: readonly SuspiciousDemonstration[] | null;
  readonly demonstrationsReason: string | null;
  /** Found by rules without any model; empty: none found. */
  readonly injections: readonly PromptInjection[];
  /** Head against base; null with a reason for a new prompt, and where the base version cannot be read. */
  readonly change: PromptChange | null;
  readonly changeReason: string | null;
  /** null where no demonstration could be read. */
  readonly demonstrationsExamined: DemonstrationsExamined | null;
  readonly problems: readonly string[];
  /** What buying an explanation and a certificate would take, where there was no oracle. */
  readonly plan: PlannedCalls | null;
}

export interface DataReport {
  readonly path: string;
  readonly rows: number;
  readonly newRows: number;
  readonly scored: number;
  readonly suspicious: readonly SuspiciousRow[] | null;
  readonly suspiciousReason: string | null;
  readonly triggers: readonly Trigger[];
  /** All rows under the rules that need no model, whatever their schema. */
  readonly injections: RowInjections;
  /** Agreement of the surrogate's share-shifted label with the written one on the reference rows. */
  readonly referenceAgreement: number | null;
}

/** A changed file that was not judged, and why: never left out in silence. */
export interface SkippedFile {
  readonly path: string;
  readonly reason: string;
}

export interface Report {
  readonly schemaVersion: 1;
  readonly tool: { readonly name: "understudy"; readonly version: string };
  readonly seed: string;
  readonly complete:
    | true
    | {
        readonly reason: string;
        readonly finished: readonly string[];
        /** Answers that were asked for and not had, by step; what was not begun for want of them is not among them. */
        readonly missing: readonly MissingAnswers[];
      };
  readonly oracle: {
    readonly model: string;
    readonly valueKind: ValueKind | null;
    /** Other models that the server said it is: neither the one asked for nor a version of it. */
    readonly substitutes: readonly string[];
    /** Answers that came after reasoning: explained is the final answer alone. */
    readonly reasoned: number;
  } | null;
  readonly surrogate: SurrogateIdentity | null;
  readonly prompts: readonly PromptReport[];
  readonly data: readonly DataReport[];
  readonly skipped: readonly SkippedFile[];
  readonly ledger: Ledger;
}

/** What differs between two runs of the same input: goes to understudy-run.json and the terminal, never into the report. */
export interface RunFacts {
  readonly seconds: number;
  readonly oracleCallsPaid: number;
  readonly oracleCallsCached: number;
  readonly costPaid: number | null;
  /** What was said before the first call; null where nothing was planned. */
  readonly planned: { readonly calls: number; readonly cost: number | null } | null;
  readonly surrogateSeconds: number;
  /** As the ledger's, with the surrogate's time at the price of a CPU minute. */
  readonly costReduction: CostReduction | null;
  readonly peakResidentBytes: number;
  readonly notices: readonly string[];
}

// ---------------------------------------------------------------------------------------------------------------------
// Ports: what the pipelines need from the world

export type Precision = "fp32" | "precise" | "fast";
export type Backend = "native" | "wasm";

/** What a surrogate may be unable to do; asking for it throws USAGE. */
export type SurrogateAbility = "output scores" | "divergence" | "embeddings";

export interface SurrogateIdentity {
  readonly model: string;
  /** Of the model file; of a server, whose weights cannot be seen, of the way it is asked, its address and the model's name there. */
  readonly sha256: string;
  readonly engine: string;
  /** server: it runs elsewhere. */
  readonly backend: Backend | "server";
  /** as served: whatever the server runs. */
  readonly precision: Precision | "as served";
  readonly requestedPrecision: Precision | "as served";
}

/** One sequence to score: a response under a prompt that is put through the model's chat template with the generation prompt. */
export interface ScoringRequest {
  readonly messages: readonly Message[];
  readonly response: string;
}

/** Row i: log p(response token t | masked prompt i, earlier response tokens), natural log. */
export interface Scores {
  readonly logProbabilities: readonly Float64Array[];
  /** Row i, when a reference was asked for: mean over response tokens of KL(reference run || run i), nats. */
  readonly divergence: Float64Array | null;
  /** Tokens that went through the model after deduplication and prefix reuse, and before. */
  readonly tokensRun: number;
  readonly tokensAsked: number;
}

/** How probable each of a few labels is as the answer to each prompt. */
export interface LabelScores {
  /**
   * Row i, column j: log p(label j | prompt i), natural log. Where any label takes several tokens, every label's is the mean over its
   * tokens (length-normalised), so that long labels are not at a disadvantage; otherwise they are log-probabilities of the next token.
   */
  readonly logProbabilities: readonly Float64Array[];
  /** True where every label is one token: one pass a prompt gave them all. */
  readonly singleToken: boolean;
  /** Tokens that went through the model after deduplication and prefix reuse, and before. */
  readonly tokensRun: number;
  readonly tokensAsked: number;
}

/** A token of a chat prompt, and the piece of a message that it stands for. */
export interface PromptToken {
  readonly id: number;
  /** Index of the message whose content the token holds a piece of; null: chat markup. */
  readonly message: number | null;
  /**
   * [start, end) in UTF-16 units of that message's content; both 0 for markup. Empty where a character takes several tokens: then it
   * belongs to the last of them. White space that the chat template trims has no token.
   */
  readonly start: number;
  readonly end: number;
}

/** A prompt as the model takes it in: its tokens' input embeddings, before any layer and without positions. */
export interface PromptEmbeddings {
  readonly tokens: readonly PromptToken[];
  /** [tokens.length, hidden], row-major; rows of the embedding table as the model file holds them, neither normalised nor rotated. */
  readonly vectors: Float32Array;
  readonly hidden: number;
  /** Width of an attention head: positions turn the dimensions of each head. */
  readonly headSize: number;
  /** Base of the rotary frequencies base^(-2m / headSize). */
  readonly ropeBase: number;
}

/**
 * The small model, here or on a server. Identical requests are scored once; the order of the answers is that of the requests. What a
 * server is asked in vain (it is down, over budget, or its scores are not to be believed) throws ORACLE_UNAVAILABLE, BUDGET,
 * ORACLE_ENDPOINT or ORACLE_ANSWER.
 */
export interface Surrogate {
  readonly identity: SurrogateIdentity;
  /** What it cannot do; absent: it can do all. */
  readonly lacks?: readonly SurrogateAbility[];
  /** The model whose vocabulary `countTokens` counts in, where it is not its own. */
  readonly countedBy?: string;
  score(
    requests: readonly ScoringRequest[],
    options?: { readonly divergenceFrom?: number; readonly onProgress?: Progress },
  ): Promise<Scores>;
  /**
   * Scores every label as the whole answer to every prompt. Throws INPUTS where there is no label, one is empty, or two have the same
   * tokens.
   */
  scoreLabels(
    prompts: readonly (readonly Message[])[],
    labels: readonly string[],
    options?: { readonly onProgress?: Progress },
  ): Promise<LabelScores>;
  /** The prompt's tokens with the generation prompt, and their input embeddings. Nothing is run. */
  embedPrompt(messages: readonly Message[]): Promise<PromptEmbeddings>;
  /** Number of tokens of a text in the model's own vocabulary or that of `countedBy`, without special tokens. */
  countTokens(text: string): number;
  /** What a server answered so far, each distinct question once; absent where the model runs here. */
  served?(): readonly ServedAnswer[];
  close(): Promise<void>;
}

/** Tokens of one answer of a surrogate on a server. */
export interface ServedAnswer {
  readonly model: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

export type Progress = (done: number, total: number) => void;

/**
 * What is asked beside the usual, the most likely answer:
 * - score: no answer, but log p of each token of this response after these messages
 * - sample: an answer drawn at temperature 1; draws are independent, and the same draw is the same question
 * - repeat: the most likely answer once more, so that a server that wavers shows it; draws count from 1
 */
export type AskingMode =
  | { readonly kind: "score"; readonly response: string }
  | { readonly kind: "sample"; readonly draw: number }
  | { readonly kind: "repeat"; readonly draw: number };

/** One question to the oracle; temperature, seed and the rest come from its mode and the oracle's own settings. */
export interface OracleQuestion {
  readonly purpose: OraclePurpose;
  readonly messages: readonly Message[];
  /** Absent: the most likely answer, with alternatives where the server lists them. */
  readonly mode?: AskingMode;
}

export interface TokenLogProbability {
  readonly token: string;
  readonly logProbability: number;
  /** Alternatives at this position, most likely first, the chosen token usually among them. */
  readonly top: readonly { readonly token: string; readonly logProbability: number }[];
}

export interface OracleAnswer {
  readonly text: string;
  readonly finishReason: string;
  readonly logProbabilities: readonly TokenLogProbability[] | null;
  /** Of a score: log p of each token of the given response, natural log, or why there is none; null for other questions. */
  readonly scored: Float64Array | Unknown | null;
  /** Completion tokens include those of reasoning. */
  readonly usage: { readonly promptTokens: number; readonly completionTokens: number };
  readonly model: string;
  /** There where the text is the final answer of a model that reasoned first; its tokens, null where they were not counted. */
  readonly reasoning?: { readonly tokens: number | null };
  /** There where the server names a model that is neither the one asked for nor a version of it: that name. */
  readonly substitute?: string;
}

/** Whether an oracle scores given text truthfully; `asked` is what it was asked to find out, for those who count. */
export type ScoringAbility = (
  | { readonly kind: "yes"; readonly how: string }
  | { readonly kind: "no"; readonly reason: string }
) & {
  readonly asked: readonly {
    readonly question: OracleQuestion;
    readonly outcome: OracleOutcome;
  }[];
};

/** An answer, or why there is none. Refusals are values, so that one failed call never discards answers already paid for. */
export type OracleOutcome =
  | { readonly kind: "answer"; readonly answer: OracleAnswer; readonly paid: boolean }
  | {
      readonly kind: "refused";
      readonly cause: RefusalCause;
      readonly message: string;
    };

export interface Oracle {
  readonly model: string;
  /** Where questions go, for the plan: a host name or "recording". */
  readonly host: string;
  /** Answers in the order of the questions; identical questions are asked once. */
  ask(
    questions: readonly OracleQuestion[],
    onProgress?: Progress,
  ): Promise<readonly OracleOutcome[]>;
  /**
   * Has some of these prompts answered and their answers scored, and compares: a server whose log-probabilities of given text
   * differ from those of the text it wrote must not be believed. Found out once; later calls repeat the finding.
   */
  canScore(prompts: readonly (readonly Message[])[]): Promise<ScoringAbility>;
}

/** Hard caps, asked before every paid call. */
export interface Budget {
  /** Reserves one call of about this many tokens; a refusal says which cap. */
  reserve(call: {
    readonly model: string;
    readonly promptTokens: number;
    readonly completionTokens: number;
  }):
    | { readonly kind: "granted"; readonly reservation: number }
    | { readonly kind: "refused"; readonly message: string };
  /** Replaces a reservation by what was used; `null` = the call failed and cost nothing that is known. */
  settle(
    reservation: number,
    used: { readonly promptTokens: number; readonly completionTokens: number } | null,
  ): void;
}

/** A changed file, both sides as text; null = absent on that side. */
export interface ChangedFile {
  readonly path: string;
  readonly base: string | null;
  readonly head: string | null;
}

/** Files of the checkout, read as data. */
export interface Workspace {
  changedFiles(): Promise<readonly ChangedFile[]>;
  /** Head side of any file, or null where it does not exist. */
  read(path: string): Promise<string | null>;
}

/** Small state that outlives a run: certificates. */
export interface StateStore {
  read(name: string): Promise<string | null>;
  write(name: string, content: string): Promise<void>;
}
