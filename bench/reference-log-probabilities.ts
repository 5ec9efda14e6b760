/**
 * Holds the engine against the log-probabilities that transformers gives in fp32 for the same GGUF files, in all three precisions.
 * Needs the shared folder (UNDERSTUDY_SHARED, else ../shared beside the repository) and says so where it is absent. GGUF files are looked
 * for in models/ and in the folder named by --models or UNDERSTUDY_MODELS. Exits with 1 where a bar is missed.
 */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Precision } from "../src/domain.js";
import { openLocalSurrogate } from "../src/surrogate/local-surrogate.js";
import type { TokenSequence } from "../src/surrogate/sequence-plan.js";
import { openInProcess } from "./in-process-model.js";

interface ReferenceSequence {
  readonly ids: readonly number[];
  readonly response_tokens: number;
  readonly log_probabilities: readonly number[];
  /** The most likely token at each place of the response. */
  readonly top1: readonly number[];
}

interface ModelReference {
  readonly file: string;
  readonly sequences: readonly ReferenceSequence[];
}

/** Largest differences a token in nats, and the least share of places with the same most likely token. */
interface Bar {
  readonly median: number;
  readonly ninetieth: number;
  readonly maximum: number;
  readonly top1: number;
}

const BARS: Readonly<Record<Precision, Bar>> = {
  fp32: { median: 1e-4, ninetieth: 1e-4, maximum: 1e-4, top1: 1 },
  precise: { median: 0.05, ninetieth: 0.25, maximum: 0.6, top1: 0.97 },
  fast: { median: 0.12, ninetieth: 0.45, maximum: 3, top1: 0 },
};

const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const shared = process.env["UNDERSTUDY_SHARED"] ?? join(repository, "..", "shared");
const { values: flags } = parseArgs({
  options: { models: { type: "string" }, workers: { type: "string", default: "2" } },
});

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function largestIndex(row: Float32Array): number {
  return row.reduce((best, value, index) => (value > (row[best] ?? -Infinity) ? index : best), 0);
}

/** Share of response places where the engine's most likely token is the reference's. */
async function sameTop(
  path: string,
  precision: Precision,
  reference: ModelReference,
): Promise<number> {
  const sequences = reference.sequences.map(toSequence);
  const model = await openInProcess(path, precision, sequences);
  let same = 0;
  let all = 0;
  for (const [i, sequence] of sequences.entries()) {
    const rows = await model.distribution(sequence);
    const vocabulary = rows.length / sequence.responseTokens;
    (reference.sequences[i]?.top1 ?? []).forEach((id, row) => {
      all++;
      if (largestIndex(rows.subarray(row * vocabulary, (row + 1) * vocabulary)) === id) same++;
    });
  }
  await model.close();
  return same / all;
}

function toSequence({ ids, response_tokens }: ReferenceSequence): TokenSequence {
  return { ids: Int32Array.from(ids), responseTokens: response_tokens };
}

async function differences(
  path: string,
  precision: Precision,
  reference: ModelReference,
): Promise<{ readonly sorted: readonly number[]; readonly ran: Precision }> {
  const surrogate = await openLocalSurrogate({
    modelPath: path,
    precision,
    backend: "native",
    workers: Number(flags.workers),
    cacheFolder: null,
  });
  const { logProbabilities } = await surrogate.scoreTokens(reference.sequences.map(toSequence));
  await surrogate.close();
  const all = reference.sequences.flatMap(({ log_probabilities }, i) =>
    log_probabilities.map((expected, t) =>
      Math.abs(expected - (logProbabilities[i]?.[t] ?? Number.NaN)),
    ),
  );
  return { sorted: all.sort((a, b) => a - b), ran: surrogate.identity.precision };
}

async function check(path: string, reference: ModelReference, precision: Precision): Promise<void> {
  const { sorted, ran } = await differences(path, precision, reference);
  const measured: Bar = {
    median: quantile(sorted, 0.5),
    ninetieth: quantile(sorted, 0.9),
    maximum: quantile(sorted, 1),
    top1: await sameTop(path, ran, reference),
  };
  const bar = BARS[ran];
  const met =
    measured.median <= bar.median &&
    measured.ninetieth <= bar.ninetieth &&
    measured.maximum <= bar.maximum &&
    measured.top1 >= bar.top1;
  const show = (value: number): string => value.toPrecision(2);
  console.log(
    `  ${precision}${ran === precision ? "" : ` (ran as ${ran})`}: median ${show(measured.median)}, 90th percentile ${show(measured.ninetieth)}, maximum ${show(measured.maximum)} nats, ` +
      `same most likely token ${(100 * measured.top1).toFixed(1)} % of ${sorted.length}: ${met ? "meets" : "MISSES"} ${bar.median} / ${bar.ninetieth} / ${bar.maximum} / ${100 * bar.top1} %`,
  );
  if (!met) process.exitCode = 1;
}

const referencePath = join(shared, "references", "log-probabilities.json");
const folders = [
  join(repository, "models"),
  join(shared, "models"),
  ...[flags.models, process.env["UNDERSTUDY_MODELS"]].filter((folder) => folder !== undefined),
];
if (!existsSync(referencePath)) {
  console.log(
    `No reference values at ${referencePath}; set UNDERSTUDY_SHARED to the shared folder. Nothing was checked.`,
  );
} else {
  const { models } = JSON.parse(readFileSync(referencePath, "utf8")) as {
    readonly models: readonly ModelReference[];
  };
  for (const reference of models) {
    const path = folders
      .map((folder) => join(folder, reference.file))
      .find((candidate) => existsSync(candidate));
    console.log(
      path === undefined
        ? `${reference.file}: not found in ${folders.join(", ")}; name its folder with --models. Not checked.`
        : reference.file,
    );
    if (path !== undefined)
      for (const precision of ["fp32", "precise", "fast"] as const)
        await check(path, reference, precision);
  }
}
