/** Questions in an order in which neighbours share the longest beginning, so that a server's prefix cache serves them. */
import type { OracleOutcome, OracleQuestion } from "../domain.js";

/** Outcomes in the order of the questions, which are asked in the order of their texts. */
export async function askByPrefix(
  ask: (questions: readonly OracleQuestion[]) => Promise<readonly OracleOutcome[]>,
  questions: readonly OracleQuestion[],
): Promise<readonly OracleOutcome[]> {
  const order = questions
    .map(({ messages }, index) => ({ key: JSON.stringify(messages), index }))
    .sort((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0));
  const asked = await ask(order.flatMap(({ index }) => questions[index] ?? []));
  const places = new Map(order.map(({ index }, position) => [index, position]));
  return questions.flatMap((_, index) => asked[places.get(index) ?? -1] ?? []);
}
