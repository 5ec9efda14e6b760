import type { EstimatorName, Interval } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { type SurrogatePrior, fitHierarchical } from "./hierarchical.js";
import { surrogateMeanSquare } from "./hierarchical-kernel.js";
import type { MeasuredRow } from "./measured-rows.js";
import { type EstimateGame, refitIntervals } from "./refit-intervals.js";
import type { ValuesDocument } from "./values-document.js";

/** One number a span each; low and high bound the 90 % interval, posterior or of refits. */
export interface ExplainedSpans {
  readonly attribution: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

/** What `understudy explain --values --json` prints, in this order of fields. */
export interface ExplainedValues {
  readonly inputs: readonly ({ readonly id: string } & ExplainedSpans)[];
  /** Mean over the inputs. */
  readonly template: ExplainedSpans;
  /** In the order of the document; 0: switched off by the data, or not used by the method. */
  readonly surrogates: readonly { readonly name: string; readonly weight: number }[];
}

export type ValuesMethod = "hierarchical" | EstimatorName;

export interface ExplainValuesOptions {
  /** "hierarchical" by default. */
  readonly method?: ValuesMethod;
  /** Seed of methods that draw: the same seed gives the same numbers. */
  readonly seed: string;
  /** How one input is explained on its own; needed for every method but the hierarchical one. */
  readonly estimate?: EstimateGame;
}

/** Rows beyond which the covariance of all pairs of rows would not fit into about a gigabyte. */
const MOST_ROWS = 6000;
/** Spans x inputs x rows^2 beyond which intervals would take many minutes. */
const MOST_WORK = 2e11;
/** Rows on which scales are sought; more hardly move them. */
const SCALE_ROWS = 1000;
/** Values that differ by less, relative to the largest, differ by rounding. */
const ROUNDING = 1e-13;

/**
 * Explains recorded values: hierarchical attribution by default, inputs pooled by their output (docs/methods.md, A10), or another
 * method on each input's own rows. The result does not depend on the unit or the origin of the values but in proportion.
 * Throws DATA where the rows cannot tell spans apart (one mask only), are too many, or leave an input out that a method explains
 * from its own rows; USAGE for a method without `estimate`.
 */
export function explainValues(
  document: ValuesDocument,
  options: ExplainValuesOptions,
): ExplainedValues {
  const { method = "hierarchical" } = options;
  const first = document.rows[0]?.mask.join("");
  if (document.rows.every(({ mask }) => mask.join("") === first))
    throw new UnderstudyError(
      "DATA",
      "all rows have the same mask, so nothing tells the spans apart",
      { fix: "record values of at least two masks" },
    );
  if (method === "hierarchical") return explainTogether(document);
  const { estimate, seed } = options;
  if (method === "rope-lime")
    throw new UnderstudyError(
      "USAGE",
      "rope-lime weighs masks by the distance of their texts, which recorded values do not tell",
      { fix: "use --method lime, or explain the prompt itself" },
    );
  if (estimate === undefined)
    throw new UnderstudyError(
      "USAGE",
      `the method ${method} is not available for recorded values`,
      {
        fix: "use --method hierarchical",
      },
    );
  return { ...explainApart(document, { method, seed, estimate }), surrogates: unused(document) };
}

function unused({ surrogates }: ValuesDocument): ExplainedValues["surrogates"] {
  return surrogates.map(({ name }) => ({ name, weight: 0 }));
}

function explainTogether(document: ValuesDocument): ExplainedValues {
  const { spans, inputs } = document;
  checkSize(document);
  const { rows, unit } = withoutUnit(document.rows);
  if (unit === 0) return nothingVaries(document);
  const fit = fitHierarchical({
    spans: spans.length,
    classes: inputs.map(({ output }) => output),
    surrogates: document.surrogates.map(withoutScale),
    rows,
    scaleRows: SCALE_ROWS,
  });
  const { perInput, template } = fit.attributions();
  return {
    inputs: inputs.map(({ id }, input) => ({
      id,
      ...spansOf(perInput[input] as readonly Interval[], unit),
    })),
    template: spansOf(template, unit),
    surrogates: fit.surrogateWeights.map(({ name, weight }) => ({ name, weight })),
  };
}

function checkSize({ rows, inputs, spans }: ValuesDocument): void {
  const tooMany = rows.length > MOST_ROWS;
  if (!tooMany && spans.length * inputs.length * rows.length ** 2 <= MOST_WORK) return;
  throw new UnderstudyError(
    "DATA",
    `${rows.length} rows of ${inputs.length} inputs and ${spans.length} spans are more than one hierarchical fit can hold${tooMany ? ` (at most ${MOST_ROWS} rows)` : ""}`,
    {
      fix: "give fewer rows an input, or fewer inputs; 8 to 16 rows of 40 to 60 inputs are plenty",
    },
  );
}

/** Values centred and divided by the largest distance from the centre; a unit of 0: they do not vary. */
function withoutUnit(rows: readonly MeasuredRow[]): {
  readonly rows: readonly MeasuredRow[];
  readonly unit: number;
} {
  let low = Infinity;
  let high = -Infinity;
  for (const { value } of rows) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const centre = low + (high - low) / 2;
  const unit = (high - low) / 2;
  if (unit <= ROUNDING * Math.max(Math.abs(low), Math.abs(high))) return { rows, unit: 0 };
  const scaled = rows.map(({ input, mask, value, variance }) => ({
    input,
    mask,
    value: (value - centre) / unit,
    ...(variance !== undefined && { variance: Math.min(variance / unit / unit, LARGEST_VARIANCE) }),
  }));
  return { rows: scaled, unit };
}

/** In units of the squared range of the values: a row with so much noise says nothing. */
const LARGEST_VARIANCE = 1e9;

/** Attributions of mean square 1: what a surrogate's unit is must not matter, nor how large its numbers are. */
function withoutScale(prior: SurrogatePrior): SurrogatePrior {
  const { name } = prior;
  const largest = prior.attributions.reduce(
    (most, own) => own.reduce((more, value) => Math.max(more, Math.abs(value)), most),
    0,
  );
  if (largest === 0) return prior;
  const bounded = {
    name,
    attributions: prior.attributions.map((own) => own.map((value) => value / largest)),
  };
  const size = Math.sqrt(surrogateMeanSquare(bounded));
  return {
    name,
    attributions: bounded.attributions.map((own) => own.map((value) => value / size)),
  };
}

function nothingVaries(document: ValuesDocument): ExplainedValues {
  const zeros = document.spans.map(() => 0);
  const nothing: ExplainedSpans = { attribution: zeros, low: zeros, high: zeros };
  return {
    inputs: document.inputs.map(({ id }) => ({ id, ...nothing })),
    template: nothing,
    surrogates: unused(document),
  };
}

function explainApart(
  document: ValuesDocument,
  how: { readonly method: EstimatorName; readonly seed: string; readonly estimate: EstimateGame },
): Pick<ExplainedValues, "inputs" | "template"> {
  const rowsOf = document.inputs.map((): MeasuredRow[] => []);
  for (const row of document.rows) rowsOf[row.input]?.push(row);
  const games = rowsOf.map((rows, input) => {
    if (rows.length === 0)
      throw new UnderstudyError(
        "DATA",
        `inputs[${input}] has no rows, and ${how.method} explains each input from its own`,
        { fix: "record values of this input, leave it out, or use --method hierarchical" },
      );
    return {
      spans: document.spans.length,
      masks: rows.map(({ mask }) => mask),
      values: Float64Array.from(rows, ({ value }) => value),
    };
  });
  const { perInput, mean } = refitIntervals(games, how);
  return {
    inputs: document.inputs.map(({ id }, input) => ({
      id,
      ...spansOf(perInput[input] as readonly Interval[], 1),
    })),
    template: spansOf(mean, 1),
  };
}

function spansOf(intervals: readonly Interval[], unit: number): ExplainedSpans {
  return {
    attribution: intervals.map(({ estimate }) => estimate * unit),
    low: intervals.map(({ low }) => low * unit),
    high: intervals.map(({ high }) => high * unit),
  };
}
