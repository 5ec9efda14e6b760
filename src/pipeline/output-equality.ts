/** When two outputs of a prompt are the same, from the settings and from what the outputs look like. */
import type { Settings } from "../config.js";
import { UnderstudyError } from "../errors.js";
import {
  answerAgreement,
  chooseAnswerCheck,
  parseAnswerPattern,
} from "../explain/answer-agreement.js";
import { EXACT, type OutputEquality } from "../findings/output-changes.js";

const DEFAULT_SIMILARITY = 0.9;

/**
 * Refuses settings about a shorter prompt that contradict each other.
 * @throws UnderstudyError CONFIG.
 */
export function checkOutputEquality(settings: Settings): void {
  const { "output-equality": name, "answer-pattern": pattern } = settings;
  if (name === "pattern" && pattern === null)
    throw new UnderstudyError(
      "CONFIG",
      "output-equality is `pattern`, and answer-pattern is missing",
      {
        fix: "give `answer-pattern`",
      },
    );
  if (name === "pattern" && pattern !== null) parseAnswerPattern(pattern);
  if (settings["output-similarity"] !== null && name !== "words")
    throw new UnderstudyError(
      "CONFIG",
      `output-similarity is given, and output-equality is ${name}`,
      { fix: "give both `output-equality: words` and `output-similarity`, or neither" },
    );
}

/** `fixed`: the outputs of the whole prompt, by which `auto` tells JSON from text. */
export function outputEqualityOf(
  settings: Settings,
  { labels, fixed }: { readonly labels: readonly string[]; readonly fixed: readonly string[] },
): OutputEquality {
  const wanted = settings["output-equality"];
  const name = wanted !== "auto" ? wanted : autoEquality(labels, fixed);
  switch (name) {
    case "exact":
      return EXACT;
    case "label":
      return { name, same: sameLabel(labels) };
    case "pattern": {
      const pattern = parseAnswerPattern(settings["answer-pattern"] ?? "");
      return {
        name,
        same: (before, after) => answerAgreement({ kind: name, pattern }, after, before) === 1,
      };
    }
    case "words": {
      const least = settings["output-similarity"] ?? DEFAULT_SIMILARITY;
      return {
        name,
        same: (before, after) => answerAgreement({ kind: name }, after, before) >= least,
      };
    }
    case "normalised":
    case "json":
      return {
        name,
        same: (before, after) => answerAgreement({ kind: name }, after, before) === 1,
      };
  }
}

function autoEquality(
  labels: readonly string[],
  fixed: readonly string[],
): "label" | "json" | "normalised" {
  if (labels.length >= 2) return "label";
  return chooseAnswerCheck(fixed).kind === "json" ? "json" : "normalised";
}

/** The same label, case and punctuation around it aside; what is no label is compared word by word, and differs from every label. */
function sameLabel(labels: readonly string[]): OutputEquality["same"] {
  const known = new Map(labels.map((label) => [bare(label), label]));
  return (before, after) => {
    const [one, other] = [known.get(bare(before)), known.get(bare(after))];
    if (one !== undefined || other !== undefined) return one === other;
    return answerAgreement({ kind: "normalised" }, after, before) === 1;
  };
}

function bare(text: string): string {
  const words = text.normalize("NFKC").toLowerCase().replace(/\s+/gu, " ").trim();
  // Labels may be punctuation alone, such as "+" and "-".
  return words.replace(/^["'`*([]+|["'`*)\].,;:!]+$/gu, "") || words;
}
