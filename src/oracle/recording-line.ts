import { z } from "zod";
import type { OracleAnswer } from "../domain.js";
import { messageOf, UnderstudyError, type Place } from "../errors.js";
import { isVersionOf } from "./model-name.js";
import { isScoring, keyOf, requestSchema } from "./request.js";

const tokenSchema = z.object({ token: z.string(), logProbability: z.number() });

/** Longest name of a model that is shown, in UTF-16 units: a server may say anything. */
export const LONGEST_NAME = 120;

/** Of a score: log p of each token of the response, or why the server gave none. */
const scoredSchema = z.union([
  z.array(z.number().max(0)).min(1),
  z.object({ kind: z.literal("unknown"), reason: z.string() }),
]);

const lineSchema = z.object({
  key: z.string(),
  request: requestSchema,
  response: z.object({
    text: z.string(),
    finishReason: z.string(),
    logProbabilities: z.array(tokenSchema.extend({ top: z.array(tokenSchema) })).nullable(),
    scored: scoredSchema.optional(),
    /** The answer came after reasoning, which is not kept; its tokens where the server counted them. */
    reasoning: z.object({ tokens: z.int().nonnegative().nullable() }).optional(),
  }),
  /** `estimated`: the server counted nothing, the numbers come from the length of the texts. */
  usage: z.object({
    promptTokens: z.int().nonnegative(),
    completionTokens: z.int().nonnegative(),
    estimated: z.boolean().optional(),
  }),
  model: z.string(),
});

/** One question as sent and its answer. `key` is the sha256 of the canonical JSON of `request`. */
export type RecordedLine = z.infer<typeof lineSchema>;

export type ReadLine =
  | { readonly kind: "line"; readonly line: RecordedLine }
  | { readonly kind: "wrong"; readonly problem: string };

/** Reads one line, and holds its key against its request, so that an edited question cannot pass for the one that was asked. */
export function readLine(text: string): ReadLine {
  const json = parseJson(text);
  if (json.kind === "wrong") return json;
  const result = lineSchema.safeParse(json.value);
  if (!result.success) {
    const issue = result.error.issues[0];
    return wrong(
      `field ${JSON.stringify(issue?.path.join(".") ?? "")}: ${issue?.message ?? "is wrong"}`,
    );
  }
  if (isScoring(result.data.request) !== (result.data.response.scored !== undefined))
    return wrong(
      'field "response.scored": must be there where given text was scored, and only there',
    );
  const key = keyOf(result.data.request);
  if (key === result.data.key) return { kind: "line", line: result.data };
  return wrong(
    `key ${JSON.stringify(result.data.key)} does not belong to the request, whose key is ${key}`,
  );
}

/** As `readLine`. @throws UnderstudyError RECORDING naming file and line. */
export function parseLine(text: string, place: Place): RecordedLine {
  const read = readLine(text);
  if (read.kind === "line") return read.line;
  throw new UnderstudyError("RECORDING", read.problem, {
    place,
    fix: "restore the line, or delete it to have the question asked again",
  });
}

/** The line as stored, newline included. */
export function formatLine(line: RecordedLine): string {
  const { key, request, response, usage, model } = line;
  return `${JSON.stringify({ key, request, response, usage, model })}\n`;
}

/** The answer a line holds. */
export function answerOf({ request, response, usage, model }: RecordedLine): OracleAnswer {
  const { text, finishReason, logProbabilities, scored, reasoning } = response;
  return {
    text,
    finishReason,
    logProbabilities,
    scored: Array.isArray(scored) ? Float64Array.from(scored) : (scored ?? null),
    usage: { promptTokens: usage.promptTokens, completionTokens: usage.completionTokens },
    model,
    ...(reasoning ? { reasoning } : {}),
    ...(isVersionOf(request.model, model) ? {} : { substitute: model.slice(0, LONGEST_NAME) }),
  };
}

function parseJson(
  text: string,
): { readonly kind: "json"; readonly value: unknown } | Extract<ReadLine, { kind: "wrong" }> {
  try {
    return { kind: "json", value: JSON.parse(text) };
  } catch (cause) {
    return wrong(`is not JSON: ${messageOf(cause)}`);
  }
}

function wrong(problem: string): Extract<ReadLine, { kind: "wrong" }> {
  return { kind: "wrong", problem };
}
