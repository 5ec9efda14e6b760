import { z } from "zod";
import type { OracleAnswer, TokenLogProbability, Unknown } from "../domain.js";
import { unusable, withoutFolder } from "./chat-response.js";
import { parseLenient } from "./lenient-json.js";
import { readLogProbability, readPossibleLogProbability } from "./log-probability.js";
import { readScoreResponse } from "./score-response.js";
import { countSpelling } from "./spelling.js";
import { estimateTokens, usageSchema } from "./token-usage.js";

const logprobsSchema = z.object({
  tokens: z.array(z.string()),
  token_logprobs: z.array(z.unknown()),
  top_logprobs: z.array(z.record(z.string(), z.unknown()).nullable()).nullish(),
});
const responseSchema = z.object({
  model: z.string().nullish(),
  choices: z
    .array(
      z.object({
        text: z.string(),
        finish_reason: z.string().nullish(),
        logprobs: logprobsSchema.nullish().catch(null),
      }),
    )
    .min(1),
  usage: usageSchema,
});

export type ReadCompletion =
  | { readonly kind: "answer"; readonly answer: OracleAnswer }
  | { readonly kind: "unusable"; readonly message: string };

interface Asked {
  readonly model: string;
  readonly prompt: string;
}

/** Reads an answer with the alternatives to each of its tokens. The space that separates it from the transcript is no part of it. */
export function readAnswerCompletion(body: string, asked: Asked): ReadCompletion {
  const parsed = responseSchema.safeParse(parseLenient(body));
  const choice = parsed.data?.choices[0];
  if (!parsed.success || !choice)
    return { kind: "unusable", message: unusable(body, parsed.error) };
  const tokens = tokensOf(choice.logprobs ?? null);
  return {
    kind: "answer",
    answer: {
      text: choice.text.trimStart(),
      finishReason: choice.finish_reason ?? "unknown",
      logProbabilities: tokens === null ? null : withoutFirstSpace(tokens),
      scored: null,
      usage: usageOf(parsed.data.usage, asked, choice.text),
      model: withoutFolder(parsed.data.model ?? asked.model),
    },
  };
}

/**
 * Reads log p of each token of `given`, which the prompt ends in: from the echoed prompt, whose last tokens are what the server wrote
 * itself, or from vLLM's `prompt_logprobs`. Without such numbers `scored` says why.
 */
export function readEchoedScore(
  body: string,
  asked: Asked & { readonly given: string; readonly echo?: true },
): ReadCompletion {
  if (asked.echo !== true) return readPromptScore(body, asked);
  const parsed = responseSchema.safeParse(parseLenient(body));
  const choice = parsed.data?.choices[0];
  if (!parsed.success || !choice)
    return { kind: "unusable", message: unusable(body, parsed.error) };
  const { usage, model } = parsed.data;
  return {
    kind: "answer",
    answer: {
      text: "",
      finishReason: "scored",
      logProbabilities: null,
      scored: echoed(choice.logprobs ?? null, asked.given, usage),
      usage: usageOf(usage, asked, ""),
      model: withoutFolder(model ?? asked.model),
    },
  };
}

function readPromptScore(body: string, asked: Asked & { readonly given: string }): ReadCompletion {
  // Of the request the reader needs the given text and what tokens are estimated from.
  const result = readScoreResponse(body, {
    model: asked.model,
    messages: [{ role: "assistant", content: asked.given }],
    temperature: 0,
    max_tokens: 1,
    seed: 0,
  });
  if (result.kind === "unusable") return result;
  const { scored } = result.response;
  return {
    kind: "answer",
    answer: {
      text: "",
      finishReason: "scored",
      logProbabilities: null,
      scored: Array.isArray(scored) ? Float64Array.from(scored) : (scored ?? null),
      usage: {
        promptTokens: result.usage.promptTokens,
        completionTokens: result.usage.completionTokens,
      },
      model: result.model,
    },
  };
}

function echoed(
  logprobs: z.infer<typeof logprobsSchema> | null,
  given: string,
  usage: z.infer<typeof usageSchema>,
): Float64Array | Unknown {
  if (logprobs === null || logprobs.tokens.length !== logprobs.token_logprobs.length)
    return unknown("the server gives no log-probabilities of given text");
  const listed = logprobs.tokens.length;
  // Some servers leave out of the lists what they wrote; the count of the prompt's tokens tells.
  const end = listed === usage?.prompt_tokens ? listed : listed - (usage?.completion_tokens ?? 1);
  const count = countSpelling(logprobs.tokens.slice(0, end), given, "end");
  if (count === null)
    return unknown("the last tokens that the server echoed do not spell the given text");
  const values = logprobs.token_logprobs.slice(end - count, end).map(readPossibleLogProbability);
  const numbers = values.filter((value) => value !== null);
  return numbers.length === values.length
    ? Float64Array.from(numbers)
    : unknown("the server gave a log-probability of given text that is no number");
}

/** null where a number is missing. */
function tokensOf(
  logprobs: z.infer<typeof logprobsSchema> | null,
): readonly TokenLogProbability[] | null {
  if (logprobs === null || logprobs.tokens.length === 0) return null;
  const tokens = logprobs.tokens.map((token, at) => {
    const logProbability = readLogProbability(logprobs.token_logprobs[at]);
    const top = Object.entries(logprobs.top_logprobs?.[at] ?? {}).flatMap(([text, value]) => {
      const own = readLogProbability(value);
      return own === null ? [] : [{ token: text, logProbability: own }];
    });
    return logProbability === null
      ? null
      : { token, logProbability, top: top.sort((a, b) => b.logProbability - a.logProbability) };
  });
  const whole = tokens.filter((token) => token !== null);
  return whole.length === tokens.length ? whole : null;
}

function withoutFirstSpace(tokens: readonly TokenLogProbability[]): readonly TokenLogProbability[] {
  return tokens.map((token, at) =>
    at > 0
      ? token
      : {
          ...token,
          token: token.token.trimStart(),
          top: token.top.map((each) => ({ ...each, token: each.token.trimStart() })),
        },
  );
}

function usageOf(
  usage: z.infer<typeof usageSchema>,
  asked: Asked,
  text: string,
): OracleAnswer["usage"] {
  return {
    promptTokens: usage?.prompt_tokens ?? estimateTokens(asked.prompt),
    completionTokens: usage?.completion_tokens ?? estimateTokens(text),
  };
}

function unknown(reason: string): Unknown {
  return { kind: "unknown", reason };
}
