import type {
  Message,
  OracleAnswer,
  OracleOutcome,
  OracleQuestion,
  ScoringAbility,
} from "../domain.js";
import { compareScores, UNCERTAIN } from "./score-agreement.js";
import { countSpelling } from "./spelling.js";

type Asked = ScoringAbility["asked"][number];
type Finding =
  | { readonly kind: "yes"; readonly how: string }
  | { readonly kind: "no"; readonly reason: string }
  /** This answer does not tell; `final`: neither would another one now. */
  | { readonly kind: "open"; readonly reason: string; readonly final: boolean };

const HOW = "prompt_logprobs of a chat completion that ends in the given text";
/** Prompts, and alternatives to an answer's first token, that are tried before the question is given up. */
const MOST_PROMPTS = 3;
const MOST_ALTERNATIVES = 2;

/**
 * Finds out whether a server scores given text truthfully: it scores what it just wrote itself, and the numbers must be those
 * that it gave while writing (`compareScores`). An answer it was certain of proves little, for every number is about 0 then;
 * the most likely other first token, whose log-probability is known from the alternatives, is scored too.
 */
export class ScoringProbe {
  readonly #ask: (question: OracleQuestion) => Promise<OracleOutcome>;
  #known: Promise<ScoringAbility> | null = null;

  constructor(ask: (question: OracleQuestion) => Promise<OracleOutcome>) {
    this.#ask = ask;
  }

  /** See the port `Oracle.canScore`. What could not be found out, for example for lack of budget, is looked for again next time. */
  find(prompts: readonly (readonly Message[])[]): Promise<ScoringAbility> {
    this.#known ??= this.#find(prompts);
    return this.#known;
  }

  async #find(prompts: readonly (readonly Message[])[]): Promise<ScoringAbility> {
    const asked: Asked[] = [];
    let reason = "there is no prompt to find out with";
    for (const messages of prompts.slice(0, MOST_PROMPTS)) {
      const finding = await new Trial(this.#ask, messages, asked).run();
      if (finding.kind !== "open") return { ...finding, asked };
      reason = finding.reason;
      if (finding.final) break;
    }
    this.#known = null;
    return { kind: "no", reason: `could not be found out: ${reason}`, asked };
  }
}

/** The trial with one prompt. */
class Trial {
  readonly #ask: (question: OracleQuestion) => Promise<OracleOutcome>;
  readonly #messages: readonly Message[];
  readonly #asked: Asked[];

  constructor(
    ask: (question: OracleQuestion) => Promise<OracleOutcome>,
    messages: readonly Message[],
    asked: Asked[],
  ) {
    this.#ask = ask;
    this.#messages = messages;
    this.#asked = asked;
  }

  async run(): Promise<Finding> {
    const outcome = await this.#put(null);
    if (outcome.kind === "refused") return notTold(outcome);
    const written = readWritten(outcome.answer);
    if (written.kind !== "written") return written;
    const own = await this.#compare(written.text, written.logProbabilities);
    if (own.kind !== "yes" || written.logProbabilities.some((value) => value <= UNCERTAIN))
      return own;
    return this.#compareAlternatives(outcome.answer);
  }

  async #compareAlternatives(answer: OracleAnswer): Promise<Finding> {
    let finding: Finding = open("the server was certain of its answer and lists no usable other");
    for (const { token, logProbability } of alternativesOf(answer)) {
      finding = await this.#compare(token, [logProbability]);
      if (finding.kind !== "open" || finding.final) return finding;
    }
    return finding;
  }

  async #compare(response: string, expected: readonly number[]): Promise<Finding> {
    const outcome = await this.#put(response);
    if (outcome.kind === "refused") return notTold(outcome);
    const { scored } = outcome.answer;
    if (scored === null || !(scored instanceof Float64Array))
      return { kind: "no", reason: scored?.reason ?? "the answer is no score" };
    if (scored.length !== expected.length)
      return open(
        `the server reads the text that it wrote as ${expected.length} tokens as ${scored.length}`,
      );
    const disagreement = compareScores(scored, expected);
    return disagreement === null ? { kind: "yes", how: HOW } : { kind: "no", reason: disagreement };
  }

  async #put(response: string | null): Promise<OracleOutcome> {
    const question: OracleQuestion = {
      purpose: "fixed outputs",
      messages: this.#messages,
      ...(response === null ? {} : { mode: { kind: "score", response } }),
    };
    const outcome = await this.#ask(question);
    this.#asked.push({ question, outcome });
    return outcome;
  }
}

type Written =
  | {
      readonly kind: "written";
      readonly text: string;
      readonly logProbabilities: readonly number[];
    }
  | Extract<Finding, { kind: "open" | "no" }>;

/** White space at the end is left out: chat templates trim it from messages. */
function readWritten(answer: OracleAnswer): Written {
  const text = answer.text.trimEnd();
  if (text === "") return open("the answer is empty");
  const tokens = answer.logProbabilities;
  if (tokens === null)
    return {
      kind: "no",
      reason:
        "the server gives no log-probabilities of what it writes, so its scores cannot be checked",
    };
  const count = countSpelling(
    tokens.map((each) => each.token),
    text,
    "start",
  );
  if (count === null) return open("the tokens of the answer do not spell it");
  const logProbabilities = tokens.slice(0, count).map((each) => each.logProbability);
  return { kind: "written", text, logProbabilities };
}

/** Likeliest first, in a spelling that a chat template leaves as it is. */
function alternativesOf(
  answer: OracleAnswer,
): readonly { readonly token: string; readonly logProbability: number }[] {
  const top = answer.logProbabilities?.[0]?.top ?? [];
  return top
    .filter(
      ({ token, logProbability }) => logProbability <= UNCERTAIN && /^[\p{L}\p{N}]+$/u.test(token),
    )
    .slice(0, MOST_ALTERNATIVES);
}

function notTold(refused: Extract<OracleOutcome, { kind: "refused" }>): Finding {
  const reason =
    refused.cause === "not recorded"
      ? "no recorded answer tells whether the server scores given text"
      : refused.message;
  return { kind: "open", reason, final: true };
}

function open(reason: string): Extract<Finding, { kind: "open" }> {
  return { kind: "open", reason, final: false };
}
