/** Long prompts for bench/long-prompts.ts, made when it runs: a HotpotQA question over its own passages among those of other questions. */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { PromptTemplate } from "../src/domain.js";
import { randomFrom } from "../src/numerics/random.js";
import { parsePrompt } from "../src/prompts/index.js";

/** The repository, seen from the compiled benchmark. */
export const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const dataPath = join(
  process.env["UNDERSTUDY_SHARED"] ?? join(repository, "..", "shared"),
  "bench",
  "hotpotqa.dev.jsonl",
);

export interface LongPrompt {
  readonly id: string;
  /** Every sentence is a span; a passage is a section under its title. */
  readonly template: PromptTemplate;
  readonly question: string;
  readonly answer: string;
  /** Text of the sentences that HotpotQA's annotators marked as supporting the answer, and of the passages that hold them. */
  readonly supporting: readonly string[];
  readonly goldPassages: readonly string[];
}

const rowSchema = z.object({
  id: z.string(),
  question: z.string(),
  answer: z.string(),
  sentences: z.array(z.object({ title: z.string(), text: z.string(), supporting: z.boolean() })),
});
type HotpotRow = z.infer<typeof rowSchema>;

interface Passage {
  readonly text: string;
  readonly supporting: readonly string[];
}

/**
 * Questions with an answer that stands in a supporting sentence, in the order of the file; each prompt is filled with passages of
 * other questions up to `words` words and its passages are shuffled. Throws where the benchmark data is absent.
 */
export function longPrompts(words: number): LongPrompt[] {
  if (!existsSync(dataPath)) throw new Error(`no benchmark data at ${dataPath}`);
  const rows = readFileSync(dataPath, "utf8")
    .trim()
    .split("\n")
    .map((line) => rowSchema.parse(JSON.parse(line)));
  return rows.flatMap((row) => {
    const holdsAnswer = row.sentences.some(
      ({ supporting, text }) => supporting && text.includes(row.answer),
    );
    return holdsAnswer ? [buildPrompt(row, rows, words)] : [];
  });
}

function buildPrompt(row: HotpotRow, rows: readonly HotpotRow[], words: number): LongPrompt {
  const random = randomFrom(`long prompt\n${row.id}`);
  const chosen = passagesOf(row);
  let length = wordsIn(chosen);
  const foreign = random
    .shuffle(rows.filter((other) => other.id !== row.id))
    .flatMap((other) => passagesOf(other))
    .filter(({ text }) => !text.includes(row.answer));
  for (const passage of foreign) {
    if (length >= words) break;
    chosen.push({ ...passage, supporting: [] });
    length += wordsIn([passage]);
  }
  const body = random
    .shuffle(chosen)
    .map(({ text }) => text)
    .join("\n");
  const text = `Answer the question from the documents.\n\n${body}\nQuestion: {{question}}\nAnswer:`;
  return {
    id: row.id,
    template: parsePrompt("prompts/long.txt", text, { mostMaskableSpans: Infinity }),
    question: row.question,
    answer: row.answer,
    supporting: chosen.flatMap(({ supporting }) => supporting),
    goldPassages: chosen.filter(({ supporting }) => supporting.length > 0).map(({ text }) => text),
  };
}

function wordsIn(passages: readonly Passage[]): number {
  return passages.reduce((sum, { text }) => sum + text.split(/\s+/).length, 0);
}

/** Passages under their titles as headings. Supporting sentences of another question support nothing here. */
function passagesOf(row: HotpotRow): Passage[] {
  const titles = [...new Set(row.sentences.map(({ title }) => title))];
  return titles.map((title) => {
    const own = row.sentences.filter((sentence) => sentence.title === title);
    const sentences = own.map(({ text }) => text.replaceAll(/[{}]/g, "").trim());
    return {
      text: `# ${title}\n${sentences.join(" ")}\n`,
      supporting: sentences.filter((_, index) => own[index]?.supporting === true),
    };
  });
}
