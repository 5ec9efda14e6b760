/** The screen of every surrogate: verdict, the numbers that made it, and what is unusual about it. */
import type { InstanceLevel, Screen } from "../../domain.js";
import { blocks, bullets, each, table } from "../markdown/blocks.js";
import { codeSpan, escapeMarkdown } from "../markdown/escape.js";
import { decimal, whole } from "../markdown/numbers.js";
import { courseNotes, instanceNote, unusualNotes } from "../screen-notes.js";
import { fileName, type View } from "../view.js";

const NOT_MEASURED = "not measured";

/** A table a prompt; below it sentences, of a full page also how the test went. */
export function screeningSection(view: View): string | null {
  return each(view.report.prompts, view.rows, ({ path, screens, instanceLevels }) =>
    screens.length === 0
      ? null
      : blocks(
          fileName(path),
          screenTable(view, screens),
          notes(view, screens),
          instanceNotes(view, instanceLevels),
        ),
  );
}

function screenTable(view: View, screens: readonly Screen[]): string | null {
  const number = (value: number | null): string => (value === null ? NOT_MEASURED : decimal(value));
  return table(screens, view.rows, [
    ["Surrogate", "l", (screen) => codeSpan(screen.surrogate)],
    ["Verdict", "l", (screen) => screen.verdict],
    ["Mean q", "r", (screen) => `${quantityPrefix(screen)}${number(screen.estimate)}`],
    ["Lower bound", "r", (screen) => number(screen.low)],
    ["Threshold", "r", (screen) => decimal(screen.threshold)],
    ["Wealth", "r", wealthCell],
    ["Inputs", "r", (screen) => whole(screen.inputs)],
    ["Why", "l", (screen) => escapeMarkdown(screen.reason, view.text * 3)],
  ]);
}

function quantityPrefix({ mode, estimate }: Screen): string {
  return mode === "explain" && estimate !== null ? "ratio " : "";
}

function wealthCell({ wealth, alpha }: Screen): string {
  if (wealth === null) return NOT_MEASURED;
  return `${decimal(wealth)} of ${decimal(1 / alpha, 0)} needed`;
}

function instanceNotes(view: View, levels: readonly InstanceLevel[]): string | null {
  return bullets(
    levels,
    view.rows,
    (level) =>
      `${codeSpan(level.surrogate)}: ${escapeMarkdown(instanceNote(level), view.text * 5)}`,
  );
}

function notes(view: View, screens: readonly Screen[]): string | null {
  const sentences = screens.flatMap((screen) => {
    const own = [...unusualNotes(screen), ...(view.course ? courseNotes(screen) : [])];
    const name = screens.length === 1 ? "" : `${codeSpan(screen.surrogate)}: `;
    return own.map((sentence) => `${name}${escapeMarkdown(sentence, Infinity)}`);
  });
  return bullets(sentences, view.rows, (sentence) => sentence);
}
