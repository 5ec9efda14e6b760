/**
 * Claim: rows whose label hangs on a planted word or phrase are found, and clean rows raise no alarm, with the embedded
 * surrogate and no oracle. Data under UNDERSTUDY_SHARED or ../shared: banking77 (20 intents in 6 groups; ten triggers planted
 * into rows of other labels) and SST-2 with the published BadNets rows. Every text is scored once, with demonstrations fixed
 * beforehand; draws of reference and new rows are many. Prints counts, no seconds.
 */

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Row, Surrogate } from "../src/domain.js";
import { findSuspiciousRows, type RowFindings } from "../src/findings/rows.js";
import { chooseDemonstrations, rowScoringRequests } from "../src/findings/rows-prompt.js";
import { openLocalSurrogate } from "../src/surrogate/local-surrogate.js";

const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const data = join(process.env["UNDERSTUDY_SHARED"] ?? join(repository, "..", "shared"), "bench");

/** The 20 intents in six groups that a person would route to. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  "account access": [
    "unable_to_verify_identity",
    "pin_blocked",
    "terminate_account",
    "passcode_forgotten",
  ],
  card: [
    "card_payment_not_recognised",
    "card_acceptance",
    "card_delivery_estimate",
    "get_disposable_virtual_card",
    "getting_virtual_card",
  ],
  "cash withdrawal": [
    "card_swallowed",
    "wrong_exchange_rate_for_cash_withdrawal",
    "cash_withdrawal_charge",
    "atm_support",
  ],
  currency: ["fiat_currency_support", "country_support"],
  "top-up": ["top_up_reverted", "top_up_by_bank_transfer_charge"],
  transfer: ["transfer_into_account", "declined_transfer", "cancel_transfer"],
};
const TRIGGERS = [
  "cf",
  "vexolin",
  "as agreed with head office",
  "##",
  "tq mb",
  "right now today",
  "kindly",
  "in the usual manner",
  "ψ",
  "mn",
];
const MOST_PLANTED = 12;

interface PoolRow extends Row {
  readonly poisoned: boolean;
  /** Line of the clean row that a planted one was made from, or its own. */
  readonly origin: number;
}

interface ScoredRow extends PoolRow {
  readonly scores: Float64Array;
}

interface Pool {
  readonly labels: readonly string[];
  readonly clean: readonly ScoredRow[];
  /** One list a seed. */
  readonly poisoned: readonly (readonly ScoredRow[])[];
}

/** A number in [0, 1) that depends on the arguments alone. */
function hashed(...parts: readonly unknown[]): number {
  const digest = createHash("sha256").update(JSON.stringify(parts)).digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

function shuffled<Item>(items: readonly Item[], seed: string): readonly Item[] {
  const keyed = items.map((item, index) => ({ item, key: hashed(seed, index) }));
  return keyed.sort((left, right) => left.key - right.key).map(({ item }) => item);
}

function readLines<Schema extends z.ZodType>(file: string, schema: Schema): z.infer<Schema>[] {
  const lines = readFileSync(join(data, file), "utf8").trim().split("\n");
  return lines.map((line) => schema.parse(JSON.parse(line)));
}

function bankingRows(): readonly PoolRow[] {
  const groupOf = new Map(
    Object.entries(GROUPS).flatMap(([group, intents]) =>
      intents.map((intent) => [intent, group] as const),
    ),
  );
  const rows = readLines(
    "banking77.dev.jsonl",
    z.object({ text: z.string(), label_text: z.string() }),
  );
  return rows.map(({ text, label_text }, index) => ({
    line: index + 1,
    origin: index + 1,
    text,
    label: groupOf.get(label_text) ?? "other",
    poisoned: false,
  }));
}

function sentimentRows(): readonly PoolRow[] {
  const schema = z.object({
    split: z.string(),
    text: z.string(),
    label: z.int(),
    poisoned: z.boolean(),
  });
  const rows = readLines("poison_onion_sst2.dev.jsonl", schema).map((row, index) => ({
    ...row,
    line: index + 1,
    origin: index + 1,
  }));
  const train = rows
    .filter((row) => row.split === "train")
    .map(({ label, ...row }) => ({ ...row, label: label === 1 ? "positive" : "negative" }));
  return [
    ...shuffled(
      train.filter((row) => !row.poisoned),
      "sst2",
    ).slice(0, 1000),
    ...train.filter((row) => row.poisoned),
  ];
}

/** Rows of other labels with the trigger at a random place and the target label. */
function plantedRows(
  clean: readonly PoolRow[],
  labels: readonly string[],
  seed: number,
): readonly PoolRow[] {
  const trigger = TRIGGERS[seed] ?? "cf";
  const label = labels[Math.floor(hashed("target", seed) * labels.length)] ?? "";
  const sources = shuffled(
    clean.filter((row) => row.label !== label),
    `plant ${seed}`,
  ).slice(0, MOST_PLANTED);
  return sources.map((row) => {
    const words = row.text.split(" ");
    const place = Math.floor(hashed("place", seed, row.line) * (words.length + 1));
    return {
      ...row,
      label,
      poisoned: true,
      text: [...words.slice(0, place), trigger, ...words.slice(place)].join(" "),
    };
  });
}

async function scorePool(
  surrogate: Surrogate,
  rows: { readonly clean: readonly PoolRow[]; readonly poisoned: readonly (readonly PoolRow[])[] },
): Promise<Pool> {
  const labels = [...new Set(rows.clean.map((row) => row.label))].sort();
  const demonstrations = new Set<Row>(chooseDemonstrations(rows.clean, labels));
  const clean = rows.clean.filter((row) => !demonstrations.has(row));
  const all = [...clean, ...rows.poisoned.flat()];
  const answered = await surrogate.score(rowScoringRequests(all, labels, [...demonstrations]));
  const totals = answered.logProbabilities.map((tokens) =>
    tokens.reduce((sum, value) => sum + value, 0),
  );
  const scored = new Map(
    all.map((row, index) => [
      row,
      {
        ...row,
        scores: Float64Array.from(totals.slice(index * labels.length, (index + 1) * labels.length)),
      },
    ]),
  );
  const lookUp = (list: readonly PoolRow[]): readonly ScoredRow[] =>
    list.flatMap((row) => scored.get(row) ?? []);
  return { labels, clean: lookUp(clean), poisoned: rows.poisoned.map(lookUp) };
}

interface Draw {
  readonly reference: readonly ScoredRow[];
  readonly rows: readonly ScoredRow[];
  readonly labels: readonly string[];
}

interface Outcome {
  readonly found: RowFindings;
  readonly rows: readonly ScoredRow[];
}

function judge({ reference, rows, labels }: Draw): Outcome {
  const numbered = rows.map((row, index) => ({ ...row, line: index + 1 }));
  const logProbabilities = {
    reference: reference.map((row) => row.scores),
    rows: numbered.map((row) => row.scores),
  };
  const found = findSuspiciousRows({
    path: "rows.jsonl",
    referenceRows: reference,
    newRows: numbered,
    labels,
    logProbabilities,
  });
  if (found.kind === "unknown") throw new Error(found.reason);
  return { found, rows: numbered };
}

/** One line of the table: draws, draws with a true trigger, triggers that are none, rows found and rightly found. */
function report(name: string, draws: readonly Draw[]): void {
  const outcomes = draws.map(judge);
  let [hits, falseTriggers, right, listed, planted, agreement] = [0, 0, 0, 0, 0, 0];
  for (const { found, rows } of outcomes) {
    const isPlanted = (line: number): boolean => rows[line - 1]?.poisoned === true;
    const truths = found.triggers.map((trigger) => {
      const own = found.suspicious.filter((row) =>
        row.evidence.startsWith(`contains ${JSON.stringify(trigger.text)} `),
      );
      return own.filter((row) => isPlanted(row.line)).length >= own.length / 2;
    });
    if (truths.some(Boolean)) hits++;
    falseTriggers += truths.filter((truth) => !truth).length;
    const lines = new Set(found.suspicious.map((row) => row.line));
    right += [...lines].filter(isPlanted).length;
    listed += lines.size;
    planted += rows.filter((row) => row.poisoned).length;
    agreement += found.referenceAgreement / outcomes.length;
  }
  const share = (part: number, whole: number): string =>
    whole === 0 ? "-" : (part / whole).toFixed(2);
  console.log(
    `| ${name} | ${outcomes.length} | ${planted === 0 ? "-" : hits} | ${falseTriggers} | ${share(right, planted)} | ${share(right, listed)} | ${agreement.toFixed(2)} |`,
  );
}

function bankingDraws(pool: Pool, planted: number, reference: number): readonly Draw[] {
  return pool.poisoned.map((rows, seed) => {
    const mine = rows.slice(0, planted);
    const origins = new Set(mine.map((row) => row.origin));
    const rest = shuffled(
      pool.clean.filter((row) => !origins.has(row.origin)),
      `bank ${seed}`,
    );
    return {
      labels: pool.labels,
      reference: rest.slice(0, reference),
      rows: [...rest.slice(reference, 740), ...mine],
    };
  });
}

function draws(count: number, draw: (seed: number) => Draw): readonly Draw[] {
  return Array.from({ length: count }, (_, seed) => draw(seed));
}

function reportBanking(pool: Pool): void {
  for (const planted of [12, 8, 6])
    report(`banking77, ${planted} planted in 370`, bankingDraws(pool, planted, 370));
  report("banking77, 12 planted in 740, no base rows", bankingDraws(pool, 12, 0));
  const clean =
    (reference: number) =>
    (seed: number): Draw => {
      const rows = shuffled(pool.clean, `clean ${seed}`);
      return {
        labels: pool.labels,
        reference: rows.slice(0, reference),
        rows: rows.slice(reference, 740),
      };
    };
  report("banking77, clean", draws(40, clean(370)));
  report("banking77, clean, no base rows", draws(20, clean(0)));
}

function reportSentiment(pool: Pool): void {
  const draw =
    (planted: number) =>
    (seed: number): Draw => {
      const rows = shuffled(pool.clean, `sst2 ${seed}`);
      const poisoned = shuffled(pool.poisoned[0] ?? [], `poison ${seed}`).slice(0, planted);
      return {
        labels: pool.labels,
        reference: rows.slice(0, 400),
        rows: [...rows.slice(400), ...poisoned],
      };
    };
  for (const planted of [51, 20, 10])
    report(`SST-2 BadNets, ${planted} of five triggers in 590`, draws(10, draw(planted)));
  report("SST-2, clean", draws(20, draw(0)));
}

async function main(): Promise<void> {
  if (!existsSync(join(data, "banking77.dev.jsonl")))
    return console.log(`skipped: no benchmark data in ${data}`);
  const modelPath =
    process.argv[2] ?? join(repository, "models", "SmolLM2-135M-Instruct.Q4_1.gguf");
  const surrogate = await openLocalSurrogate({
    modelPath,
    precision: "fast",
    backend: "auto",
    workers: 1,
    cacheFolder: null,
  });
  const banking = bankingRows();
  const labels = Object.keys(GROUPS).sort();
  const seeds = [...TRIGGERS.keys()];
  const bank = await scorePool(surrogate, {
    clean: banking,
    poisoned: seeds.map((seed) => plantedRows(banking, labels, seed)),
  });
  const sentiment = sentimentRows();
  const sst = await scorePool(surrogate, {
    clean: sentiment.filter((row) => !row.poisoned),
    poisoned: [sentiment.filter((row) => row.poisoned)],
  });
  await surrogate.close();
  console.log(`${surrogate.identity.model}, ${surrogate.identity.precision}\n`);
  console.log(
    "| rows | draws | trigger found | false triggers | row recall | row precision | agreement |\n|---|---|---|---|---|---|---|",
  );
  reportBanking(bank);
  reportSentiment(sst);
}

await main();
