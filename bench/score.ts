/**
 * Speed and memory of the surrogate engine as ratios within one run, on prompts of 328 tokens with 30 spans of which three are masked.
 *   node lib/bench/score.js [--model GGUF] [--masks 256] [--precision precise] [--node-llama-cpp FOLDER]
 * Exits with 1 where a bar is missed. Seconds are CPU seconds of one thread where nothing else is said; they are no bars.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { markdownTable } from "markdown-table";
import type { Precision } from "../src/domain.js";
import { openLocalSurrogate, type ScoredTokens } from "../src/surrogate/local-surrogate.js";
import { readCpuFlags, choosePrecision } from "../src/surrogate/precision.js";
import { measureFootprint } from "./footprint.js";
import { openInProcess, openStraightforward } from "./in-process-model.js";
import { openLlamaCpp } from "./llama-cpp.js";
import { maskedPrompts } from "./masked-prompts.js";
import { measureYardstick } from "./yardstick.js";

const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const { values: flags } = parseArgs({
  options: {
    model: {
      type: "string",
      default: join(repository, "models", "SmolLM2-135M-Instruct.Q4_1.gguf"),
    },
    masks: { type: "string", default: "256" },
    precision: { type: "string", default: "precise" },
    "node-llama-cpp": { type: "string" },
  },
});
const masks = Number(flags.masks);
const precision: Precision =
  flags.precision === "fast" || flags.precision === "fp32" ? flags.precision : "precise";
/** Masks a variant when variants are compared one mask at a time. */
const COMPARED_MASKS = 12;

interface Row {
  readonly what: string;
  readonly measured: string;
  readonly bar: string;
  readonly met: boolean | null;
}

const rows: Row[] = [];

function atLeast(what: string, ratio: number, bar: number): void {
  rows.push({ what, measured: `${ratio.toFixed(2)}x`, bar: `at least ${bar}x`, met: ratio >= bar });
}

function atMost(
  what: string,
  measured: number,
  bar: { readonly value: number; readonly unit: string },
): void {
  rows.push({
    what,
    measured: `${measured.toFixed(2)} ${bar.unit}`,
    bar: `under ${bar.value} ${bar.unit}`,
    met: measured < bar.value,
  });
}

function note(what: string, measured: string): void {
  rows.push({ what, measured, bar: "", met: null });
}

/** CPU seconds, all threads of the process, and wall seconds of a task. */
async function timed<Result>(
  task: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly cpu: number; readonly wall: number }> {
  const cpuStart = process.cpuUsage();
  const start = performance.now();
  const result = await task();
  const { user, system } = process.cpuUsage(cpuStart);
  return { result, cpu: (user + system) / 1e6, wall: (performance.now() - start) / 1000 };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Median CPU seconds a mask of each variant, taking turns so that a change of the machine's speed meets all of them. */
async function takeTurns(
  variants: ReadonlyMap<string, (sequence: ScoredTokens) => Promise<unknown>>,
  sequences: readonly ScoredTokens[],
): Promise<ReadonlyMap<string, number>> {
  const seconds = new Map([...variants.keys()].map((name) => [name, [] as number[]]));
  for (const sequence of sequences)
    for (const [name, run] of variants)
      seconds.get(name)?.push((await timed(() => run(sequence))).cpu);
  // The first call of each includes its set-up.
  return new Map([...seconds].map(([name, values]) => [name, median(values.slice(1))]));
}

async function compareVariants(sequences: readonly ScoredTokens[]): Promise<void> {
  const prepared = sequences.map(({ ids, responseTokens }) => ({
    ids: Int32Array.from(ids),
    responseTokens,
  }));
  const straightforward = await openStraightforward(flags.model, prepared);
  const modes = await Promise.all(
    (["fp32", "precise", "fast"] as const).map(
      async (name) => [name, await openInProcess(flags.model, name, prepared)] as const,
    ),
  );
  const llama = await openLlamaCpp(flags["node-llama-cpp"], flags.model);
  const prepare = ({ ids, responseTokens }: ScoredTokens) => ({
    ids: Int32Array.from(ids),
    responseTokens,
  });
  const variants = new Map<string, (sequence: ScoredTokens) => Promise<unknown>>([
    ["straightforward", (sequence) => straightforward.score(prepare(sequence))],
  ]);
  for (const [name, model] of modes)
    variants.set(name, (sequence) => model.score(prepare(sequence)));
  if (llama) variants.set("llama.cpp", ({ ids }) => llama.evaluate([...ids]));
  const seconds = await takeTurns(variants, sequences);
  for (const [name, value] of seconds) note(`a mask, ${name}, no reuse`, `${value.toFixed(3)} s`);
  const ratio = (slow: string, quick: string): number =>
    (seconds.get(slow) ?? Number.NaN) / (seconds.get(quick) ?? Number.NaN);
  const fast = choosePrecision("precise", readCpuFlags()).precision === "precise";
  if (!fast) note("int8 dot products", "absent here: ratios are no bars");
  atLeast("fast against straightforward fp32", ratio("straightforward", "fast"), 2.5);
  atLeast("precise against straightforward fp32", ratio("straightforward", "precise"), 1.7);
  if (llama) {
    atLeast("fast against llama.cpp", ratio("llama.cpp", "fast"), 5);
    atLeast("precise against llama.cpp", ratio("llama.cpp", "precise"), 3.5);
  } else note("against llama.cpp", "not installed, not compared");
  await Promise.all([
    straightforward.close(),
    ...modes.map(([, model]) => model.close()),
    llama?.close(),
  ]);
}

const bitsOf = (scores: readonly Float64Array[]): string =>
  scores.map((row) => Buffer.from(row.buffer).toString("hex")).join();

async function compareReuseAndWorkers(cacheFolder: string): Promise<void> {
  const open = async (workers: number) =>
    openLocalSurrogate({
      modelPath: flags.model,
      precision,
      backend: "native",
      workers,
      cacheFolder,
    });
  const one = await open(1);
  const sequences = maskedPrompts(one, masks);
  await one.scoreTokens(sequences.slice(0, 2));
  const reused = await timed(() => one.scoreTokens(sequences));
  const full = await timed(() => one.scoreTokens(sequences, { reusePrefixes: false }));
  await one.close();
  const two = await open(2);
  await two.scoreTokens(sequences.slice(0, 4));
  const both = await timed(() => two.scoreTokens(sequences));
  await two.close();
  note(
    `${precision}, ${masks} masks, two workers, reuse`,
    `${both.wall.toFixed(1)} s wall, ${(masks / both.wall).toFixed(1)} masks/s`,
  );
  note("tokens run of tokens asked", `${reused.result.tokensRun} of ${reused.result.tokensAsked}`);
  atLeast("prefix reuse, CPU time", full.cpu / reused.cpu, 1.3);
  atLeast("two workers against one, wall time", reused.wall / both.wall, 1.6);
  const identical = bitsOf(reused.result.logProbabilities) === bitsOf(full.result.logProbabilities);
  rows.push({
    what: "reuse against full run",
    measured: identical ? "identical" : "different",
    bar: "to the last bit",
    met: identical,
  });
  const alike = bitsOf(reused.result.logProbabilities) === bitsOf(both.result.logProbabilities);
  rows.push({
    what: "two workers against one, scores",
    measured: alike ? "identical" : "different",
    bar: "to the last bit",
    met: alike,
  });
}

const cacheFolder = mkdtempSync(join(tmpdir(), "understudy-bench-"));
try {
  note(
    "yardstick: fp32 product 512 x 576 x 1536, one thread",
    `${(await measureYardstick()).toFixed(0)} GFLOP/s`,
  );
  for (const mode of ["fast", "precise", "fp32"] as const) {
    const build = measureFootprint(flags.model, mode, cacheFolder);
    const load = measureFootprint(flags.model, mode, cacheFolder);
    const gigabytes = Math.max(build.residentGigabytes, load.residentGigabytes);
    atMost(`${mode}: first build`, build.openSeconds, { value: 8, unit: "s" });
    atMost(`${mode}: load from cache`, load.openSeconds, { value: 1.5, unit: "s" });
    atMost(`${mode}: resident, two workers`, gigabytes, {
      value: mode === "fp32" ? 2.5 : 0.9,
      unit: "GB",
    });
  }
  const tokenizer = await openLocalSurrogate({
    modelPath: flags.model,
    precision,
    backend: "native",
    workers: 1,
    cacheFolder,
  });
  const compared = maskedPrompts(tokenizer, COMPARED_MASKS);
  await tokenizer.close();
  await compareVariants(compared);
  await compareReuseAndWorkers(cacheFolder);
} finally {
  rmSync(cacheFolder, { recursive: true, force: true });
}
const verdict = (met: boolean | null): string => (met === null ? "" : met ? "met" : "MISSED");
console.log(
  markdownTable([
    ["what", "measured", "bar", ""],
    ...rows.map((row) => [row.what, row.measured, row.bar, verdict(row.met)]),
  ]),
);
if (rows.some((row) => row.met === false)) process.exitCode = 1;
