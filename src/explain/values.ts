import type { OracleAnswer, Unknown, ValueKind } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { labelProbabilities } from "./label-tokens.js";

/** A class margin in nats; `bounded` where a label's probability was not listed and only bounded or divided. */
export interface ClassMargin {
  readonly kind: "margin";
  readonly value: number;
  readonly bounded: boolean;
}

/** Longest label, in UTF-16 units, that counts as a class and not as free text. */
const LONGEST_LABEL = 60;
/** Share of the fixed outputs that must be labels; a stray answer is left out by classMargin, which does not know its label. */
const LABELLED_SHARE = 0.9;
/** p = 1 has no odds: the largest probability below it. */
const LARGEST_LOG_PROBABILITY = Math.log1p(-(2 ** -53));

/**
 * log p(fixed label) - log sum of p(other labels), natural log, as the beginning of the answer (docs/methods.md, A3 and A10a). A
 * label that is not among the listed alternatives counts with the probability of the last one listed, an upper bound.
 * Unknown where the answer has no alternatives or the fixed label is not one of at least two labels.
 */
export function classMargin(
  answer: OracleAnswer,
  fixedLabel: string,
  labels: readonly string[],
): ClassMargin | Unknown {
  const fixed = labels.indexOf(fixedLabel);
  if (fixed < 0)
    return {
      kind: "unknown",
      reason: `the fixed output ${JSON.stringify(fixedLabel)} is not one of the labels`,
    };
  if (labels.length < 2) return { kind: "unknown", reason: "a margin needs at least two labels" };
  const found = labelProbabilities(answer, labels);
  if (found === null)
    return {
      kind: "unknown",
      reason: "the oracle's answer carries no alternatives with log-probabilities",
    };
  const probabilities = found.probabilities.map(
    (probability) => probability || Math.max(found.bound, Number.MIN_VALUE),
  );
  const others = probabilities.reduce(
    (sum, probability, index) => sum + (index === fixed ? 0 : probability),
    0,
  );
  const value = Math.log(probabilities[fixed] as number) - Math.log(others);
  return { kind: "margin", value, bounded: found.divided || found.probabilities.includes(0) };
}

/**
 * Length-normalised log-odds of a fixed response from the log-probabilities of its tokens (docs/methods.md, A3, after ContextCite):
 * (LP - log(1 - exp LP)) / T with LP their sum over T tokens; nats a token. A certain response counts as p = 1 - 2^-53.
 * Throws INTERNAL for no tokens or a log-probability that is not a number at most 0.
 */
export function logOddsOfText(logProbabilities: Float64Array): number {
  if (logProbabilities.length === 0)
    throw new UnderstudyError("INTERNAL", "log-odds of a response without tokens");
  const sum = logProbabilities.reduce((total, value) => total + value, 0);
  if (!(sum <= 1e-6)) throw new UnderstudyError("INTERNAL", `log-probabilities add up to ${sum}`);
  const total = Math.min(sum, LARGEST_LOG_PROBABILITY);
  // log(1 - exp x) through expm1: no cancellation next to certainty.
  return (total - Math.log(-Math.expm1(total))) / logProbabilities.length;
}

/**
 * log p(label) - log sum of p(other labels) from one log-probability a label, each the mean over the tokens of its verbaliser
 * (docs/methods.md, A3, label(z)). Throws INTERNAL for fewer than two labels or an index that is none.
 */
export function labelMarginFromLogProbabilities(
  perLabel: Float64Array | readonly number[],
  index: number,
): number {
  const own = perLabel[index];
  if (own === undefined || perLabel.length < 2)
    throw new UnderstudyError("INTERNAL", `margin of label ${index} among ${perLabel.length}`);
  const others = [...perLabel].filter((_, other) => other !== index);
  const most = Math.max(...others);
  return own - (most + Math.log(others.reduce((sum, value) => sum + Math.exp(value - most), 0)));
}

/** What can be asked beyond one answer a prompt. */
export interface OracleAbilities {
  /** The server scores a given text: `prompt_logprobs`, or an `echo` that was found truthful. */
  readonly scoresGivenText?: boolean;
  /** Answers at temperature 1 that each prompt may be asked for; fewer than 2 are none. */
  readonly samples?: number;
}

export interface ChosenValueKind {
  readonly kind: ValueKind;
  /** Why this kind and none before it, as a phrase for a person. */
  readonly reason: string;
}

/**
 * What can be measured, from the oracle's answers to the unmasked prompt: the first that applies of methods A10 (a) to (d).
 * (a) the class margin, where answers are labels and every one lists alternatives with log-probabilities; (b) log-odds of the
 * fixed output, where the server scores given text; (d) sampled log-odds, where answers are labels and may be asked several
 * times; (c) similarity of the regenerated answer.
 */
export function chooseValueKind(
  answers: readonly OracleAnswer[],
  labels: readonly string[],
  abilities: OracleAbilities = {},
): ChosenValueKind {
  if (answers.length === 0) return similar("there is no answer yet");
  const freeText = whyFreeText(answers, labels);
  const listed = answers.filter((answer) => labelProbabilities(answer, labels) !== null).length;
  if (freeText === null && listed === answers.length)
    return {
      kind: "class-margin",
      reason:
        "class margin of the first answer token: the oracle lists alternatives with log-probabilities and the outputs are labels",
    };
  const why =
    freeText ??
    `the oracle gave log-probabilities with alternatives for ${listed} of ${answers.length} answers`;
  if (abilities.scoresGivenText === true)
    return {
      kind: "log-odds",
      reason: `log-odds of the fixed output per token, which the server scores as given text: ${why}`,
    };
  const samples = abilities.samples ?? 0;
  if (freeText === null && samples >= 2)
    return {
      kind: "sampled-log-odds",
      reason: `log-odds of the fixed label from ${samples} answers at temperature 1: ${why}`,
    };
  return similar(why);
}

function similar(why: string): ChosenValueKind {
  return { kind: "similarity", reason: `similarity of the regenerated answer: ${why}` };
}

/** Why the outputs are no labels that differ, or null where they are. */
function whyFreeText(answers: readonly OracleAnswer[], labels: readonly string[]): string | null {
  if (labels.length === 0) return "the outputs are free text";
  if (labels.length === 1)
    return "all outputs are the same, so there is no margin to another label";
  if (labels.some((label) => label.trim() === "" || label.length > LONGEST_LABEL))
    return "the outputs are longer than labels";
  const labelled = answers.filter(({ text }) => labels.includes(text.trim())).length;
  return labelled < LABELLED_SHARE * answers.length
    ? `only ${labelled} of ${answers.length} outputs are labels`
    : null;
}

export { similarity } from "./answer-agreement.js";
