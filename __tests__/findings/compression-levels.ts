/** How often certificates are false on prompts of known effect: shared by the test and by `bench/compression-level.ts`. */
import { compress, type CompressionRequest } from "../../src/findings/compression.js";
import { inputsNeeded } from "../../src/findings/certification.js";
import { claimLook, type LookState } from "../../src/findings/certify-looks.js";
import { binomialCdf, trialsNeeded } from "../../src/numerics/binomial.js";
import { randomFrom } from "../../src/numerics/random.js";
import { simulatedPrompt, type SimulatedPrompt } from "./simulated-prompts.js";

/** Inputs on which the true rate of a deletion is counted. */
const FUTURE = 1_000;
const ALPHA = 0.05;

export interface LevelSizes {
  readonly tolerance: number;
  readonly search: number;
  readonly certify: number;
  readonly runs: number;
  readonly margins?: boolean;
}

/** Shares of the runs. */
export interface LevelRow {
  /** Span by span while at most eps of A changed: true rate above eps, and its mean. */
  readonly greedyViolated: number;
  readonly greedyRate: number;
  /** The same with the binomial test on the search set itself, as large as B, in place of B. */
  readonly violatedOnSearchSet: number;
  /** As shipped: certified on B and false; certified; tokens removed of all. */
  readonly violated: number;
  readonly certified: number;
  readonly removed: number;
  /** Oracle calls, mean. */
  readonly calls: number;
}

export async function levelRow(sizes: LevelSizes): Promise<LevelRow> {
  const { tolerance, search, certify, runs, margins = false } = sizes;
  let [greedyViolated, greedyRate, violatedOnSearchSet] = [0, 0, 0];
  let [violated, certified, removed, calls] = [0, 0, 0, 0];
  for (let run = 0; run < runs; run++) {
    const prompt = simulatedPrompt(`run ${run}`, { search, certify, future: FUTURE, margins });
    const greedy = greedyDeletion(prompt, "search", search, tolerance * search);
    const rate = prompt.trueRate(greedy);
    greedyRate += rate;
    if (rate > tolerance) greedyViolated++;
    const reused = greedyDeletion(prompt, "certify", certify, mostPassing(certify, tolerance));
    if (reused.length > 0 && prompt.trueRate(reused) > tolerance) violatedOnSearchSet++;
    const found = await compress({ ...prompt.request, tolerance });
    calls += prompt.asked();
    if (found.certificate === null) continue;
    certified++;
    removed += found.tokensSaved / prompt.totalTokens;
    if (prompt.trueRate(found.spans) > tolerance) violated++;
  }
  return {
    greedyViolated: greedyViolated / runs,
    greedyRate: greedyRate / runs,
    violatedOnSearchSet: violatedOnSearchSet / runs,
    violated: violated / runs,
    certified: certified / runs,
    removed: removed / runs,
    calls: calls / runs,
  };
}

/** Span by span in the noisy order, each kept where more than `most` outputs of the set would have changed. */
function greedyDeletion(
  prompt: SimulatedPrompt,
  set: "search" | "certify",
  inputs: number,
  most: number,
): readonly number[] {
  let deleted: readonly number[] = [];
  for (const { index } of prompt.order) {
    const next = [...deleted, index];
    let changed = 0;
    for (let input = 0; input < inputs; input++) if (prompt.changes(set, input, next)) changed++;
    if (changed <= most) deleted = next;
  }
  return deleted;
}

/** Largest number of changes with which the binomial test passes; -1 where none does. */
function mostPassing(inputs: number, tolerance: number): number {
  let most = -1;
  while (most < inputs && binomialCdf(most + 1, inputs, tolerance) <= ALPHA) most++;
  return most;
}

export interface PushSizes {
  /** ignored: every push at the whole level on all inputs. */
  readonly reuse: "ignored" | "spend" | "rotate";
  readonly pushes: number;
  readonly runs: number;
  readonly tolerance: number;
  readonly certify: number;
}

export interface PushRow {
  /** Share of runs in which some push got a certificate, all of which are false. */
  readonly violated: number;
  /** Certificates, all false, over the looks that were granted. */
  readonly violatedPerCertificate: number;
  /** Looks granted a run. */
  readonly certified: number;
}

/**
 * The least favourable truth: one span whose deletion changes outputs at exactly the tolerated rate, anew with every push, and nothing on
 * the search set. Every certificate is false.
 */
export async function pushRow(sizes: PushSizes): Promise<PushRow> {
  const { reuse, pushes, runs, tolerance, certify } = sizes;
  let [violated, certificates, looks] = [0, 0, 0];
  for (let run = 0; run < runs; run++) {
    let state: LookState | null = null;
    let some = false;
    const family = { prompt: "p", oracle: "o" };
    for (let push = 0; push < pushes; push++) {
      const found = await compress({
        ...boundaryPrompt({ seed: `${run}\n${push}`, certify, tolerance }),
        tolerance,
        claimLook: async (_, inputs) => {
          if (reuse === "ignored") {
            looks++;
            const look = { reuse: "spend" as const, number: push + 1, alphaLeft: 0 };
            return { kind: "granted", alpha: ALPHA, inputs, look };
          }
          const claimed = claimLook(state, {
            family,
            question: `push ${push}`,
            inputs: inputs.map(String),
            reuse,
            alpha: ALPHA,
            needed: (alpha) => inputsNeeded(tolerance, alpha),
            enough: trialsNeeded(1, tolerance, 1 - ALPHA),
          });
          state = claimed.state;
          if (claimed.claim.kind === "granted") looks++;
          return claimed.claim;
        },
      });
      if (found.certificate === null) continue;
      certificates++;
      some = true;
    }
    if (some) violated++;
  }
  return {
    violated: violated / runs,
    violatedPerCertificate: certificates / Math.max(1, looks),
    certified: looks / runs,
  };
}

function boundaryPrompt(given: {
  readonly seed: string;
  readonly certify: number;
  readonly tolerance: number;
}): Omit<CompressionRequest, "tolerance"> {
  const random = randomFrom(`boundary\n${given.seed}`);
  const changed = Array.from({ length: given.certify }, () => random.bernoulli(given.tolerance));
  return {
    spans: [{ index: 0, tokens: 10, pinned: false }],
    influence: [[{ estimate: 0, low: 0, high: 0 }]],
    certifyIds: changed.map((_, input) => String(input)),
    fixedOutputs: { search: ["same"], certify: changed.map(() => "same") },
    seed: given.seed,
    outputsUnder: async ({ set, inputs, purpose }) =>
      inputs.map((input) =>
        set === "certify" && purpose === "certification" && changed[input] ? "changed" : "same",
      ),
  };
}
