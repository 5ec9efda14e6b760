/** Counts what the questions of a run needed, whoever paid: each distinct question once, under the purpose that asked first. */
import { createHash } from "node:crypto";
import type {
  MissingAnswers,
  Oracle,
  OracleAnswer,
  OracleOutcome,
  OraclePurpose,
  OracleQuestion,
  Progress,
} from "../domain.js";

export interface PurposeUsage {
  readonly purpose: OraclePurpose;
  readonly model: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** What the server said of itself, over all distinct questions. */
export interface OracleManners {
  /** Answers that came after reasoning. */
  readonly reasoned: number;
  /** Other models that the server said it is, in code-unit order. */
  readonly substitutes: readonly string[];
}

export interface CountingOracle extends Oracle {
  /**
   * As `ask`, for what a run can do without: that a recording lacks the answers is for the caller to say, and leaves the run
   * complete. Every other refusal counts as missing.
   */
  askIfThere(
    questions: readonly OracleQuestion[],
    onProgress?: Progress,
  ): Promise<readonly OracleOutcome[]>;
  usages(): readonly PurposeUsage[];
  /** Distinct questions that got no answer, by message. */
  refusals(): ReadonlyMap<string, number>;
  /** The same by purpose, cause and message, in the order of their first question. */
  missing(): readonly MissingAnswers[];
  manners(): OracleManners;
}

export function countUsage(oracle: Oracle): CountingOracle {
  const counts = new Counts(oracle.model);
  const askAndNote = async (
    questions: readonly OracleQuestion[],
    onProgress: Progress | undefined,
    note: (question: OracleQuestion, outcome: OracleOutcome) => void,
  ): Promise<readonly OracleOutcome[]> => {
    const outcomes = await oracle.ask(questions, onProgress);
    outcomes.forEach((outcome, index) => {
      const question = questions[index];
      if (question) note(question, outcome);
    });
    return outcomes;
  };
  return {
    model: oracle.model,
    host: oracle.host,
    ask: (questions, onProgress) =>
      askAndNote(questions, onProgress, (question, outcome) => counts.note(question, outcome)),
    askIfThere: (questions, onProgress) =>
      askAndNote(questions, onProgress, (question, outcome) => {
        if (outcome.kind === "answer" || outcome.cause !== "not recorded")
          counts.note(question, outcome);
      }),
    canScore: async (prompts) => {
      const ability = await oracle.canScore(prompts);
      // That the server does not score is a finding, not a question left without an answer.
      for (const { question, outcome } of ability.asked)
        if (outcome.kind === "answer") counts.note(question, outcome);
      return ability;
    },
    usages: () => counts.usages(),
    refusals: () => counts.refusals(),
    missing: () => counts.missing(),
    manners: () => counts.manners(),
  };
}

type Refused = Extract<OracleOutcome, { kind: "refused" }>;

class Counts {
  readonly #model: string;
  readonly #answered = new Map<
    string,
    { readonly usage: PurposeUsage; readonly answer: OracleAnswer }
  >();
  readonly #refused = new Map<string, Refused & Pick<OracleQuestion, "purpose">>();

  constructor(model: string) {
    this.#model = model;
  }

  note({ messages, mode, purpose }: OracleQuestion, outcome: OracleOutcome): void {
    const key = createHash("sha256")
      .update(JSON.stringify([messages, mode ?? null]))
      .digest("hex");
    if (outcome.kind === "refused") {
      // A question that several steps share is missing where it was needed first.
      const needed = this.#refused.get(key)?.purpose ?? purpose;
      if (!this.#answered.has(key)) this.#refused.set(key, { ...outcome, purpose: needed });
      return;
    }
    this.#refused.delete(key);
    if (this.#answered.has(key)) return;
    const { answer } = outcome;
    this.#answered.set(key, { usage: { purpose, model: this.#model, ...answer.usage }, answer });
  }

  usages(): readonly PurposeUsage[] {
    return [...this.#answered.values()].map(({ usage }) => usage);
  }

  refusals(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { message } of this.#refused.values())
      counts.set(message, (counts.get(message) ?? 0) + 1);
    return counts;
  }

  missing(): readonly MissingAnswers[] {
    const groups = new Map<string, MissingAnswers>();
    for (const { purpose, cause, message } of this.#refused.values()) {
      const name = JSON.stringify([purpose, cause, message]);
      const questions = (groups.get(name)?.questions ?? 0) + 1;
      groups.set(name, { purpose, cause, message, questions });
    }
    return [...groups.values()];
  }

  manners(): OracleManners {
    const answers = [...this.#answered.values()].map(({ answer }) => answer);
    return {
      reasoned: answers.filter(({ reasoning }) => reasoning !== undefined).length,
      substitutes: [...new Set(answers.flatMap(({ substitute }) => substitute ?? []))].sort(),
    };
  }
}
