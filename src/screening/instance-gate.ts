/** Which inputs the surrogate may explain: those on which it answers as the oracle does, where such agreement is more than chance. */
import type { Unknown } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { cohenKappa } from "../numerics/kappa.js";

/**
 * - kappa: only where outputs agree, and only if Cohen's kappa over the inputs is shown to exceed a threshold (methods 0b.5)
 * - plain: the paper's rule, wherever outputs agree; for K balanced labels a useless surrogate agrees on 1 / K of the inputs, and
 *   where one label prevails on nearly all
 */
export type InstanceRule = "kappa" | "plain";

/** Lower bound of kappa that must be exceeded: the end of "slight" agreement (Landis and Koch 1977). */
export const KAPPA_THRESHOLD = 0.2;
export const KAPPA_CONFIDENCE = 0.95;
/** Fewer inputs with both labels say nothing of kappa. */
export const FEWEST_FOR_KAPPA = 10;

/** One input and what both models answer to its unmasked prompt. */
export interface InstanceLabels {
  readonly id: string;
  /** null: the oracle gave no answer. */
  readonly oracle: string | null;
  /** The surrogate's likeliest label after the share shift, or why it has none. */
  readonly surrogate: string | Unknown;
}

export interface GateRequest {
  readonly instances: readonly InstanceLabels[];
  readonly rule: InstanceRule;
  /** Inputs that the budget lets the oracle explain; the first ones that need it are served. */
  readonly oracleInstances: number;
  readonly threshold?: number;
  readonly confidence?: number;
}

/** Who explains an input. */
export type InstanceOutcome =
  | { readonly kind: "surrogate" }
  /** Explained by the oracle itself, and why. */
  | { readonly kind: "oracle"; readonly reason: string }
  | { readonly kind: "not explained"; readonly reason: string };

/** How far the outputs of both models agree over the inputs that have both. */
export interface LabelAgreement {
  readonly kind: "agreement";
  readonly inputs: number;
  /** Share of equal labels: shown beside kappa, never used alone. */
  readonly raw: number;
  readonly kappa: number;
  /** One-sided lower confidence bound of kappa. */
  readonly low: number;
}

export interface InstanceGate {
  readonly rule: InstanceRule;
  readonly threshold: number;
  readonly confidence: number;
  readonly agreement: LabelAgreement | Unknown;
  /** Whether any input may be explained by the surrogate, and why or why not. */
  readonly open: boolean;
  readonly reason: string;
  /** In the order of the request. */
  readonly outcomes: readonly { readonly id: string; readonly outcome: InstanceOutcome }[];
  readonly counts: Readonly<Record<InstanceOutcome["kind"], number>>;
  /** Share of the inputs for which the surrogate may not speak: explained by the oracle, or not at all; null without inputs. */
  readonly fallbackShare: number | null;
}

/**
 * Decides input by input who explains it (methods C3, instance level, with the gate of 0b.5): the surrogate where its label is the
 * oracle's and the gate is open; else the oracle, for as many inputs as its budget reaches; else nobody, with the reason.
 * Throws INTERNAL for a budget below 0 or an id that is given twice.
 */
export function gateInstances(request: GateRequest): InstanceGate {
  const {
    instances,
    rule,
    threshold = KAPPA_THRESHOLD,
    confidence = KAPPA_CONFIDENCE,
    oracleInstances,
  } = request;
  checkRequest(request);
  const agreement = measureAgreement(instances, confidence);
  const gate = openGate({ rule, threshold, confidence, agreement });
  let left = oracleInstances;
  const outcomes = instances.map((instance) => {
    const why = whyNotSurrogate(instance, gate);
    if (why === null) return { id: instance.id, outcome: { kind: "surrogate" } as const };
    const outcome = fallBack(instance, { reason: why, left });
    if (outcome.kind === "oracle") left -= 1;
    return { id: instance.id, outcome };
  });
  const count = (kind: InstanceOutcome["kind"]): number =>
    outcomes.filter(({ outcome }) => outcome.kind === kind).length;
  const counts = {
    surrogate: count("surrogate"),
    oracle: count("oracle"),
    "not explained": count("not explained"),
  };
  return {
    rule,
    threshold,
    confidence,
    agreement,
    ...gate,
    outcomes,
    counts,
    fallbackShare: outcomes.length === 0 ? null : 1 - counts.surrogate / outcomes.length,
  };
}

function checkRequest({ instances, oracleInstances }: GateRequest): void {
  if (new Set(instances.map(({ id }) => id)).size !== instances.length)
    throw new UnderstudyError("INTERNAL", "an input was given twice to the instance gate");
  if (!(oracleInstances >= 0))
    throw new UnderstudyError("INTERNAL", `a budget of ${oracleInstances} oracle explanations`);
}

function measureAgreement(
  instances: readonly InstanceLabels[],
  confidence: number,
): LabelAgreement | Unknown {
  const pairs = instances.flatMap(({ oracle, surrogate }) =>
    oracle !== null && typeof surrogate === "string" ? [[oracle, surrogate] as const] : [],
  );
  if (pairs.length < FEWEST_FOR_KAPPA)
    return unknown(
      `${pairs.length} inputs have a label of both models; ${FEWEST_FOR_KAPPA} are needed`,
    );
  const labels = [...new Set(pairs.flat())];
  const kappa = cohenKappa(
    {
      first: pairs.map(([oracle]) => labels.indexOf(oracle)),
      second: pairs.map(([, surrogate]) => labels.indexOf(surrogate)),
      categories: labels.length,
    },
    confidence,
  );
  if (kappa.kind === "undefined")
    return unknown(
      `both models give the same one label on all ${pairs.length} inputs: agreement by chance cannot be told from any other`,
    );
  const { estimate, low, agreement } = kappa;
  return { kind: "agreement", inputs: pairs.length, raw: agreement, kappa: estimate, low };
}

type Gate = Pick<InstanceGate, "open" | "reason">;

function openGate(
  given: Pick<InstanceGate, "rule" | "threshold" | "confidence" | "agreement">,
): Gate {
  const { rule, threshold, confidence, agreement } = given;
  if (rule === "plain")
    return {
      open: true,
      reason:
        "the plain rule asks for equal outputs alone; whether they agree by chance is not asked",
    };
  if (agreement.kind === "unknown") return { open: false, reason: agreement.reason };
  const open = agreement.low > threshold;
  const bound = `the lower bound of kappa is ${agreement.low.toFixed(2)} (${percent(confidence)}, estimate ${agreement.kappa.toFixed(2)}, raw agreement ${agreement.raw.toFixed(2)}, ${agreement.inputs} inputs)`;
  return { open, reason: `${bound}: ${open ? "above" : "not above"} ${threshold}` };
}

/** Why the surrogate may not explain an input, or null where it may. */
function whyNotSurrogate({ oracle, surrogate }: InstanceLabels, gate: Gate): string | null {
  if (oracle === null) return "the oracle gave no answer";
  if (typeof surrogate !== "string") return surrogate.reason;
  if (!gate.open) return gate.reason;
  return oracle === surrogate
    ? null
    : `the surrogate answers ${quoted(surrogate)}, the oracle ${quoted(oracle)}`;
}

function fallBack(
  { oracle }: InstanceLabels,
  { reason, left }: { readonly reason: string; readonly left: number },
): Exclude<InstanceOutcome, { kind: "surrogate" }> {
  if (oracle === null) return { kind: "not explained", reason: "the oracle gave no answer" };
  if (left >= 1) return { kind: "oracle", reason };
  return {
    kind: "not explained",
    reason: `${reason}; the budget reaches for no further explanation by the oracle`,
  };
}

function unknown(reason: string): Unknown {
  return { kind: "unknown", reason };
}

/** Labels are model output: one short line. */
function quoted(label: string): string {
  return JSON.stringify(label.length > 40 ? `${label.slice(0, 39)}…` : label);
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} % one-sided`;
}
