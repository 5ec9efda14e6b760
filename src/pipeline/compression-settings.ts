/** Settings of the shorter prompt: what contradicts itself, and what level a first look has. */
import type { Settings } from "../config.js";
import { UnderstudyError } from "../errors.js";
import { levelOfLook } from "../findings/certify-looks.js";
import { parseLockPatterns } from "../prompts/index.js";
import { checkOutputEquality } from "./output-equality.js";

/**
 * Refuses settings that contradict each other before anything is asked and paid for.
 * @throws UnderstudyError CONFIG.
 */
export function checkCompression(settings: Settings): void {
  checkOutputEquality(settings);
  parseLockPatterns(settings["lock-patterns"]);
  if (settings.guarantee === "accuracy" && settings["self-disagreement"] === "excess")
    throw new UnderstudyError(
      "CONFIG",
      "self-disagreement is `excess`, which is about changed outputs, and guarantee is `accuracy`",
      { fix: "use `guarantee: outputs` or `both`, or `self-disagreement: counted`" },
    );
}

/** Level at which the first look at a certify set is tested. */
export function firstLevel(settings: Settings): number {
  const alpha = 1 - settings.confidence;
  return settings["certify-reuse"] === "spend" ? levelOfLook(alpha, 1) : alpha;
}
