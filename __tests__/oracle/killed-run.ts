/**
 * A run of its own process, to be killed: asks its questions and writes the number of each on a line of standard output as soon as its
 * answer may be used.
 */
import { writeSync } from "node:fs";
import { openOracle } from "../../src/oracle/oracle.js";

/** `words`: base URL, store, number of questions, calls at a time. */
export async function run(words: readonly string[]): Promise<void> {
  const [baseUrl, store, questions, concurrency] = words;
  if (baseUrl === undefined || store === undefined)
    throw new Error("a base URL and a store are needed");
  let reservations = 0;
  const oracle = openOracle({
    model: "m",
    baseUrl,
    apiKey: null,
    recordings: [],
    store,
    budget: {
      reserve: () => ({ kind: "granted", reservation: reservations++ }),
      settle: () => undefined,
    },
    concurrency: Number(concurrency),
  });
  const askOne = async (index: number): Promise<void> => {
    const content = `q${index}`;
    const messages = [{ role: "user", content }] as const;
    const [outcome] = await oracle.ask([{ purpose: "masks", messages }]);
    if (outcome?.kind !== "answer" || outcome.answer.text !== content.toUpperCase())
      throw new Error(`${content}: ${JSON.stringify(outcome)}`);
    writeSync(1, `${index}\n`);
  };
  await Promise.all(Array.from({ length: Number(questions) }, (_, index) => askOne(index)));
}
