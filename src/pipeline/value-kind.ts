/** Which kind of value the oracle lets us measure: asked of the answers it gave, then of the server. */
import type { OracleAnswer } from "../domain.js";
import { chooseValueKind, type ChosenValueKind } from "../explain/values.js";
import { renderMasked, type PromptStudy } from "./study.js";
import type { CountingOracle } from "./usage.js";

/**
 * The first that applies of methods A10 (a) to (d). Whether the server scores given text is asked only where margins cannot be
 * had, for the question costs calls; where it does not, the reason says why.
 */
export async function findValueKind(options: {
  readonly study: PromptStudy;
  readonly oracle: CountingOracle;
  /** Answers to the unmasked prompt, by position in the search set. */
  readonly fixed: readonly (OracleAnswer | null)[];
  /** Samples a masked prompt that may be asked for. */
  readonly samples: number;
}): Promise<ChosenValueKind> {
  const { study, oracle, fixed, samples } = options;
  const answers = fixed.filter((answer) => answer !== null);
  const plain = chooseValueKind(answers, study.labels);
  if (plain.kind === "class-margin" || answers.length === 0) return plain;
  const ability = await oracle.canScore(
    (study.inputs?.search ?? [])
      .filter((_, index) => fixed[index]?.text.trim())
      .map((input) => renderMasked(study, null, input)),
  );
  const scoresGivenText = ability.kind === "yes";
  const chosen = chooseValueKind(answers, study.labels, { scoresGivenText, samples });
  return ability.kind === "yes"
    ? chosen
    : { ...chosen, reason: `${chosen.reason}; given text is not scored: ${ability.reason}` };
}
