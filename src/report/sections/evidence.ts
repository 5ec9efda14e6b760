/** What stands behind a certificate and a verdict: the deletion path, the control arm, changed outputs, the screen, the diff. */
import type { PathStep, PromptReport, Screen } from "../../domain.js";
import { codeSpan, escapeMarkdown, fencedBlock } from "../markdown/escape.js";
import { blocks, capped, table } from "../markdown/blocks.js";
import { decimal, probability, quantity, whole } from "../markdown/numbers.js";
import { fileName, type View } from "../view.js";

type Removable = NonNullable<PromptReport["removable"]>;

function perRemovable(view: View, render: (removable: Removable) => string | null): string | null {
  const pieces = view.report.prompts.flatMap(({ path, removable }) => {
    const body = removable === null ? null : render(removable);
    return body === null || body === "" ? [] : [blocks(fileName(path), body)];
  });
  return pieces.length === 0 ? null : blocks(...pieces.slice(0, view.rows));
}

/** The unified diff of each certified shorter prompt. */
export function diffSection(view: View): string | null {
  return perRemovable(view, ({ diff }) =>
    diff === null || diff === "" ? null : fencedBlock(diff, "diff"),
  );
}

/** Every step of the nested deletion path with both sets, then random deletion of equal length. */
export function certificationSection(view: View): string | null {
  return perRemovable(view, (removable) =>
    blocks(pathTable(view, removable.path), controlSentence(removable)),
  );
}

function pathTable(view: View, path: readonly PathStep[]): string | null {
  if (path.length === 0) return null;
  const { shown, rest } = capped(path, view.rows * 2);
  const rows = shown.map((step, index) => [
    whole(index + 1),
    whole(step.spans.length),
    `−${whole(step.tokensSaved)}`,
    step.search === null
      ? "not tried"
      : `${whole(step.search.changed)} of ${whole(step.search.inputs)}`,
    step.certify === null
      ? "not tried"
      : `${whole(step.certify.changed)} of ${whole(step.certify.inputs)}`,
    step.certify === null ? "" : probability(step.certify.pValue),
  ]);
  const head = [
    "Step",
    "Spans deleted",
    "Tokens",
    "Changed, search set",
    "Changed, certify set",
    "p",
  ];
  return blocks(table(head, "rrrrrr", rows), rest);
}

function controlSentence({ control, certificate }: Removable): string | null {
  if (control === null) return "Control arm: not run.";
  const own =
    certificate === null
      ? ""
      : ` (the certified deletion: ${whole(certificate.changed)} of ${whole(certificate.inputs)})`;
  return `Control arm: random deletion of ${quantity(control.spans.length, "span")} of equal length in all changed ${whole(control.changed)} of ${quantity(control.inputs, "output")}${own}.`;
}

/** Outputs that the certified deletion changed, before and after. */
export function changedOutputsSection(view: View): string | null {
  return perRemovable(view, ({ changedOutputs }) => {
    if (changedOutputs.length === 0) return null;
    const { shown, rest } = capped(changedOutputs, view.rows);
    const rows = shown.map(({ input, before, after }) => [
      codeSpan(input, 40),
      codeSpan(before, view.text),
      codeSpan(after, view.text),
    ]);
    return blocks(table(["Input", "Before", "After"], "lll", rows), rest);
  });
}

/** The screen of every surrogate with the numbers that made the verdict. */
export function screeningSection(view: View): string | null {
  const pieces = view.report.prompts.flatMap(({ path, screens }) =>
    screens.length === 0 ? [] : [blocks(fileName(path), screenTable(view, screens))],
  );
  return pieces.length === 0 ? null : blocks(...pieces.slice(0, view.rows));
}

function screenTable(view: View, screens: readonly Screen[]): string {
  const { shown, rest } = capped(screens, view.rows);
  const rows = shown.map((screen) => [
    codeSpan(screen.surrogate),
    screen.verdict,
    screen.estimate === null ? "not measured" : decimal(screen.estimate),
    screen.low === null ? "not measured" : decimal(screen.low),
    decimal(screen.threshold),
    screen.wealth === null
      ? "not measured"
      : `${decimal(screen.wealth)} of ${decimal(1 / screen.alpha, 0)} needed`,
    whole(screen.inputs),
    escapeMarkdown(screen.reason, view.text * 3),
  ]);
  const head = [
    "Surrogate",
    "Verdict",
    "Mean q",
    "Lower bound",
    "Threshold",
    "Wealth",
    "Inputs",
    "Why",
  ];
  return blocks(table(head, "llrrrrrl", rows), rest);
}
