import { APIError } from "openai";
import type { RefusalCause } from "../domain.js";
import { messageOf } from "../errors.js";
import { AddressRefused, ExchangeTimeout } from "./transport.js";

/** What a request may ask for and a server, or the model behind it, may refuse. */
export type Option = "log-probabilities" | "top_p" | "max_tokens" | "temperature";

/** Why a call gave no answer, and what may help. */
export interface Failure {
  readonly cause: Exclude<RefusalCause, "budget" | "not recorded">;
  readonly message: string;
  /**
   * - again: the same call may succeed later
   * - once more: as again, but each try costs a whole time-out
   * - poorer: the server does not take one of the options `refuses`
   * - never: this question will fail again
   * - stop: every question would fail
   */
  readonly remedy: "again" | "once more" | "poorer" | "never" | "stop";
  /** Options that the server's words are about, the dearest first to do without; absent: none. */
  readonly refuses?: readonly Option[];
  /** The server's Retry-After header as it came, where it sent one. */
  readonly retryAfter: string | null;
}

/** Sorts what the client threw. `host` names the server in the messages; `secret` is cut out of them. */
export function failureOf(
  thrown: unknown,
  context: { readonly host: string; readonly secret: string | null },
): Failure {
  const failure =
    thrown instanceof APIError && thrown.status !== undefined
      ? httpFailure(thrown, thrown.status)
      : connectionFailure(thrown);
  return { ...failure, message: `${context.host}: ${printable(failure.message, context.secret)}` };
}

function connectionFailure(thrown: unknown): Failure {
  const causes = causesOf(thrown);
  const unavailable = {
    cause: "unavailable",
    message: messageOf(causes.at(-1)),
    retryAfter: null,
  } as const;
  const refused = causes.find((cause) => cause instanceof AddressRefused);
  if (refused)
    return {
      ...unavailable,
      message: `refused, ${refused.message}: allow a private endpoint if it is meant to be one`,
      remedy: "stop",
    };
  return {
    ...unavailable,
    remedy: causes.some((cause) => cause instanceof ExchangeTimeout) ? "once more" : "again",
  };
}

function httpFailure(error: APIError, status: number): Failure {
  const headers: unknown = error.headers;
  const retryAfter = headers instanceof Headers ? (headers.get("retry-after") ?? null) : null;
  const base = { message: `answered ${status}: ${error.message}`, retryAfter };
  if (status === 401 || status === 403) return { ...base, cause: "authentication", remedy: "stop" };
  if (status === 429 && error.code === "insufficient_quota")
    return { ...base, cause: "unavailable", remedy: "stop" };
  if (status === 408 || status === 409 || status === 425 || status === 429)
    return { ...base, cause: "unavailable", remedy: "again" };
  const refuses = refusedOptions(error.message, status);
  if (refuses.length > 0) return { ...base, cause: "unusable", remedy: "poorer", refuses };
  if (status >= 500) return { ...base, cause: "unavailable", remedy: "again" };
  if (status >= 300 && status < 400)
    return {
      ...base,
      message: `answered ${status}, a redirect, which is not followed: give the final base URL`,
      cause: "unusable",
      remedy: "stop",
    };
  return {
    ...base,
    cause: "unusable",
    remedy: status === 404 || status === 405 ? "stop" : "never",
  };
}

/**
 * Options that an error text is about. A limit that is too large for the model's context, or a temperature out of range, is no
 * refusal of the option: that question alone is wrong. The last two are refused by words such as OpenAI's "Unsupported parameter:
 * 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead." and "'temperature' does not support 0".
 */
function refusedOptions(message: string, status: number): readonly Option[] {
  const unsupported =
    status < 500 && /support|deprecated|unrecogni[sz]ed|not allowed/i.test(message);
  const tooLarge = /too large|context length|exceed/i.test(message);
  return [
    ...(/log_?prob/i.test(message) ? (["log-probabilities"] as const) : []),
    ...(/top_p/i.test(message) ? (["top_p"] as const) : []),
    ...(unsupported && !tooLarge && /max_tokens/i.test(message) ? (["max_tokens"] as const) : []),
    ...(unsupported && /temperature/i.test(message) ? (["temperature"] as const) : []),
  ];
}

/** What was thrown, its cause, that one's cause and so on, outermost first. */
function causesOf(thrown: unknown): readonly unknown[] {
  const inner =
    typeof thrown === "object" && thrown !== null && "cause" in thrown ? thrown.cause : undefined;
  return inner === undefined ? [thrown] : [thrown, ...causesOf(inner)];
}

/** Server texts are hostile: one line, no control characters, bounded, without the key. */
function printable(text: string, secret: string | null): string {
  const open = secret ? text.replaceAll(secret, "***") : text;
  const line = open.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}
