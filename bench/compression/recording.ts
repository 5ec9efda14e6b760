/**
 * The oracle's answers to shortened prompts, compactly: one character an input and the margin of the input's first answer. Everything
 * that the tables need; texts of inputs stay where they lie.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { repository, type TemplateName } from "../games/games.js";

/** Codes of answers beside a label's digit (its own spelling) and letter (a = label 0 in other letter case). */
export const OTHER = "x";
export const NOT_ASKED = ".";

const recordingSchema = z.strictObject({
  template: z.string(),
  oracle: z.string(),
  labels: z.array(z.string()),
  /** Ids of inputs that no attribution has seen, then of inputs that have attributions of their own. */
  fresh: z.array(z.string()),
  attributed: z.array(z.string()),
  /**
   * By mask over the maskable spans (1 = kept), one place an input: codes of the first token; the digit of the label that is the likeliest
   * beginning among the labels, whatever else the oracle begins with; and log p(the input's label under the whole prompt) - log sum of the
   * others, nats. null: not asked.
   */
  answers: z.record(
    z.string(),
    z.strictObject({
      codes: z.string(),
      likeliest: z.string(),
      margins: z.array(z.number().nullable()),
    }),
  ),
});
export type CompressionRecording = z.infer<typeof recordingSchema>;

export function compressionRecordingPath(name: TemplateName): string {
  return join(repository, "bench", "compression", "recordings", `${name}.json`);
}

/** The recording of a template; null where none was made. Throws where it is not in the form described above. */
export function readCompressionRecording(name: TemplateName): CompressionRecording | null {
  const path = compressionRecordingPath(name);
  if (!existsSync(path)) return null;
  return recordingSchema.parse(JSON.parse(readFileSync(path, "utf8")));
}

/**
 * Code of an answer's first token: the digit of the one label that begins with it, the letter of the label that it is in another letter
 * case, else `OTHER`.
 */
export function codeOf(token: string, labels: readonly string[]): string {
  const text = token.trim();
  const begun = labels.flatMap((label, index) => (label.startsWith(text) ? [index] : []));
  if (text !== "" && begun.length === 1) return String(begun[0]);
  const recased = labels.findIndex((label) => label.toLowerCase() === text.toLowerCase());
  return recased < 0 ? OTHER : String.fromCharCode("a".charCodeAt(0) + recased);
}

/** Whether two codes stand for the same label, letter case ignored: other answers are equal to nothing. */
export function sameLabel(left: string, right: string): boolean {
  return left !== OTHER && left !== NOT_ASKED && labelOf(left) === labelOf(right);
}

/** Index of the label that a code stands for; null for other answers and those not asked for. */
export function labelOf(code: string): number | null {
  if (/^\d$/.test(code)) return Number(code);
  return /^[a-j]$/.test(code) ? code.charCodeAt(0) - "a".charCodeAt(0) : null;
}
