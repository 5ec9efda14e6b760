/** Head against base: what the change added, took away and moved, and what the oracle made of it. */
import type { ChangedSpan, PromptChange, PromptReport } from "../../domain.js";
import { codeSpan, escapeMarkdown } from "../markdown/escape.js";
import { blocks, bullets, each, table } from "../markdown/blocks.js";
import { change as difference, interval, percent, quantity, whole } from "../markdown/numbers.js";
import { changedOutputsTable } from "./evidence.js";
import { fileName, linesOf, type View } from "../view.js";

/** Lines that are named one by one in a sentence. */
const LINES = 6;

/** Up to three lines a changed prompt; null where none has a base version that differs in its spans. */
export function changeSection(view: View): string | null {
  return each(view.report.prompts, view.rows, (prompt) => {
    const { path, change } = prompt;
    return change === null || isSame(change)
      ? null
      : blocks(
          `#### What this change did to ${fileName(path)}`,
          bullets(
            [counts(change), addedLine(view, prompt, change), removedLine(change)].filter(
              (line) => line !== null,
            ),
            3,
            (line) => line,
          ),
        );
  });
}

function isSame({ added, removed, moved }: PromptChange): boolean {
  return added.length + removed.length + moved.length === 0;
}

function counts({ tokens, added, removed, moved, outputs, outputsReason }: PromptChange): string {
  const parts = [
    ...(added.length > 0 ? [`${quantity(added.length, "span")} added`] : []),
    ...(removed.length > 0 ? [`${whole(removed.length)} removed`] : []),
    ...(moved.length > 0 ? [`${whole(moved.length)} moved`] : []),
  ];
  const differing =
    outputs === null
      ? `whether outputs differ is not known (${escapeMarkdown(outputsReason ?? "no reason was recorded", 120)})`
      : outputs.inputs === 0
        ? "whether outputs differ is not known (no input was answered by both versions)"
        : `**${whole(outputs.differing.length)} of ${quantity(outputs.inputs, "output")}** ${outputs.differing.length === 1 ? "differs" : "differ"} from the base version's`;
  return `**${difference(tokens.head - tokens.base)} tokens**: ${parts.join(", ")}; ${differing}.`;
}

/** `The added spans carry 2 % (0.4 % to 9 %) of the influence and 31 % of the tokens; 1 of them does nothing measurable: line 5.` */
function addedLine(
  view: View,
  prompt: PromptReport,
  { added, addedShare }: PromptChange,
): string | null {
  if (added.length === 0 || addedShare === null) return null;
  const { influence, tokens } = addedShare;
  const carried =
    influence === null
      ? "carry an unknown share of the influence"
      : `carry **${percent(influence.estimate)}** (${percent(influence.low)} to ${percent(influence.high)}) of the influence`;
  const named = (spans: readonly ChangedSpan[], one: string, more: string): readonly string[] =>
    spans.length === 0
      ? []
      : [
          `${whole(spans.length)} of them ${spans.length === 1 ? one : more}: ${lineList(spans, (span) => linesOf(view, prompt.path, span))}`,
        ];
  const of = (effect: ChangedSpan["effect"]): readonly ChangedSpan[] =>
    added.filter((span) => span.effect === effect);
  const going = added.filter((span) => isDeleted(prompt, span));
  return `${[
    `The added spans ${carried} and **${percent(tokens)}** of the tokens`,
    ...named(of("does nothing measurable"), "does nothing measurable", "do nothing measurable"),
    ...named(of("undecided"), "cannot be told from none", "cannot be told from none"),
    ...named(going, "can go, certified", "can go, certified"),
  ].join("; ")}.`;
}

/** Whether the span is part of the certified deletion. */
function isDeleted({ explanation, removable }: PromptReport, span: ChangedSpan): boolean {
  const spans = removable?.certificate ? removable.spans : [];
  return spans.some((index) => {
    const own = explanation?.spans[index];
    return own?.startLine === span.startLine && own.text === span.text;
  });
}

/** Lines of base are no link: the reviewed commit does not hold them. */
function removedLine({ removed, removedReason }: PromptChange): string | null {
  if (removed.length === 0) return null;
  if (removedReason !== null)
    return `Whether the removed spans mattered is not known: ${escapeMarkdown(removedReason, 160)}.`;
  const of = (effect: ChangedSpan["effect"]): readonly ChangedSpan[] =>
    removed.filter((span) => span.effect === effect);
  const parts = [
    namedLines(of("carries"), "carried outputs"),
    namedLines(of("works against"), "worked against them"),
    namedLines(of("does nothing measurable"), "did nothing measurable"),
    namedLines(of("undecided"), "may or may not have mattered"),
    namedLines(of(null), "cannot be masked"),
  ].filter((part) => part !== null);
  return `Of what was removed, base ${parts.join("; base ")}.`;
}

function namedLines(spans: readonly ChangedSpan[], what: string): string | null {
  if (spans.length === 0) return null;
  return `${lineList(spans, baseLines)} ${what}`;
}

function lineList(spans: readonly ChangedSpan[], name: (span: ChangedSpan) => string): string {
  const named = spans.slice(0, LINES).map(name).join(", ");
  const more = spans.length - LINES;
  return `${spans.length === 1 ? "line" : "lines"} ${named}${more > 0 ? ` and ${whole(more)} more` : ""}`;
}

function baseLines({ startLine, endLine }: ChangedSpan): string {
  return startLine === endLine ? `${startLine}` : `${startLine}–${endLine}`;
}

/** Every span that differs, and every output that does. */
export function changeDetails(view: View): string | null {
  return each(view.report.prompts, view.rows, ({ path, change }) => {
    if (change === null || isSame(change)) return null;
    return blocks(
      fileName(path),
      spansTable(view, path, change),
      movedSentence(change),
      outputsBlock(view, change),
    );
  });
}

interface Row extends ChangedSpan {
  readonly side: "added" | "removed";
}

function spansTable(view: View, path: string, { added, removed }: PromptChange): string | null {
  const rows: readonly Row[] = [
    ...added.map((span) => ({ ...span, side: "added" as const })),
    ...removed.map((span) => ({ ...span, side: "removed" as const })),
  ];
  return table(rows, view.rows * 2, [
    ["", "l", ({ side }) => side],
    ["Lines", "l", (row) => (row.side === "added" ? linesOf(view, path, row) : baseLines(row))],
    ["Text", "l", ({ text }) => codeSpan(text.trim(), view.text)],
    ["Tokens", "r", ({ tokens }) => whole(tokens)],
    [
      "Influence (90 %)",
      "l",
      (row) => (row.influence === null ? "not known" : interval(row.influence)),
    ],
    ["What that says", "l", ({ effect }) => effect ?? ""],
  ]);
}

const MOVED = 10;

function movedSentence({ moved, unchanged }: PromptChange): string {
  const told = moved
    .slice(0, MOVED)
    .map(({ baseLine, headLine }) => `line ${whole(baseLine)} to ${whole(headLine)}`);
  const more = moved.length - told.length;
  const where =
    told.length === 0
      ? ""
      : ` Moved: ${[...told, ...(more > 0 ? [`and ${whole(more)} more`] : [])].join(", ")}.`;
  return `${quantity(unchanged, "span")} as before.${where} Influence of an added span is on this version's outputs; of a removed one on the base version's, put back into it with all else kept.`;
}

function outputsBlock(view: View, { outputs }: PromptChange): string | null {
  const shown = outputs === null ? null : changedOutputsTable(view, outputs.differing);
  return shown === null ? null : blocks("Outputs of the base version and of this one:", shown);
}
