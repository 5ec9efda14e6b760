/** The benchmark's tables as lines of Markdown; docs/results.md holds them word for word. */
import type { Interval } from "../../src/domain.js";
import type { TemplateName } from "../games/games.js";
import { MEASURED } from "./deletions.js";
import { signOf } from "./measures.js";
import type { CompressionRecording } from "./recording.js";
import { areaDifference, ownFigures, RANDOM, sharedFigures, type ArmFigures } from "./results.js";

/** Pairs whose areas are compared beside everything against random: what a surrogate's passes and an oracle's calls buy. */
const COMPARED: readonly (readonly [string, string])[] = [
  ["hierarchical", "oracle explanation"],
  ["hierarchical", "LLMLingua perplexity 135M"],
  ["hierarchical", "surrogate 0.5B"],
  ["surrogate 135M", "LLMLingua perplexity 135M"],
  ["surrogate 0.5B", "LLMLingua perplexity 135M"],
  ["surrogate 0.5B", "LLMLingua perplexity 0.5B"],
  ["hierarchical", "longest first"],
];

export function percent(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}

/** `+4.0 [-1.0, +9.1]`, in percentage points. */
function points({ estimate, low, high }: Interval): string {
  const one = (value: number): string =>
    `${value < 0 ? "-" : "+"}${Math.abs(100 * value).toFixed(1)}`;
  return `${one(estimate)} [${one(low)}, ${one(high)}]`;
}

function range(spread: readonly [number, number] | null): string {
  return spread === null ? "" : ` (${percent(spread[0])} to ${percent(spread[1])})`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [row(head), row(head.map(() => "---")), ...rows.map(row), ""];
}

/** One path for all inputs: every ranking against random, and pairs of rankings against each other. */
export function sharedTables(name: TemplateName, recording: CompressionRecording): string[] {
  const figures = sharedFigures(name, recording);
  const others = (["exact", "likeliest"] as const).map((equality) =>
    sharedFigures(name, recording, equality).map(
      (arm) => `${arm.name} ${percent(arm.atTolerance)}, ${percent(arm.area.estimate)}`,
    ),
  );
  return [
    `One path for all inputs, ${MEASURED.fresh} inputs that no attribution has seen:`,
    "",
    ...table(
      [
        "ranking",
        "tokens gone at <= 5 % changed",
        "minus random",
        "area under unchanged",
        "minus random",
        "against random",
        "until an input's first change",
        "mean margin, nats",
      ],
      figures.map(sharedRow),
    ),
    "The same two figures (tokens gone, area) where",
    "",
    `- letter case counts too: ${others[0]?.join("; ")}`,
    `- only the likeliest of the labels counts, whatever else the answer begins with: ${others[1]?.join("; ")}`,
    "",
    ...table(
      ["ranking", "against", "difference of areas", "the first is"],
      COMPARED.flatMap((pair) => {
        const difference = areaDifference(figures, pair, name);
        return difference ? [[pair[0], pair[1], points(difference), signOf(difference)]] : [];
      }),
    ),
  ];
}

function sharedRow(arm: ArmFigures): readonly string[] {
  const { minusRandom, areaMinusRandom } = arm;
  return [
    arm.name,
    `${percent(arm.atTolerance)}${range(arm.spread)}`,
    minusRandom ? points(minusRandom) : "",
    `${percent(arm.area.estimate)}${range(arm.areaSpread)}`,
    areaMinusRandom ? points(areaMinusRandom) : "",
    areaMinusRandom ? signOf(areaMinusRandom) : "",
    percent(arm.untilChange),
    arm.margin === null ? "not known" : arm.margin.toFixed(2),
  ];
}

/** Each input's own path, until its answer first changes; empty where no ranking has been asked so far. */
export function ownTable(name: TemplateName, recording: CompressionRecording): string[] {
  const figures = ownFigures(name, recording);
  if (figures.length === 0) return [];
  return [
    `Each input's own path, ${MEASURED.attributed} inputs with attributions:`,
    "",
    ...table(
      ["ranking", "tokens gone before the answer first changes", "minus random", "against random"],
      figures.map(({ name: arm, untilChange, minusRandom }) => [
        arm,
        `${percent(untilChange.estimate)} [${percent(untilChange.low)}, ${percent(untilChange.high)}]`,
        minusRandom ? points(minusRandom) : "",
        minusRandom ? signOf(minusRandom) : "",
      ]),
    ),
  ];
}

/** Unchanged answers by share of tokens gone, a line a ranking. */
export function curveLines(name: TemplateName, recording: CompressionRecording): string[] {
  const lines = sharedFigures(name, recording)
    .filter((arm) => arm.name !== RANDOM)
    .map(({ name: arm, curve }) => {
      const steps = curve.map(
        ({ share, unchanged }) =>
          `${(100 * share).toFixed(0)} %: ${(100 * unchanged).toFixed(0)} %`,
      );
      return `- ${arm}: ${steps.join(", ")}`;
    });
  return ["Tokens gone: answers unchanged", "", ...lines, ""];
}
