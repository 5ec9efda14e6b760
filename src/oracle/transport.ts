import { lookup as resolve, type LookupAddress } from "node:dns";
import * as http from "node:http";
import * as https from "node:https";
import type { LookupFunction } from "node:net";
import { refuseAddress, type Endpoint } from "./endpoint.js";

/** All addresses of a host name; `dns.lookup` unless a test says otherwise. */
export type Resolve = (
  hostname: string,
  done: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void;

export interface TransportOptions {
  readonly endpoint: Endpoint;
  /** For the whole exchange, from connecting to the last byte. */
  readonly timeoutMs: number;
  readonly resolve?: Resolve;
}

/** The name resolved to an address that must not be reached: no retry can help. */
export class AddressRefused extends Error {
  override readonly name = "AddressRefused";
}

/** The whole exchange took longer than it may. */
export class ExchangeTimeout extends Error {
  override readonly name = "ExchangeTimeout";
}

/** The client would also send a description of this machine, and headers of its own variables of the environment. */
const SENT_HEADERS = new Set(["accept", "authorization", "content-type", "user-agent"]);

/** No honest answer of a few hundred tokens comes near this. */
const MAX_ANSWER_BYTES = 16 * 2 ** 20;

/**
 * A `fetch` for the `openai` client that opens only connections the endpoint's rules allow. The address that was checked
 * is the one connected to, so that a second name resolution cannot change it; redirects are handed back, never followed;
 * one timer covers headers and body.
 */
export function guardedFetch(options: TransportOptions): typeof fetch {
  const agent = options.endpoint.encrypted
    ? new https.Agent({ keepAlive: true })
    : new http.Agent({ keepAlive: true });
  const lookup = guardedLookup(options.endpoint, options.resolve ?? resolveAll);
  return (input, init) =>
    exchange(new URL(input instanceof Request ? input.url : input), init ?? {}, {
      agent,
      lookup,
      timeoutMs: options.timeoutMs,
    });
}

interface Connection {
  readonly agent: http.Agent;
  readonly lookup: LookupFunction;
  readonly timeoutMs: number;
}

function exchange(
  url: URL,
  init: RequestInit,
  { agent, lookup, timeoutMs }: Connection,
): Promise<Response> {
  return new Promise((done, fail) => {
    const { request: open } = url.protocol === "https:" ? https : http;
    const headers = Object.fromEntries(
      [...new Headers(init.headers)].filter(([name]) => SENT_HEADERS.has(name)),
    );
    const request = open(
      url,
      { method: init.method ?? "GET", headers, agent, lookup },
      (incoming) => {
        readAnswer(incoming).then(done, fail).finally(stop);
      },
    );
    const timer = setTimeout(
      () => request.destroy(new ExchangeTimeout(`no complete answer within ${timeoutMs} ms`)),
      timeoutMs,
    );
    const stop = (): void => clearTimeout(timer);
    request.on("error", (error) => {
      stop();
      fail(error);
    });
    request.end(typeof init.body === "string" ? init.body : undefined);
  });
}

async function readAnswer(incoming: http.IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES)
      throw new Error(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers))
    headers.set(name, Array.isArray(value) ? value.join(", ") : (value ?? ""));
  const status = incoming.statusCode ?? 0;
  const bodiless = [101, 204, 205, 304].includes(status);
  return new Response(bodiless ? null : Buffer.concat(chunks).toString("utf8"), {
    status,
    headers,
  });
}

/** A name service for connections that hands on only addresses the endpoint may have. */
export function guardedLookup(endpoint: Endpoint, resolveName: Resolve): LookupFunction {
  return (hostname, options, done) => {
    resolveName(hostname, (error, addresses) => {
      const first = addresses[0];
      if (error || !first) return done(error ?? new Error(`${hostname} has no address`), []);
      const reason = addresses
        .map(({ address }) => refuseAddress(endpoint, address))
        .find((each) => each !== null);
      if (reason) return done(new AddressRefused(`${hostname}: ${reason}`), []);
      return options.all ? done(null, [...addresses]) : done(null, first.address, first.family);
    });
  };
}

/** All addresses of a name, by the system. */
export function resolveAll(hostname: string, done: Parameters<Resolve>[1]): void {
  resolve(hostname, { all: true }, (error, addresses) => done(error, addresses ?? []));
}
