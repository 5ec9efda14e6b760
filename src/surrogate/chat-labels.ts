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

/** Rounding of probabilities that are added up. */
const MOST_PROBABILITY = 1.01;
/** How far below the likeliest a token written at temperature 0 may be, in nats. */
const LARGEST_SLIP = 0.25;
/** Most answers may slip no further: a penalty on words of the prompt moves what is written now and then, not as a rule. */
const SLIP_SHARE = 0.5;
/** Share of the prompts that must list at least one label. */
const LISTED_SHARE = 0.5;

/**
 * log p(label) of each prompt from one answer, natural log. A label that is not listed counts with the probability of the last
 * alternative, an upper bound; so does every label of a prompt that lists none, which is then no evidence for any of them.
 * @throws UnderstudyError ORACLE_ANSWER for answers without alternatives, for alternatives that add up to more than 1 (zeros) or mostly
 *   contradict the token that was written (made-up numbers), and where fewer than half of the prompts list any label.
 */
export async function chatLabelScores(job: ChatLabelJob): Promise<LabelScores> {
  const { prompts, labels, readLabels, ask } = job;
  const answers = await ask(prompts.map((messages) => ({ purpose: "masks", messages })));
  checkNumbers(answers);
  const read = answers.map((answer) => {
    const found = readLabels(answer, labels);
    if (found === null) throw refused("it lists no alternatives to the first token of its answer");
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

/** Whether the numbers can be those by which the first tokens of the answers were written. */
function checkNumbers(answers: readonly OracleAnswer[]): void {
  const first = answers.flatMap(
    ({ logProbabilities }) => logProbabilities?.find(({ token }) => token.trim() !== "") ?? [],
  );
  const sums = first.map(({ top }) =>
    top.reduce((sum, each) => sum + Math.exp(each.logProbability), 0),
  );
  const most = Math.max(0, ...sums);
  if (most > MOST_PROBABILITY)
    throw refused(`its alternatives have a probability of ${most.toFixed(2)} together`);
  const slipped = first.filter(({ top, logProbability }) =>
    top.some((each) => each.logProbability - logProbability > LARGEST_SLIP),
  );
  if (slipped.length > SLIP_SHARE * first.length)
    throw refused(
      `in ${slipped.length} of ${first.length} answers the first token is by its own numbers less likely than another one`,
    );
}

function refused(problem: string): UnderstudyError {
  return new UnderstudyError("ORACLE_ANSWER", `the chat model cannot score labels: ${problem}`, {
    fix: "use a server with truthful top_logprobs and a prompt that asks for the label alone",
  });
}
