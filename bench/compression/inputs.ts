/** Inputs of the compression benchmark, from the data where they lie: needed to ask the oracle, not to make the tables. */
import { z } from "zod";
import { byHash, inputAt, openGame, readRows, type TemplateName } from "../games/games.js";

export interface AskedInput {
  readonly id: string;
  readonly text: string;
}

const CANDIDATES = 40;
/** Short ones: an oracle on one core reads every one some eighty times. */
const LONGEST_ROUTED = 12;
const SENTENCE_WORDS = [6, 10] as const;
const row = z.object({ id: z.string(), text: z.string(), label_text: z.string() });

/** Candidates that are no input of the recorded game, by a hash of their ids: as many of each class as the others. */
export function freshCandidates(name: TemplateName): readonly AskedInput[] {
  const known = new Set(openGame(name).inputs.map(({ id }) => id));
  const [file, fits] =
    name === "routing"
      ? (["banking77.dev.jsonl", (words: number) => words <= LONGEST_ROUTED] as const)
      : ([
          "sst2.dev.jsonl",
          (words: number) => words >= SENTENCE_WORDS[0] && words <= SENTENCE_WORDS[1],
        ] as const);
  const rows = byHash(readRows(file, row)).filter(
    ({ id, text }) => !known.has(id) && fits(text.trim().split(/\s+/).length),
  );
  const classes = [...new Set(rows.map(({ label_text: label }) => label))].sort();
  const ofClass = classes.map((label) => rows.filter((one) => one.label_text === label));
  const rounds = Math.ceil(CANDIDATES / classes.length);
  const dealt = Array.from({ length: rounds }, (_, round) =>
    ofClass.flatMap((own) => own.slice(round, round + 1)),
  ).flat();
  return dealt
    .slice(0, CANDIDATES)
    .map(({ id, text }) => ({ id, text: text.replace(/\s+/g, " ").trim() }));
}

/** The game's inputs, which have oracle values under masks, in an order that mixes their classes. */
export function attributedCandidates(name: TemplateName): readonly AskedInput[] {
  const { inputs } = openGame(name);
  const STEP = 13;
  return inputs.map((_, position) => {
    const { id, text } = inputAt(inputs, (position * STEP) % inputs.length);
    return { id, text };
  });
}
