import type { OracleAnswer, TokenLogProbability } from "../domain.js";

/** How probable it was that the answer begins with each label. */
export interface LabelProbabilities {
  /** In the order of the labels; 0: none of its spellings is among the alternatives. */
  readonly probabilities: readonly number[];
  /** Probability of the least likely alternative listed: no missing label is more probable. */
  readonly bound: number;
  /** True where a beginning that several labels share had to be divided among them. */
  readonly divided: boolean;
}

interface Reading {
  readonly labels: readonly string[];
  readonly tokens: readonly TokenLogProbability[];
  readonly probabilities: number[];
  divided: boolean;
}

interface Beginning {
  readonly position: number;
  readonly text: string;
  readonly probability: number;
}

/**
 * Sums, for each label, the probabilities of the alternatives to the first answer token that begin it and no other label; white
 * space around tokens is ignored and white-space tokens before the answer are skipped. Where the answer's own token begins several
 * labels, the next token decides; other beginnings of several labels are divided equally and `divided` says so.
 * Null where the answer carries no list of alternatives.
 */
export function labelProbabilities(
  answer: OracleAnswer,
  labels: readonly string[],
): LabelProbabilities | null {
  const tokens = answer.logProbabilities ?? [];
  const position = tokens.findIndex(({ token }) => token.trim() !== "");
  const first = tokens[position];
  if (!first || first.top.length === 0) return null;
  const reading: Reading = { labels, tokens, probabilities: labels.map(() => 0), divided: false };
  read(reading, { position, text: "", probability: 1 });
  const bound = Math.exp(Math.min(...first.top.map(({ logProbability }) => logProbability)));
  return { probabilities: reading.probabilities, bound, divided: reading.divided };
}

function read(reading: Reading, beginning: Beginning): void {
  const own = reading.tokens[beginning.position];
  if (!own || own.top.length === 0) return assign(reading, beginning.text, beginning.probability);
  const listed = own.top.some(({ token }) => token === own.token);
  for (const { token, logProbability } of listed ? own.top : [own, ...own.top]) {
    const text = (beginning.text + token).trimStart();
    const probability = beginning.probability * Math.exp(logProbability);
    if (token === own.token && begunBy(reading.labels, text).length > 1)
      read(reading, { position: beginning.position + 1, text, probability });
    else if (begunBy(reading.labels, text).length > 0) assign(reading, text, probability);
    else assignComplete(reading, beginning.text, probability);
  }
}

/** Indices of the labels that begin with a text; none for an empty text. */
function begunBy(labels: readonly string[], text: string): number[] {
  const trimmed = text.trim();
  return trimmed === ""
    ? []
    : labels.flatMap((label, index) => (label.startsWith(trimmed) ? [index] : []));
}

/** Something else follows: meant is the label that is complete by now, if one is. */
function assignComplete(reading: Reading, text: string, probability: number): void {
  const index = reading.labels.indexOf(text.trim());
  if (index >= 0)
    reading.probabilities[index] = (reading.probabilities[index] as number) + probability;
}

function assign(reading: Reading, text: string, probability: number): void {
  const complete = reading.labels.indexOf(text.trim());
  const candidates = complete >= 0 ? [complete] : begunBy(reading.labels, text);
  if (candidates.length > 1) reading.divided = true;
  for (const index of candidates)
    reading.probabilities[index] =
      (reading.probabilities[index] as number) + probability / candidates.length;
}
