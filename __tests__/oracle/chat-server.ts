import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What one request is answered with. */
export type Behaviour = (request: ReceivedRequest, response: ServerResponse) => void;

export interface ReceivedRequest {
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: {
    readonly model: string;
    readonly messages: readonly { readonly role: string; readonly content: string }[];
    readonly logprobs?: boolean;
    readonly top_logprobs?: number;
    readonly max_tokens?: number;
    readonly max_completion_tokens?: number;
    readonly temperature?: number;
    readonly seed?: number;
    readonly top_p?: number;
    readonly prompt_logprobs?: number;
    readonly add_generation_prompt?: boolean;
    readonly continue_final_message?: boolean;
  };
}

export interface ChatServer {
  readonly baseUrl: string;
  readonly requests: ReceivedRequest[];
  /** Behaviours of the coming requests, in order; then `otherwise`. */
  readonly next: Behaviour[];
  otherwise: Behaviour;
  /** Most requests that were under way at the same time. */
  peak: number;
  /** Waits until every connection is closed, so that no request of an earlier client is still to come. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

/** A real HTTP server on loopback that speaks chat completions and misbehaves on demand. */
export async function startChatServer(): Promise<ChatServer> {
  let open = 0;
  const server = createServer((incoming, response) => {
    state.peak = Math.max(state.peak, (open += 1));
    response.on("close", () => (open -= 1));
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const request: ReceivedRequest = {
        url: incoming.url ?? "",
        headers: incoming.headers,
        body: JSON.parse(Buffer.concat(chunks).toString() || "{}"),
      };
      state.requests.push(request);
      (state.next.shift() ?? state.otherwise)(request, response);
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  const connections = () =>
    new Promise<number>((done, fail) =>
      server.getConnections((error, count) => (error ? fail(error) : done(count))),
    );
  const quiet = async (): Promise<void> => {
    while ((await connections()) > 0) await new Promise((done) => setImmediate(done));
  };
  const state: ChatServer = {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    requests: [],
    next: [],
    otherwise: answers(),
    peak: 0,
    quiet,
    close,
  };
  return state;
}

/** A good completion; `change` edits the parsed object first. The text is the last message in upper case. */
export function completion(
  request: ReceivedRequest,
  change: (body: Record<string, unknown>) => void = () => undefined,
): string {
  const text = (request.body.messages.at(-1)?.content ?? "").toUpperCase();
  const content = [
    {
      token: text,
      logprob: -0.25,
      bytes: [65],
      top_logprobs: [
        { token: "OTHER", logprob: -2 },
        { token: text, logprob: -0.25 },
      ],
    },
  ];
  const body = {
    id: "x",
    model: `${request.body.model}-2026`,
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: text },
        finish_reason: "stop",
        logprobs: request.body.logprobs ? { content } : null,
      },
    ],
    usage: { prompt_tokens: 12, completion_tokens: 1, total_tokens: 13 },
  };
  change(body);
  return JSON.stringify(body);
}

export function answers(change?: (body: Record<string, unknown>) => void): Behaviour {
  return (request, response) => sendJson(response, completion(request, change));
}

export function fails(
  status: number,
  headers: Record<string, string> = {},
  error: Record<string, unknown> = { message: `fault ${status}` },
): Behaviour {
  return (_, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify({ error }));
  };
}

export function sends(text: string, type = "application/json"): Behaviour {
  return (_, response) => {
    response.writeHead(200, { "content-type": type });
    response.end(text);
  };
}

export const hangs: Behaviour = () => undefined;

/** Sends headers and one byte, then nothing. */
export const stalls: Behaviour = (_, response) => {
  response.writeHead(200, { "content-type": "application/json" });
  response.write("{");
};

/** A good answer in pieces, one every few milliseconds. */
export function drips(pieces: number, everyMs: number): Behaviour {
  return (request, response) => {
    const body = Buffer.from(completion(request));
    const size = Math.ceil(body.length / pieces);
    response.writeHead(200, { "content-type": "application/json" });
    const next = (from: number): void => {
      if (from >= body.length) return void response.end();
      response.write(body.subarray(from, from + size));
      setTimeout(() => next(from + size), everyMs);
    };
    next(0);
  };
}

/** Promises more bytes than it sends. */
export const breaksOff: Behaviour = (request, response) => {
  const body = completion(request);
  response.writeHead(200, {
    "content-type": "application/json",
    "content-length": String(body.length),
  });
  response.write(body.slice(0, 20), () => response.socket?.destroy());
};

export function sendJson(response: ServerResponse, body: string): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(body);
}
