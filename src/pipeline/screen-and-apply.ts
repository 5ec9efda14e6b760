/** Screen and apply (arXiv 2505.12509): once a surrogate is certified, inputs on which it answers as the oracle does need no oracle masks. */
import type { Settings } from "../config.js";
import type { MaskedValue, OracleAnswer } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { gateSearchInputs } from "./instance-level.js";
import { explainOnLadder, screenLadder, type StudiedRung, withSurrogate } from "./ladder.js";
import type { SpareInputs } from "./mask-choice.js";
import type { ExplainedInputs, OpenSparing } from "./oracle-values.js";
import type { Job } from "./ports.js";
import type { PromptStudy } from "./study.js";
import type { CountingOracle } from "./usage.js";

interface Applying {
  readonly job: Job;
  readonly study: PromptStudy;
  readonly oracle: CountingOracle;
  readonly fixed: readonly (OracleAnswer | null)[];
}

export interface ScreenAndApply {
  readonly open: OpenSparing;
  /** What the surrogates made of the inputs; null before `open` was called. */
  readonly rungs: () => readonly StudiedRung[] | null;
}

/** Throws USAGE where masks of the oracle are to be spared for a method that explains the surrogate: there they only judge. */
export function checkMaskChoice({ method, "mask-choice": choice }: Settings): void {
  if (choice !== "screened" || method === "hierarchical") return;
  throw new UnderstudyError(
    "USAGE",
    `mask-choice screened is for the method hierarchical, not ${method}`,
    { fix: "leave mask-choice or method as it is by default" },
  );
}

/**
 * The surrogates explain every input before the oracle sees a mask, so that their screen can be looked at after every few inputs; the
 * betting test allows that. Spared are inputs whose label a certified surrogate shares, by the rule of the settings (instance level); what
 * is shown of them comes from the masks of the others and from the surrogates, as the data weigh them. Free text has no agreement, so
 * nothing is spared there.
 */
export function screenAndApply(applying: Applying): ScreenAndApply {
  const { job, study, fixed } = applying;
  let rungs: readonly StudiedRung[] | null = null;
  return {
    rungs: () => rungs,
    open: async (inputs) => {
      const studied = await explainOnLadder(job, study, inputs, fixed);
      rungs = studied;
      return spareInputs(applying, inputs, studied);
    },
  };
}

function spareInputs(
  applying: Applying,
  inputs: ExplainedInputs,
  rungs: readonly StudiedRung[],
): SpareInputs {
  const { job, study, oracle } = applying;
  return async (rows: readonly MaskedValue[]) => {
    const values = { ...inputs, rows, masked: rows.length, asked: rows.length, noise: null };
    const { decision } = await screenLadder({ job, study, oracle, values }, rungs);
    const rung = decision.kind === "certified" ? rungs[decision.rung] : undefined;
    return rung === undefined ? null : agreeingInputs(applying, inputs, rung);
  };
}

/** Positions among the explained inputs on which the surrogate may speak. */
async function agreeingInputs(
  { job, study, fixed }: Applying,
  { inputs }: ExplainedInputs,
  { surrogate }: StudiedRung,
): Promise<ReadonlySet<number>> {
  const { outcomes } = await gateSearchInputs({
    job: withSurrogate(job, surrogate),
    study,
    fixed,
    rule: job.settings["instance-rule"],
    threshold: job.settings["instance-kappa"],
    oracleInstances: Infinity,
  });
  return new Set(
    inputs.flatMap((index, position) =>
      outcomes[index]?.outcome.kind === "surrogate" ? [position] : [],
    ),
  );
}
