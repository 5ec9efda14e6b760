/** One level for all surrogates that are screened on the same inputs: who has a share of it, and how large. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { UnderstudyError } from "../errors.js";
import { CERTIFICATE_FIX, parseStoredJson, storedProblems } from "./stored-json.js";

/** What the surrogates have in common that share a level: a test without its surrogate. */
export interface TestFamily {
  readonly inputSetHash: string;
  readonly oracle: string;
  readonly mode: "predict" | "labels" | "explain";
  readonly qVersion: string;
  readonly form: "finite" | "population";
  readonly threshold: number;
  /** Of the whole family. */
  readonly alpha: number;
}

/** The stored register. `slots` is fixed when the first surrogate comes; every surrogate has alpha / slots for good. */
export interface AlphaShares {
  readonly version: 1;
  readonly family: TestFamily;
  readonly slots: number;
  /** In the order in which they came; at most `slots`. */
  readonly surrogates: readonly string[];
}

export type ShareClaim =
  | { readonly kind: "granted"; readonly alpha: number; readonly shares: AlphaShares }
  | { readonly kind: "refused"; readonly reason: string; readonly shares: AlphaShares };

/**
 * A surrogate's share of its family's level. By the union bound the chance that any unfit surrogate of the family is certified is at
 * most alpha, however many come: after the last slot there is nothing left to spend, and a further one is refused. A surrogate
 * that has a share keeps it, whatever the settings say by now. Why equal slots: docs/adr/0010.
 * @param slots number of surrogates to be compared, for a family that begins; a stored register's own number stands.
 * @throws UnderstudyError CERTIFICATE where the register belongs to another family; INTERNAL for fewer than one slot.
 */
export function claimShare(
  stored: AlphaShares | null,
  family: TestFamily,
  { surrogate, slots }: { readonly surrogate: string; readonly slots: number },
): ShareClaim {
  if (!(Number.isSafeInteger(slots) && slots >= 1))
    throw new UnderstudyError("INTERNAL", `a level cannot be shared by ${slots} surrogates`);
  const register = stored ?? { version: 1 as const, family, slots, surrogates: [] };
  if (JSON.stringify(ordered(register.family)) !== JSON.stringify(ordered(family)))
    throw new UnderstudyError("CERTIFICATE", "the stored shares of alpha belong to another test", {
      fix: CERTIFICATE_FIX,
    });
  const known = register.surrogates.includes(surrogate);
  if (!known && register.surrogates.length >= register.slots)
    return { kind: "refused", reason: whyRefused(register), shares: register };
  return {
    kind: "granted",
    alpha: family.alpha / register.slots,
    shares: known ? register : { ...register, surrogates: [...register.surrogates, surrogate] },
  };
}

function whyRefused({ slots, surrogates, family }: AlphaShares): string {
  return (
    `the level ${family.alpha} of this test is spent: it was fixed for ${slots} ${slots === 1 ? "surrogate" : "surrogates"} ` +
    `when the test began, and ${surrogates.map((name) => JSON.stringify(name)).join(", ")} ${slots === 1 ? "has" : "have"} it. ` +
    "To compare several, set `screen-surrogates` before the first is screened; to begin anew, delete the file of shares in a reviewed commit"
  );
}

const schema = z.strictObject({
  version: z.literal(1),
  family: z.strictObject({
    inputSetHash: z.string(),
    oracle: z.string(),
    mode: z.enum(["predict", "labels", "explain"]),
    qVersion: z.string(),
    form: z.enum(["finite", "population"]),
    threshold: z.number().gt(0).lt(1),
    alpha: z.number().gt(0).lt(1),
  }),
  slots: z.int().min(1),
  surrogates: z.array(z.string()),
});
const signed = z.strictObject({ ...schema.shape, checksum: z.string() });

/** The register's file: the same register gives the same bytes. */
export function serialiseShares(shares: AlphaShares): string {
  const content = schema.parse(shares);
  return `${JSON.stringify({ ...content, checksum: checksumOf(content) }, null, 2)}\n`;
}

/** @throws UnderstudyError CERTIFICATE where the text is no such register, was altered, or lists more surrogates than slots. */
export function parseShares(text: string, path: string): AlphaShares {
  const place = { path };
  const refuse = (problem: string): UnderstudyError =>
    new UnderstudyError("CERTIFICATE", problem, { place, fix: CERTIFICATE_FIX });
  const parsed = signed.safeParse(parseStoredJson(text, place, "register of shares of alpha"));
  if (!parsed.success)
    throw refuse(`not a register of shares of alpha: ${storedProblems(parsed.error)}`);
  const { checksum, ...shares } = parsed.data;
  if (checksum !== checksumOf(shares))
    throw refuse(
      "the register of shares of alpha was altered after it was written: its checksum does not match",
    );
  const { surrogates, slots } = shares;
  if (surrogates.length > slots || new Set(surrogates).size !== surrogates.length)
    throw refuse(
      `the register of shares of alpha contradicts itself: ${surrogates.length} names for ${slots} shares`,
    );
  return shares;
}

function ordered(family: TestFamily): TestFamily {
  return schema.shape.family.parse(family);
}

/** Of a register whose keys stand in the order of the schema. */
function checksumOf(shares: z.output<typeof schema>): string {
  return createHash("sha256").update(JSON.stringify(shares)).digest("hex");
}
