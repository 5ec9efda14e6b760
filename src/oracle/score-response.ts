import { z } from "zod";
import { unusable, withoutFolder, type ReadAnswer, type ReadResult } from "./chat-response.js";
import { parseLenient } from "./lenient-json.js";
import { readPossibleLogProbability } from "./log-probability.js";
import type { RecordedLine } from "./recording-line.js";
import type { OracleRequest } from "./request.js";
import { countSpelling } from "./spelling.js";
import { usageOf, usageSchema } from "./token-usage.js";

const entrySchema = z.object({
  logprob: z.unknown(),
  rank: z.number().nullish(),
  decoded_token: z.string(),
});
const promptSchema = z.array(z.record(z.string(), entrySchema).nullable());

const choiceSchema = z.object({ prompt_logprobs: z.unknown().optional() });
const responseSchema = z.object({
  model: z.string().nullish(),
  choices: z.array(choiceSchema).min(1),
  prompt_logprobs: z.unknown().optional(),
  usage: usageSchema,
});

type Scored = NonNullable<RecordedLine["response"]["scored"]>;

const REFUSED = "the server refused the request to score given text";

/**
 * Reads log p of each token of the response that a request ends in, as vLLM gives them: for each token of the prompt but
 * the first an object of token entries by id, with two of them where the token was not the likeliest. An answer without
 * such numbers is an answer too, that the server does not score: it says why.
 */
export function readScoreResponse(body: string, request: OracleRequest): ReadResult {
  const parsed = responseSchema.safeParse(parseLenient(body));
  if (!parsed.success) return { kind: "unusable", message: unusable(body, parsed.error) };
  const { choices, prompt_logprobs, usage, model } = parsed.data;
  const given = prompt_logprobs ?? choices[0]?.prompt_logprobs;
  const scored = scoredOf(given, request.messages.at(-1)?.content ?? "");
  return {
    kind: "answer",
    ...answerWith(scored),
    usage: usageOf(usage, request, ""),
    model: withoutFolder(model ?? request.model),
  };
}

/** The answer of a server that does not take the question: recorded, so that it is not asked again and a replay knows. */
export function refusedScore(request: OracleRequest): ReadAnswer {
  return {
    ...answerWith(unknown(REFUSED)),
    usage: { promptTokens: 0, completionTokens: 0 },
    model: request.model,
  };
}

function answerWith(scored: Scored): Pick<ReadAnswer, "response" | "notices"> {
  return {
    response: { text: "", finishReason: "scored", logProbabilities: null, scored },
    notices: Array.isArray(scored) ? [] : [scored.reason],
  };
}

function scoredOf(given: unknown, response: string): Scored {
  if (given === undefined || given === null)
    return unknown("the server gives no log-probabilities of given text");
  const parsed = promptSchema.safeParse(given);
  if (!parsed.success)
    return unknown("the server gives log-probabilities of given text in a form that is not known");
  const tokens = scoredTokens(parsed.data);
  const count = countSpelling(
    tokens.map((token) => token.decoded_token),
    response,
    "end",
  );
  if (count === null)
    return unknown("the last tokens that the server scored do not spell the given text");
  const values = tokens.slice(-count).map(({ logprob }) => readPossibleLogProbability(logprob));
  const numbers = values.filter((value) => value !== null);
  return numbers.length === values.length
    ? numbers
    : unknown("the server gave a log-probability of given text that is no number");
}

type Entry = z.infer<typeof entrySchema>;

/** The tokens after the last one without a score: the first of a prompt has none. */
function scoredTokens(prompt: z.infer<typeof promptSchema>): readonly Entry[] {
  const own = prompt.map((entries) => ownEntry(Object.values(entries ?? {})));
  return own.slice(own.lastIndexOf(null) + 1).filter((entry) => entry !== null);
}

/** One alternative was asked for: of two entries the less likely one is the token's own. */
function ownEntry([first, second, ...more]: readonly Entry[]): Entry | null {
  if (!first || more.length > 0) return null;
  if (!second) return first;
  const worse = (entry: Entry): number => entry.rank ?? -Number(entry.logprob);
  return worse(second) > worse(first) ? second : first;
}

function unknown(reason: string): Scored {
  return { kind: "unknown", reason };
}
