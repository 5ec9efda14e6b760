/**
 * Five games on real models (docs/methods.md, "Games"): what is masked, on which inputs, and how a mask becomes messages. Texts
 * of data sets are read from the folder beside the project and never copied; recordings hold ids, masks and values only.
 */
import { existsSync, readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Mask, Message, PromptTemplate } from "../../src/domain.js";
import { drawPool } from "../../src/explain/mask-pool.js";
import { randomFrom } from "../../src/numerics/random.js";
import { maskableSpans, parsePrompt, renderMessages } from "../../src/prompts/index.js";

export const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
/** Benchmark data, read where they lie. */
export const benchData = join(
  process.env["UNDERSTUDY_SHARED"] ?? join(repository, "..", "shared"),
  "bench",
);

export const TEMPLATE_NAMES = [
  "routing",
  "sentiment-sentences",
  "sentiment-demonstrations",
] as const;
export type TemplateName = (typeof TEMPLATE_NAMES)[number];

export const GAME_NAMES = [...TEMPLATE_NAMES, "sentiment-words", "retrieved-sentences"] as const;
export type GameName = (typeof GAME_NAMES)[number];

export interface GameInput {
  readonly id: string;
  /** Texts of the spans that are masked, in order. */
  readonly spans: readonly string[];
  /** What the input itself says: text, or question. */
  readonly text: string;
}

export interface BenchGame {
  readonly name: GameName;
  /** True where all inputs share the same spans. */
  readonly template: boolean;
  /** Closed set of answers; null where the fixed output is free text. */
  readonly labels: readonly string[] | null;
  readonly inputs: readonly GameInput[];
  /** Masks of one input: training masks first, then the held-out ones, dense before sparse within each. */
  masks(input: number): GameMasks;
  render(input: number, mask: Mask | null): readonly Message[];
}

export interface GameMasks {
  readonly training: readonly Mask[];
  readonly heldOutDense: readonly Mask[];
  readonly heldOutSparse: readonly Mask[];
}

const TEMPLATE_INPUTS = 40;
const OTHER_INPUTS = 30;
const HELD_OUT = 8;
const TRAINING: Readonly<Record<GameName, number>> = {
  routing: 48,
  "sentiment-sentences": 48,
  "sentiment-demonstrations": 48,
  "sentiment-words": 48,
  "retrieved-sentences": 16,
};
const QUEUES = ["BILLING", "CARDS", "MACHINES", "OFFICE", "SECURITY", "TRANSFERS"];
const SENTIMENTS = ["negative", "positive"];

/** Whether the data of all games are there. */
export function gamesAvailable(): boolean {
  return existsSync(join(benchData, "sst2.dev.jsonl"));
}

export function openGame(name: GameName): BenchGame {
  switch (name) {
    case "routing":
      return templateGame(name, QUEUES, routingInputs());
    case "sentiment-sentences":
    case "sentiment-demonstrations":
      return templateGame(name, SENTIMENTS, sentimentInputs(TEMPLATE_INPUTS));
    case "sentiment-words":
      return wordGame();
    case "retrieved-sentences":
      return retrievalGame();
  }
}

/** JSON lines of a data set, each checked. */
export function readRows<Row>(file: string, schema: z.ZodType<Row>): Row[] {
  return readFileSync(join(benchData, file), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => schema.parse(JSON.parse(line)));
}

/** Rows in the order of a hash of their ids: a choice that nothing about their content decides. */
export function byHash<Row extends { readonly id: string }>(rows: readonly Row[]): Row[] {
  const hash = (id: string): string => createHash("sha256").update(`games\n${id}`).digest("hex");
  return [...rows].sort((a, b) => (hash(a.id) < hash(b.id) ? -1 : 1));
}

const labelledRow = z.object({ id: z.string(), text: z.string(), label_text: z.string() });

/** Two tickets of each of the twenty intents. */
function routingInputs(): { readonly id: string; readonly text: string }[] {
  const taken = new Map<string, number>();
  return byHash(readRows("banking77.dev.jsonl", labelledRow))
    .filter(({ text, label_text: intent }) => {
      const words = text.split(/\s+/).length;
      const before = taken.get(intent) ?? 0;
      if (words > 25 || before >= TEMPLATE_INPUTS / 20) return false;
      taken.set(intent, before + 1);
      return true;
    })
    .map(({ id, text }) => ({ id, text: text.replace(/\s+/g, " ").trim() }));
}

/** Sentences of 7 to 13 words, as many of each label. */
function sentimentInputs(count: number): { readonly id: string; readonly text: string }[] {
  const rows = byHash(readRows("sst2.dev.jsonl", labelledRow)).filter(({ text }) => {
    const words = text.split(/\s+/).length;
    return words >= 7 && words <= 13;
  });
  const of = (label: string): typeof rows =>
    rows.filter((row) => row.label_text === label).slice(0, count / 2);
  return [...of("negative"), ...of("positive")].map(({ id, text }) => ({ id, text: text.trim() }));
}

function masksOf(spans: number, training: number, seed: string): GameMasks {
  const pool = drawPool(spans, training + 2 * HELD_OUT, randomFrom(`games\n${seed}`));
  const half = training / 2;
  return {
    training: [...pool.dense.slice(0, half), ...pool.sparse.slice(0, half)],
    heldOutDense: pool.dense.slice(half, half + HELD_OUT),
    heldOutSparse: pool.sparse.slice(half, half + HELD_OUT),
  };
}

interface GameTemplate {
  readonly template: PromptTemplate;
  readonly maskable: readonly number[];
  /** Texts of the maskable spans. */
  readonly spans: readonly string[];
  readonly masks: GameMasks;
}

/** A template of this repository with its masks: all that its recorded values need, without any input's text. */
export function openTemplate(name: TemplateName): GameTemplate {
  const path = join(repository, "bench", "games", "templates", `${name}.prompt.yml`);
  const template = parsePrompt(`${name}.prompt.yml`, readFileSync(path, "utf8"));
  const maskable = maskableSpans(template);
  const spans = maskable.map((index) => template.spans[index]?.text ?? "");
  return { template, maskable, spans, masks: masksOf(spans.length, TRAINING[name], name) };
}

function templateGame(
  name: TemplateName,
  labels: readonly string[],
  rows: readonly { readonly id: string; readonly text: string }[],
): BenchGame {
  const { template, maskable, spans, masks } = openTemplate(name);
  const inputs = rows.map((row) => ({ ...row, spans }));
  return {
    name,
    template: true,
    labels,
    inputs,
    masks: () => masks,
    render: (input, mask) => {
      const { id, text } = inputAt(inputs, input);
      return renderMessages(template, mask === null ? "all" : { mask, maskable }, { text }, id);
    },
  };
}

export function inputAt<Input>(inputs: readonly Input[], index: number): Input {
  const input = inputs[index];
  if (input === undefined) throw new RangeError(`no input ${index}`);
  return input;
}

const SHOTS: readonly (readonly [string, string])[] = [
  ["A warm and funny story that never loses its way.", "positive"],
  ["The plot drags on until nobody cares who did it.", "negative"],
  ["Two hours that felt like five.", "negative"],
  ["The young cast is a joy to watch.", "positive"],
  ["Clumsy jokes and a tired ending.", "negative"],
  ["One of the most honest films of the year.", "positive"],
  ["It looks cheap and sounds worse.", "negative"],
  ["A small wonder, tender and exact.", "positive"],
];
const SENTIMENT_TASK = "Is the sentence positive or negative about the film? Answer with one word.";

/** Words of the input under a prompt of eight demonstrations. */
function wordGame(): BenchGame {
  const before: readonly Message[] = [
    { role: "system", content: SENTIMENT_TASK },
    ...SHOTS.flatMap(([text, label]): Message[] => [
      { role: "user", content: text },
      { role: "assistant", content: label },
    ]),
  ];
  const inputs = sentimentInputs(OTHER_INPUTS).map(({ id, text }) => ({
    id,
    text,
    spans: text.split(/\s+/),
  }));
  return {
    name: "sentiment-words",
    template: false,
    labels: SENTIMENTS,
    inputs,
    masks: (input) => {
      const { id, spans } = inputAt(inputs, input);
      return masksOf(spans.length, TRAINING["sentiment-words"], id);
    },
    render: (input, mask) => {
      const content = keptSpans(inputAt(inputs, input).spans, mask).join(" ");
      return [...before, { role: "user", content }];
    },
  };
}

function keptSpans(spans: readonly string[], mask: Mask | null): readonly string[] {
  return mask === null ? spans : spans.filter((_, span) => mask[span] === 1);
}

const hotpotRow = z.object({
  id: z.string(),
  question: z.string(),
  answer: z.string(),
  sentences: z.array(
    z.object({ title: z.string(), sent_id: z.number(), text: z.string(), supporting: z.boolean() }),
  ),
});
export type HotpotRow = z.infer<typeof hotpotRow>;

export function readHotpot(): HotpotRow[] {
  return byHash(readRows("hotpotqa.dev.jsonl", hotpotRow));
}

const RETRIEVED = 8;
const LONGEST_RETRIEVED = 150;

/** The supporting sentences and others of at most `longest` words, in the order of the data: `count` together, or fewer. */
export function someSentences(row: HotpotRow, count: number, longest = Infinity): string[] {
  const random = randomFrom(`sentences\n${row.id}`);
  const supporting = row.sentences.filter((sentence) => sentence.supporting).slice(0, count);
  const others = random.shuffle(
    row.sentences.filter(
      ({ supporting: needed, text }) => !needed && text.split(/\s+/).length <= longest,
    ),
  );
  const chosen = new Set([...supporting, ...others.slice(0, count - supporting.length)]);
  return row.sentences
    .filter((sentence) => chosen.has(sentence))
    .map(({ title, text }) => `${title}: ${text.trim()}`);
}

/** Retrieved sentences, which belong to one question and are shared by no other. */
function retrievalGame(): BenchGame {
  const inputs = readHotpot()
    .map((row) => ({ id: row.id, text: row.question, spans: someSentences(row, RETRIEVED, 18) }))
    .filter(
      ({ spans }) =>
        spans.length === RETRIEVED && spans.join(" ").split(/\s+/).length <= LONGEST_RETRIEVED,
    )
    .slice(0, OTHER_INPUTS);
  return {
    name: "retrieved-sentences",
    template: false,
    labels: null,
    inputs,
    masks: (input) =>
      masksOf(RETRIEVED, TRAINING["retrieved-sentences"], inputAt(inputs, input).id),
    render: (input, mask) => {
      const { spans, text } = inputAt(inputs, input);
      return [
        {
          role: "system",
          content: "Answer the question from the sentences. Reply with the answer only.",
        },
        { role: "user", content: [...keptSpans(spans, mask), `Question: ${text}`].join("\n") },
      ];
    },
  };
}
