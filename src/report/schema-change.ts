/** The part of the report's schema that is about head against base. */
import { z } from "zod";
import { changedOutput, count, interval, line, list, share, text } from "./schema-primitives.js";

const changedSpan = z
  .strictObject({
    startLine: line,
    endLine: line,
    text,
    tokens: count,
    influence: interval.nullable(),
    effect: z.enum(["carries", "works against", "does nothing measurable", "undecided"]).nullable(),
  })
  .meta({
    id: "ChangedSpan",
    description:
      "A span that one side has and the other has not, with its influence on the outputs of the side that has it; effect: what the 90 % interval says, never more.",
  });

export const change = z
  .strictObject({
    tokens: z.strictObject({ base: count, head: count }),
    added: list(changedSpan),
    removed: list(changedSpan),
    moved: list(z.strictObject({ text, baseLine: line, headLine: line })),
    unchanged: count,
    addedShare: z.strictObject({ tokens: share, influence: interval.nullable() }).nullable(),
    outputs: z.strictObject({ inputs: count, differing: list(changedOutput) }).nullable(),
    outputsReason: text.nullable(),
    removedReason: text.nullable(),
    oldDemonstrations: list(count),
  })
  .meta({
    id: "PromptChange",
    description:
      "Head against base, spans aligned by their text. addedShare: of the added spans among all that can be masked; its influence interval holds where every span is within its own 90 % interval.",
  });
