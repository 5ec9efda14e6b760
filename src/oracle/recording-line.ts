import { z } from "zod";
import type { OracleAnswer } from "../domain.js";
import { messageOf, UnderstudyError, type Place } from "../errors.js";
import { keyOf, requestSchema } from "./request.js";

const tokenSchema = z.object({ token: z.string(), logProbability: z.number() });

const lineSchema = z.object({
  key: z.string(),
  request: requestSchema,
  response: z.object({
    text: z.string(),
    finishReason: z.string(),
    logProbabilities: z.array(tokenSchema.extend({ top: z.array(tokenSchema) })).nullable(),
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

/**
 * Reads one line, and holds its key against its request, so that an edited question cannot pass for the one that was asked.
 * @throws UnderstudyError RECORDING naming file and line.
 */
export function parseLine(text: string, place: Place): RecordedLine {
  const result = lineSchema.safeParse(parseJson(text, place));
  if (!result.success) {
    const issue = result.error.issues[0];
    throw recordingError(
      `field ${JSON.stringify(issue?.path.join(".") ?? "")}: ${issue?.message ?? "is wrong"}`,
      place,
    );
  }
  const key = keyOf(result.data.request);
  if (key !== result.data.key)
    throw recordingError(
      `key ${JSON.stringify(result.data.key)} does not belong to the request, whose key is ${key}`,
      place,
    );
  return result.data;
}

/** The line as stored, newline included. */
export function formatLine(line: RecordedLine): string {
  const { key, request, response, usage, model } = line;
  return `${JSON.stringify({ key, request, response, usage, model })}\n`;
}

/** The answer a line holds. */
export function answerOf({ response, usage, model }: RecordedLine): OracleAnswer {
  return {
    ...response,
    usage: { promptTokens: usage.promptTokens, completionTokens: usage.completionTokens },
    model,
  };
}

function parseJson(text: string, place: Place): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw recordingError(`is not JSON: ${messageOf(cause)}`, place, cause);
  }
}

function recordingError(problem: string, place: Place, cause?: unknown): UnderstudyError {
  return new UnderstudyError("RECORDING", problem, {
    place,
    cause,
    fix: "restore the line, or delete it to have the question asked again",
  });
}
