/** The part of the report's schema that is about few-shot examples. */
import { z } from "zod";
import { count, interval, line, list, real, share, text } from "./schema-primitives.js";

export const demonstration = z
  .strictObject({
    span: count,
    startLine: line,
    kind: z.enum(["flip", "trigger", "contradiction"]),
    label: text,
    suggested: text.nullable(),
    evidence: text,
    score: real.nullable(),
    errorRate: text,
    confirm: text,
  })
  .meta({
    id: "SuspiciousDemonstration",
    description:
      "A few-shot example that a person should look at. flip: the oracle speaks against its label; trigger: it holds a phrase that the examples turn into a sign for its label; contradiction: another example shows nearly the same input with another label.",
  });

const confirmationArm = z
  .strictObject({
    change: z.enum(["removed", "corrected"]),
    lines: list(line),
    inputs: count,
    rightBefore: count,
    rightAfter: count,
    gained: count,
    lost: count,
    pValue: share,
    changedAnswers: count,
    margin: z.strictObject({ before: real, after: real, change: interval }).nullable(),
    conclusion: z.enum([
      "more answers right",
      "fewer answers right",
      "more confident",
      "less confident",
      "no change shown",
    ]),
  })
  .meta({
    id: "ConfirmationArm",
    description:
      "Answers before and after suspicious examples were removed or corrected, on inputs with an expected output. pValue: exact McNemar test; margin: of the expected label, nats.",
  });

export const demonstrationsExamined = z
  .strictObject({
    readable: count,
    judged: count,
    redundant: list(z.strictObject({ lines: z.tuple([line, line]), similarity: share })),
    influence: list(
      z.strictObject({
        span: count,
        startLine: line,
        effect: interval,
        pValue: share,
        qValue: share,
      }),
    ).nullable(),
    influenceReason: text.nullable(),
    confirmation: list(confirmationArm).nullable(),
    confirmationReason: text.nullable(),
  })
  .meta({
    id: "DemonstrationsExamined",
    description:
      "What was measured of all few-shot examples. influence: what showing one adds to the margin of the expected label, nats; pValue: one-sided, that it lowers margins.",
  });
