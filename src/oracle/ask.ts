import pLimit from "p-limit";
import type {
  OracleAnswer,
  OracleOutcome,
  OraclePurpose,
  OracleQuestion,
  Progress,
} from "../domain.js";
import type { Purchase } from "./purchase.js";
import { answerOf, type RecordedLine } from "./recording-line.js";
import { keyOf, ladderOf, type Ladder, type RequestSettings } from "./request.js";

/** Tokens of one distinct question that was answered; what the ledger is made of. `model` is the one asked for. */
export interface AnsweredUsage {
  readonly purpose: OraclePurpose;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly model: string;
}

export interface AskingOptions {
  readonly settings: RequestSettings;
  /** The recorded line of a key, or null. */
  readonly recorded: (key: string) => RecordedLine | null;
  readonly buy: (ladder: Ladder) => Promise<Purchase>;
  readonly concurrency: number;
  /** Told every recorded or new line that answered a question. */
  readonly onUsed: (line: RecordedLine) => void;
}

interface Answered {
  readonly usage: AnsweredUsage;
  readonly paid: boolean;
}

/**
 * Turns questions into outcomes: each distinct one is answered once in the life of this object, from a recording if one
 * has it. Purchases start in the order of the questions, so that neighbours share the server's prefix cache.
 */
export class Asking {
  readonly #options: AskingOptions;
  readonly #limit: ReturnType<typeof pLimit>;
  /** By the key of the richest request. Refused questions are taken out again, so that a later ask may succeed. */
  readonly #outcomes = new Map<string, Promise<OracleOutcome>>();
  readonly #answered = new Map<string, Answered>();

  constructor(options: AskingOptions) {
    this.#options = options;
    this.#limit = pLimit(options.concurrency);
  }

  /** Every distinct question answered so far, in the order in which they were first asked. */
  get answered(): readonly Answered[] {
    return [...this.#answered.values()];
  }

  /** See the port `Oracle.ask`. */
  async ask(
    questions: readonly OracleQuestion[],
    onProgress?: Progress,
  ): Promise<readonly OracleOutcome[]> {
    let done = 0;
    const asked = questions.map((question) =>
      this.#once(ladderOf(question, this.#options.settings)),
    );
    const outcomes = await Promise.all(
      asked.map(async ({ outcome }) => {
        const settled = await outcome;
        onProgress?.((done += 1), questions.length);
        return settled;
      }),
    );
    // After all of them, in the order of the questions: the ledger must not depend on which answer came first.
    outcomes.forEach((outcome, index) =>
      this.#enter(asked[index]?.key, questions[index]?.purpose, outcome),
    );
    return outcomes;
  }

  #once(ladder: Ladder): { readonly key: string; readonly outcome: Promise<OracleOutcome> } {
    const key = keyOf(ladder[0]);
    const known = this.#outcomes.get(key);
    if (known) return { key, outcome: known };
    const outcome = this.#answer(ladder);
    this.#outcomes.set(key, outcome);
    const forget = (): void => void this.#outcomes.delete(key);
    outcome.then((settled) => settled.kind === "refused" && forget(), forget);
    return { key, outcome };
  }

  async #answer(ladder: Ladder): Promise<OracleOutcome> {
    for (const request of ladder) {
      const line = this.#options.recorded(keyOf(request));
      if (line) return this.#use(line, false);
    }
    const purchase = await this.#limit(() => this.#options.buy(ladder));
    return purchase.kind === "bought" ? this.#use(purchase.line, true) : purchase;
  }

  #use(line: RecordedLine, paid: boolean): OracleOutcome {
    this.#options.onUsed(line);
    const answer: OracleAnswer = answerOf(line);
    return { kind: "answer", answer, paid };
  }

  #enter(
    key: string | undefined,
    purpose: OraclePurpose | undefined,
    outcome: OracleOutcome,
  ): void {
    if (
      outcome.kind !== "answer" ||
      key === undefined ||
      purpose === undefined ||
      this.#answered.has(key)
    )
      return;
    this.#answered.set(key, {
      usage: { purpose, ...outcome.answer.usage, model: this.#options.settings.model },
      paid: outcome.paid,
    });
  }
}
