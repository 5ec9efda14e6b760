import type OpenAI from "openai";
import { openApi, retrying, type ApiOptions, type CallResult } from "./api-client.js";
import type { Time } from "./pacing.js";
import { keyOf, type OracleRequest } from "./request.js";

export type { CallResult } from "./api-client.js";

export interface ClientOptions extends ApiOptions {
  /** Further tries after the first. */
  readonly retries: number;
  readonly time: Time;
}

/** Sends one request and gives back the body of the answer as it came, or why there is none after all retries. */
export type SendRequest = (request: OracleRequest) => Promise<CallResult>;

/** A client for any OpenAI-compatible chat endpoint, with the retries of `retrying`. Throws nothing. */
export function createClient(options: ClientOptions): SendRequest {
  const { endpoint, apiKey, retries, time } = options;
  const api = openApi(options);
  const send = retrying({ host: endpoint.host, secret: apiKey, retries, time });
  return (request) =>
    send({
      key: keyOf(request),
      send: () => api.chat.completions.create(toBody(request)).asResponse(),
    });
}

/** Absent settings are left out, not sent as null; those that only some servers know pass through the client as they are. */
function toBody(request: OracleRequest): OpenAI.ChatCompletionCreateParamsNonStreaming {
  const { model, messages, ...settings } = request;
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return { model, messages, ...Object.fromEntries(given) };
}
