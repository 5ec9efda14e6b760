import { z } from "zod";
import { parseLenient } from "./lenient-json.js";
import { readLogProbability } from "./log-probability.js";
import type { RecordedLine } from "./recording-line.js";
import type { OracleRequest } from "./request.js";
import { usageOf, usageSchema } from "./token-usage.js";

const scoredToken = z.object({ token: z.string(), logprob: z.unknown() });

const responseSchema = z.object({
  model: z.string().nullish(),
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string() }),
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
 * null with a notice. Missing token counts are estimated from the texts and marked.
 */
export function readChatResponse(body: string, request: OracleRequest): ReadResult {
  const parsed = responseSchema.safeParse(parseLenient(body));
  const choice = parsed.data?.choices[0];
  if (!parsed.success || !choice)
    return { kind: "unusable", message: unusable(body, parsed.error) };
  const text = choice.message.content;
  const scores = logProbabilitiesOf(choice.logprobs?.content ?? null, request);
  const usage = usageOf(parsed.data.usage, request, text);
  return {
    kind: "answer",
    response: {
      text,
      finishReason: choice.finish_reason ?? "unknown",
      logProbabilities: scores.tokens,
    },
    usage,
    model: withoutFolder(parsed.data.model ?? request.model),
    notices: scores.notices,
  };
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
export function unusable(body: string, error: z.ZodError | undefined): string {
  const issue = error?.issues[0];
  const field =
    issue && issue.path.length > 0
      ? `field ${issue.path.join(".")}: ${issue.message}`
      : "it is no chat completion";
  return `the server's answer cannot be used (${field}); it begins ${JSON.stringify(body.slice(0, 80))}`;
}
