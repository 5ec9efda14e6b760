/** The OpenAI client as every server here is asked: one transport, one retry loop. */
import OpenAI from "openai";
import type { Endpoint } from "./endpoint.js";
import { failureOf, type Failure } from "./failure.js";
import { backoff, parseRetryAfter, Pause, type Time } from "./pacing.js";
import { guardedFetch, type Resolve } from "./transport.js";

export interface ApiOptions {
  readonly endpoint: Endpoint;
  /** null: no Authorization header is sent. */
  readonly apiKey: string | null;
  readonly timeoutMs: number;
  readonly resolve?: Resolve;
}

export type CallResult =
  | { readonly kind: "body"; readonly body: string }
  | { readonly kind: "failed"; readonly failure: Failure };

/** A server that wants a longer pause than this is not waited for: it is a quota, not a rush. */
const LONGEST_PAUSE_MS = 120_000;

/** A client that goes through the guarded transport, takes nothing from the environment and never tries again by itself. */
export function openApi({ endpoint, apiKey, timeoutMs, resolve }: ApiOptions): OpenAI {
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

export interface RetryOptions {
  readonly host: string;
  /** Never shown in a failure's message. */
  readonly secret: string | null;
  /** Further tries after the first. */
  readonly retries: number;
  readonly time: Time;
}

/** One call: what sends it, and a key that the jitter of the backoff derives from. */
export interface Call {
  readonly key: string;
  readonly send: () => Promise<Response>;
}

/**
 * Sends calls to one server, each until it has a body or trying again makes no sense: time-outs once more, other passing failures
 * `retries` times, with exponential backoff or as long as Retry-After says; such a pause holds for parallel calls too. What is returned
 * throws nothing.
 */
export function retrying(options: RetryOptions): (call: Call) => Promise<CallResult> {
  const { retries, time } = options;
  const pause = new Pause(time);
  const tryOnce = async ({ send }: Call): Promise<CallResult> => {
    await pause.wait();
    try {
      return { kind: "body", body: await (await send()).text() };
    } catch (thrown) {
      return { kind: "failed", failure: failureOf(thrown, options) };
    }
  };
  return async (call) => {
    for (let attempt = 0; ; attempt += 1) {
      const result = await tryOnce(call);
      if (result.kind === "body" || attempt >= triesAgain(result.failure, retries))
        return withTries(result, attempt + 1);
      const asked = parseRetryAfter(result.failure.retryAfter, time.now());
      if (asked !== null && asked > LONGEST_PAUSE_MS) return withTries(result, attempt + 1);
      if (asked === null) await time.sleep(backoff(call.key, attempt));
      else pause.extend(asked);
    }
  };
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
