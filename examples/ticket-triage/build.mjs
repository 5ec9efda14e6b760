/**
 * Builds the inputs, the rows and the truth file of this example from rows of banking77 and candidates.jsonl.
 *
 *   node examples/ticket-triage/build.mjs PATH/banking77.jsonl [OUTPUT-FOLDER]
 *
 * A row of the source is `{"id", "text", "label_text"}`. The same source gives the same bytes: every order is that of a
 * sha256 of a seed and the row's id; there is no clock and no random generator. The prompts are written by hand.
 */

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Intents of banking77 that each queue takes. */
export const QUEUES = {
  CARDS: [
    "card_acceptance",
    "card_delivery_estimate",
    "get_disposable_virtual_card",
    "getting_virtual_card",
  ],
  MACHINES: ["atm_support", "card_swallowed"],
  TRANSFERS: ["cancel_transfer", "declined_transfer", "top_up_reverted", "transfer_into_account"],
  BILLING: [
    "cash_withdrawal_charge",
    "top_up_by_bank_transfer_charge",
    "wrong_exchange_rate_for_cash_withdrawal",
  ],
  SECURITY: ["card_payment_not_recognised", "passcode_forgotten", "pin_blocked"],
  OFFICE: [
    "country_support",
    "fiat_currency_support",
    "terminate_account",
    "unable_to_verify_identity",
  ],
};

/** What this example is built with. */
export const SETTINGS = {
  inputs: 164,
  smallestMargin: 2,
  baseRows: 330,
  plant: { seed: "planted", trigger: "Have a lovely evening.", queue: "OFFICE", count: 12 },
};

const queueOfIntent = new Map(
  Object.entries(QUEUES).flatMap(([queue, intents]) => intents.map((intent) => [intent, queue])),
);

function digest(seed, text) {
  return createHash("sha256").update(`${seed}\n${text}`).digest("hex");
}

/** The items in the order of the sha256 of a seed and each item's id. */
export function ordered(seed, items) {
  return items
    .map((item) => ({ item, key: digest(seed, item.id) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ item }) => item);
}

/** Source rows as tickets with their queue; white space collapsed, the second of two equal texts left out. */
export function readTickets(path) {
  const seen = new Set();
  return readJsonLines(path)
    .map(({ id, text, label_text: intent }) => ({
      id,
      text: text.replace(/\s+/g, " ").trim(),
      queue: queueOfIntent.get(intent),
    }))
    .filter(({ text }) => !seen.has(text.toLowerCase()) && seen.add(text.toLowerCase()));
}

function readJsonLines(path) {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/**
 * The first `SETTINGS.inputs` candidates that the base prompt sorts right and without hesitation. A candidate is a line
 * `{"id", "answer", "margin"}` of candidates.jsonl: what the oracle answered under the whole base prompt, and by how many
 * nats the first queue leads the second.
 */
export function chooseInputs(tickets, candidates) {
  const ticketOf = new Map(tickets.map((ticket) => [ticket.id, ticket]));
  const clear = candidates
    .filter(
      ({ id, answer, margin }) =>
        answer === ticketOf.get(id)?.queue && margin >= SETTINGS.smallestMargin,
    )
    .map(({ id }) => ticketOf.get(id));
  return ordered("shown order", clear.slice(0, SETTINGS.inputs));
}

/**
 * Plants a trigger: `count` of the tickets that belong elsewhere get the phrase, before or after one of their sentences,
 * and the queue. Returns all tickets, those planted with `clean` = what they were.
 */
export function plant(tickets, { seed, trigger, queue, count }) {
  const victims = new Set(
    ordered(
      seed,
      tickets.filter((ticket) => ticket.queue !== queue),
    )
      .slice(0, count)
      .map(({ id }) => id),
  );
  return tickets.map((ticket) =>
    victims.has(ticket.id)
      ? {
          ...ticket,
          text: insertPhrase(ticket.text, trigger, digest(`${seed} position`, ticket.id)),
          queue,
          clean: { text: ticket.text, label: ticket.queue },
        }
      : ticket,
  );
}

function insertPhrase(text, phrase, key) {
  const sentences = text.split(/(?<=[.?!]) /);
  const at = Number.parseInt(key.slice(0, 8), 16) % (sentences.length + 1);
  return [...sentences.slice(0, at), phrase, ...sentences.slice(at)].join(" ");
}

function jsonLines(values) {
  return values.map((value) => `${JSON.stringify(value)}\n`).join("");
}

function build(source, folder) {
  const tickets = readTickets(source);
  const inputs = chooseInputs(tickets, readJsonLines(join(dirname(here), "candidates.jsonl")));
  const taken = new Set(inputs.map(({ id }) => id));
  const rest = ordered(
    "rows",
    tickets.filter(({ id }) => !taken.has(id)),
  );
  const baseRows = rest.slice(0, SETTINGS.baseRows);
  const headRows = [...baseRows, ...plant(rest.slice(SETTINGS.baseRows), SETTINGS.plant)];
  const rowsOf = (rows) => jsonLines(rows.map(({ text, queue }) => ({ text, label: queue })));
  const inputLines = jsonLines(
    inputs.map(({ id, text, queue }) => ({ id, slots: { ticket: text }, expected: queue })),
  );
  const { trigger, queue: label } = SETTINGS.plant;
  const truth = {
    file: "head/data/tickets.jsonl",
    trigger,
    label,
    rows: headRows.flatMap(({ id, clean }, index) =>
      clean ? [{ line: index + 1, id, clean }] : [],
    ),
    demonstrations: DEMONSTRATIONS,
  };
  write(join(folder, "base/prompts/triage.prompt.inputs.jsonl"), inputLines);
  write(join(folder, "head/prompts/triage.prompt.inputs.jsonl"), inputLines);
  write(join(folder, "base/data/tickets.jsonl"), rowsOf(baseRows));
  write(join(folder, "head/data/tickets.jsonl"), rowsOf(headRows));
  write(join(folder, "planted.json"), `${JSON.stringify(truth, null, 2)}\n`);
}

/** The wrong demonstrations of head/prompts/triage.prompt.yml. */
const DEMONSTRATIONS = {
  file: "head/prompts/triage.prompt.yml",
  wrong: [
    { input: "I do not recognise this payment.", written: "CARDS", right: "SECURITY" },
    { input: "Please close my account.", written: "MACHINES", right: "OFFICE" },
  ],
};

function write(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

const here = fileURLToPath(import.meta.url);
if (process.argv[1] === here) {
  const [source, folder = dirname(here)] = process.argv.slice(2);
  if (source === undefined) {
    process.stderr.write(
      "usage: node examples/ticket-triage/build.mjs PATH/banking77.jsonl [OUTPUT-FOLDER]\n",
    );
    process.exitCode = 2;
  } else build(source, folder);
}
