/**
 * Tasks of the demonstrations benchmark: which rows, which label words, which instruction. Texts are read from the folder beside the
 * project (see bench/games/games.ts); what is committed are ids and numbers.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { Message } from "../../src/domain.js";
import { readRows } from "../games/games.js";

export const TASK_NAMES = ["sentiment", "topics", "routing", "queues"] as const;
export type TaskName = (typeof TASK_NAMES)[number];

export interface Task {
  readonly name: TaskName;
  /** File of the benchmark data. */
  readonly data: "sst2" | "banking77";
  readonly instruction: string;
  /** The data set's label of a row -> the word that a demonstration writes for it. */
  readonly written: ReadonlyMap<string, string>;
  /** Words of the shortest and of the longest text. */
  readonly words: readonly [number, number];
  /** Rows of a draw that the arms are compared on. */
  readonly queries: number;
}

const TASKS: Readonly<Record<TaskName, Omit<Task, "name">>> = {
  sentiment: {
    data: "sst2",
    instruction: "Is the sentence negative or positive? Answer with one word.",
    written: new Map([
      ["negative", "negative"],
      ["positive", "positive"],
    ]),
    words: [4, 9],
    queries: 8,
  },
  topics: {
    data: "banking77",
    instruction:
      "Is the question about delivery, identity, currency or closing an account? Answer with one word: delivery, identity, currency, closing.",
    written: new Map([
      ["card_delivery_estimate", "delivery"],
      ["unable_to_verify_identity", "identity"],
      ["fiat_currency_support", "currency"],
      ["terminate_account", "closing"],
    ]),
    words: [4, 11],
    queries: 8,
  },
  // Four intents that are close to each other, under terse names.
  routing: {
    data: "banking77",
    instruction:
      "Route the question to declined, cancel, reverted or charge. Answer with one word.",
    written: new Map([
      ["declined_transfer", "declined"],
      ["cancel_transfer", "cancel"],
      ["top_up_reverted", "reverted"],
      ["top_up_by_bank_transfer_charge", "charge"],
    ]),
    words: [4, 11],
    queries: 8,
  },
  // The queues' letters say nothing; the demonstrations do.
  queues: {
    data: "banking77",
    instruction: "Put the question into queue A or B. Answer with one letter.",
    written: new Map([
      ["unable_to_verify_identity", "A"],
      ["card_delivery_estimate", "B"],
    ]),
    words: [4, 11],
    queries: 12,
  },
};

export function taskNamed(name: TaskName): Task {
  return { name, ...TASKS[name] };
}

/** Label words in the order of all numbers that are recorded by label. */
export function labelsOf(task: Task): readonly string[] {
  return [...task.written.values()];
}

/** A row that may become a demonstration or a query; `label` is an index of `labelsOf`. */
export interface PoolRow {
  readonly id: string;
  readonly text: string;
  readonly label: number;
}

const rowSchema = z.object({ id: z.string(), text: z.string(), label_text: z.string() });

/** All rows of a task in the order of a hash of their ids. Throws where the data folder is absent. */
export function poolOf(task: Task): PoolRow[] {
  const labels = labelsOf(task);
  const hash = ({ id }: PoolRow): string =>
    createHash("sha256").update(`demonstrations\n${id}`).digest("hex");
  return readRows(`${task.data}.dev.jsonl`, rowSchema)
    .flatMap(({ id, text, label_text: name }) => {
      const written = task.written.get(name);
      const clean = text.replace(/\s+/g, " ").trim();
      const words = clean.split(" ").length;
      if (written === undefined || words < task.words[0] || words > task.words[1]) return [];
      return [{ id, text: clean, label: labels.indexOf(written) }];
    })
    .sort((left, right) => (hash(left) < hash(right) ? -1 : 1));
}

/** A demonstration as it stands in the prompt. */
export interface Shown {
  readonly text: string;
  readonly label: string;
}

/** The prompt: the instruction, a pair of turns a demonstration, the query. */
export function messagesOf(task: Task, shown: readonly Shown[], query: string): Message[] {
  return [
    { role: "system", content: task.instruction },
    ...shown.flatMap(({ text, label }): Message[] => [
      { role: "user", content: text },
      { role: "assistant", content: label },
    ]),
    { role: "user", content: query },
  ];
}
