import OpenAI from "openai";
import type { Endpoint } from "./endpoint.js";
import { failureOf, type Failure } from "./failure.js";
import { backoff, parseRetryAfter, Pause, type Time } from "./pacing.js";
import { keyOf, type OracleRequest } from "./request.js";
import { guardedFetch, type Resolve } from "./transport.js";

export interface ClientOptions {
  readonly endpoint: Endpoint;
  /** null: no Authorization header is sent. */
  readonly apiKey: string | null;
  readonly timeoutMs: number;
  /** Further tries after the first. */
  readonly retries: number;
  readonly time: Time;
  readonly resolve?: Resolve;
}

export type CallResult =
  | { readonly kind: "body"; readonly body: string }
  | { readonly kind: "failed"; readonly failure: Failure };

/** Sends one request and gives back the body of the answer as it came, or why there is none after all retries. */
export type SendRequest = (request: OracleRequest) => Promise<CallResult>;

/** A server that wants a longer pause than this is not waited for: it is a quota, not a rush. */
const LONGEST_PAUSE_MS = 120_000;

/**
 * A client for any OpenAI-compatible chat endpoint. Retries time-outs once, other passing failures `retries` times, with
 * exponential backoff or as long as Retry-After says; such a pause holds for parallel calls too. Throws nothing.
 */
export function createClient(options: ClientOptions): SendRequest {
  const { endpoint, apiKey, retries, time } = options;
  const api = openClient(options);
  const pause = new Pause(time);
  const context = { host: endpoint.host, secret: apiKey };

  const tryOnce = async (request: OracleRequest): Promise<CallResult> => {
    await pause.wait();
    try {
      const response = await api.chat.completions.create(toBody(request)).asResponse();
      return { kind: "body", body: await response.text() };
    } catch (thrown) {
      return { kind: "failed", failure: failureOf(thrown, context) };
    }
  };

  return async (request) => {
    for (let attempt = 0; ; attempt += 1) {
      const result = await tryOnce(request);
      if (result.kind === "body" || attempt >= triesAgain(result.failure, retries))
        return withTries(result, attempt + 1);
      const asked = parseRetryAfter(result.failure.retryAfter, time.now());
      if (asked !== null && asked > LONGEST_PAUSE_MS) return withTries(result, attempt + 1);
      if (asked === null) await time.sleep(backoff(keyOf(request), attempt));
      else pause.extend(asked);
    }
  };
}

function openClient({ endpoint, apiKey, timeoutMs, resolve }: ClientOptions): OpenAI {
  return new OpenAI({
    baseURL: endpoint.url,
    apiKey: apiKey ?? "none",
    // Named, so that the client does not take them from variables of the environment that are meant for another host.
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: "off",
    maxRetries: 0,
    // Our transport's timer covers the body too; the client's own must not come first.
    timeout: timeoutMs * 2 + 1000,
    fetch: guardedFetch({ endpoint, timeoutMs, ...(resolve ? { resolve } : {}) }),
    ...(apiKey === null ? { defaultHeaders: { Authorization: null } } : {}),
  });
}

/** Absent settings are left out, not sent as null; those that only some servers know pass through the client as they are. */
function toBody(request: OracleRequest): OpenAI.ChatCompletionCreateParamsNonStreaming {
  const { model, messages, ...settings } = request;
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return { model, messages, ...Object.fromEntries(given) };
}

function triesAgain(failure: Failure, retries: number): number {
  switch (failure.remedy) {
    case "again":
      return retries;
    case "once more":
      return Math.min(1, retries);
    case "poorer":
    case "never":
    case "stop":
      return 0;
  }
}

function withTries(result: CallResult, tries: number): CallResult {
  if (result.kind === "body" || tries === 1) return result;
  return {
    kind: "failed",
    failure: { ...result.failure, message: `${result.failure.message} (after ${tries} tries)` },
  };
}
