/**
 * A run of its own process, to be killed: asks its questions and writes the number of each on a line of standard output as soon as its
 * answer may be used. Arguments: base URL, store, number of questions, calls at a time. Loads nothing but the oracle, to start fast.
 */
import { writeSync } from "node:fs";
import { openOracle } from "../../src/oracle/oracle.js";

const [, , baseUrl, store, questions, concurrency] = process.argv;
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
await Promise.all(
  Array.from({ length: Number(questions) }, async (_, index) => {
    const content = `q${index}`;
    const [outcome] = await oracle.ask([
      { purpose: "masks", messages: [{ role: "user", content }] },
    ]);
    if (outcome?.kind !== "answer" || outcome.answer.text !== content.toUpperCase())
      throw new Error(`${content}: ${JSON.stringify(outcome)}`);
    writeSync(1, `${index}\n`);
  }),
);
