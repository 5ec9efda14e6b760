import type { Failure, Option } from "./failure.js";
import type { Ladder, OracleRequest } from "./request.js";

/** A request to try next, and what to tell a person about it. */
export interface StepDown {
  readonly next: OracleRequest;
  readonly notice: string;
}

/** What the server was found to refuse: it refuses it of every question, so each is asked for only once. */
export class Dialect {
  readonly #refused = new Set<string>();

  /** The richest request that holds nothing refused so far. */
  pick(ladder: Ladder): OracleRequest {
    return ladder.find((request) => isTaken(request, this.#refused)) ?? ladder[0];
  }

  /**
   * Learns from a failure of `request`: the next request of the ladder without the option that it was about, or null where the
   * failure names none that the request uses, or there is no such request.
   */
  stepDown(ladder: Ladder, request: OracleRequest, { refuses }: Failure): StepDown | null {
    for (const option of refuses ?? []) {
      const used = usesOf(request).find((use) => use.option === option);
      if (!used) continue;
      const refused = new Set([...this.#refused, used.name]);
      const next = ladder.find((other) => isTaken(other, refused));
      if (!next) continue;
      this.#refused.add(used.name);
      return { next, notice: noticeOf(option, request, next) };
    }
    return null;
  }
}

interface Use {
  readonly option: Option;
  /** Tells uses of one option apart: a server may give five alternatives and refuse twenty. */
  readonly name: string;
}

function usesOf({ top_logprobs, top_p, max_tokens, temperature }: OracleRequest): readonly Use[] {
  const uses: readonly (readonly [Option, number | undefined, string])[] = [
    ["log-probabilities", top_logprobs, `top_logprobs ${top_logprobs}`],
    ["top_p", top_p, "top_p"],
    ["max_tokens", max_tokens, "max_tokens"],
    ["temperature", temperature, "temperature"],
  ];
  return uses.flatMap(([option, value, name]) => (value === undefined ? [] : [{ option, name }]));
}

function isTaken(request: OracleRequest, refused: ReadonlySet<string>): boolean {
  return !usesOf(request).some(({ name }) => refused.has(name));
}

function noticeOf(option: Option, request: OracleRequest, next: OracleRequest): string {
  switch (option) {
    case "log-probabilities":
      return `the server refuses ${alternatives(request)}; asking for ${alternatives(next)}`;
    case "top_p":
      return "the server refuses top_p beside a temperature; asking for a temperature alone";
    case "max_tokens":
      return "the server refuses max_tokens; asking with max_completion_tokens";
    case "temperature":
      return "the server refuses a temperature; asking without, so that an answer may differ when it is asked for again";
  }
}

function alternatives({ top_logprobs }: OracleRequest): string {
  return top_logprobs === undefined
    ? "no log-probabilities"
    : `${top_logprobs} log-probabilities a token`;
}
