import type { Failure } from "./failure.js";

/** Failed questions in a row after which no more are asked: a dead server soon, answers that cannot be used a little later. */
const LIMITS = { authentication: 1, unavailable: 3, unusable: 10 } as const;

/** Stops a run of questions to a server that answers none, so that a thousand questions do not each wait out all retries. */
export class Breaker {
  #inARow = 0;
  #stopped: Failure | null = null;

  /** Why nothing is asked any more, or null while it is. */
  get stopped(): Failure | null {
    return this.#stopped;
  }

  succeeded(): void {
    this.#inARow = 0;
  }

  failed(failure: Failure): void {
    this.#inARow += 1;
    if (failure.remedy === "stop" || this.#inARow >= LIMITS[failure.cause])
      this.#stopped ??= failure;
  }
}
