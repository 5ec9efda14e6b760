/** What the stored files of a screen have in common: they are JSON, and refused with the same advice. */
import type { z } from "zod";
import { UnderstudyError, type Place } from "../errors.js";

export const CERTIFICATE_FIX =
  "restore the file from the last run; to give the test up and begin another one, delete the file in a reviewed commit";

/** @throws UnderstudyError CERTIFICATE where the text is not JSON. */
export function parseStoredJson(text: string, place: Place, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UnderstudyError("CERTIFICATE", `not a ${what}: the file is not JSON`, {
      place,
      fix: CERTIFICATE_FIX,
      cause,
    });
  }
}

/** Every problem of a file's content, each with its place in it. */
export function storedProblems(error: z.ZodError): string {
  return error.issues
    .map((issue) => `${issue.path.join(".") || "the file"}: ${issue.message}`)
    .join("; ");
}
