/** Surrogates on a server, asked through the same guarded, recorded and budgeted port as the oracle. */
import { createHash } from "node:crypto";
import type {
  LabelScores,
  Message,
  Oracle,
  OracleAnswer,
  OracleOutcome,
  OracleQuestion,
  Progress,
  PromptEmbeddings,
  Scores,
  ScoringAbility,
  ScoringRequest,
  Surrogate,
  SurrogateAbility,
  SurrogateIdentity,
} from "../domain.js";
import { UnderstudyError, type ErrorCode } from "../errors.js";
import { chatLabelScores, type ReadLabels } from "./chat-labels.js";
import type { ServedModel } from "./source.js";

export interface ServedOptions {
  readonly source: ServedModel;
  /** The server behind the port of the oracle: recordings first, every new answer kept before it is used, within a budget. */
  readonly oracle: Oracle;
  /** Probabilities of labels as the beginning of an answer; null where it lists no alternatives. */
  readonly readLabels: ReadLabels;
  /** Counts tokens, for a server shows no vocabulary; and whose they are. */
  readonly countTokens: (text: string) => number;
  readonly countedBy: string;
}

const WAYS: Readonly<Record<ServedModel["kind"], string>> = {
  server: "chat completions with prompt_logprobs",
  completions: "text completions with echo or prompt_logprobs",
  chat: "chat completions with top_logprobs",
};

/** What a server that scores given text cannot do, and what a plain chat model cannot. */
const SCORING_LACKS: readonly SurrogateAbility[] = ["divergence", "embeddings"];
const CHAT_LACKS: readonly SurrogateAbility[] = ["output scores", ...SCORING_LACKS];

/**
 * The port `Surrogate` over a server. Nothing is asked yet. `server` and `completions` score any output, but only once the server was
 * seen to score what it wrote itself as it did while writing (`Oracle.canScore`); one that gives no scores, zeros or others throws
 * ORACLE_ANSWER with what was seen. `chat` scores labels alone.
 */
export function servedSurrogate(options: ServedOptions): Surrogate {
  const { source, readLabels, countTokens, countedBy } = options;
  const chat = source.kind === "chat";
  const cannot = (ability: SurrogateAbility): UnderstudyError => lack(source, ability);
  return {
    identity: identityOf(options),
    lacks: chat ? CHAT_LACKS : SCORING_LACKS,
    countedBy,
    countTokens,
    score: async (requests, { divergenceFrom, onProgress } = {}): Promise<Scores> => {
      if (chat) throw cannot("output scores");
      if (divergenceFrom !== undefined) throw cannot("divergence");
      return await scoreTexts(options, requests, onProgress);
    },
    scoreLabels: async (prompts, labels, { onProgress } = {}): Promise<LabelScores> => {
      checkLabels(labels);
      return chat
        ? await chatLabelScores({ prompts, labels, readLabels, ask: asking(options, onProgress) })
        : await scoreLabelTexts(options, { prompts, labels, onProgress });
    },
    embedPrompt: async (): Promise<PromptEmbeddings> => {
      throw cannot("embeddings");
    },
    close: async () => {},
  };
}

function identityOf({ source, oracle }: ServedOptions): SurrogateIdentity {
  const what = JSON.stringify([source.kind, source.baseUrl, source.model]);
  return {
    model: source.model,
    sha256: createHash("sha256").update(what).digest("hex"),
    engine: `${WAYS[source.kind]} at ${oracle.host}`,
    backend: "server",
    precision: "as served",
    requestedPrecision: "as served",
  };
}

async function scoreTexts(
  options: ServedOptions,
  requests: readonly ScoringRequest[],
  onProgress: Progress | undefined,
): Promise<Scores> {
  await believe(
    options,
    requests.map(({ messages }) => messages),
  );
  const questions = requests.map(({ messages, response }): OracleQuestion => ({
    purpose: "masks",
    messages,
    mode: { kind: "score", response },
  }));
  const answers = await asking(options, onProgress)(questions);
  return {
    logProbabilities: answers.map((answer) => scoresOf(options.source, answer)),
    divergence: null,
    ...tokensOf(questions, answers),
  };
}

/** Every label as a response of its own; the mean over its tokens as soon as one label has several. */
async function scoreLabelTexts(
  options: ServedOptions,
  job: {
    readonly prompts: readonly (readonly Message[])[];
    readonly labels: readonly string[];
    readonly onProgress: Progress | undefined;
  },
): Promise<LabelScores> {
  const { prompts, labels, onProgress } = job;
  const requests = prompts.flatMap((messages) =>
    labels.map((response) => ({ messages, response })),
  );
  const { logProbabilities, tokensRun, tokensAsked } = await scoreTexts(
    options,
    requests,
    onProgress,
  );
  const rows = prompts.map((_, prompt) =>
    Float64Array.from(labels, (__, label) =>
      mean(logProbabilities[prompt * labels.length + label] ?? new Float64Array()),
    ),
  );
  const singleToken = logProbabilities.every((row) => row.length === 1);
  return { logProbabilities: rows, singleToken, tokensRun, tokensAsked };
}

/** Throws unless the server scores given text as it wrote it. */
async function believe(
  { oracle, source }: ServedOptions,
  prompts: readonly (readonly Message[])[],
): Promise<void> {
  const ability = await oracle.canScore(prompts);
  if (ability.kind === "yes" || prompts.length === 0) return;
  const refused = refusalIn(ability);
  if (refused) throw refusalError(source, refused);
  throw answerError(source, `does not score given text as it writes it: ${ability.reason}`);
}

/** What kept the server from being tried, if that is why it is not believed. */
function refusalIn({ asked }: ScoringAbility): Refused | null {
  const last = asked.at(-1)?.outcome;
  return last?.kind === "refused" ? last : null;
}

type Refused = Extract<OracleOutcome, { kind: "refused" }>;

/** Asks and wants every answer: a value that is missing cannot be told from one that was never wanted. */
function asking(
  { oracle, source }: ServedOptions,
  onProgress: Progress | undefined,
): (questions: readonly OracleQuestion[]) => Promise<readonly OracleAnswer[]> {
  return async (questions) => {
    const outcomes = await oracle.ask(questions, onProgress);
    return outcomes.map((outcome) => {
      if (outcome.kind === "refused") throw refusalError(source, outcome);
      return outcome.answer;
    });
  };
}

function scoresOf(source: ServedModel, { scored }: OracleAnswer): Float64Array {
  if (scored instanceof Float64Array && scored.length > 0) return scored;
  const reason = scored === null || scored instanceof Float64Array ? "no score" : scored.reason;
  throw answerError(source, `gave no score of a given text: ${reason}`);
}

/** As the server counts them; identical questions were run once. */
function tokensOf(
  questions: readonly OracleQuestion[],
  answers: readonly OracleAnswer[],
): Pick<Scores, "tokensRun" | "tokensAsked"> {
  const counts = answers.map(({ usage }) => usage.promptTokens);
  const distinct = new Map(
    questions.map(({ messages, mode }, index) => [JSON.stringify([messages, mode]), counts[index]]),
  );
  const sum = (numbers: Iterable<number | undefined>): number =>
    [...numbers].reduce<number>((total, count) => total + (count ?? 0), 0);
  return { tokensRun: sum(distinct.values()), tokensAsked: sum(counts) };
}

/** As the surrogate that runs here checks them. */
function checkLabels(labels: readonly string[]): void {
  const problem =
    labels.length === 0
      ? "there are no labels to score"
      : labels.some((label) => label.trim() === "")
        ? "a label is empty"
        : new Set(labels).size < labels.length
          ? "a label is given twice"
          : null;
  if (problem !== null)
    throw new UnderstudyError("INPUTS", problem, {
      fix: "Give each label once, and labels that the model can tell apart.",
    });
}

const CAUSES: Readonly<Record<Refused["cause"], ErrorCode>> = {
  budget: "BUDGET",
  "not recorded": "RECORDING",
  unavailable: "ORACLE_UNAVAILABLE",
  authentication: "ORACLE_ENDPOINT",
  unusable: "ORACLE_ANSWER",
};

function refusalError(source: ServedModel, { cause, message }: Refused): UnderstudyError {
  return new UnderstudyError(CAUSES[cause], `surrogate ${nameOf(source)}: ${message}`, {
    fix: "see to the server, its key or the budget, or take it off surrogate-model",
  });
}

function answerError(source: ServedModel, problem: string): UnderstudyError {
  return new UnderstudyError("ORACLE_ANSWER", `the server of ${nameOf(source)} ${problem}`, {
    fix: "use a server with truthful prompt_logprobs, such as vLLM, a GGUF file, or `chat:` for label tasks",
  });
}

const NEEDED: Readonly<Record<SurrogateAbility, string>> = {
  "output scores": "log-probabilities of given outputs",
  divergence: "divergence, which needs whole distributions",
  embeddings: "input embeddings, which the kernel rope-rwmd needs",
};

function lack(source: ServedModel, ability: SurrogateAbility): UnderstudyError {
  return new UnderstudyError(
    "USAGE",
    `surrogate ${nameOf(source)} cannot give ${NEEDED[ability]}: it is asked by ${WAYS[source.kind]}`,
    {
      fix:
        ability === "output scores"
          ? "choose the objective label-margin, or a `server:` or GGUF surrogate"
          : "choose another objective or kernel, or a GGUF surrogate",
    },
  );
}

function nameOf({ kind, model }: ServedModel): string {
  return `${kind}:${JSON.stringify(model)}`;
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
