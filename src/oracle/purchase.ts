import type { Budget, OracleOutcome } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { Breaker } from "./breaker.js";
import { estimatePromptTokens, readChatResponse } from "./chat-response.js";
import type { CallResult, SendRequest } from "./client.js";
import type { Failure } from "./failure.js";
import type { RecordedLine } from "./recording-line.js";
import { keyOf, type Ladder, type OracleRequest } from "./request.js";

export type Refused = Extract<OracleOutcome, { kind: "refused" }>;
export type Purchase = { readonly kind: "bought"; readonly line: RecordedLine } | Refused;

export interface PurchasingOptions {
  readonly send: SendRequest;
  readonly budget: Budget;
  /** Puts an answer where a kill cannot take it, before it is used. May throw: then nothing more is bought. */
  readonly keep: (line: RecordedLine) => void;
  readonly notice: (text: string) => void;
}

interface Reserved {
  readonly reservation: number;
  readonly size: { readonly promptTokens: number; readonly completionTokens: number };
}

/** The one place where money is spent: reserves, sends, keeps the answer, settles. */
export class Purchasing {
  readonly #options: PurchasingOptions;
  readonly #breaker = new Breaker();
  /** Where on the ladder to start: a server that refused the log-probabilities of one question refuses those of all. */
  #rung = 0;
  #broken: unknown = null;

  constructor(options: PurchasingOptions) {
    this.#options = options;
  }

  /**
   * Buys one answer. Refusals are values; what `keep` throws is thrown, now and for every later question, for an answer
   * that cannot be kept is money lost.
   */
  async buy(ladder: Ladder): Promise<Purchase> {
    if (this.#broken !== null) throw this.#broken;
    if (this.#breaker.stopped) return notAsked(this.#breaker.stopped);
    const reserved = this.#reserve(ladder[0]);
    if ("kind" in reserved) return reserved;
    const { request, result } = await this.#sendRichest(ladder);
    return result.kind === "body"
      ? this.#receive(request, result.body, reserved)
      : this.#failed(result.failure, reserved, null);
  }

  #reserve({ model, messages, max_tokens }: OracleRequest): Reserved | Refused {
    const size = { promptTokens: estimatePromptTokens(messages), completionTokens: max_tokens };
    const granted = this.#options.budget.reserve({ model, ...size });
    if (granted.kind === "refused")
      return { kind: "refused", cause: "budget", message: granted.message };
    return { reservation: granted.reservation, size };
  }

  async #sendRichest(
    ladder: Ladder,
  ): Promise<{ readonly request: OracleRequest; readonly result: CallResult }> {
    for (let rung = this.#rung; ; rung += 1) {
      const request = ladder[rung] ?? ladder[0];
      const result = await this.#options.send(request);
      const next = ladder[rung + 1];
      if (result.kind === "body" || result.failure.remedy !== "poorer" || !next)
        return { request, result };
      this.#rung = Math.max(this.#rung, rung + 1);
      const less =
        next.top_logprobs === undefined
          ? "no log-probabilities"
          : `${next.top_logprobs} log-probabilities a token`;
      this.#options.notice(
        `the server refuses ${request.top_logprobs ?? 0} log-probabilities a token; asking for ${less}`,
      );
    }
  }

  #receive(request: OracleRequest, body: string, reserved: Reserved): Purchase {
    const read = readChatResponse(body, request);
    // The server did answer, so it may charge: what was reserved counts as spent.
    if (read.kind === "unusable")
      return this.#failed(
        { cause: "unusable", message: read.message, remedy: "never", retryAfter: null },
        reserved,
        reserved.size,
      );
    this.#options.budget.settle(reserved.reservation, read.usage);
    const line: RecordedLine = {
      key: keyOf(request),
      request,
      response: read.response,
      usage: read.usage,
      model: read.model,
    };
    this.#keep(line);
    this.#breaker.succeeded();
    for (const notice of read.notices) this.#options.notice(notice);
    return { kind: "bought", line };
  }

  #keep(line: RecordedLine): void {
    try {
      this.#options.keep(line);
    } catch (thrown) {
      this.#broken = thrown ?? new UnderstudyError("INTERNAL", "an answer could not be kept");
      throw thrown;
    }
  }

  #failed(failure: Failure, { reservation }: Reserved, used: Reserved["size"] | null): Refused {
    this.#options.budget.settle(reservation, used);
    this.#breaker.failed(failure);
    return { kind: "refused", cause: failure.cause, message: failure.message };
  }
}

function notAsked({ cause, message }: Failure): Refused {
  return { kind: "refused", cause, message: `not asked any more in this run, after: ${message}` };
}
