/** Several surrogates on the same oracle masks: each explains, each is a prior, each is tested, and the cheapest certified one is used. */
import type { OracleAnswer, Screen, Surrogate, SurrogateAbility } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import type { SurrogatePrior } from "../explain/hierarchical.js";
import { climbLadder, type LadderDecision, type Rung } from "../screening/ladder.js";
import type { OracleValues } from "./oracle-values.js";
import type { Job, Ports } from "./ports.js";
import { screenSurrogate, unscreened, type Screening } from "./screen-surrogate.js";
import type { PromptStudy } from "./study.js";
import { explainOnSurrogate, type SurrogateStudy } from "./surrogate-values.js";

/** A surrogate of the ladder, and what it made of the prompt. `name` differs from every other rung's. */
export type StudiedRung = { readonly name: string; readonly surrogate: Surrogate } & (
  | { readonly kind: "explained"; readonly study: SurrogateStudy }
  /** It cannot do what this prompt asks of it, or did not answer. */
  | { readonly kind: "unusable"; readonly reason: string }
);

/** All surrogates in order of cost. */
export function surrogatesOf(ports: Ports): readonly Surrogate[] {
  return ports.surrogates ?? [ports.surrogate];
}

/** The cheapest surrogate that can do something; where none can, the cheapest, whose error then says so. */
export function cheapestAble(ports: Ports, ability: SurrogateAbility): Surrogate {
  return surrogatesOf(ports).find(({ lacks = [] }) => !lacks.includes(ability)) ?? ports.surrogate;
}

/** The same job with one of its surrogates as the only one: every step of the pipeline then works on that one. */
export function withSurrogate(job: Job, surrogate: Surrogate): Job {
  return { ...job, ports: { ...job.ports, surrogate, surrogates: [surrogate] } };
}

/**
 * Explains the fixed outputs on every surrogate, one after the other in order of cost. One that cannot do it is a rung all the same,
 * with its reason, so that a server that is down costs no report; where it is the only one, its error is thrown.
 */
export async function explainOnLadder(
  job: Job,
  study: PromptStudy,
  values: Pick<OracleValues, "inputs" | "classes">,
  fixed: readonly (OracleAnswer | null)[],
): Promise<readonly StudiedRung[]> {
  const surrogates = surrogatesOf(job.ports);
  const names = distinctNames(surrogates);
  const rungs: StudiedRung[] = [];
  for (const [place, surrogate] of surrogates.entries()) {
    const name = names[place] ?? surrogate.identity.model;
    try {
      const own = await explainOnSurrogate(withSurrogate(job, surrogate), study, values, fixed);
      rungs.push({ name, surrogate, kind: "explained", study: { ...own, name } });
    } catch (thrown) {
      if (surrogates.length === 1 || !isAboutTheSurrogate(thrown)) throw thrown;
      job.ports.say(`surrogate ${name} is not used: ${thrown.message}`);
      rungs.push({ name, surrogate, kind: "unusable", reason: thrown.message });
    }
  }
  return rungs;
}

/** Every rung's attributions as a prior, for `HierarchicalProblem.surrogates`: the data weigh them, whatever the ladder decides. */
export function ladderPriors(rungs: readonly StudiedRung[]): readonly SurrogatePrior[] {
  return rungs.flatMap((rung) =>
    rung.kind === "explained" ? [{ name: rung.name, attributions: rung.study.pooled }] : [],
  );
}

export interface ScreenedLadder {
  /** A screen for each rung, in order. */
  readonly screens: readonly Screen[];
  readonly decision: LadderDecision;
}

/**
 * Tests every rung on the same oracle values, each with its own certificate and its own part of `screen-alpha`: the register of shares
 * has a slot for each rung, or as many as `screen-surrogates` says where these are more. A rung that comes when no slot is left is
 * not screened.
 */
export async function screenLadder(
  screening: Pick<Screening, "job" | "study" | "values" | "oracle">,
  rungs: readonly StudiedRung[],
): Promise<ScreenedLadder> {
  const { settings, ports } = screening.job;
  const slots = Math.max(settings["screen-surrogates"], rungs.length);
  const job = { ports, settings: { ...settings, "screen-surrogates": slots } };
  const tested: Rung[] = [];
  const screens: Screen[] = [];
  for (const rung of rungs) {
    const own = withSurrogate(job, rung.surrogate);
    const screen: Screen =
      rung.kind === "unusable"
        ? unscreened(own, "not screened", rung.reason)
        : await screenSurrogate({ ...screening, job: own, attributions: rung.study.pooled });
    screens.push({ ...screen, surrogate: rung.name });
    tested.push(
      rung.kind === "unusable"
        ? { kind: "unusable", name: rung.name, reason: rung.reason }
        : { kind: "screened", name: rung.name, screen: { ...screen, surrogate: rung.name } },
    );
  }
  return { screens, decision: climbLadder(tested, settings["screen-alpha"]) };
}

/** Model names, numbered from the second of a name on: attributions are told apart by them. */
function distinctNames(surrogates: readonly Surrogate[]): readonly string[] {
  const seen = new Map<string, number>();
  return surrogates.map(({ identity: { model } }) => {
    const count = (seen.get(model) ?? 0) + 1;
    seen.set(model, count);
    return count === 1 ? model : `${model} (${count})`;
  });
}

/** What another surrogate may do better; a fault of ours, of a file or of the configuration is none of these. */
function isAboutTheSurrogate(thrown: unknown): thrown is UnderstudyError {
  if (!(thrown instanceof UnderstudyError)) return false;
  switch (thrown.code) {
    case "USAGE":
    case "INPUTS":
    case "MODEL_RUNTIME":
    case "MODEL_UNSUPPORTED":
    case "ORACLE_ENDPOINT":
    case "ORACLE_ANSWER":
    case "ORACLE_UNAVAILABLE":
    case "RECORDING":
    case "BUDGET":
      return true;
    default:
      return false;
  }
}
