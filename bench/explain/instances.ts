/** Instances of the second paper's kind: HotpotQA by sentences, MMLU by words, each with a fixed output. Texts stay in ../shared. */
import { z } from "zod";
import type { Mask, Message } from "../../src/domain.js";
import { byHash, readHotpot, readRows, someSentences } from "../games/games.js";

export interface Instance {
  readonly id: string;
  readonly spans: readonly string[];
  /** What stands between spans in the prompt, which begins with them. */
  readonly separator: string;
  /** The output whose support is explained: the data's own answer. */
  readonly output: string;
  render(mask: Mask | null): readonly Message[];
}

export type Dataset = "hotpotqa" | "mmlu";
export const DATASETS: readonly Dataset[] = ["hotpotqa", "mmlu"];
export const INSTANCES = 20;

/** How many sentences a question keeps, and how many words these may have. */
export interface SentenceCut {
  readonly sentences: number;
  readonly mostWords: number;
}

const SIXTEEN_SENTENCES: SentenceCut = { sentences: 16, mostWords: 260 };
const MOST_WORDS_OF_OTHERS = 18;
const QUESTION_WORDS = { least: 12, most: 24 };
const MOST_WORDS_OF_CHOICES = 16;

export function openInstances(dataset: Dataset): readonly Instance[] {
  return (dataset === "hotpotqa" ? hotpotInstances(SIXTEEN_SENTENCES) : mmluInstances()).slice(
    0,
    INSTANCES,
  );
}

function kept(spans: readonly string[], mask: Mask | null): readonly string[] {
  return mask === null ? spans : spans.filter((_, span) => mask[span] === 1);
}

function countWords(text: string): number {
  return text.split(/\s+/).length;
}

/** Questions with their supporting sentences and short others of the same context, those that have enough and are short enough. */
export function hotpotInstances({ sentences, mostWords }: SentenceCut): Instance[] {
  return readHotpot()
    .map((row) => ({ row, spans: someSentences(row, sentences, MOST_WORDS_OF_OTHERS) }))
    .filter(({ spans }) => spans.length === sentences && countWords(spans.join(" ")) <= mostWords)
    .map(({ row, spans }) => ({
      id: row.id,
      spans,
      separator: "\n",
      output: row.answer,
      render: (mask) => [
        {
          role: "user",
          content: [
            ...kept(spans, mask),
            `Question: ${row.question}`,
            "Answer in a few words.",
          ].join("\n"),
        },
      ],
    }));
}

const mmluRow = z.object({
  id: z.string(),
  question: z.string(),
  choices: z.array(z.string()),
  answer_letter: z.string(),
});

/** The words of the question; the choices stay. */
function mmluInstances(): Instance[] {
  return byHash(readRows("mmlu.dev.jsonl", mmluRow))
    .filter(({ question, choices }) => {
      const words = countWords(question);
      return (
        words >= QUESTION_WORDS.least &&
        words <= QUESTION_WORDS.most &&
        countWords(choices.join(" ")) <= MOST_WORDS_OF_CHOICES
      );
    })
    .map(({ id, question, choices, answer_letter: letter }) => {
      const spans = question.trim().split(/\s+/);
      const options = choices.map((choice, index) => `${"ABCD"[index]}. ${choice}`).join("\n");
      return {
        id,
        spans,
        separator: " ",
        output: letter,
        render: (mask) => [
          {
            role: "user",
            content: `${kept(spans, mask).join(" ")}\n${options}\nAnswer with a letter.`,
          },
        ],
      };
    });
}
