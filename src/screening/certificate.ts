/** The stored state of a screen: one JSON file a test, continued over runs, never restarted or reshuffled. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { UnderstudyError } from "../errors.js";
import { Q_VERSIONS, type CertificateState, type ScreenTest } from "./certificate-state.js";
import { isVersion1, upgradeVersion1 } from "./certificate-version-1.js";
import { CERTIFICATE_FIX, parseStoredJson, storedProblems } from "./stored-json.js";

const finite = z.number();
const share = finite.min(0).max(1);
const test = z.strictObject({
  inputSetHash: z.string(),
  surrogate: z.string(),
  oracle: z.string(),
  form: z.enum(["finite", "population"]),
  threshold: finite.gt(0).lt(1),
  alpha: finite.gt(0).lt(1),
});
const common = {
  population: z.int().min(0),
  excluded: z.array(z.string()),
};
const wealth = {
  count: z.int().min(0),
  wealth: finite.min(0),
  largestWealth: finite.min(0),
  sum: finite,
  squares: finite.min(0),
};
const consumed = { id: z.string(), q: share };
/** Keys in the order in which they are written, which is the order that the checksum is taken of. */
const stateSchema = z.discriminatedUnion("mode", [
  z.strictObject({
    version: z.literal(2),
    mode: z.literal("predict"),
    qVersion: z.literal(Q_VERSIONS.predict),
    test,
    ...common,
    consumed: z.array(z.strictObject(consumed)),
    ...wealth,
  }),
  z.strictObject({
    version: z.literal(2),
    mode: z.literal("labels"),
    qVersion: z.literal(Q_VERSIONS.labels),
    test,
    ...common,
    consumed: z.array(z.strictObject({ ...consumed, lengthQ: share, flipped: z.boolean() })),
    ...wealth,
  }),
  z.strictObject({
    version: z.literal(2),
    mode: z.literal("explain"),
    qVersion: z.literal(Q_VERSIONS.explain),
    test,
    ...common,
    consumed: z.array(z.strictObject({ ...consumed, oracleQ: share })),
    ...wealth,
  }),
]);

const signed = z.looseObject({ checksum: z.string().nullable() });

/**
 * The file's bytes: the same state gives the same text.
 * @throws UnderstudyError INTERNAL for a state that its own schema refuses, such as one with NaN.
 */
export function serialiseCertificate(state: CertificateState): string {
  const checked = stateSchema.safeParse(state);
  if (!checked.success)
    throw new UnderstudyError(
      "INTERNAL",
      `a screen's state does not fit its own schema: ${storedProblems(checked.error)}`,
    );
  return `${JSON.stringify({ ...checked.data, checksum: checksumOf(checked.data) }, null, 2)}\n`;
}

/**
 * The state in a certificate's text. A file of version 1, which knew the mode `predict` alone, is brought to the present form.
 * @throws UnderstudyError CERTIFICATE where the text is no certificate, its checksum does not match its content, or its inputs
 * contradict each other. The checksum guards against accidents and edits by hand, not against somebody who computes it anew: for
 * that the numbers are replayed when the test goes on, and the file belongs where only trusted runs write.
 */
export function parseCertificate(text: string, path: string): CertificateState {
  const place = { path };
  const content = parseStoredJson(text, place, "screening certificate");
  if (isVersion1(content)) return checkInputs(upgradeVersion1(content, place), path);
  const { checksum, ...unsigned } = signed.catch({ checksum: null }).parse(content);
  const parsed = stateSchema.safeParse(checksum === null ? content : unsigned);
  if (!parsed.success || checksum === null)
    throw new UnderstudyError(
      "CERTIFICATE",
      `not a screening certificate: ${parsed.success ? "checksum: missing" : storedProblems(parsed.error)}`,
      { place, fix: CERTIFICATE_FIX },
    );
  if (checksum !== checksumOf(parsed.data))
    throw new UnderstudyError(
      "CERTIFICATE",
      "the certificate was altered after it was written: its checksum does not match",
      { place, fix: CERTIFICATE_FIX },
    );
  return checkInputs(parsed.data, path);
}

/** @throws UnderstudyError CERTIFICATE naming every part in which a stored state belongs to another test. */
export function checkSameTest(state: CertificateState, expected: ScreenTest): void {
  const names: readonly (keyof ScreenTest)[] = [
    "inputSetHash",
    "surrogate",
    "oracle",
    "form",
    "threshold",
    "alpha",
  ];
  const different = names.filter((name) => state.test[name] !== expected[name]);
  if (different.length === 0) return;
  const list = different
    .map(
      (name) =>
        `${name} is ${JSON.stringify(expected[name])}, the certificate's ${JSON.stringify(state.test[name])}`,
    )
    .join("; ");
  throw belongsToAnother(list);
}

/** The error for a stored state of another mode. */
export function otherMode(
  state: CertificateState,
  mode: CertificateState["mode"],
): UnderstudyError<"CERTIFICATE"> {
  return belongsToAnother(`mode is "${mode}", the certificate's "${state.mode}"`);
}

function belongsToAnother(list: string): UnderstudyError<"CERTIFICATE"> {
  return new UnderstudyError(
    "CERTIFICATE",
    `the stored certificate belongs to another test: ${list}`,
    { fix: "keep one certificate file for each test, or delete the old one in a reviewed commit" },
  );
}

/** An input consumed twice, or both consumed and outside, and more inputs than the population holds are no state of any test. */
function checkInputs(state: CertificateState, path: string): CertificateState {
  const ids = [...state.excluded, ...state.consumed.map((one) => one.id)];
  const problem =
    new Set(ids).size !== ids.length
      ? "an input stands in it twice"
      : state.consumed.length !== state.count
        ? `it counts ${state.count} inputs and lists ${state.consumed.length}`
        : state.count > state.population
          ? `it has looked at ${state.count} inputs of ${state.population}`
          : null;
  if (problem === null) return state;
  throw new UnderstudyError("CERTIFICATE", `the certificate contradicts itself: ${problem}`, {
    place: { path },
    fix: CERTIFICATE_FIX,
  });
}

/** Of a state whose keys stand in the order of the schema. */
function checksumOf(state: z.output<typeof stateSchema>): string {
  return createHash("sha256").update(JSON.stringify(state)).digest("hex");
}
