import { createHash } from "node:crypto";
import type { Message, Row, ScoringRequest, Unknown } from "../domain.js";
import { UnderstudyError } from "../errors.js";

/** More labels than this cost too many passes a row, and a small model cannot tell them apart anyway. */
export const MOST_LABELS = 24;
export const MOST_DEMONSTRATIONS = 8;
/** Reference rows are sampled by hash down to this number. */
export const MOST_REFERENCE_ROWS = 400;
/** Longer texts are cut in the middle for the surrogate; n-grams are always taken from the whole text. */
const LONGEST_TEXT = 1200;
const LONE_SURROGATE = /[\uD800-\uDFFF]/gu;

/** What the surrogate must score before rows can be judged. */
export interface RowScoring {
  readonly kind: "row scoring";
  /** Distinct labels of all rows, sorted by code unit. */
  readonly labels: readonly string[];
  /** Rows shown to the surrogate as examples; not among `referenceRows`. */
  readonly demonstrations: readonly Row[];
  readonly referenceRows: readonly Row[];
  readonly newRows: readonly Row[];
  /** All reference rows, then all new rows; for each row one request a label. */
  readonly requests: readonly ScoringRequest[];
}

/** Log-probabilities of every label, one array a row, as `findSuspiciousRows` takes them. */
export interface LabelScores {
  readonly reference: readonly Float64Array[];
  readonly rows: readonly Float64Array[];
}

/** Chooses labels, demonstrations and reference rows, and writes the requests; unknown where rows cannot be judged. */
export function planRowScoring(rows: {
  readonly referenceRows: readonly Row[];
  readonly newRows: readonly Row[];
}): RowScoring | Unknown {
  const labels = [
    ...new Set([...rows.referenceRows, ...rows.newRows].map((row) => row.label)),
  ].sort(byCodeUnit);
  if (labels.length < 2)
    return {
      kind: "unknown",
      reason: `the rows carry ${labels.length === 0 ? "no label" : "one label only"}, so there is nothing that a label could be compared with`,
    };
  if (labels.length > MOST_LABELS)
    return {
      kind: "unknown",
      reason: `the rows carry ${labels.length} labels; up to ${MOST_LABELS} can be judged`,
    };
  const demonstrations = chooseDemonstrations(
    rows.referenceRows.length > 0 ? rows.referenceRows : rows.newRows,
    labels,
  );
  const shown = new Set(demonstrations);
  const referenceRows = sampleByHash(
    rows.referenceRows.filter((row) => !shown.has(row)),
    MOST_REFERENCE_ROWS,
  );
  const requests = rowScoringRequests([...referenceRows, ...rows.newRows], labels, demonstrations);
  return {
    kind: "row scoring",
    labels,
    demonstrations,
    referenceRows,
    newRows: rows.newRows,
    requests,
  };
}

/**
 * One request a row and label, labels innermost. Instructions and demonstrations come first and the row's text last, so that
 * all requests share a prefix and the labels of one row share the rest.
 */
export function rowScoringRequests(
  rows: readonly Row[],
  labels: readonly string[],
  demonstrations: readonly Row[] = [],
): ScoringRequest[] {
  const system: Message = {
    role: "system",
    content: `Classify the text. Answer with exactly one of these labels: ${labels.join(", ")}.`,
  };
  const shown = demonstrations.flatMap((row): Message[] => [
    question(row),
    { role: "assistant", content: row.label },
  ]);
  return rows.flatMap((row) => {
    const messages = [system, ...shown, question(row)];
    return labels.map((response) => ({ messages, response }));
  });
}

/**
 * log p(label | text) for every row and label: the sum over the label's tokens, natural log. Lengths of labels need no
 * correction, since the calibration fits a bias to every label.
 */
export function labelScores(
  scoring: RowScoring,
  logProbabilities: readonly Float64Array[],
): LabelScores {
  if (logProbabilities.length !== scoring.requests.length)
    throw new UnderstudyError(
      "INTERNAL",
      `${logProbabilities.length} scores for ${scoring.requests.length} requests`,
    );
  const width = scoring.labels.length;
  const totals = logProbabilities.map((tokens) => tokens.reduce((sum, value) => sum + value, 0));
  const all = [...scoring.referenceRows, ...scoring.newRows].map((_, row) =>
    Float64Array.from(totals.slice(row * width, (row + 1) * width)),
  );
  return {
    reference: all.slice(0, scoring.referenceRows.length),
    rows: all.slice(scoring.referenceRows.length),
  };
}

/** Up to eight rows, labels in turn, of middling length: neither the shortest nor the longest say much about a label. */
export function chooseDemonstrations(
  rows: readonly Row[],
  labels: readonly string[],
): readonly Row[] {
  const positions = [0.5, 0.3, 0.7, 0.4];
  const byLabel = labels.map((label) =>
    rows
      .filter((row) => row.label === label)
      .sort(
        (left, right) => left.text.length - right.text.length || byCodeUnit(left.text, right.text),
      ),
  );
  const turns = positions.flatMap((position) =>
    byLabel.map((group) => group[Math.floor(position * group.length)]),
  );
  return [...new Set(turns.filter((row) => row !== undefined))].slice(0, MOST_DEMONSTRATIONS);
}

function question(row: Row): Message {
  return { role: "user", content: shortened(row.text) };
}

function shortened(text: string): string {
  if (text.length <= LONGEST_TEXT) return text;
  const half = LONGEST_TEXT / 2;
  return `${text.slice(0, half)} … ${text.slice(-half)}`.replace(LONE_SURROGATE, "");
}

/** At most so many of the rows, chosen by the hash of their content and place, in their order. */
export function sampleByHash(rows: readonly Row[], most: number): readonly Row[] {
  if (rows.length <= most) return rows;
  const key = (row: Row): string =>
    createHash("sha256")
      .update(JSON.stringify([row.text, row.label, row.line]))
      .digest("hex");
  const keyed = rows
    .map((row, index) => ({ index, key: key(row) }))
    .sort((left, right) => byCodeUnit(left.key, right.key));
  const kept = new Set(keyed.slice(0, most).map(({ index }) => index));
  return rows.filter((_, index) => kept.has(index));
}

function byCodeUnit(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
