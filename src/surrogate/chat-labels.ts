/** Labels scored by a plain chat model: by the alternatives to the first token of its answer. */
import type { LabelScores, Message, OracleAnswer, OracleQuestion } from "../domain.js";
import { UnderstudyError } from "../errors.js";

/** How probable it was that an answer begins with each label; 0: not listed, at most `bound`. */
export interface ReadProbabilities {
  readonly probabilities: readonly number[];
  readonly bound: number;
}

export type ReadLabels = (
  answer: OracleAnswer,
  labels: readonly string[],
) => ReadProbabilities | null;

export interface ChatLabelJob {
  readonly prompts: readonly (readonly Message[])[];
  readonly labels: readonly string[];
  readonly readLabels: ReadLabels;
  readonly ask: (questions: readonly OracleQuestion[]) => Promise<readonly OracleAnswer[]>;
}

/** Rounding of probabilities that are added up; and how far below the likeliest the token written at temperature 0 may be, in nats. */
const MOST_PROBABILITY = 1.01;
const LARGEST_SLIP = 0.25;
/** Share of the prompts that must list at least one label. */
const LISTED_SHARE = 0.5;

/**
 * log p(label) of each prompt from one answer, natural log. A label that is not listed counts with the probability of the last
 * alternative, an upper bound; so does every label of a prompt that lists none, which is then no evidence for any of them.
 * @throws UnderstudyError ORACLE_ANSWER for answers without alternatives, for alternatives that contradict the token that was written
 *   or add up to more than 1 (zeros, made-up numbers), and where fewer than half of the prompts list any label.
 */
export async function chatLabelScores(job: ChatLabelJob): Promise<LabelScores> {
  const { prompts, labels, readLabels, ask } = job;
  const answers = await ask(prompts.map((messages) => ({ purpose: "masks", messages })));
  const read = answers.map((answer) => {
    const problem = contradiction(answer);
    const found = problem === null ? readLabels(answer, labels) : null;
    if (found === null)
      throw refused(problem ?? "it lists no alternatives to the first token of its answer");
    return found;
  });
  const listed = read.filter(({ probabilities }) => probabilities.some((each) => each > 0)).length;
  if (listed < LISTED_SHARE * read.length)
    throw refused(
      `${read.length - listed} of ${read.length} answers have none of the labels among their likeliest beginnings`,
    );
  const tokens = answers.reduce((sum, { usage }) => sum + usage.promptTokens, 0);
  return {
    logProbabilities: read.map(({ probabilities, bound }) =>
      Float64Array.from(probabilities, (probability) =>
        Math.log(Math.min(1, probability || Math.max(bound, Number.MIN_VALUE))),
      ),
    ),
    singleToken: true,
    tokensRun: tokens,
    tokensAsked: tokens,
  };
}

/** What shows that the listed log-probabilities are not those by which the answer was written, or null. */
function contradiction({ logProbabilities }: OracleAnswer): string | null {
  for (const { top, logProbability } of logProbabilities ?? []) {
    if (top.length === 0) continue;
    const together = top.reduce((sum, each) => sum + Math.exp(each.logProbability), 0);
    if (together > MOST_PROBABILITY)
      return `its alternatives have a probability of ${together.toFixed(2)} together`;
    const slip = Math.max(...top.map((each) => each.logProbability)) - logProbability;
    if (slip > LARGEST_SLIP)
      return `it wrote a token that by its own numbers is ${slip.toFixed(2)} nats less likely than another one`;
  }
  return null;
}

function refused(problem: string): UnderstudyError {
  return new UnderstudyError("ORACLE_ANSWER", `the chat model cannot score labels: ${problem}`, {
    fix: "use a server with truthful top_logprobs and a prompt that asks for the label alone",
  });
}
