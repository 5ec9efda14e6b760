/** The part of the report's schema that is about injected instructions. */
import { z } from "zod";
import type { InjectionRule } from "../domain.js";
import { count, line, list, real, text } from "./schema-primitives.js";

const RULES = [
  "override phrase",
  "role reassignment",
  "new instructions",
  "prompt disclosure",
  "secrecy",
  "forced output",
  "chat markup",
  "encoded instruction",
  "invisible characters",
  "bidirectional controls",
  "tag characters",
  "mixed scripts",
  "hidden markup",
  "payload output",
] as const satisfies readonly InjectionRule[];
const rule = z.enum(RULES);

const injectedText = {
  kind: z.literal("injection"),
  rule,
  severity: z.enum(["high", "medium"]),
  text,
  evidence: text,
  confirm: text,
  errorRate: text,
  isNew: z.boolean(),
};

const sourceRange = z.strictObject({
  startOffset: count,
  endOffset: count,
  startLine: line,
  startColumn: line,
  endLine: line,
  endColumn: line,
});

export const promptInjection = z
  .strictObject({
    ...injectedText,
    source: sourceRange,
    demonstration: z.strictObject({ span: count, startLine: line }).nullable(),
    effect: z
      .strictObject({
        spans: list(count),
        influence: z.strictObject({ estimate: real, low: real, high: real }).nullable(),
        deletion: z.strictObject({ inputs: count, changed: count }).nullable(),
      })
      .nullable(),
    effectReason: text.nullable(),
  })
  .meta({
    id: "PromptInjection",
    description:
      "Text of a prompt file that speaks to the model without being the author's, or hides from readers. isNew false: the base version has it too, and it counts as no finding. effect: what the spans that hold it do, where an oracle was asked.",
  });

export const rowInjections = z
  .strictObject({
    rows: count,
    found: count,
    foundNew: count,
    listed: list(
      z.strictObject({ ...injectedText, path: text, line, field: text }).meta({
        id: "InjectedRow",
        description: "A row with such text in one of its fields.",
      }),
    ),
    formats: list(z.strictObject({ rule, rows: count })),
  })
  .meta({
    id: "RowInjections",
    description:
      "All rows of the file under the rules that need no model. formats: rules that fired on most rows, so that what they look for is the file's format; not listed.",
  });
