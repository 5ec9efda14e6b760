/**
 * How far real templates can be shortened at unchanged output, by the ranking of their spans: the tables of docs/results.md, from committed
 * recordings alone, in seconds. Run: npm run bench:compression [-- --curves]
 * Made by: bench/compression/surrogate-scores.ts (surrogates' numbers) and bench/compression/record.ts (the oracle's answers).
 */
import { parseArgs } from "node:util";
import type { Interval } from "../src/domain.js";
import { TEMPLATE_NAMES, type TemplateName } from "./games/games.js";
import { maskWithout } from "./compression/deletions.js";
import { signOf } from "./compression/measures.js";
import { compressRecorded, PRODUCT_TOLERANCE } from "./compression/product.js";
import { spansOfTemplate } from "./compression/rankings.js";
import {
  NOT_ASKED,
  readCompressionRecording,
  type CompressionRecording,
} from "./compression/recording.js";
import {
  areaDifference,
  ownFigures,
  RANDOM,
  sharedFigures,
  type ArmFigures,
} from "./compression/results.js";

const { values: flags } = parseArgs({ options: { curves: { type: "boolean", default: false } } });

/** Pairs whose areas are compared beside everything against random: what a surrogate's passes and an oracle's calls buy. */
const COMPARED: readonly (readonly [string, string])[] = [
  ["hierarchical", "oracle explanation"],
  ["hierarchical", "LLMLingua perplexity 135M"],
  ["hierarchical", "surrogate 0.5B"],
  ["surrogate 135M", "LLMLingua perplexity 135M"],
  ["surrogate 0.5B", "LLMLingua perplexity 0.5B"],
  ["hierarchical", "longest first"],
];

function percent(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}

function points({ estimate, low, high }: Interval): string {
  const one = (value: number): string =>
    `${value < 0 ? "-" : "+"}${Math.abs(100 * value).toFixed(1)}`;
  return `${one(estimate)} [${one(low)}, ${one(high)}]`;
}

function range(spread: readonly [number, number] | null): string {
  return spread === null ? "" : ` (${percent(spread[0])} to ${percent(spread[1])})`;
}

function row(cells: readonly string[]): void {
  console.log(`| ${cells.join(" | ")} |`);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  row(head);
  row(head.map(() => "---"));
  rows.forEach(row);
  console.log("");
}

function printShared(
  name: TemplateName,
  recording: CompressionRecording,
  figures: readonly ArmFigures[],
): void {
  console.log(
    `One path for all inputs, ${recording.fresh.length} inputs that no attribution has seen\n`,
  );
  table(
    [
      "ranking",
      "tokens gone at <= 5 % changed",
      "minus random, points",
      "area under unchanged",
      "minus random, points",
      "against random",
      "until an input's first change",
      "mean margin, nats",
    ],
    figures.map((arm) => [
      arm.name,
      `${percent(arm.atTolerance)}${range(arm.spread)}`,
      arm.minusRandom ? points(arm.minusRandom) : "",
      `${percent(arm.area.estimate)}${range(arm.areaSpread)}`,
      arm.areaMinusRandom ? points(arm.areaMinusRandom) : "",
      arm.areaMinusRandom ? signOf(arm.areaMinusRandom) : "",
      percent(arm.untilChange),
      arm.margin === null ? "not known" : arm.margin.toFixed(2),
    ]),
  );
  const exact = sharedFigures(name, recording, "exact");
  console.log(
    `Same spelling asked for too: ${exact.map((arm) => `${arm.name} ${percent(arm.atTolerance)}`).join("; ")}\n`,
  );
}

function printCompared(name: TemplateName, figures: readonly ArmFigures[]): void {
  const rows = COMPARED.flatMap((pair) => {
    const difference = areaDifference(figures, pair, name);
    return difference === null ? [] : [[pair[0], pair[1], points(difference), signOf(difference)]];
  });
  table(["ranking", "against", "difference of areas, points", "the first is"], rows);
}

function printOwn(name: TemplateName, recording: CompressionRecording): void {
  const figures = ownFigures(name, recording);
  if (figures.length === 0) return;
  console.log(
    `Each input's own path, ${recording.attributed.length} inputs with attributions: share of the maskable tokens gone before the answer first changes\n`,
  );
  table(
    ["ranking", "share gone, mean", "95 %", "minus random, points", "against random"],
    figures.map(({ name: arm, untilChange, minusRandom }) => [
      arm,
      percent(untilChange.estimate),
      `${percent(untilChange.low)} to ${percent(untilChange.high)}`,
      minusRandom ? points(minusRandom) : "",
      minusRandom ? signOf(minusRandom) : "",
    ]),
  );
}

function printCurves(figures: readonly ArmFigures[]): void {
  console.log("Unchanged answers by share of tokens gone\n");
  for (const { name, curve } of figures.filter((arm) => arm.name !== RANDOM))
    console.log(
      `- ${name}: ${curve.map(({ share, unchanged }) => `${(100 * share).toFixed(0)} %: ${(100 * unchanged).toFixed(0)} %`).join(", ")}`,
    );
  console.log("");
}

async function printProduct(name: TemplateName, recording: CompressionRecording): Promise<void> {
  let missing = 0;
  const outcome = await compressRecorded(name, recording, async (mask, positions) => {
    const codes = positions.map((one) => recording.answers[mask]?.codes[one] ?? NOT_ASKED);
    missing += codes.filter((code) => code === NOT_ASKED).length;
    return codes;
  });
  const spans = spansOfTemplate(name);
  const total = spans.reduce((sum, { tokens }) => sum + tokens, 0);
  const { certificate, control } = outcome;
  const found = certificate
    ? `${percent(outcome.tokensSaved / total)} of the maskable tokens gone (mask ${maskWithout(outcome.spans, spans.length)}), ${certificate.changed} of ${certificate.inputs} answers changed, bound ${percent(certificate.bound)}; random deletion of equal length: ${control ? `${control.changed} of ${control.inputs}` : "not recorded"}`
    : `nothing certified: ${outcome.reason ?? ""}`;
  const gap = missing > 0 ? ` (${missing} answers it asked for are not in the recording)` : "";
  console.log(
    `The program's own compression, searched on ${recording.attributed.length} inputs, certified on ${recording.fresh.length}, tolerance ${percent(PRODUCT_TOLERANCE)}: ${found}${gap}\n`,
  );
}

for (const name of TEMPLATE_NAMES) {
  const recording = readCompressionRecording(name);
  if (recording === null) continue;
  console.log(`## ${name}\n`);
  const figures = sharedFigures(name, recording);
  printShared(name, recording, figures);
  printCompared(name, figures);
  printOwn(name, recording);
  await printProduct(name, recording);
  if (flags.curves) printCurves(figures);
}
