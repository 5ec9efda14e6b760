/** Files over the same guarded connections as the oracle's: by stream, through redirects, each of which is checked anew. */
import * as http from "node:http";
import * as https from "node:https";
import { messageOf, UnderstudyError } from "../errors.js";
import { checkEndpoint, type Endpoint } from "./endpoint.js";
import { AddressRefused, guardedLookup, resolveAll, type Resolve } from "./transport.js";

export interface DownloadOptions {
  readonly allowPrivate: boolean;
  /** Longest silence of the server. */
  readonly idleMs?: number;
  readonly resolve?: Resolve;
}

/** The bytes of a file as they come, and how many the server announced. */
export interface Download {
  readonly bytes: number | null;
  readonly body: AsyncIterable<Uint8Array>;
  /** Closes the connection, whether or not the body was read. */
  readonly cancel: () => void;
}

const MOST_REDIRECTS = 5;
const IDLE_MS = 60_000;

/**
 * Opens a file of a public https host; http on loopback alone, private addresses only with `allowPrivate`, as for the oracle's
 * endpoint. Redirects are followed, for that is how model hosts serve files, but never from https to http nor from a public
 * host to loopback. No key is ever sent. The body throws ORACLE_UNAVAILABLE where the connection breaks.
 * @throws UnderstudyError ORACLE_ENDPOINT for a host that is refused, ORACLE_UNAVAILABLE for one that does not answer (also 429 and
 *   5xx), MODEL_FILE for any other answer than the file.
 */
export function guardedDownloads(options: DownloadOptions): (url: string) => Promise<Download> {
  return async (url) => {
    let next = new URL(url);
    let endpoint = endpointOf(next, null, options);
    for (let redirects = 0; ; redirects += 1) {
      const answer = await get(next, endpoint, options);
      const target = redirectOf(answer, next);
      if (target === null) return downloadOf(answer, next);
      answer.destroy();
      if (redirects === MOST_REDIRECTS)
        throw fileError(next, `redirects more than ${MOST_REDIRECTS} times`);
      endpoint = endpointOf(target, endpoint, options);
      next = target;
    }
  };
}

/** Exported for its rules: where a redirect may lead. Throws ORACLE_ENDPOINT. */
export function endpointOf(
  url: URL,
  from: Endpoint | null,
  { allowPrivate }: Pick<DownloadOptions, "allowPrivate">,
): Endpoint {
  if (url.username !== "" || url.password !== "")
    throw refused(url, "has a user name or password in it");
  let endpoint: Endpoint;
  try {
    endpoint = checkEndpoint(url.origin, { allowPrivate });
  } catch (cause) {
    throw refused(url, `may not be reached (${messageOf(cause).split("\n")[0]})`);
  }
  if (from?.encrypted === true && !endpoint.encrypted)
    throw refused(url, `is plain http, and ${from.host} redirects there from https`);
  if (from !== null && from.scope !== "loopback" && endpoint.scope === "loopback")
    throw refused(url, `is on loopback, and ${from.host} redirects there`);
  return endpoint;
}

function get(
  url: URL,
  endpoint: Endpoint,
  { idleMs = IDLE_MS, resolve = resolveAll }: DownloadOptions,
): Promise<http.IncomingMessage> {
  const open = endpoint.encrypted ? https.get : http.get;
  return new Promise((done, fail) => {
    const request = open(
      url,
      { headers: { accept: "*/*" }, lookup: guardedLookup(endpoint, resolve) },
      done,
    );
    request.setTimeout(idleMs, () => request.destroy(new Error(`silent for ${idleMs} ms`)));
    request.on("error", (cause) =>
      fail(
        cause instanceof AddressRefused
          ? refused(url, `may not be reached (${cause.message})`)
          : unavailable(url, cause),
      ),
    );
  });
}

function redirectOf({ statusCode = 0, headers }: http.IncomingMessage, from: URL): URL | null {
  if (![301, 302, 303, 307, 308].includes(statusCode)) return null;
  const { location } = headers;
  if (location === undefined || !URL.canParse(location, from.href))
    throw fileError(from, "redirects to no place");
  return new URL(location, from.href);
}

function downloadOf(answer: http.IncomingMessage, url: URL): Download {
  const { statusCode = 0, headers } = answer;
  if (statusCode !== 200) {
    answer.destroy();
    throw statusCode === 429 || statusCode >= 500
      ? unavailable(url, new Error(`answered ${statusCode}`))
      : fileError(url, `answered ${statusCode}`);
  }
  const announced = headers["content-length"];
  return {
    bytes: announced === undefined ? null : Number(announced),
    body: bodyOf(answer, url),
    cancel: () => void answer.destroy(),
  };
}

async function* bodyOf(answer: http.IncomingMessage, url: URL): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of answer) if (Buffer.isBuffer(chunk)) yield chunk;
  } catch (cause) {
    throw unavailable(url, cause);
  }
}

function refused(url: URL, problem: string): UnderstudyError {
  return new UnderstudyError("ORACLE_ENDPOINT", `${shown(url)} ${problem}`, {
    fix: "name a file on a public https host, or set allow-private-endpoint if the host is your own",
  });
}

function unavailable(url: URL, cause: unknown): UnderstudyError {
  return new UnderstudyError(
    "ORACLE_UNAVAILABLE",
    `${shown(url)} cannot be fetched: ${messageOf(cause)}`,
    { fix: "run again later, or download the file yourself and name its path", cause },
  );
}

function fileError(url: URL, problem: string): UnderstudyError {
  return new UnderstudyError("MODEL_FILE", `${shown(url)} ${problem}`, {
    fix: "correct the address of the model file",
  });
}

/** Without the query, where hosts put signatures. */
function shown(url: URL): string {
  return `${url.origin}${url.pathname}`;
}
