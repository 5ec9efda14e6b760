/** What a certified deletion saves, priced by the oracle's own counts. */
import { savingsOf } from "../cost/savings.js";
import type { OracleAnswer, PromptReport } from "../domain.js";
import type { Job } from "./ports.js";
import { pricing } from "./pricing.js";
import type { CountingOracle } from "./usage.js";

/** At the size that the oracle itself counted for the whole prompt, in the mean over the inputs. */
export function savingsOfDeletion(
  job: Job,
  removable: PromptReport["removable"],
  {
    oracle,
    fixed,
  }: { readonly oracle: CountingOracle; readonly fixed: readonly (OracleAnswer | null)[] },
): PromptReport["savings"] {
  if (removable === null || removable.certificate === null) return null;
  const sizes = fixed.flatMap((answer) => answer?.usage.promptTokens ?? []);
  return savingsOf({
    model: oracle.model,
    price: pricing(job.settings),
    promptTokens: sizes.reduce((sum, size) => sum + size, 0) / Math.max(1, sizes.length),
    tokensSaved: removable.tokensSaved,
  });
}
