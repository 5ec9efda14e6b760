/** The shorter prompt: path found on the search set, certified on the certify set, shown as a diff of the file. */
import type { Compression, OracleAnswer, PromptReport, SelfDisagreement } from "../domain.js";
import { compress, type DeletionQuestion } from "../findings/compression.js";
import { explainedBy } from "../findings/self-disagreement.js";
import { deleteSpans } from "../prompts/index.js";
import { unifiedDiff } from "../report/changes.js";
import type { ExplanationOutcome } from "./explanation-outcome.js";
import { spanTokens } from "./report-spans.js";
import { askUnmasked, askWithout } from "./oracle-values.js";
import type { Job } from "./ports.js";
import { maskWithout, type PromptStudy } from "./study.js";
import type { CountingOracle } from "./usage.js";

type RemovableFields = Pick<PromptReport, "removable" | "removableReason">;

export async function compressPrompt(
  job: Job,
  study: PromptStudy,
  oracle: CountingOracle,
  known: {
    readonly fixed: readonly (OracleAnswer | null)[];
    readonly explained: ExplanationOutcome;
    /** Spans of suspicious demonstrations: to be corrected, which changes answers for the better, not to be dropped unseen. */
    readonly suspicious: readonly number[];
    readonly selfDisagreement: SelfDisagreement | null;
  },
): Promise<RemovableFields> {
  if (known.explained.kind === "not explained")
    return { removable: null, removableReason: known.explained.reason };
  const inputs = study.inputs;
  if (inputs === null) return { removable: null, removableReason: study.inputsReason };
  const certify = await askUnmasked(job, study, oracle, inputs.certify);
  const tokens = spanTokens(job, study);
  const outcome = await compress({
    spans: tokens.map((count, index) => ({
      index,
      tokens: count,
      pinned: known.suspicious.includes(study.maskable[index] ?? -1),
    })),
    influence: known.explained.explained.ranking,
    certifyIds: inputs.certify.map((input) => input.id),
    fixedOutputs: { search: known.fixed.map(textOf), certify: certify.map(textOf) },
    tolerance: job.settings.tolerance,
    confidence: job.settings.confidence,
    seed: `${inputs.hash}:${study.template.source}`,
    outputsUnder: (question) => outputsUnder(job, study, oracle, question),
  });
  const reason = explainedBy(outcome.reason, known.selfDisagreement);
  return { removable: { ...outcome, reason, diff: diffOf(study, outcome) }, removableReason: null };
}

function textOf(answer: OracleAnswer | null): string | null {
  return answer?.text ?? null;
}

async function outputsUnder(
  job: Job,
  study: PromptStudy,
  oracle: CountingOracle,
  question: DeletionQuestion,
): Promise<readonly (string | null)[]> {
  const set = study.inputs?.[question.set] ?? [];
  const inputs = question.inputs.flatMap((index) => set[index] ?? []);
  return await askWithout({
    job,
    study,
    oracle,
    mask: maskWithout(study, question.deleted),
    inputs,
    purpose: question.purpose,
  });
}

function diffOf(study: PromptStudy, outcome: Compression): string | null {
  if (outcome.certificate === null) return null;
  const spans = outcome.spans.flatMap((position) => study.maskable[position] ?? []);
  return unifiedDiff(
    study.template.path,
    study.template.source,
    deleteSpans(study.template, spans).text,
  );
}
