/**
 * How far real templates can be shortened at unchanged output, by the ranking of their spans: the tables of docs/results.md, from committed
 * recordings alone, in seconds. Run: npm run bench:compression   (with `-- --curves`: every checkpoint of every ranking)
 * Made by: bench/compression/surrogate-scores.ts (surrogates' numbers) and bench/compression/record.ts (the oracle's answers).
 */
import { parseArgs } from "node:util";
import { TEMPLATE_NAMES, type TemplateName } from "./games/games.js";
import { maskWithout } from "./compression/deletions.js";
import { compressRecorded, PRODUCT_TOLERANCE } from "./compression/product.js";
import { spansOfTemplate } from "./compression/rankings.js";
import {
  NOT_ASKED,
  readCompressionRecording,
  type CompressionRecording,
} from "./compression/recording.js";
import { curveLines, ownTable, percent, sharedTables } from "./compression/tables.js";

const { values: flags } = parseArgs({ options: { curves: { type: "boolean", default: false } } });

/** The program's own compression on the recording, in a sentence; says so where it asked for answers that are not there. */
async function productLine(name: TemplateName, recording: CompressionRecording): Promise<string> {
  let missing = 0;
  const outcome = await compressRecorded(name, recording, async (mask, positions) => {
    const codes = positions.map((one) => recording.answers[mask]?.codes[one] ?? NOT_ASKED);
    missing += codes.filter((code) => code === NOT_ASKED).length;
    return codes;
  });
  const { certificate, control, reason, tokensSaved } = outcome;
  const head = `The program's own compression, searched on ${recording.attributed.length} inputs and certified on ${recording.fresh.length} others, tolerance ${percent(PRODUCT_TOLERANCE)}`;
  const gap = missing > 0 ? ` (${missing} answers that it asked for are not recorded)` : "";
  if (!certificate) return `${head}: nothing certified, ${reason ?? "no reason given"}${gap}.`;
  const spans = spansOfTemplate(name);
  const total = spans.reduce((sum, { tokens }) => sum + tokens, 0);
  const random = control ? `${control.changed} of ${control.inputs}` : "not recorded";
  return `${head}: ${percent(tokensSaved / total)} of the maskable tokens gone (spans kept: ${maskWithout(outcome.spans, spans.length)}), ${certificate.changed} of ${certificate.inputs} answers changed, at most ${percent(certificate.bound)} with ${percent(certificate.confidence)} confidence; changed by a random deletion of equal length: ${random}${gap}.`;
}

for (const name of TEMPLATE_NAMES) {
  const recording = readCompressionRecording(name);
  if (recording === null) continue;
  const lines = [
    `### ${name}`,
    "",
    ...sharedTables(name, recording),
    ...ownTable(name, recording),
    await productLine(name, recording),
    "",
    ...(flags.curves ? curveLines(name, recording) : []),
  ];
  console.log(lines.join("\n"));
}
