import { z } from "zod";
import { parseLenient } from "./lenient-json.js";
import { readLogProbability } from "./log-probability.js";
import type { RecordedLine } from "./recording-line.js";
import { splitReasoning, tokensOfAnswer } from "./reasoning.js";
import { longestAnswer, type OracleRequest } from "./request.js";
import { usageOf, usageSchema } from "./token-usage.js";

const scoredToken = z.object({ token: z.string(), logprob: z.unknown() });

const responseSchema = z.object({
  model: z.string().nullish(),
  choices: z
    .array(
      z.object({
        message: z.object({
          content: z.string().nullish(),
          reasoning_content: z.string().nullish().catch(null),
          reasoning: z.string().nullish().catch(null),
        }),
        finish_reason: z.string().nullish(),
        logprobs: z
          .object({
            content: z
              .array(scoredToken.extend({ top_logprobs: z.array(scoredToken).nullish() }))
              .nullish(),
          })
          .nullish()
          .catch(null),
      }),
    )
    .min(1),
  usage: usageSchema,
});

/** What a recorded line holds besides the question. */
export type ReadAnswer = Pick<RecordedLine, "response" | "usage" | "model"> & {
  readonly notices: readonly string[];
};

export type ReadResult =
  | ({ readonly kind: "answer" } & ReadAnswer)
  | { readonly kind: "unusable"; readonly message: string };

/**
 * Reads the body of a chat completion. Log-probabilities (natural log) come out in order of likelihood and with seven
 * significant digits, as many as a float32 has; where the server gives none, or one that is no number, they are
 * null with a notice. Missing token counts are estimated from the texts and marked. Of a model that reasons the answer is what it
 * writes in the end, with the log-probabilities of that; one that reasons until it may write no more has given none.
 */
export function readChatResponse(body: string, request: OracleRequest): ReadResult {
  const parsed = responseSchema.safeParse(parseLenient(body));
  const choice = parsed.data?.choices[0];
  if (!parsed.success || !choice)
    return { kind: "unusable", message: unusable(body, parsed.error) };
  const { text, reasoning } = splitReasoning(choice.message);
  const counted = parsed.data.usage?.completion_tokens_details?.reasoning_tokens ?? null;
  const reasoned = reasoning !== null || (counted ?? 0) > 0;
  if (text === null && !reasoned)
    return { kind: "unusable", message: unusable(body, undefined, "the message has no text") };
  if ((text ?? "").trim() === "" && reasoned && choice.finish_reason === "length")
    return { kind: "unusable", message: onlyReasoning(request) };
  const answer = text ?? "";
  const scores = logProbabilitiesOf(choice.logprobs?.content ?? null, request);
  const own = reasoned ? ofAnswer(scores, answer) : scores;
  return {
    kind: "answer",
    response: {
      text: answer,
      finishReason: choice.finish_reason ?? "unknown",
      logProbabilities: own.tokens,
      ...(reasoned ? { reasoning: { tokens: counted } } : {}),
    },
    usage: usageOf(parsed.data.usage, request, (reasoning ?? "") + answer),
    model: withoutFolder(parsed.data.model ?? request.model),
    notices: own.notices,
  };
}

function onlyReasoning(request: OracleRequest): string {
  return `the model reasoned for all of the ${longestAnswer(request)} tokens that it may write and gave no answer: raise oracle-max-tokens`;
}

/** Where reasoning was written too, its tokens say nothing about the answer. */
function ofAnswer({ tokens, notices }: ReadScores, text: string): ReadScores {
  if (tokens === null) return { tokens, notices };
  const own = tokensOfAnswer(tokens, text);
  return own === null
    ? {
        tokens: null,
        notices: [
          ...notices,
          "no tokens with log-probabilities spell the answer after the reasoning",
        ],
      }
    : { tokens: [...own], notices };
}

type ScoredToken = z.infer<typeof scoredToken> & {
  readonly top_logprobs?: readonly z.infer<typeof scoredToken>[] | null | undefined;
};
interface ReadScores {
  readonly tokens: RecordedLine["response"]["logProbabilities"];
  readonly notices: readonly string[];
}

function logProbabilitiesOf(
  content: readonly ScoredToken[] | null,
  request: OracleRequest,
): ReadScores {
  if (!request.logprobs) return { tokens: null, notices: [] };
  if (!content || content.length === 0)
    return { tokens: null, notices: ["the server gives no log-probabilities"] };
  const tokens = content.map(readToken);
  const whole = tokens.filter((token) => token !== null);
  if (whole.length < tokens.length)
    return {
      tokens: null,
      notices: [
        "the server gave a log-probability that is no number: those of that answer are not used",
      ],
    };
  return { tokens: whole, notices: [] };
}

interface Scored {
  token: string;
  logProbability: number;
}

/** null where a number is missing; an alternative of probability 0 says nothing and is left out. */
function readToken({
  token,
  logprob,
  top_logprobs,
}: ScoredToken): (Scored & { top: Scored[] }) | null {
  const own = readLogProbability(logprob);
  const possible = (top_logprobs ?? []).filter((each) => each.logprob !== -Infinity);
  const top = possible.flatMap((each) => {
    const logProbability = readLogProbability(each.logprob);
    return logProbability === null ? [] : [{ token: each.token, logProbability }];
  });
  if (own === null || top.length < possible.length) return null;
  return {
    token,
    logProbability: own,
    top: top.sort((a, b) => b.logProbability - a.logProbability),
  };
}

/** Local servers call a model by its file; the folders it lies in are nobody's business. */
export function withoutFolder(model: string): string {
  return /^(\/|~|\.{1,2}[/\\]|[A-Za-z]:[/\\])/.test(model)
    ? (model.split(/[/\\]/).at(-1) ?? model)
    : model;
}

/** Why a body is no answer: the first thing that is wrong with it, and how it begins. */
export function unusable(
  body: string,
  error: z.ZodError | undefined,
  problem = "it is no chat completion",
): string {
  const issue = error?.issues[0];
  const field =
    issue && issue.path.length > 0 ? `field ${issue.path.join(".")}: ${issue.message}` : problem;
  return `the server's answer cannot be used (${field}); it begins ${JSON.stringify(body.slice(0, 80))}`;
}
