/** What a certificate says in words, for every place that shows one: no more than was tested, at the level at which it was. */
import type { AccuracyComparison, Certificate, OutputEqualityName } from "../domain.js";
import { decimal, percent, quantity, whole } from "./markdown/numbers.js";

const EQUALITIES: Readonly<Record<OutputEqualityName, string>> = {
  label: "by label",
  exact: "by their exact text",
  normalised: "by their words in order",
  json: "field by field of their JSON",
  pattern: "by what `answer-pattern` finds",
  words: "by the F1 of their words",
};

/** `at most 6.2 % change, at 97 % confidence`: the confidence of this look, at which the bound was computed. */
export function boundWords({ bound, alphaSpent }: Certificate): string {
  return `at most ${percent(bound)} change, at ${percent(1 - alphaSpent)} confidence`;
}

/** How outputs were compared, what this look took of the level, and what is left for others. */
export function lookSentence(certificate: Certificate): string {
  const { look, confidence, alphaSpent, equality, tolerance } = certificate;
  const compared = `Outputs are compared ${EQUALITIES[equality]}; at most ${percent(tolerance)} may change.`;
  const level = decimal(alphaSpent, 4);
  return look.reuse === "spend"
    ? `${compared} Look ${whole(look.number)} at these inputs, tested at level ${level}; all looks together keep ${percent(confidence)}, and ${decimal(look.alphaLeft, 4)} is left for further ones.`
    : `${compared} Look ${whole(look.number)}, on inputs that no look before it used, tested at level ${level}; ${quantity(look.inputsLeft, "input")} left for further ones.`;
}

/** With `self-disagreement: excess`: what was subtracted, and what that leaves. null where every change counts. */
export function excessSentence({ excess }: Certificate): string | null {
  if (excess === null) return null;
  const { inputs, changed, ownChanged, bound, margin } = excess;
  return `Of ${quantity(inputs, "output")}, ${whole(changed)} changed under the deletion and ${whole(ownChanged)} when the whole prompt was asked again: beyond those, at most ${percent(bound)} change, of ${percent(margin)} allowed.`;
}

/** Accuracy on expected outputs before and after, with the bound of its fall. */
export function accuracySentence(accuracy: AccuracyComparison): string {
  const { inputs, right, rightShorter, bound, alpha, nonInferior, margin } = accuracy;
  return (
    `Right on expected outputs: ${whole(right)} of ${whole(inputs)} with the whole prompt, ${whole(rightShorter)} with the shorter one; ` +
    `accuracy falls by at most ${percent(bound)} at ${percent(1 - alpha)} confidence` +
    (nonInferior ? "." : `, so a fall by the allowed ${percent(margin)} is not excluded.`)
  );
}
