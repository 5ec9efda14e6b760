import { createHash } from "node:crypto";

/** The world's time, given from outside so that tests need not wait. */
export interface Time {
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export const REAL_TIME: Time = {
  sleep: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
  now: () => Date.now(),
};

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

/**
 * Milliseconds to wait before try `attempt` + 1 (the first try is 0): doubling from half a second to half a minute, scaled
 * into [0.5, 1) by a hash of key and attempt, so that parallel calls spread out and a run can be repeated exactly.
 */
export function backoff(key: string, attempt: number): number {
  const hash = createHash("sha256").update(`${key}:${attempt}`).digest().readUInt32BE(0) / 2 ** 32;
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (0.5 + hash / 2);
}

/** Milliseconds that a Retry-After header asks for (RFC 9110, 10.2.3: seconds or a date), null where it says neither. */
export function parseRetryAfter(header: string | null, now: number): number | null {
  if (header === null) return null;
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Number(header) * 1000;
  const moment = Date.parse(header);
  return Number.isNaN(moment) ? null : Math.max(0, moment - now);
}

/** Lets a server that asked one call to wait be spared by the others too. */
export class Pause {
  #until = 0;
  readonly #time: Time;

  constructor(time: Time) {
    this.#time = time;
  }

  /** Holds every later `wait` until this many milliseconds from now. */
  extend(milliseconds: number): void {
    this.#until = Math.max(this.#until, this.#time.now() + milliseconds);
  }

  async wait(): Promise<void> {
    const rest = this.#until - this.#time.now();
    if (rest > 0) await this.#time.sleep(rest);
  }
}
