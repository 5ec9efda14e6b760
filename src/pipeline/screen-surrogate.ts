/** Whether the surrogate may speak for the oracle, from the values that the explanation asked for anyway. */
import { createHash } from "node:crypto";
import type { Screen, ScreenMode, ValueKind } from "../domain.js";
import type { ScreenRequest } from "../screening/betting-screen.js";
import { parseCertificate, serialiseCertificate } from "../screening/certificate.js";
import { Q_VERSIONS, type CertificateState } from "../screening/certificate-state.js";
import { screenExplain } from "../screening/explain.js";
import { screenLabels } from "../screening/labels.js";
import { screenPredict } from "../screening/predict.js";
import {
  claimShare,
  parseShares,
  serialiseShares,
  type ShareClaim,
  type TestFamily,
} from "../screening/shares.js";
import { notScreened, SCREEN_THRESHOLDS } from "../screening/verdict.js";
import type { OracleValues } from "./oracle-values.js";
import type { Job } from "./ports.js";
import { spanTokens } from "./report-spans.js";
import {
  explainInstance,
  labelsInstance,
  predictInstance,
  type ScreenedInput,
} from "./screen-evidence.js";
import { contentOf, type PromptStudy } from "./study.js";
import type { CountingOracle } from "./usage.js";

export interface Screening {
  readonly job: Job;
  readonly study: PromptStudy;
  readonly values: OracleValues;
  readonly oracle: CountingOracle;
  /** [input]: the surrogate's own attributions, which saw none of the oracle's values. */
  readonly attributions: readonly Float64Array[];
  /** How they were made, where not as usual: another way is another test. */
  readonly method?: string;
}

/**
 * Tests the surrogate's attributions on the oracle's values (methods C3) in the mode of the settings, goes on from the stored
 * certificate and stores it again. Its level is the surrogate's share of `screen-alpha`; where no share is left, nothing is tested.
 */
export async function screenSurrogate(screening: Screening): Promise<Screen> {
  const { job, oracle, study } = screening;
  const mode = modeFor(job, screening.values.kind);
  const surrogate = surrogateName(screening);
  const family: TestFamily = {
    inputSetHash: hashOf([study.inputs?.hash ?? "", contentOf(study.template)]),
    oracle: oracle.model,
    mode,
    qVersion: Q_VERSIONS[mode],
    form: job.settings["screen-population"],
    threshold: thresholdOf(job, mode),
    alpha: job.settings["screen-alpha"],
  };
  const share = await takeShare(job, family, surrogate);
  if (share.kind === "refused") return unscreened(job, "not screened", share.reason, mode);
  const { inputSetHash, threshold, form } = family;
  const name = certificateName({ ...family, alpha: share.alpha }, surrogate);
  const stored = await job.ports.state.read(name);
  const { screen, state } = runMode(screening, mode, {
    surrogate,
    oracle: oracle.model,
    inputSetHash,
    population: study.inputs?.search.length ?? 0,
    form,
    threshold,
    alpha: share.alpha,
    rule: job.settings["screen-method"],
    ...(stored === null ? {} : { previous: parseCertificate(stored, name) }),
  });
  await job.ports.state.write(name, serialiseCertificate(state));
  return { ...screen, surrogate: job.ports.surrogate.identity.model };
}

/** The screen of a prompt on which nothing could be tested. */
export function unscreened(
  job: Job,
  verdict: "not screened" | "insufficient data",
  reason: string,
  mode: ScreenMode = job.settings["screen-mode"],
): Screen {
  return notScreened({
    surrogate: job.ports.surrogate.identity.model,
    mode,
    verdict,
    reason,
    threshold: thresholdOf(job, mode),
    alpha: job.settings["screen-alpha"] / job.settings["screen-surrogates"],
    form: job.settings["screen-population"],
    rule: job.settings["screen-method"],
  });
}

/** Values that are counts of answers order too few masks for a rank correlation: their flips are asked about instead. */
function modeFor({ settings }: Job, kind: ValueKind): ScreenMode {
  const wanted = settings["screen-mode"];
  const graded = kind === "class-margin" || kind === "log-odds";
  return wanted === "predict" && !graded ? "labels" : wanted;
}

function thresholdOf({ settings }: Job, mode: ScreenMode): number {
  return settings["screen-threshold"] ?? SCREEN_THRESHOLDS[mode];
}

function runMode(
  screening: Screening,
  mode: ScreenMode,
  request: ScreenRequest & { readonly previous?: CertificateState },
): { readonly screen: Screen; readonly state: CertificateState } {
  const { job, study, values } = screening;
  const inputs = screenedInputs(screening);
  switch (mode) {
    case "predict":
      return screenPredict({ ...request, instances: inputs.map(predictInstance) });
    case "labels": {
      const kept = { kind: values.kind, labelled: study.labels.length > 0 };
      const tokens = spanTokens(job, study);
      const instances = inputs.map((input) => labelsInstance(input, kept, tokens));
      return screenLabels({ ...request, instances });
    }
    case "explain":
      return screenExplain({
        ...request,
        instances: inputs.map((input) => explainInstance(input, request.inputSetHash)),
      });
  }
}

function screenedInputs({ study, values, attributions }: Screening): readonly ScreenedInput[] {
  return values.inputs.map((index, position) => ({
    id: study.inputs?.search[index]?.id ?? String(index),
    rows: values.rows.filter((row) => row.input === position),
    attribution: attributions[position] ?? new Float64Array(),
  }));
}

/**
 * What is tested: weights, precision and method. The precision is the one asked for, so that runners without 8-bit dot products,
 * on which `precise` runs as fp32, go on with the same test instead of spending another share of the level.
 */
function surrogateName({ job, method }: Screening): string {
  const { model, requestedPrecision, sha256 } = job.ports.surrogate.identity;
  return `${model} (${requestedPrecision}, sha256 ${sha256.slice(0, 12)}${method === undefined ? "" : `, ${method}`})`;
}

async function takeShare(job: Job, family: TestFamily, surrogate: string): Promise<ShareClaim> {
  const name = `screen-shares-${hashOf(Object.values(family).map(String)).slice(0, 24)}.json`;
  const stored = await job.ports.state.read(name);
  const claim = claimShare(stored === null ? null : parseShares(stored, name), family, {
    surrogate,
    slots: job.settings["screen-surrogates"],
  });
  await job.ports.state.write(name, serialiseShares(claim.shares));
  return claim;
}

/** Of the usual test: the name that version 1 gave it, so that its certificates are found. */
function certificateName(test: TestFamily, surrogate: string): string {
  const { inputSetHash, oracle, threshold, alpha, mode, qVersion, form } = test;
  const usual = mode === "predict" && form === "finite" && qVersion === "spearman-1";
  const parts = [inputSetHash, surrogate, oracle, String(threshold), String(alpha)];
  const key = hashOf(usual ? parts : [...parts, mode, qVersion, form]);
  return `screen-${key.slice(0, 24)}.json`;
}

function hashOf(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
