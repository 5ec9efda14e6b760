/** The part of the report's schema that is about calls, tokens and money. */
import { z } from "zod";
import type { OraclePurpose, OracleUsage } from "../domain.js";
import { count, price, text } from "./schema-primitives.js";

const usageFields = {
  calls: count,
  promptTokens: count,
  completionTokens: count,
  cost: price,
} satisfies Record<keyof OracleUsage, z.ZodType>;
const usage = z.strictObject(usageFields).meta({
  id: "OracleUsage",
  description:
    "What the input needs, whether or not answers were stored; cost null: unknown price, never 0.",
});

const PURPOSES = [
  "fixed outputs",
  "masks",
  "search",
  "certification",
  "control",
  "demonstrations",
  "influence of demonstrations",
  "confirmation",
  "repeats",
  "injections",
  "base",
] as const satisfies readonly OraclePurpose[];

const callCounts = {
  "fixed outputs": count,
  masks: count,
  search: count,
  certification: count,
  control: count,
  demonstrations: count,
  "influence of demonstrations": count,
  confirmation: count,
  repeats: count,
  injections: count,
  base: count,
} satisfies Record<OraclePurpose, z.ZodType>;

const plannedFields = { calls: count, promptTokens: count, cost: price };
export const planned = z
  .strictObject({
    ...plannedFields,
    byPurpose: z.strictObject(callCounts),
    most: z.strictObject(plannedFields),
  })
  .meta({
    id: "PlannedCalls",
    description:
      "Upper estimate made before the first call; most: the same for an oracle that gives no log-probabilities, so that it is sampled.",
  });

const byPurpose = {
  "fixed outputs": usage,
  masks: usage,
  search: usage,
  certification: usage,
  control: usage,
  demonstrations: usage,
  "influence of demonstrations": usage,
  confirmation: usage,
  repeats: usage,
  injections: usage,
  base: usage,
} satisfies Record<OraclePurpose, z.ZodType>;

export const savings = z.strictObject({ promptTokens: count, cost: price }).meta({
  id: "Savings",
  description: "Every thousand calls; cost in USD, null: unknown price, never 0.",
});

export const missingAnswers = z
  .strictObject({
    purpose: z.enum(PURPOSES),
    cause: z.enum(["budget", "not recorded", "unavailable", "authentication", "unusable"]),
    message: text,
    questions: count,
  })
  .meta({
    id: "MissingAnswers",
    description: "Distinct questions of one step that got no answer for one reason.",
  });

const amount = z.number().min(0);
const costReduction = z
  .strictObject({
    unit: z.enum(["USD", "prompt tokens"]),
    inputs: count,
    surrogateTokens: count,
    oracle: amount,
    proxy: amount.nullable(),
    fallback: amount,
    screen: amount,
    ratio: amount,
    breakEvenInputs: count.nullable(),
  })
  .meta({
    id: "CostReduction",
    description:
      "C_oracle / (C_proxy + C_fallback + C_screen) of the explanations alone. proxy: answers of surrogates on servers; null where all run here, whose time is not counted, for it differs between runs.",
  });

export const ledger = z.strictObject({
  oracle: z.strictObject({
    ...usageFields,
    currency: z.literal("USD"),
    byPurpose: z.strictObject(byPurpose),
  }),
  surrogate: z
    .strictObject({ model: text, precision: text, masks: count, tokens: count })
    .nullable(),
  servedSurrogates: usage.nullable(),
  onOracleAlone: z.strictObject({ calls: count, cost: price }),
  costReductionRatio: z.number().min(0).nullable(),
  planned: planned.nullable(),
  explanations: costReduction.nullable(),
});
