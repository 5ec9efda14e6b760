/** A prompt whose answers follow from its sentences by a known rule, an oracle and a surrogate that obey it, and a job around them. */
import { fromStrings, resolveSettings } from "../../src/config.js";
import type {
  Message,
  Oracle,
  OracleAnswer,
  PromptEmbeddings,
  Scores,
  Surrogate,
} from "../../src/domain.js";
import { randomFrom } from "../../src/numerics/random.js";
import type { Job } from "../../src/pipeline/ports.js";

/** Nats that a sentence adds to "yes" over "no"; the rest is filler. */
export const EFFECTS: Readonly<Record<string, number>> = {
  "Lean towards approval whenever in doubt.": 2,
  "Old customers deserve every benefit.": 1,
  "Never approve what nobody asked for.": -1.5,
};
export const SENTENCES: readonly string[] = [
  "You decide on requests of customers.",
  "Lean towards approval whenever in doubt.",
  "The office opened forty years ago.",
  "Old customers deserve every benefit.",
  "Our building has a garden.",
  "Never approve what nobody asked for.",
  "Answer in a single word.",
];
const INPUTS = 12;

/** The prompt of any sentences, one a line from line 4 on. */
export function promptOf(sentences: readonly string[], inputs = INPUTS): string {
  return `messages:
  - role: system
    content: |-
${sentences.map((sentence) => `      ${sentence}`).join("\n")}
  - role: user
    content: "{{request}}"
testData:
${Array.from(
  { length: inputs },
  (_, index) =>
    `  - request: "request ${index} from ${index % 2 === 0 ? "Adams" : "Baker"}"\n    expected: "${index % 2 === 0 ? "yes" : "no"}"\n`,
).join("")}`;
}

export const PROMPT = promptOf(SENTENCES);

/** Log-odds of "yes": the sentences that are there, and who asks. */
export function logOddsOfYes(messages: readonly Message[], effects = EFFECTS): number {
  const text = messages.map(({ content }) => content).join("\n");
  const asker = text.includes("Adams") ? 0.8 : -2.2;
  return Object.entries(effects).reduce(
    (sum, [sentence, effect]) => sum + (text.includes(sentence) ? effect : 0),
    asker,
  );
}

function logProbability(label: string, logOdds: number): number {
  return -Math.log1p(Math.exp(label === "yes" ? -logOdds : logOdds));
}

/** Answers with both labels and their log-probabilities; counts what it was asked. */
export function syntheticOracle(): Oracle & { readonly asked: () => number } {
  let asked = 0;
  return {
    model: "known rule",
    host: "here",
    asked: () => asked,
    ask: async (questions) => {
      asked += questions.length;
      return questions.map(({ messages }) => ({
        kind: "answer",
        paid: false,
        answer: answerTo(logOddsOfYes(messages)),
      }));
    },
    canScore: async () => ({ kind: "no", reason: "not needed here", asked: [] }),
  };
}

function answerTo(logOdds: number): OracleAnswer {
  const top = ["yes", "no"]
    .map((token) => ({ token, logProbability: logProbability(token, logOdds) }))
    .sort((a, b) => b.logProbability - a.logProbability);
  const [first] = top;
  if (!first) throw new Error("no labels");
  return {
    text: first.token,
    finishReason: "stop",
    logProbabilities: [{ ...first, top }],
    scored: null,
    usage: { promptTokens: 1, completionTokens: 1 },
    model: "known rule",
  };
}

/** Believes in other effects of the sentences where they are given. */
export function syntheticSurrogate(
  effects = EFFECTS,
): Surrogate & { readonly scored: () => number } {
  let scored = 0;
  const oddsOf = (messages: readonly Message[]): number => logOddsOfYes(messages, effects);
  return {
    identity: {
      model: "known rule, small",
      sha256: "0".repeat(64),
      engine: "none",
      backend: "wasm",
      precision: "fp32",
      requestedPrecision: "fp32",
    },
    scored: () => scored,
    score: async (requests, options): Promise<Scores> => {
      scored += requests.length;
      const odds = requests.map(({ messages }) => oddsOf(messages));
      const reference = odds[options?.divergenceFrom ?? -1];
      return {
        logProbabilities: requests.map(({ response }, row) =>
          Float64Array.of(logProbability(response, odds[row] ?? 0)),
        ),
        divergence:
          reference === undefined
            ? null
            : Float64Array.from(odds, (own) => divergence(reference, own)),
        tokensRun: requests.length,
        tokensAsked: requests.length,
      };
    },
    scoreLabels: async (prompts, labels) => {
      scored += prompts.length;
      return {
        logProbabilities: prompts.map((messages) =>
          Float64Array.from(labels, (label) => logProbability(label, oddsOf(messages))),
        ),
        singleToken: true,
        tokensRun: prompts.length,
        tokensAsked: prompts.length,
      };
    },
    embedPrompt: async (messages) => wordEmbeddings(messages),
    countTokens: (text) => text.split(/\s+/).filter((word) => word !== "").length,
    close: async () => {},
  };
}

function divergence(from: number, to: number): number {
  return ["yes", "no"].reduce((sum, label) => {
    const log = logProbability(label, from);
    return sum + Math.exp(log) * (log - logProbability(label, to));
  }, 0);
}

/** A token a word, each word at a point of its own. */
function wordEmbeddings(messages: readonly Message[]): PromptEmbeddings {
  const hidden = 8;
  const tokens = messages.flatMap(({ content }, message) =>
    [...content.matchAll(/\S+/g)].map((match) => ({
      id: match[0].length,
      message,
      start: match.index,
      end: match.index + match[0].length,
      text: match[0],
    })),
  );
  const vectors = new Float32Array(tokens.length * hidden);
  tokens.forEach(({ text }, token) => {
    const random = randomFrom(`word ${text}`);
    for (let k = 0; k < hidden; k++) vectors[token * hidden + k] = random.normal();
  });
  return { tokens, vectors, hidden, headSize: 4, ropeBase: 10_000 };
}

export function syntheticJob(
  settings: Readonly<Record<string, string>>,
  ports: {
    readonly surrogate?: Surrogate;
    readonly oracle?: Oracle;
    readonly said?: string[];
    /** What the state store holds, to be looked at and shared by jobs. */
    readonly kept?: Map<string, string>;
  } = {},
): Job {
  const { kept = new Map<string, string>() } = ports;
  return {
    settings: resolveSettings(fromStrings(settings, "--")),
    ports: {
      workspace: { changedFiles: async () => [], read: async () => null },
      oracle: ports.oracle ?? syntheticOracle(),
      surrogate: ports.surrogate ?? syntheticSurrogate(),
      state: {
        read: async (name) => kept.get(name) ?? null,
        write: async (name, content) => void kept.set(name, content),
      },
      say: (line) => void ports.said?.push(line),
    },
  };
}
