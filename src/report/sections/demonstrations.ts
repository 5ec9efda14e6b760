/** What was measured of all few-shot examples: the outcome of the confirmation in a sentence, and the numbers behind the verdicts. */
import type { ConfirmationArm, DemonstrationsExamined, PromptReport } from "../../domain.js";
import { blocks, bullets, each, table } from "../markdown/blocks.js";
import { escapeMarkdown } from "../markdown/escape.js";
import { decimal, interval, percent, probability, quantity, whole } from "../markdown/numbers.js";
import { fileName, linesOf, type View } from "../view.js";

/** One sentence an arm: what changed when the suspicious examples of these files were removed or corrected; null where none was. */
export function confirmationLines(view: View): string | null {
  const confirmed = view.report.prompts.filter(({ demonstrations }) => demonstrations?.length);
  const lines = confirmed.flatMap(({ path, demonstrationsExamined: examined }) => {
    const file = confirmed.length > 1 ? `${fileName(path)}: ` : "";
    if (examined === null) return [];
    if (examined.confirmation === null)
      return [
        `${file}Not confirmed on the oracle: ${escapeMarkdown(examined.confirmationReason ?? "no reason was recorded")}.`,
      ];
    return examined.confirmation.map((arm) => `${file}${armSentence(arm)}`);
  });
  return lines.length === 0 ? null : blocks(...lines);
}

/** `**Without them: same answers, more confident.** 38 of 40 right before and after (p = 1), margin of the right answer +2.3 nats (1.9–2.7).` */
export function armSentence(arm: ConfirmationArm): string {
  const { change, inputs, rightBefore, rightAfter, pValue, margin, changedAnswers } = arm;
  const subject = change === "removed" ? "Without them" : "With their labels corrected";
  const moved =
    margin === null
      ? ""
      : `, margin of the right answer ${margin.change.estimate < 0 ? "" : "+"}${decimal(margin.change.estimate, 1)} nats (90 % interval ${decimal(margin.change.low, 1)} to ${decimal(margin.change.high, 1)})`;
  return (
    `**${subject}: ${headlineOf(arm)}.** ${whole(rightBefore)} of ${quantity(inputs, "input")} right before, ${whole(rightAfter)} after ` +
    `(exact McNemar p = ${probability(pValue)}; ${quantity(changedAnswers, "answer")} changed)${moved}.`
  );
}

function headlineOf({ conclusion, changedAnswers }: ConfirmationArm): string {
  if (conclusion !== "more confident" && conclusion !== "less confident") return conclusion;
  return changedAnswers === 0
    ? `same answers, ${conclusion}`
    : `${conclusion}, no change of accuracy shown`;
}

/** The numbers behind the verdicts, prompt by prompt; null where no example could be read. */
export function examplesSection(view: View): string | null {
  return each(view.report.prompts, view.rows, (prompt) =>
    prompt.demonstrationsExamined === null
      ? null
      : blocks(fileName(prompt.path), ...examined(view, prompt, prompt.demonstrationsExamined)),
  );
}

function examined(
  view: View,
  { path }: PromptReport,
  { readable, judged, redundant, influence, influenceReason }: DemonstrationsExamined,
): readonly (string | null)[] {
  const near = bullets(
    redundant,
    view.rows,
    ({ lines: [first, second], similarity }) =>
      `lines ${whole(first)} and ${whole(second)} show nearly the same input with the same label (${percent(similarity)} of their shingles): one of them adds little but tokens`,
  );
  return [
    `${quantity(readable, "example")} with an input and a label that are certain, ${whole(judged)} judged by the oracle.`,
    near,
    influence === null
      ? `Influence of single examples not measured: ${escapeMarkdown(influenceReason ?? "no reason was recorded")}.`
      : "What showing an example adds to the margin of the expected answer, mean over the inputs, nats, with its 90 % interval; p: one-sided randomisation test that it harms; q: Benjamini and Hochberg over the examples.",
    table(influence ?? [], view.rows, [
      ["Line", "l", ({ startLine }) => linesOf(view, path, { startLine, endLine: startLine })],
      ["Influence", "r", ({ effect }) => interval(effect)],
      ["p", "r", ({ pValue }) => probability(pValue)],
      ["q", "r", ({ qValue }) => probability(qValue)],
    ]),
  ];
}
