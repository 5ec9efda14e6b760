/** What stands behind a certificate: the deletion path, the control arm, changed outputs, the diff. */
import { promptLabel } from "../facts.js";
import type { ChangedOutput, PathStep, PromptReport } from "../../domain.js";
import { accuracySentence, excessSentence, lookSentence } from "../certificate-words.js";
import { codeSpan, escapeMarkdown, fencedBlock } from "../markdown/escape.js";
import { blocks, each, table } from "../markdown/blocks.js";
import { percent, probability, quantity, whole } from "../markdown/numbers.js";
import { fileName, type View } from "../view.js";

type Removable = NonNullable<PromptReport["removable"]>;

/** A block a prompt under its file name, for the prompts where there is something to say. */
function perRemovable(
  view: View,
  render: (removable: Removable, prompt: PromptReport) => string | null,
): string | null {
  return each(view.report.prompts, view.rows, (prompt) => {
    const body = prompt.removable === null ? null : render(prompt.removable, prompt);
    return body === null || body === "" ? null : blocks(fileName(promptLabel(prompt)), body);
  });
}

/** The unified diff of each certified shorter prompt. */
export function diffSection(view: View): string | null {
  return perRemovable(view, ({ diff }) =>
    diff === null || diff === "" ? null : fencedBlock(diff, "diff"),
  );
}

/** Every step of the nested deletion path with both sets, then random deletion of equal length. */
export function certificationSection(view: View): string | null {
  return perRemovable(view, (removable, prompt) =>
    removable.path.length === 0
      ? null
      : blocks(
          pathTable(view, removable.path),
          removable.certificate === null ? null : lookSentence(removable.certificate),
          removable.accuracy === null
            ? `Accuracy: not compared, ${escapeMarkdown(removable.accuracyReason ?? "no reason was recorded")}.`
            : accuracySentence(removable.accuracy),
          controlSentence(removable),
          disagreementSentence(prompt, removable),
        ),
  );
}

/** How much of what changed the oracle would have changed by itself. */
function disagreementSentence(
  { selfDisagreement, selfDisagreementReason }: PromptReport,
  { certificate }: Removable,
): string {
  if (selfDisagreement === null)
    return `Self-disagreement of the oracle: not measured, ${escapeMarkdown(selfDisagreementReason ?? "no reason was recorded")}.`;
  const { inputs, changed, bound, confidence } = selfDisagreement;
  return (
    `Self-disagreement of the oracle: the whole prompt asked again changed ${whole(changed)} of ${quantity(inputs, "output")}, at most ${percent(bound)} at ${percent(confidence)} confidence. ` +
    ((certificate === null ? null : excessSentence(certificate)) ??
      "Changes above include those that the oracle makes by itself, so every bound is wider than the deletion alone needs; nothing is subtracted.")
  );
}

const NOT_TRIED = "not tried";

function pathTable(view: View, path: readonly PathStep[]): string | null {
  const changed = (trials: { readonly changed: number; readonly inputs: number } | null): string =>
    trials === null ? NOT_TRIED : `${whole(trials.changed)} of ${whole(trials.inputs)}`;
  return table(path, view.rows * 2, [
    ["Step", "r", (_step, index) => whole(index + 1)],
    ["Spans deleted", "r", (step) => whole(step.spans.length)],
    ["Tokens", "r", (step) => `−${whole(step.tokensSaved)}`],
    ["Changed, search set", "r", (step) => changed(step.search)],
    ["Changed, certify set", "r", (step) => changed(step.certify)],
    ["p", "r", ({ certify }) => (certify === null ? "" : probability(certify.pValue))],
  ]);
}

function controlSentence({ control, certificate }: Removable): string {
  if (control === null) return "Control arm: not run.";
  const own =
    certificate === null
      ? ""
      : ` The certified deletion: ${whole(certificate.changed)} of ${whole(certificate.inputs)}.`;
  return (
    `Control arm: deleting ${quantity(control.spans.length, "random span")} of the same length in all changed ` +
    `${whole(control.changed)} of ${quantity(control.inputs, "output")}.${own}`
  );
}

/** Outputs that the certified deletion changed, before and after. */
export function changedOutputsSection(view: View): string | null {
  return perRemovable(view, ({ changedOutputs }) => changedOutputsTable(view, changedOutputs));
}

/** Outputs side by side; null without any. */
export function changedOutputsTable(view: View, outputs: readonly ChangedOutput[]): string | null {
  return table(outputs, view.rows, [
    ["Before", "l", ({ before }) => codeSpan(before, view.text)],
    ["After", "l", ({ after }) => codeSpan(after, view.text)],
    ["Input", "l", ({ input }) => codeSpan(input, 40)],
  ]);
}
