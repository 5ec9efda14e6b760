import { createHash } from "node:crypto";
import { z } from "zod";
import { UnderstudyError, type Place } from "../errors.js";

/** What one test is about: another oracle, surrogate, input set, threshold or level is another test. */
export interface ScreenTest {
  readonly inputSetHash: string;
  readonly surrogate: string;
  readonly oracle: string;
  readonly threshold: number;
  readonly alpha: number;
}

/** One input that the test has looked at, and its q in [0, 1]. */
export interface Consumed {
  readonly id: string;
  readonly q: number;
}

/**
 * The stored state of a screen. It is continued over runs and never restarted: looking again at inputs already consumed, in
 * another order or with other numbers, would make the level of the test a fiction.
 */
export interface CertificateState {
  readonly version: 1;
  readonly qVersion: "spearman-1";
  readonly test: ScreenTest;
  /** Size M of the finite population, fixed when the test began. */
  readonly population: number;
  /** Inputs of the search set outside the population: their oracle values did not vary when the test began. */
  readonly excluded: readonly string[];
  readonly consumed: readonly Consumed[];
  /** i, W, max W, S and Q of methods C3 after the last consumed input: what `consumed` must lead to. */
  readonly count: number;
  readonly wealth: number;
  readonly largestWealth: number;
  readonly sum: number;
  readonly squares: number;
}

const finite = z.number();
const stateSchema = z.strictObject({
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

const FIX =
  "restore the file from the last run; to give the test up and begin another one, delete the file in a reviewed commit";

/** The file's bytes: the same state gives the same text. */
export function serialiseCertificate(state: CertificateState): string {
  return `${JSON.stringify({ ...inOrder(state), checksum: checksumOf(state) }, null, 2)}\n`;
}

/**
 * The state in a certificate's text.
 * @throws UnderstudyError CERTIFICATE where the text is no certificate or its checksum does not match its content.
 */
export function parseCertificate(text: string, path: string): CertificateState {
  const place = { path };
  const parsed = stateSchema.safeParse(asJson(text, place));
  if (!parsed.success)
    throw new UnderstudyError(
      "CERTIFICATE",
      `not a screening certificate: ${problemsOf(parsed.error)}`,
      { place, fix: FIX },
    );
  const { checksum, ...state } = parsed.data;
  if (checksum !== checksumOf(state))
    throw new UnderstudyError(
      "CERTIFICATE",
      "the certificate was altered after it was written: its checksum does not match",
      { place, fix: FIX },
    );
  return state;
}

/** @throws UnderstudyError CERTIFICATE naming every part in which a stored state belongs to another test. */
export function checkSameTest(state: CertificateState, test: ScreenTest): void {
  const names: readonly (keyof ScreenTest)[] = [
    "inputSetHash",
    "surrogate",
    "oracle",
    "threshold",
    "alpha",
  ];
  const different = names.filter((name) => state.test[name] !== test[name]);
  if (different.length === 0) return;
  const list = different
    .map(
      (name) =>
        `${name} is ${JSON.stringify(test[name])}, the certificate's ${JSON.stringify(state.test[name])}`,
    )
    .join("; ");
  throw new UnderstudyError(
    "CERTIFICATE",
    `the stored certificate belongs to another test: ${list}`,
    { fix: "keep one certificate file for each test, or delete the old one in a reviewed commit" },
  );
}

function inOrder(state: CertificateState): CertificateState {
  const { inputSetHash, surrogate, oracle, threshold, alpha } = state.test;
  const { population, excluded, count, wealth, largestWealth, sum, squares } = state;
  const consumed = state.consumed.map(({ id, q }) => ({ id, q }));
  return {
    version: 1,
    qVersion: "spearman-1",
    test: { inputSetHash, surrogate, oracle, threshold, alpha },
    population,
    excluded,
    consumed,
    count,
    wealth,
    largestWealth,
    sum,
    squares,
  };
}

function checksumOf(state: CertificateState): string {
  return createHash("sha256")
    .update(JSON.stringify(inOrder(state)))
    .digest("hex");
}

function asJson(text: string, place: Place): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UnderstudyError("CERTIFICATE", "not a screening certificate: the file is not JSON", {
      place,
      fix: FIX,
      cause,
    });
  }
}

function problemsOf(error: z.ZodError): string {
  return error.issues
    .map((issue) => `${issue.path.join(".") || "the file"}: ${issue.message}`)
    .join("; ");
}
