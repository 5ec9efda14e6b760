/**
 * What is remembered of looks at a certify set (docs/methods.md, D3). Testing one shorter prompt after the other on the same inputs
 * finds one that passes by luck, so a look costs: a share of the level (spend), or inputs that are never used again (rotate).
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { CertifyLook } from "../domain.js";
import { UnderstudyError } from "../errors.js";

/** Whose looks are counted together: renaming the prompt or changing the oracle begins anew, adding inputs does not. */
export interface LookFamily {
  readonly prompt: string;
  readonly oracle: string;
}

export interface Look {
  /** Hash of what was asked: the deletion sequence, the template, the equality and the guarantee. */
  readonly question: string;
  /** Content hashes of the inputs that it was asked on. */
  readonly inputs: readonly string[];
  readonly reuse: CertifyLook["reuse"];
  readonly number: number;
}

export interface LookState {
  readonly version: 1;
  readonly family: LookFamily;
  readonly looks: readonly Look[];
}

export type LookClaim =
  | {
      readonly kind: "granted";
      readonly alpha: number;
      /** Positions among the offered inputs, ascending. */
      readonly inputs: readonly number[];
      readonly look: CertifyLook;
    }
  | { readonly kind: "refused"; readonly reason: string };

export interface LookRequest {
  readonly family: LookFamily;
  readonly question: string;
  /** Content hashes of the inputs of the certify set that have a fixed output, in their order. */
  readonly inputs: readonly string[];
  readonly reuse: CertifyLook["reuse"];
  /** Level of all looks together (spend) or of each (rotate). */
  readonly alpha: number;
  /** Inputs without which nothing is proved at a level. */
  readonly needed: (alpha: number) => number;
  /** Inputs with which a rotated look is content where more are left: enough for one changed output. */
  readonly enough: number;
}

const FIX = "restore the file from a run that wrote it, or delete it in a reviewed commit";
const BASEL = 6 / Math.PI ** 2;

const look = z.strictObject({
  question: z.string(),
  inputs: z.array(z.string()),
  reuse: z.enum(["spend", "rotate"]),
  number: z.int().min(1),
});
const state = z.strictObject({
  version: z.literal(1),
  family: z.strictObject({ prompt: z.string(), oracle: z.string() }),
  looks: z.array(look),
});
const signed = z.looseObject({ checksum: z.string().nullable() });

/** Level of the k-th look: alpha 6 / (pi^2 k^2), which over all k sums to alpha. */
export function levelOfLook(alpha: number, number: number): number {
  return (alpha * BASEL) / number ** 2;
}

/** Name of the file in the state store. */
export function looksName({ prompt, oracle }: LookFamily): string {
  return `certify-looks-${hashOf([prompt, oracle]).slice(0, 24)}.json`;
}

/** A short hash of any texts, for questions and inputs. */
export function lookHash(parts: readonly string[]): string {
  return hashOf(parts).slice(0, 24);
}

/**
 * Claims a look, and the state to be stored before the first question is asked: a run that is killed has looked. The same question on
 * the same inputs is the look that it was. Looks at other inputs alone do not count against these.
 */
export function claimLook(
  stored: LookState | null,
  request: LookRequest,
): { readonly claim: LookClaim; readonly state: LookState } {
  const before = stored ?? { version: 1, family: request.family, looks: [] };
  const offered = new Map(request.inputs.map((input, position) => [input, position]));
  const touching = before.looks.filter(({ inputs }) => inputs.some((one) => offered.has(one)));
  const same = touching.find(
    ({ question, reuse, inputs }) =>
      question === request.question &&
      reuse === request.reuse &&
      (reuse === "rotate"
        ? inputs.every((one) => offered.has(one))
        : inputs.length === request.inputs.length && inputs.every((one) => offered.has(one))),
  );
  const next = 1 + touching.reduce((most, { number }) => Math.max(most, number), 0);
  const used = new Set(touching.flatMap(({ inputs }) => inputs));
  const positions = same
    ? same.inputs.flatMap((one) => offered.get(one) ?? []).sort((left, right) => left - right)
    : request.reuse === "spend"
      ? [...request.inputs.keys()]
      : nextPart(request, used);
  const number = same?.number ?? next;
  const alpha = request.reuse === "spend" ? levelOfLook(request.alpha, number) : request.alpha;
  const needed = request.needed(alpha);
  if (positions.length < needed)
    return {
      claim: {
        kind: "refused",
        reason: refusal(request, { number, alpha, needed, left: positions.length }),
      },
      state: before,
    };
  const inputs = positions.map((position) => request.inputs[position] ?? "");
  const added: Look = { question: request.question, inputs, reuse: request.reuse, number };
  const after = same ? before : { ...before, looks: [...before.looks, added] };
  return {
    claim: { kind: "granted", alpha, inputs: positions, look: lookOf(request, number, after) },
    state: after,
  };
}

/** Inputs nobody has looked at: enough of them, or all where the rest would be too few for another look. */
function nextPart(request: LookRequest, used: ReadonlySet<string>): readonly number[] {
  const unseen = [...request.inputs.keys()].filter(
    (position) => !used.has(request.inputs[position] ?? ""),
  );
  const rest = unseen.length - request.enough;
  return rest >= request.needed(request.alpha) ? unseen.slice(0, request.enough) : unseen;
}

function lookOf(request: LookRequest, number: number, after: LookState): CertifyLook {
  if (request.reuse === "rotate") {
    const used = new Set(after.looks.flatMap(({ inputs }) => inputs));
    const inputsLeft = request.inputs.filter((input) => !used.has(input)).length;
    return { reuse: "rotate", number, inputsLeft };
  }
  let spent = 0;
  for (let one = 1; one <= number; one++) spent += levelOfLook(request.alpha, one);
  return { reuse: "spend", number, alphaLeft: Math.max(0, request.alpha - spent) };
}

function refusal(
  request: LookRequest,
  at: {
    readonly number: number;
    readonly alpha: number;
    readonly needed: number;
    readonly left: number;
  },
): string {
  const count = request.inputs.length;
  if (request.reuse === "spend")
    return `insufficient data: look ${at.number} at the certify inputs is tested at level ${at.alpha.toPrecision(2)}, which takes ${at.needed} inputs, and there are ${count}; add ${at.needed - count} inputs`;
  return `insufficient data: ${at.left} of ${count} certify inputs are left that no look has used, and a certificate needs ${at.needed}; add ${at.needed - at.left} inputs`;
}

/** The file's bytes: the same state gives the same text. */
export function serialiseLooks(looks: LookState): string {
  const checked = state.parse(looks);
  return `${JSON.stringify({ ...checked, checksum: hashOf([JSON.stringify(checked)]) }, null, 2)}\n`;
}

/**
 * @throws UnderstudyError CERTIFICATE where the text is no such state, its checksum does not match, or it belongs to other prompts: a
 * state that cannot be read must not count as no look at all.
 */
export function parseLooks(text: string, path: string, family: LookFamily): LookState {
  const refuse = (message: string): UnderstudyError<"CERTIFICATE"> =>
    new UnderstudyError("CERTIFICATE", message, { place: { path }, fix: FIX });
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw refuse("the stored looks at a certify set are not JSON");
  }
  const { checksum, ...unsigned } = signed.catch({ checksum: null }).parse(content);
  const parsed = state.safeParse(unsigned);
  if (!parsed.success || checksum === null)
    throw refuse("these are not the stored looks at a certify set");
  if (checksum !== hashOf([JSON.stringify(parsed.data)]))
    throw refuse(
      "the stored looks were altered after they were written: the checksum does not match",
    );
  if (parsed.data.family.prompt !== family.prompt || parsed.data.family.oracle !== family.oracle)
    throw refuse("the stored looks belong to another prompt or oracle");
  return parsed.data;
}

function hashOf(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
