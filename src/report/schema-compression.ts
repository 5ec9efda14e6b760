/** The part of the report's schema that is about the shorter prompt. */
import { z } from "zod";
import { changedOutput, count, list, real, share, text } from "./schema-primitives.js";

const outputEquality = z.enum(["label", "exact", "normalised", "json", "pattern", "words"]);
const certificate = z
  .strictObject({
    inputs: count,
    changed: count,
    bound: share,
    confidence: share,
    tolerance: share,
    alphaSpent: share,
    guarantee: z.enum(["outputs", "accuracy", "both"]),
    equality: outputEquality,
    look: z.discriminatedUnion("reuse", [
      z.strictObject({ reuse: z.literal("spend"), number: count, alphaLeft: share }),
      z.strictObject({ reuse: z.literal("rotate"), number: count, inputsLeft: count }),
    ]),
    excess: z
      .strictObject({
        inputs: count,
        changed: count,
        ownChanged: count,
        margin: share,
        bound: real,
        shown: z.boolean(),
      })
      .nullable(),
  })
  .meta({
    id: "Certificate",
    description:
      "How often outputs changed on inputs that the search never saw; bound: upper bound on the share of changed outputs at confidence 1 - alphaSpent, the level of this look at these inputs.",
  });
const accuracy = z
  .strictObject({
    inputs: count,
    right: count,
    rightShorter: count,
    lost: count,
    gained: count,
    margin: share,
    bound: real,
    alpha: share,
    nonInferior: z.boolean(),
  })
  .meta({
    id: "AccuracyComparison",
    description:
      "Accuracy on inputs with an expected output under the whole and the shorter prompt; bound: upper bound on its fall at confidence 1 - alpha.",
  });
const decision = z
  .strictObject({
    span: count,
    deleted: z.boolean(),
    why: z.enum([
      "certified",
      "not certified",
      "pinned",
      "locked",
      "heading",
      "suspicious",
      "redundant",
      "changes outputs",
      "not tried",
    ]),
    partner: count.nullable(),
  })
  .meta({ id: "SpanDecision", description: "What became of a maskable span, and why." });
const trials = z.strictObject({ inputs: count, changed: count });

const pathStep = z
  .strictObject({
    spans: list(count),
    tokensSaved: count,
    search: trials.nullable(),
    certify: z.strictObject({ inputs: count, changed: count, pValue: share }).nullable(),
  })
  .meta({ id: "PathStep", description: "One step of the nested deletion path." });

export const removable = z.strictObject({
  spans: list(count),
  tokensSaved: count,
  certificate: certificate.nullable(),
  reason: text.nullable(),
  path: list(pathStep),
  changedOutputs: list(changedOutput),
  control: z.strictObject({ inputs: count, changed: count, spans: list(count) }).nullable(),
  equality: outputEquality,
  accuracy: accuracy.nullable(),
  accuracyReason: text.nullable(),
  decisions: list(decision),
  diff: text.nullable(),
});
