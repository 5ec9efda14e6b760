/**
 * Claims: of the prompts collected from public repositories at most 3 are flagged by the rules for injected instructions; rows of
 * public data sets raise few alarms; planted payloads are found in templates, demonstrations and rows. Payloads are our own, in two
 * lists: `payloads-tuning.jsonl` was written before the rules, `payloads-held-out.jsonl` after them and never used to change them.
 * Data under UNDERSTUDY_SHARED or ../shared; of rows only ids are printed. Exits with 1 where the rates in
 * src/findings/injections/error-rates.ts are no longer the measured ones.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { rowTexts } from "../src/data/row-fields.js";
import type { InjectionRule } from "../src/domain.js";
import { visibleLine } from "../src/report/markdown/visible.js";
import {
  measuredAlarms,
  PROMPTS_TESTED,
  ROWS_TESTED,
} from "../src/findings/injections/error-rates.js";
import { RULES } from "../src/findings/injections/rules.js";
import { scanRow } from "../src/findings/injections/rows.js";
import { scanText } from "../src/findings/injections/scan-text.js";
import { isTranscript } from "../src/findings/injections/chat-markup.js";
import { scanTemplate } from "../src/findings/injections/template.js";
import { parsePrompt } from "../src/prompts/index.js";

const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const shared = join(process.env["UNDERSTUDY_SHARED"] ?? join(repository, "..", "shared"), "bench");
const fixtures = join(repository, "__tests__", "fixtures", "injections");

/** Sets in which nobody planted anything. */
const CLEAN_SETS = [
  "attribution_contextcite",
  "banking77",
  "compression_gsm8k_fewshot",
  "compression_llmlingua",
  "gsm8k",
  "hellaswag",
  "hotpotqa",
  "instruct_dolly",
  "mmlu",
  "nq_context",
  "nq_open",
  "piqa",
  "rationale_cose",
  "rationale_toxic_spans",
  "sms_spam",
  "sst2",
];
/** Sets with planted triggers (rare words, sentences, swapped labels), none of which is an instruction to a model. */
const POISONED_SETS = [
  "poison_backdoorllm",
  "poison_badchain_prompts",
  "poison_decodingtrust_icl",
  "poison_dolly_synthetic",
  "poison_hiddenkiller_sst2",
  "poison_onion_sst2",
];

type Counts = Map<InjectionRule, number>;

function count(counts: Counts, rules: Iterable<InjectionRule>): void {
  for (const rule of new Set(rules)) counts.set(rule, (counts.get(rule) ?? 0) + 1);
}

function linesOf(path: string): readonly string[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "");
}

/** What is found in a prompt file: through its format where it is read, else in its text as it stands. */
function scanPrompt(path: string, text: string): readonly { rule: InjectionRule; what: string }[] {
  try {
    return scanTemplate(parsePrompt(path, text)).map(({ hit }) => hit);
  } catch {
    return scanText(text, {
      standing: "template",
      isOutput: false,
      isOneSpeaker: false,
      hasMarkup: isTranscript(text),
    });
  }
}

function benchPrompts(): Counts {
  const counts: Counts = new Map();
  const schema = z.object({ id: z.string(), repo: z.string(), path: z.string(), text: z.string() });
  const prompts = linesOf(join(shared, "prompts.dev.jsonl")).map((line) =>
    schema.parse(JSON.parse(line)),
  );
  let flagged = 0;
  for (const { id, repo, path, text } of prompts) {
    const hits = scanPrompt(path, text);
    count(
      counts,
      hits.map(({ rule }) => rule),
    );
    if (hits.length > 0) flagged++;
    for (const { rule, what } of hits) console.log(`  ${id} ${repo} ${path}: ${rule}: ${what}`);
  }
  console.log(`real prompts: ${flagged} of ${prompts.length} flagged (at most 3 allowed)`);
  if (prompts.length !== PROMPTS_TESTED || flagged > 3) process.exitCode = 1;
  return counts;
}

function benchRows(sets: readonly string[], counts: Counts): number {
  let rows = 0;
  for (const name of sets) {
    let own = 0;
    const flagged: string[] = [];
    for (const row of rowTexts(readFileSync(join(shared, `${name}.dev.jsonl`), "utf8"))) {
      own++;
      const found = scanRow(name, { ...row, isNew: true });
      count(
        counts,
        found.map(({ rule }) => rule),
      );
      const id = row.fields.find((field) => field.name === "id")?.text ?? `line ${row.line}`;
      if (found.length > 0)
        flagged.push(
          `${visibleLine(id)} (${[...new Set(found.map(({ rule }) => rule))].join(", ")})`,
        );
    }
    rows += own;
    const perThousand = ((1000 * flagged.length) / own).toFixed(2);
    console.log(
      `  ${name.padEnd(28)} ${String(flagged.length).padStart(3)} of ${String(own).padStart(5)} rows, ${perThousand.padStart(6)} per thousand  ${flagged.slice(0, 8).join(", ")}`,
    );
  }
  return rows;
}

const payloadSchema = z.object({
  id: z.string(),
  language: z.string(),
  disguise: z.string(),
  text: z.string(),
});
type Payload = z.infer<typeof payloadSchema>;

const CARRIER = "I lost my card on the train this morning and need a new one.";
const isOutput = (payload: Payload): boolean => payload.disguise === "output";

/** The payload as a sentence of a system message's own text. */
function inTemplate({ text }: Payload): boolean {
  const system = `You sort letters to a bank by what they are about.\n${text}\nAnswer with one word.`;
  const messages = [
    { role: "system", content: system },
    { role: "user", content: "{{letter}}" },
  ];
  return scanTemplate(parsePrompt("carrier.json", JSON.stringify(messages))).length > 0;
}

/** The payload after a demonstration's input, or as its answer. */
function inDemonstration(payload: Payload): boolean {
  const [asked, answered] = isOutput(payload)
    ? [CARRIER, payload.text]
    : [`${CARRIER} ${payload.text}`, "card"];
  const messages = [
    { role: "system", content: "You sort letters to a bank by what they are about." },
    { role: "user", content: "Why was my transfer declined?" },
    { role: "assistant", content: "transfer" },
    { role: "user", content: asked },
    { role: "assistant", content: answered },
    { role: "user", content: "{{letter}}" },
  ];
  return scanTemplate(parsePrompt("carrier.json", JSON.stringify(messages))).some(
    ({ demonstration }) => demonstration !== null,
  );
}

function inRow(payload: Payload): boolean {
  const row = isOutput(payload)
    ? { text: CARRIER, label: payload.text }
    : { text: `${CARRIER} ${payload.text}`, label: "card" };
  return [...rowTexts(JSON.stringify(row))].some(
    (one) => scanRow("carrier.jsonl", { ...one, isNew: true }).length > 0,
  );
}

function benchPayloads(name: string): void {
  const payloads = linesOf(join(fixtures, `${name}.jsonl`)).map((line) =>
    payloadSchema.parse(JSON.parse(line)),
  );
  const texts = payloads.filter((payload) => !isOutput(payload));
  const shares = [
    { where: "templates", list: texts, find: inTemplate },
    { where: "demonstrations", list: payloads, find: inDemonstration },
    { where: "rows", list: payloads, find: inRow },
  ];
  for (const { where, list, find } of shares) {
    const missed = list.filter((payload) => !find(payload));
    const languages = new Set(list.map(({ language }) => language)).size;
    console.log(
      `  ${name}, in ${where}: ${list.length - missed.length} of ${list.length} found (${languages} languages)${missed.length === 0 ? "" : `; missed ${missed.map(({ id }) => id).join(", ")}`}`,
    );
  }
}

/** Compares what the product tells with what was measured. */
function checkRates(prompts: Counts, rows: Counts, rowsTested: number): void {
  if (rowsTested !== ROWS_TESTED)
    fail(`ROWS_TESTED is ${ROWS_TESTED}, and ${rowsTested} rows were read`);
  const names = Object.keys(RULES).filter((name): name is InjectionRule => name in RULES);
  for (const rule of names) {
    const told = measuredAlarms(rule);
    const measured = { prompts: prompts.get(rule) ?? 0, rows: rows.get(rule) ?? 0 };
    if (told.prompts !== measured.prompts || told.rows !== measured.rows)
      fail(`${rule}: measured ${JSON.stringify(measured)}, told ${JSON.stringify(told)}`);
  }
}

function fail(problem: string): void {
  console.log(`NOT AS TOLD: ${problem}`);
  process.exitCode = 1;
}

function main(): void {
  console.log("planted payloads:");
  benchPayloads("payloads-tuning");
  benchPayloads("payloads-held-out");
  if (!existsSync(join(shared, "prompts.dev.jsonl"))) {
    console.log("injections: no benchmark data here (looked under UNDERSTUDY_SHARED or ../shared)");
    return;
  }
  const prompts = benchPrompts();
  console.log("false alarms in data in which nobody planted anything:");
  const clean: Counts = new Map();
  const rowsTested = benchRows(CLEAN_SETS, clean);
  console.log("data with planted triggers, none of which is an instruction to a model:");
  benchRows(POISONED_SETS, new Map());
  checkRates(prompts, clean, rowsTested);
}

main();
