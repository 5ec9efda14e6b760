/** The connection to GitHub, and what its failures mean. */
import { setTimeout as wait } from "node:timers/promises";
import { getOctokit } from "@actions/github";

export type GitHubClient = ReturnType<typeof getOctokit>;

/** A request that GitHub does not answer is given up after this long. */
const REQUEST_TIMEOUT_MS = 30_000;

/** A client for `baseUrl` (default: GITHUB_API_URL, else github.com); every request ends after thirty seconds. */
export function connect(token: string, options: { readonly baseUrl?: string } = {}): GitHubClient {
  const client = getOctokit(token, options);
  client.hook.before("request", (request) => {
    request.request = { ...request.request, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) };
  });
  return client;
}

/** A failed request, and what follows from it. */
export interface Fault {
  /** refused: the token may not; transient: worth another try; final: trying again changes nothing. */
  readonly kind: "refused" | "transient" | "final";
  readonly status: number;
  readonly message: string;
  /** How often the request is made in all. */
  readonly attempts: number;
  /** What GitHub asked to wait, in seconds, or null. */
  readonly retryAfter: number | null;
}

/** Tries in all for a fault that usually passes, and for one that may be a race with another job. */
const PATIENT = 4;
const BRIEF = 2;

interface HttpError {
  readonly status: number;
  readonly message: string;
  readonly response?: { readonly headers?: Readonly<Record<string, unknown>> };
}

function isHttpError(thrown: unknown): thrown is HttpError {
  return thrown instanceof Error && "status" in thrown && typeof thrown.status === "number";
}

/** What a thrown error means; null where it is no answer of GitHub's and no failed connection. */
export function faultOf(thrown: unknown): Fault | null {
  if (!isHttpError(thrown)) return null;
  const { status, message } = thrown;
  const headers = thrown.response?.headers ?? {};
  const retryAfter = secondsOf(headers["retry-after"]);
  const limited =
    status === 429 ||
    (status === 403 &&
      (retryAfter !== null ||
        headers["x-ratelimit-remaining"] === "0" ||
        /rate limit|abuse/i.test(message)));
  const fault = (kind: Fault["kind"], attempts: number): Fault => ({
    kind,
    status,
    message,
    attempts,
    retryAfter,
  });
  if (limited || status >= 500) return fault("transient", PATIENT);
  if (status === 403) return fault("refused", 1);
  // A comment deleted meanwhile, or a pull request that another node does not know yet.
  if (status === 404 || status === 409) return fault("transient", BRIEF);
  if (status === 422)
    return /too long/i.test(message) ? fault("final", 1) : fault("transient", BRIEF);
  return fault("final", 1);
}

function secondsOf(header: unknown): number | null {
  const seconds = Number(header);
  return header !== undefined && header !== "" && Number.isFinite(seconds) && seconds >= 0
    ? seconds
    : null;
}

export type Sleep = (milliseconds: number) => Promise<void>;

export type Attempted<Value> =
  | { readonly kind: "done"; readonly value: Value }
  | { readonly kind: "failed"; readonly fault: Fault };

const FIRST_WAIT_SECONDS = 1;
/** Longer than this a job does not wait for a comment. */
const LONGEST_WAIT_SECONDS = 60;

/** Runs `attempt` until it succeeds or its fault is not worth another try; waits 1, 2, 4 s, or what GitHub asks up to a minute. */
export async function withRetry<Value>(
  attempt: () => Promise<Value>,
  sleep: Sleep = (milliseconds) => wait(milliseconds),
): Promise<Attempted<Value>> {
  for (let tried = 1; ; tried++) {
    try {
      return { kind: "done", value: await attempt() };
    } catch (thrown) {
      const fault = faultOf(thrown);
      if (fault === null) throw thrown;
      const seconds = Math.max(FIRST_WAIT_SECONDS * 2 ** (tried - 1), fault.retryAfter ?? 0);
      if (fault.kind !== "transient" || tried >= fault.attempts || seconds > LONGEST_WAIT_SECONDS)
        return { kind: "failed", fault };
      await sleep(seconds * 1000);
    }
  }
}
