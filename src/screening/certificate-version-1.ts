/** Certificates as version 1 wrote them: mode `predict`, finite form, which were all there were. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { UnderstudyError, type Place } from "../errors.js";
import type { PredictState } from "./certificate-state.js";
import { CERTIFICATE_FIX, storedProblems } from "./stored-json.js";

const finite = z.number();
/** Keys in the order in which they were written, which is the order that the checksum was taken of. */
const schema = z.strictObject({
  version: z.literal(1),
  qVersion: z.literal("spearman-1"),
  test: z.strictObject({
    inputSetHash: z.string(),
    surrogate: z.string(),
    oracle: z.string(),
    threshold: finite.gt(0).lt(1),
    alpha: finite.gt(0).lt(1),
  }),
  population: z.int().min(0),
  excluded: z.array(z.string()),
  consumed: z.array(z.strictObject({ id: z.string(), q: finite.min(0).max(1) })),
  count: z.int().min(0),
  wealth: finite.min(0),
  largestWealth: finite.min(0),
  sum: finite,
  squares: finite.min(0),
  checksum: z.string(),
});

/** Whether the content of a file says that it is of version 1. */
export function isVersion1(content: unknown): boolean {
  return z.object({ version: z.literal(1) }).safeParse(content).success;
}

/**
 * The state of a version 1 file in the present form. The test it belongs to is the same: q, order, bets and level did not change.
 * @throws UnderstudyError CERTIFICATE where it does not fit the schema of version 1 or its checksum does not match.
 */
export function upgradeVersion1(content: unknown, place: Place): PredictState {
  const parsed = schema.safeParse(content);
  if (!parsed.success)
    throw new UnderstudyError(
      "CERTIFICATE",
      `not a screening certificate of version 1: ${storedProblems(parsed.error)}`,
      { place, fix: CERTIFICATE_FIX },
    );
  const { checksum, ...state } = parsed.data;
  if (checksum !== createHash("sha256").update(JSON.stringify(state)).digest("hex"))
    throw new UnderstudyError(
      "CERTIFICATE",
      "the certificate was altered after it was written: its checksum does not match",
      { place, fix: CERTIFICATE_FIX },
    );
  const { inputSetHash, surrogate, oracle, threshold, alpha } = state.test;
  return {
    ...state,
    version: 2,
    mode: "predict",
    test: { inputSetHash, surrogate, oracle, form: "finite", threshold, alpha },
  };
}
