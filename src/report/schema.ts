/**
 * The schema of understudy-report.json. A report read back may come from an unprivileged run on somebody else's fork, so
 * nothing passes that is not described here: no unknown key, no unbounded count, no number that is not finite.
 */
import { z } from "zod";
import type { AttributionMethod, Report } from "../domain.js";
import { change } from "./schema-change.js";
import { removable } from "./schema-compression.js";
import { demonstration, demonstrationsExamined } from "./schema-demonstrations.js";
import { promptInjection, rowInjections } from "./schema-injections.js";
import { ledger, missingAnswers, planned, savings } from "./schema-money.js";
import { count, interval, line, list, real, share, text } from "./schema-primitives.js";

const attributionMethod = z.enum([
  "lasso",
  "lime",
  "kernel-shap",
  "rope-lime",
  "leave-one-out",
  "exact",
  "gsmile",
  "hierarchical",
  "pooled",
  "surrogate-pooled",
  "surrogate-lasso",
  "input-by-input",
  "random",
  "span-length",
  "position",
  "label-match",
  "word-overlap",
]);
const valueKind = z.enum(["class-margin", "log-odds", "similarity", "sampled-log-odds"]);
const precision = z.enum(["fp32", "precise", "fast", "as served"]);

const surrogateIdentity = z.strictObject({
  model: text,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  engine: text,
  backend: z.enum(["native", "wasm", "server"]),
  precision,
  requestedPrecision: precision,
});

const span = z
  .strictObject({
    index: count,
    kind: z.enum(["section", "block", "example", "sentence", "word"]),
    startLine: line,
    endLine: line,
    startOffset: count,
    endOffset: count,
    text,
    tokens: count,
    influence: interval.nullable(),
  })
  .meta({
    id: "Span",
    description:
      "A piece of the prompt. Offsets are UTF-16 units into the file, end exclusive; influence is null where it is withheld or not measured.",
  });

const baselines = {
  lasso: interval.exactOptional(),
  lime: interval.exactOptional(),
  "kernel-shap": interval.exactOptional(),
  "rope-lime": interval.exactOptional(),
  "leave-one-out": interval.exactOptional(),
  exact: interval.exactOptional(),
  gsmile: interval.exactOptional(),
  hierarchical: interval.exactOptional(),
  pooled: interval.exactOptional(),
  "surrogate-pooled": interval.exactOptional(),
  "surrogate-lasso": interval.exactOptional(),
  "input-by-input": interval.exactOptional(),
  random: interval.exactOptional(),
  "span-length": interval.exactOptional(),
  position: interval.exactOptional(),
  "label-match": interval.exactOptional(),
  "word-overlap": interval.exactOptional(),
} satisfies Record<AttributionMethod, z.ZodType>;

const explanation = z
  .strictObject({
    method: attributionMethod,
    value: valueKind,
    inputs: count,
    masksPerInput: z.number().min(0),
    oracleCalls: count,
    fidelity: z.strictObject({
      measure: z.enum(["cross-validated LDS", "LDS"]),
      inputs: count,
      estimate: real,
      low: real,
      high: real,
    }),
    granularity: z.enum(["section", "block", "example", "sentence", "word", "coarse-to-fine"]),
    objective: z
      .enum(["log-odds", "negative-log-likelihood", "divergence", "label-margin"])
      .nullable(),
    curve: list(
      z.strictObject({ masksPerInput: count, oracleCalls: count, fidelity: interval }),
    ).meta({
      description:
        "Fidelity with the first masks of every input, judged on the same masks of the oracle at every point.",
    }),
    interactions: list(
      z.strictObject({
        spans: z.tuple([count, count]),
        kind: z.enum(["redundant", "synergy"]),
        effect: interval,
        sentence: text,
      }),
    ).nullable(),
    stability: z.strictObject({
      rankCorrelation: real.nullable(),
      verdict: z.enum(["stable", "unstable", "not measured"]),
    }),
    baselines: z.strictObject(baselines),
    surrogates: list(z.strictObject({ name: text, weight: real })),
    surrogateFits: list(
      z.strictObject({
        name: text,
        masksPerInput: z.number().min(0),
        heldOutR2: real.nullable(),
        stability: real.nullable(),
      }),
    ),
    shown: z.boolean(),
    withheld: text.nullable(),
    spans: list(span),
  })
  .meta({
    id: "Explanation",
    description:
      "Influence of every maskable span on the value, 90 % intervals, with its fidelity on masks of the oracle that the fit did not see.",
  });

const screenRule = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("betting") }),
    z.strictObject({
      kind: z.literal("paper-ttest"),
      passedAfter: count.nullable(),
      invalid: text,
    }),
  ])
  .meta({ id: "ScreenRule", description: "What the verdict follows." });
const screenNumbers = {
  verdict: z.enum(["certified", "supported", "not supported", "insufficient data", "not screened"]),
  reason: text,
  estimate: z.number().min(0).nullable(),
  low: share.nullable(),
  threshold: share,
  supportedAbove: share,
  alpha: z.number().gt(0).lt(1),
  wealth: z.number().min(0).nullable(),
  wealthPath: list(z.number().min(0)),
  boundPath: list(share),
  inputs: count,
  inputsNeeded: count,
  population: z.strictObject({
    form: z.enum(["finite", "population"]),
    size: count.nullable(),
  }),
  certifiedAfter: count.nullable(),
  futileAfter: count.nullable(),
  rule: screenRule,
};

const screen = z
  .discriminatedUnion("mode", [
    z.strictObject({ surrogate: text, mode: z.literal("predict"), ...screenNumbers }),
    z.strictObject({
      surrogate: text,
      mode: z.literal("labels"),
      ...screenNumbers,
      flipped: count,
      control: z
        .strictObject({
          name: z.literal("span-length"),
          estimate: share,
          wealth: z.number().min(0),
          beatenAfter: count.nullable(),
        })
        .nullable(),
    }),
    z.strictObject({
      surrogate: text,
      mode: z.literal("explain"),
      ...screenNumbers,
      surrogateQ: share.nullable(),
      oracleQ: share.nullable(),
    }),
  ])
  .meta({
    id: "Screen",
    description:
      "The test whether a surrogate may speak for the oracle. estimate: mean of q, in mode explain the ratio of surrogateQ and oracleQ; low and boundPath: lower confidence bounds of it at level alpha, after all inputs and after each, valid at all of them at once.",
  });

const selfDisagreement = z
  .strictObject({ inputs: count, changed: count, bound: share, confidence: share })
  .meta({
    id: "SelfDisagreement",
    description:
      "How often the oracle changed its own output when the whole prompt was asked again; bound: upper confidence bound on that share. Certificates count such changes, and nothing is subtracted.",
  });

const instanceLevel = z
  .strictObject({
    surrogate: text,
    rule: z.enum(["kappa", "plain"]),
    open: z.boolean(),
    reason: text,
    agreement: z.strictObject({ inputs: count, raw: share, kappa: real, low: real }).nullable(),
    bySurrogate: count,
    byOracle: count,
    notExplained: count,
    fallbackShare: share.nullable(),
  })
  .meta({
    id: "InstanceLevel",
    description:
      "How many inputs a surrogate may explain by itself: those on which its label is the oracle's, if agreement is shown to be more than chance.",
  });

const prompt = z.strictObject({
  path: text,
  name: text.nullable(),
  tokens: z.strictObject({ base: count.nullable(), head: count, countedBy: text }),
  inputs: z.strictObject({
    source: text.nullable(),
    hash: text.nullable(),
    search: count,
    certify: count,
  }),
  explanation: explanation.nullable(),
  explanationReason: text.nullable(),
  screens: list(screen),
  instanceLevels: list(instanceLevel),
  removable: removable.nullable(),
  removableReason: text.nullable(),
  savings: savings.nullable(),
  selfDisagreement: selfDisagreement.nullable(),
  selfDisagreementReason: text.nullable(),
  demonstrations: list(demonstration).nullable(),
  demonstrationsReason: text.nullable(),
  injections: list(promptInjection),
  change: change.nullable(),
  changeReason: text.nullable(),
  demonstrationsExamined: demonstrationsExamined.nullable(),
  problems: list(text),
  plan: planned.nullable(),
});

const row = z
  .strictObject({
    path: text,
    line,
    kind: z.enum(["trigger", "label"]),
    label: text,
    text,
    evidence: text,
    score: real,
    qValue: share,
    confirm: text,
  })
  .meta({
    id: "SuspiciousRow",
    description:
      "A candidate, never a verdict on a person. qValue: expected share of false alarms among rows flagged at this level.",
  });

const trigger = z
  .strictObject({
    text,
    label: text,
    rows: count,
    labelled: count,
    expected: real,
    zScore: real,
    qValue: share,
  })
  .meta({
    id: "Trigger",
    description: "A phrase whose rows carry a label more often than their content explains.",
  });

const data = z.strictObject({
  path: text,
  rows: count,
  newRows: count,
  scored: count,
  suspicious: list(row).nullable(),
  suspiciousReason: text.nullable(),
  triggers: list(trigger),
  injections: rowInjections,
  referenceAgreement: share.nullable(),
});

/** Keys in the order in which they are written. */
export const reportSchema = z.strictObject({
  schemaVersion: z.literal(1),
  tool: z.strictObject({ name: z.literal("understudy"), version: text }),
  seed: text,
  complete: z.union([
    z.literal(true),
    z.strictObject({ reason: text, finished: list(text), missing: list(missingAnswers) }),
  ]),
  oracle: z
    .strictObject({
      model: text,
      valueKind: valueKind.nullable(),
      substitutes: list(text),
      reasoned: count,
    })
    .nullable(),
  surrogate: surrogateIdentity.nullable(),
  prompts: list(prompt),
  data: list(data),
  skipped: list(z.strictObject({ path: text, reason: text })),
  ledger,
});

type DeepReadonly<Value> = Value extends readonly [infer First, infer Second]
  ? readonly [DeepReadonly<First>, DeepReadonly<Second>]
  : Value extends readonly (infer Item)[]
    ? readonly DeepReadonly<Item>[]
    : Value extends object
      ? { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> }
      : Value;
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
/** Fails to compile where the schema and domain.ts describe different reports. */
const SCHEMA_IS_THE_DOMAIN: Same<DeepReadonly<z.infer<typeof reportSchema>>, Report> = true;
void SCHEMA_IS_THE_DOMAIN;

/** JSON Schema (draft 2020-12) of understudy-report.json, published as schema/understudy-report.schema.json. */
export function reportJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(reportSchema, { io: "output", target: "draft-2020-12" });
  return {
    title: "Understudy report",
    description:
      "What understudy found in a change to prompts and data sets, and what the explanations needed. A value that could not be had is null with a reason beside it, never 0. Influence and fidelity intervals cover 90 %.",
    ...schema,
  };
}
