import type { Budget, Oracle, OracleOutcome } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { Asking, type AnsweredUsage } from "./ask.js";
import { createClient } from "./client.js";
import { checkEndpoint, type Endpoint } from "./endpoint.js";
import { isVersionOf } from "./model-name.js";
import { REAL_TIME, type Time } from "./pacing.js";
import { Purchasing, type Purchase } from "./purchase.js";
import { LONGEST_NAME, type RecordedLine } from "./recording-line.js";
import { openStore, readRecording, type AnswerStore } from "./recording.js";
import { keyOf, type Ladder } from "./request.js";
import { ScoringProbe } from "./scoring-probe.js";
import type { Resolve } from "./transport.js";

export interface OracleOptions {
  readonly model: string;
  /** Base URL of a chat-completions API, such as https://host/v1; null: answer from recordings only. */
  readonly baseUrl: string | null;
  /** null: no key is sent; then only loopback or an allowed private endpoint is asked, else recordings only. */
  readonly apiKey: string | null;
  /** Read-only recordings, looked up first, in this order. */
  readonly recordings: readonly string[];
  /** Recording that new answers are appended to; null: they are kept in memory only. */
  readonly store: string | null;
  readonly budget: Budget;
  /** Longest answer, in tokens; default 16. Part of every key. */
  readonly maxTokens?: number;
  /** Calls at a time; by default 1 on loopback, where a second one would only evict the prefix cache, and 4 elsewhere. */
  readonly concurrency?: number | null;
  /** For one try, to the last byte of the answer; default two minutes. */
  readonly timeoutMs?: number;
  /** Further tries after a passing failure; default 4, after a time-out at most 1. */
  readonly retries?: number;
  /** Permits http, and addresses that are not public; for an own server. */
  readonly allowPrivateEndpoint?: boolean;
  /** Filled with the keys of all lines that answered a question, for `compactRecording`. */
  readonly usedKeys?: Set<string>;
  /** The world's clock and name service, unless a test brings its own. */
  readonly time?: Time;
  readonly resolve?: Resolve;
}

/** What this oracle did; `usages` is what the input determines, the rest differs between runs. */
export interface OracleFacts {
  /** Distinct questions answered by a paid call of this run, and from recordings. */
  readonly paid: number;
  readonly cached: number;
  readonly usages: readonly AnsweredUsage[];
  readonly notices: readonly string[];
}

const ESTIMATED =
  "the server counts no tokens: their number is estimated from the length of the texts";

const REASONED =
  "the oracle reasons before it answers: what counts is the answer that it gives in the end, and log-probabilities are those of that answer after the reasoning that was written";

export interface OpenedOracle extends Oracle {
  facts(): OracleFacts;
}

/**
 * Opens the oracle: recordings first, then, where there is an endpoint that may be asked, paid calls within the budget.
 * Every new answer is on the disk before it is used. What cannot be answered is a refusal, never an exception.
 * @throws UnderstudyError ORACLE_ENDPOINT for a base URL that is refused, RECORDING or FILE for a recording that cannot be
 *   read, USAGE for a setting out of range. `ask` throws FILE, where the store cannot be written, and
 *   INTERNAL for a mode that makes no sense.
 */
export function openOracle(options: OracleOptions): OpenedOracle {
  assertSettings(options);
  const notices = new Set<string>();
  const store = options.store === null ? null : openStore(options.store);
  const sources = [...options.recordings.map(readRecording), ...(store ? [store] : [])];
  for (const notice of sources.flatMap((source) => source.notices)) notices.add(notice);
  const endpoint = usableEndpoint(options, notices);
  const asking = new Asking({
    settings: { model: options.model, maxTokens: options.maxTokens ?? 16 },
    recorded: (key) =>
      sources.map((source) => source.lines.get(key)).find((line) => line !== undefined) ?? null,
    buy: endpoint
      ? buyingFrom(endpoint, { options, store, notices })
      : async (ladder) => notRecorded(ladder, options),
    concurrency: options.concurrency ?? (endpoint?.scope === "loopback" ? 1 : 4),
    onUsed: (line) => {
      options.usedKeys?.add(line.key);
      for (const notice of noticesOf(line)) notices.add(notice);
    },
  });
  const scoring = new ScoringProbe(async (question) => firstOf(await asking.ask([question])));
  return {
    model: options.model,
    host: endpoint?.host ?? "recording",
    ask: (questions, onProgress) => asking.ask(questions, onProgress),
    canScore: (prompts) => scoring.find(prompts),
    facts: () => factsOf(asking, notices),
  };
}

/** What a person should know of an answer, bought now or replayed. */
function noticesOf({ request, response, usage, model }: RecordedLine): readonly string[] {
  return [
    ...(usage.estimated ? [ESTIMATED] : []),
    ...(response.reasoning ? [REASONED] : []),
    ...(isVersionOf(request.model, model)
      ? []
      : [
          `another model answered: ${JSON.stringify(request.model)} was asked for, and the server says that it is ${JSON.stringify(model.slice(0, LONGEST_NAME))}`,
        ]),
  ];
}

function firstOf(outcomes: readonly OracleOutcome[]): OracleOutcome {
  const [first] = outcomes;
  if (!first) throw new UnderstudyError("INTERNAL", "a question has no outcome");
  return first;
}

/** The endpoint that may be asked, or null for recordings only. */
function usableEndpoint(options: OracleOptions, notices: Set<string>): Endpoint | null {
  if (options.baseUrl === null) return null;
  const endpoint = checkEndpoint(options.baseUrl, {
    allowPrivate: options.allowPrivateEndpoint ?? false,
  });
  if (options.apiKey !== null || endpoint.scope === "loopback" || endpoint.allowPrivate)
    return endpoint;
  notices.add(`no key is given for ${endpoint.host}: only recorded answers are used`);
  return null;
}

interface BuyingContext {
  readonly options: OracleOptions;
  readonly store: AnswerStore | null;
  readonly notices: Set<string>;
}

function buyingFrom(
  endpoint: Endpoint,
  { options, store, notices }: BuyingContext,
): (ladder: Ladder) => Promise<Purchase> {
  const { apiKey, resolve, timeoutMs = 120_000, retries = 4, time = REAL_TIME } = options;
  const purchasing = new Purchasing({
    send: createClient({
      endpoint,
      apiKey,
      timeoutMs,
      retries,
      time,
      ...(resolve ? { resolve } : {}),
    }),
    budget: options.budget,
    keep: (line: RecordedLine) => store?.append(line),
    notice: (text) => void notices.add(text),
  });
  return (ladder) => purchasing.buy(ladder);
}

function notRecorded(ladder: Ladder, { recordings, store }: OracleOptions): Purchase {
  const looked = [...recordings, ...(store === null ? [] : [store])];
  const where = looked.length === 0 ? "there is no recording" : `not in ${looked.join(", ")}`;
  return {
    kind: "refused",
    cause: "not recorded",
    message: `no recorded answer to question ${keyOf(ladder[0]).slice(0, 12)} (${where}), and no endpoint with a key to ask`,
  };
}

function factsOf(asking: Asking, notices: ReadonlySet<string>): OracleFacts {
  const answered = asking.answered;
  const paid = answered.filter((each) => each.paid).length;
  return {
    paid,
    cached: answered.length - paid,
    usages: answered.map((each) => each.usage),
    notices: [...notices],
  };
}

function assertSettings({
  model,
  maxTokens,
  concurrency,
  timeoutMs,
  retries,
}: OracleOptions): void {
  if (model === "") throw new UnderstudyError("USAGE", "the oracle's model has no name");
  const settings = {
    maxTokens: [maxTokens, 1],
    concurrency: [concurrency, 1],
    timeoutMs: [timeoutMs, 1],
    retries: [retries, 0],
  } as const;
  for (const [name, [value, least]] of Object.entries(settings)) {
    if (value === undefined || value === null || (Number.isSafeInteger(value) && value >= least))
      continue;
    throw new UnderstudyError(
      "USAGE",
      `the oracle's ${name} must be a whole number of at least ${least}, got ${value}`,
    );
  }
}
