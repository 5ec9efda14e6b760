/** The shorter prompt: path found on the search set, certified on the certify set, shown as a diff of the file. */
import type { Compression, Input, OracleAnswer, PromptReport } from "../domain.js";
import { classMargin } from "../explain/values.js";
import {
  compress,
  type CompressionRequest,
  type DeletionQuestion,
  type MeasuredOutput,
  type OutputEquality,
} from "../findings/compression.js";
import { explainedBy } from "../findings/self-disagreement.js";
import { deleteSpans } from "../prompts/index.js";
import { unifiedDiff } from "../report/changes.js";
import { claimCertifyLook } from "./certify-looks.js";
import { firstLevel } from "./compression-settings.js";
import { deletableSpans, withHeadingColumns, type DeletableSpans } from "./deletable-spans.js";
import type { ExplanationOutcome, PromptExplanation } from "./explanation-outcome.js";
import { askUnmasked, askWithout } from "./oracle-values.js";
import { outputEqualityOf } from "./output-equality.js";
import type { Job } from "./ports.js";
import { askAgain, measureSelfDisagreement, type DisagreementFields } from "./self-disagreement.js";
import { maskWithout, type PromptStudy } from "./study.js";
import type { CountingOracle } from "./usage.js";

type CompressionFields = Pick<PromptReport, "removable" | "removableReason"> & DisagreementFields;

interface Compressing {
  readonly job: Job;
  readonly spans: DeletableSpans;
  readonly oracle: CountingOracle;
  readonly certify: readonly Input[];
  readonly equality: OutputEquality;
}

/** The finding with its control, the oracle's disagreement with itself, on the certify set where that was asked at all. */
export async function compressPrompt(
  job: Job,
  study: PromptStudy,
  oracle: CountingOracle,
  known: {
    readonly fixed: readonly (OracleAnswer | null)[];
    readonly explained: ExplanationOutcome;
    /** Spans of suspicious demonstrations: to be corrected, which changes answers for the better, not to be dropped unseen. */
    readonly suspicious: readonly number[];
  },
): Promise<CompressionFields> {
  const { fixed } = known;
  const equality = outputEqualityOf(job.settings, {
    labels: study.labels,
    fixed: fixed.flatMap((answer) => answer?.text ?? []),
  });
  const { inputs } = study;
  if (known.explained.kind === "not explained" || inputs === null)
    return {
      removable: null,
      removableReason:
        known.explained.kind === "not explained" ? known.explained.reason : study.inputsReason,
      ...(await measureSelfDisagreement(job, study, oracle, fixed, { equality })),
    };
  const spans = deletableSpans(job, study, known.suspicious);
  const compressing = { job, spans, oracle, equality, certify: inputs.certify };
  const certify = await askUnmasked(job, study, oracle, inputs.certify);
  const outcome = await compress(
    await requestOf(compressing, { fixed, explained: known.explained.explained, certify }),
  );
  const again =
    inputs.certify.length === 0
      ? await measureSelfDisagreement(job, study, oracle, fixed, { equality })
      : await measureSelfDisagreement(job, study, oracle, certify, {
          inputs: inputs.certify,
          equality,
        });
  return {
    removable: {
      ...withoutHeadings(outcome, spans.maskable),
      reason: explainedBy(outcome.reason, again.selfDisagreement),
      diff: diffOf(spans, outcome),
    },
    removableReason: null,
    ...again,
  };
}

async function requestOf(
  compressing: Compressing,
  known: {
    readonly fixed: readonly (OracleAnswer | null)[];
    readonly certify: readonly (OracleAnswer | null)[];
    readonly explained: PromptExplanation;
  },
): Promise<CompressionRequest> {
  const { job, spans, oracle, certify, equality } = compressing;
  const { settings } = job;
  const { study } = spans;
  const { ranking, values, explanation } = known.explained;
  const fixedOutputs = { search: known.fixed.map(textOf), certify: known.certify.map(textOf) };
  const search = study.inputs?.search ?? [];
  return {
    spans: spans.candidates,
    influence: ranking.map((row) => withHeadingColumns(row, spans)),
    influenceInputs: values.inputs,
    ...(values.kind === "class-margin"
      ? {
          margins: values.inputs.map((position) =>
            marginOf(study, known.fixed[position] ?? null, fixedOutputs.search[position] ?? null),
          ),
        }
      : {}),
    interactions: explanation.interactions ?? [],
    certifyIds: certify.map((input) => input.id),
    fixedOutputs,
    expected: {
      search: search.map(({ expected }) => expected),
      certify: certify.map(({ expected }) => expected),
    },
    ...(settings["self-disagreement"] === "excess"
      ? {
          ownOutputs: await askAgain(job, study, oracle, { inputs: certify, fixed: known.certify }),
        }
      : {}),
    tolerance: settings.tolerance,
    confidence: settings.confidence,
    guarantee: settings.guarantee,
    accuracyMargin: settings["accuracy-margin"],
    equality,
    seed: `${study.inputs?.hash}:${study.template.source}`,
    outputsUnder: (question) => outputsUnder(compressing, question, fixedOutputs),
    firstLevel: firstLevel(settings),
    claimLook: (steps, positions) =>
      claimCertifyLook(job, study, {
        oracle: oracle.model,
        equality: JSON.stringify([
          equality.name,
          settings["output-similarity"],
          settings["answer-pattern"],
        ]),
        steps,
        inputs: positions,
      }),
  };
}

function textOf(answer: OracleAnswer | null): string | null {
  return answer?.text ?? null;
}

/** Class margin of a fixed output under the prompt that gave the answer; null where the answer does not show it. */
function marginOf(
  { labels }: PromptStudy,
  answer: OracleAnswer | null,
  fixed: string | null,
): number | null {
  if (answer === null || fixed === null) return null;
  const margin = classMargin(answer, fixed.trim(), labels);
  return margin.kind === "margin" ? margin.value : null;
}

async function outputsUnder(
  { job, spans, oracle }: Compressing,
  question: DeletionQuestion,
  fixedOutputs: CompressionRequest["fixedOutputs"],
): Promise<readonly (MeasuredOutput | null)[]> {
  const { study } = spans;
  const set = study.inputs?.[question.set] ?? [];
  const answers = await askWithout({
    job,
    study,
    oracle,
    mask: maskWithout(study, question.deleted),
    inputs: question.inputs.flatMap((index) => set[index] ?? []),
    purpose: question.purpose,
  });
  return answers.map((answer, place) => {
    const fixed = fixedOutputs[question.set][question.inputs[place] ?? -1] ?? null;
    return answer === null ? null : { text: answer.text, margin: marginOf(study, answer, fixed) };
  });
}

/** Positions of reports are those of maskable spans: headings show in tokens and in the diff. */
function withoutHeadings(outcome: Compression, maskable: number): Compression {
  const shown = (spans: readonly number[]): readonly number[] =>
    spans.filter((position) => position < maskable);
  return {
    ...outcome,
    spans: shown(outcome.spans),
    path: outcome.path.map((step) => ({ ...step, spans: shown(step.spans) })),
    control: outcome.control && { ...outcome.control, spans: shown(outcome.control.spans) },
    decisions: outcome.decisions.filter(({ span }) => span < maskable),
  };
}

function diffOf({ study, maskable }: DeletableSpans, outcome: Compression): string | null {
  if (outcome.certificate === null) return null;
  const indices = (positions: readonly number[]): readonly number[] =>
    positions.flatMap((position) => study.maskable[position] ?? []);
  return unifiedDiff(
    study.template.path,
    study.template.source,
    deleteSpans(
      study.template,
      indices(outcome.spans.filter((position) => position < maskable)),
      indices(outcome.spans.filter((position) => position >= maskable)),
    ).text,
  );
}
