/** Looks at a prompt's certify set, remembered over pushes in the state store. */
import { canonicalInput } from "../prompts/index.js";
import {
  claimLook,
  looksName,
  lookHash,
  parseLooks,
  serialiseLooks,
  type LookClaim,
} from "../findings/certify-looks.js";
import { inputsNeeded } from "../findings/certification.js";
import { trialsNeeded } from "../numerics/binomial.js";
import type { Job } from "./ports.js";
import type { PromptStudy } from "./study.js";

/** What a look is at: the same on every push that asks the same. */
export interface LookSubject {
  readonly oracle: string;
  /** How outputs are compared. */
  readonly equality: string;
  /** Indices of the spans of each deletion of the sequence. */
  readonly steps: readonly (readonly number[])[];
  /** Positions in the certify set that have a fixed output. */
  readonly inputs: readonly number[];
}

/** Claims the look and stores it before anything is asked. Positions are those in the certify set. */
export async function claimCertifyLook(
  job: Job,
  study: PromptStudy,
  { oracle, equality, steps, inputs }: LookSubject,
): Promise<LookClaim> {
  const { settings, ports } = job;
  const family = { prompt: study.template.path, oracle };
  const name = looksName(family);
  const stored = await ports.state.read(name);
  const { tolerance, confidence, guarantee } = settings;
  const { claim, state } = claimLook(stored === null ? null : parseLooks(stored, name, family), {
    family,
    question: lookHash([
      study.template.source,
      JSON.stringify(steps),
      equality,
      JSON.stringify([tolerance, guarantee, settings["accuracy-margin"]]),
      settings["self-disagreement"],
    ]),
    inputs: inputs.map((position) => {
      const input = study.inputs?.certify[position];
      return input === undefined ? "" : lookHash([canonicalInput(input)]);
    }),
    reuse: settings["certify-reuse"],
    alpha: 1 - confidence,
    needed: (alpha) => (guarantee === "accuracy" ? 1 : inputsNeeded(tolerance, alpha)),
    enough: trialsNeeded(1, tolerance, confidence),
  });
  await ports.state.write(name, serialiseLooks(state));
  return claim.kind === "refused"
    ? claim
    : { ...claim, inputs: claim.inputs.flatMap((place) => inputs[place] ?? []) };
}
