import type { Budget, OracleOutcome } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { Breaker } from "./breaker.js";
import { readChatResponse, type ReadAnswer } from "./chat-response.js";
import type { CallResult, SendRequest } from "./client.js";
import { Dialect } from "./dialect.js";
import type { Failure } from "./failure.js";
import type { RecordedLine } from "./recording-line.js";
import { isScoring, keyOf, longestAnswer, type Ladder, type OracleRequest } from "./request.js";
import { readScoreResponse, refusedScore } from "./score-response.js";
import { estimatePromptTokens } from "./token-usage.js";

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
  readonly #dialect = new Dialect();
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
    if (result.kind === "body") return this.#receive(request, result.body, reserved);
    return isScoring(request) && isAboutTheRequest(result.failure)
      ? this.#refused(request, result.failure, reserved)
      : this.#failed(result.failure, reserved, null);
  }

  #reserve(request: OracleRequest): Reserved | Refused {
    const size = {
      promptTokens: estimatePromptTokens(request.messages),
      completionTokens: longestAnswer(request),
    };
    const granted = this.#options.budget.reserve({ model: request.model, ...size });
    if (granted.kind === "refused")
      return { kind: "refused", cause: "budget", message: granted.message };
    return { reservation: granted.reservation, size };
  }

  async #sendRichest(
    ladder: Ladder,
  ): Promise<{ readonly request: OracleRequest; readonly result: CallResult }> {
    let request = this.#dialect.pick(ladder);
    for (;;) {
      const result = await this.#options.send(request);
      const step =
        result.kind === "body" ? null : this.#dialect.stepDown(ladder, request, result.failure);
      if (step === null) return { request, result };
      this.#options.notice(step.notice);
      request = step.next;
    }
  }

  #receive(request: OracleRequest, body: string, reserved: Reserved): Purchase {
    const read = isScoring(request)
      ? readScoreResponse(body, request)
      : readChatResponse(body, request);
    // The server did answer, so it may charge: what was reserved counts as spent.
    if (read.kind === "unusable")
      return this.#failed(
        { cause: "unusable", message: read.message, remedy: "never", retryAfter: null },
        reserved,
        reserved.size,
      );
    this.#options.budget.settle(reserved.reservation, read.usage);
    return this.#bought(request, read);
  }

  #bought(request: OracleRequest, { response, usage, model, notices }: ReadAnswer): Purchase {
    const line: RecordedLine = { key: keyOf(request), request, response, usage, model };
    this.#keep(line);
    this.#note(line);
    for (const notice of notices) this.#options.notice(notice);
    return { kind: "bought", line };
  }

  /** That a server does not score is worth recording: it tells a replay what this run knew. */
  #refused(request: OracleRequest, failure: Failure, { reservation }: Reserved): Purchase {
    this.#options.budget.settle(reservation, null);
    this.#options.notice(failure.message);
    return this.#bought(request, refusedScore(request));
  }

  /** A score without numbers is money spent for nothing, however whole the answer. */
  #note({ response: { scored } }: RecordedLine): void {
    if (scored === undefined || Array.isArray(scored)) return this.#breaker.succeeded();
    const failure = { message: scored.reason, remedy: "never", retryAfter: null } as const;
    this.#breaker.failed({ ...failure, cause: "unusable" });
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

function isAboutTheRequest({ cause, remedy }: Failure): boolean {
  return cause === "unusable" && remedy !== "stop";
}

function notAsked({ cause, message }: Failure): Refused {
  return { kind: "refused", cause, message: `not asked any more in this run, after: ${message}` };
}
