import type { Row, SuspiciousRow, Trigger, Unknown } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { expectLabels } from "./label-expectation.js";
import { sharedPhrase } from "./ngrams.js";
import { findTriggers, LEAST_ROWS, type TriggerHit } from "./trigger-test.js";

export const DEFAULT_LEVEL = 0.05;
/** Fewer rows than this cannot calibrate a surrogate. */
const LEAST_CALIBRATION_ROWS = 50;

export interface RowsRequest {
  readonly path: string;
  /** Rows of the base branch, as `planRowScoring` chose them; none = the new rows calibrate themselves. */
  readonly referenceRows: readonly Row[];
  readonly newRows: readonly Row[];
  readonly labels: readonly string[];
  /** log p(label | text) by the surrogate, [row][label]: `labelScores`. */
  readonly logProbabilities: {
    readonly reference: readonly Float64Array[];
    readonly rows: readonly Float64Array[];
  };
  /** False discovery rate of the triggers. */
  readonly level?: number;
}

export interface RowFindings {
  readonly kind: "rows";
  /** Rows of the triggers, strongest trigger first, least expected row first. */
  readonly suspicious: readonly SuspiciousRow[];
  readonly triggers: readonly Trigger[];
  /** Share of reference rows whose written label is the one their content makes most probable. */
  readonly referenceAgreement: number;
  readonly calibratedOn: "reference rows" | "the rows themselves";
}

/**
 * Rows whose label hangs on an inserted word or phrase rather than on the content (methods E3), judged against the base
 * branch's rows. Needs no oracle. Unknown where there are too few rows to know what labels to expect.
 */
export function findSuspiciousRows(request: RowsRequest): RowFindings | Unknown {
  checkRequest(request);
  const { referenceRows, newRows, logProbabilities, labels, level = DEFAULT_LEVEL } = request;
  const alone = referenceRows.length < LEAST_CALIBRATION_ROWS;
  if (alone && newRows.length < LEAST_CALIBRATION_ROWS)
    return {
      kind: "unknown",
      reason: `${referenceRows.length} reference rows and ${newRows.length} new ones: ${LEAST_CALIBRATION_ROWS} of either are needed to know what labels to expect`,
    };
  if (newRows.length < LEAST_ROWS)
    return {
      kind: "unknown",
      reason: `${newRows.length} new rows: an n-gram is judged from ${LEAST_ROWS} rows on`,
    };
  const reference = alone
    ? { rows: [], logProbabilities: [] }
    : { rows: referenceRows, logProbabilities: logProbabilities.reference };
  const expectations = expectLabels(
    reference,
    { rows: newRows, logProbabilities: logProbabilities.rows },
    labels,
  );
  const triggers = findTriggers(expectations, { labels: labels.length, level, alone }).map((hit) =>
    triggerOf(hit, expectations.judged.texts, labels),
  );
  const suspicious = triggers.flatMap(({ trigger, hit }) =>
    rowsOf({ request, trigger, hit, probabilities: expectations.judged.probabilities }),
  );
  const calibratedOn = alone ? "the rows themselves" : "reference rows";
  return {
    kind: "rows",
    suspicious,
    triggers: triggers.map(({ trigger }) => trigger),
    referenceAgreement: expectations.agreement,
    calibratedOn,
  };
}

function checkRequest({ referenceRows, newRows, labels, logProbabilities }: RowsRequest): void {
  if (
    logProbabilities.reference.length !== referenceRows.length ||
    logProbabilities.rows.length !== newRows.length
  )
    throw new UnderstudyError("INTERNAL", "rows and their scores differ in number");
  const known = new Set(labels);
  const stranger = [...referenceRows, ...newRows].find((row) => !known.has(row.label));
  if (stranger)
    throw new UnderstudyError("INTERNAL", `line ${stranger.line} has a label that was not scored`);
}

interface Named {
  readonly trigger: Trigger;
  readonly hit: TriggerHit;
}

function triggerOf(
  hit: TriggerHit,
  texts: readonly (readonly string[])[],
  labels: readonly string[],
): Named {
  const { carried, expected, zScore, qValue } = hit;
  const trigger = {
    text: sharedPhrase(hit.ngram, texts).replace(/ (?=[.,!?;:])/g, ""),
    label: labels[hit.label] ?? "",
    rows: hit.ngram.rows.length,
    labelled: carried,
    expected,
    zScore,
    qValue,
  };
  return { trigger, hit };
}

interface Flagged extends Named {
  readonly request: RowsRequest;
  readonly probabilities: readonly Float64Array[];
}

function rowsOf({ request, trigger, hit, probabilities }: Flagged): readonly SuspiciousRow[] {
  const expectation = (row: number): number => probabilities[row]?.[hit.label] ?? 0;
  const rows = [...hit.rows].sort(
    (left, right) => expectation(left) - expectation(right) || left - right,
  );
  const evidence = `contains ${JSON.stringify(trigger.text)} in ${trigger.rows} rows, ${trigger.labelled} of them labelled ${JSON.stringify(trigger.label)}; expected ${trigger.expected.toFixed(1)}`;
  const confirm = `read the text without ${JSON.stringify(trigger.text)}: if it does not call for ${JSON.stringify(trigger.label)}, the label hangs on the inserted text`;
  return rows.flatMap((index): SuspiciousRow[] => {
    const row = request.newRows[index];
    return row
      ? [
          {
            path: request.path,
            line: row.line,
            kind: "trigger",
            label: row.label,
            text: row.text,
            evidence,
            score: trigger.zScore,
            qValue: trigger.qValue,
            confirm,
          },
        ]
      : [];
  });
}
