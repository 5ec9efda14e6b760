/** How regenerated answers are held against the fixed ones, from the settings. */
import type { Settings } from "../config.js";
import { UnderstudyError } from "../errors.js";
import { type AnswerCheck, parseAnswerPattern } from "../explain/answer-agreement.js";

/** Throws CONFIG for a check by pattern without one, a pattern without that check, and what is no pattern. */
export function answerCheckOf(settings: Settings): AnswerCheck {
  const { "answer-check": kind, "answer-pattern": pattern } = settings;
  const fix = "give both `answer-check: pattern` and `answer-pattern`, or neither";
  if (kind === "pattern") {
    if (pattern === null)
      throw new UnderstudyError(
        "CONFIG",
        "answer-check is `pattern`, and answer-pattern is missing",
        { fix },
      );
    return { kind, pattern: parseAnswerPattern(pattern) };
  }
  if (pattern !== null && settings["output-equality"] !== "pattern")
    throw new UnderstudyError(
      "CONFIG",
      `answer-pattern is given, answer-check is ${kind} and output-equality ${settings["output-equality"]}`,
      {
        fix,
      },
    );
  return { kind };
}
