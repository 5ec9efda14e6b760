import type { Mask } from "../domain.js";
import { UnderstudyError } from "../errors.js";

/**
 * The covariance of values in hierarchical attribution (docs/methods.md, A10). With zt = z - 1/2 for a mask z of input i:
 *
 *   value(i, z) = c_i + zt' psi_i + zt' Q_i zt + noise,   psi_i = mu + mu_class(i) + sum_k a_k phi_ik + b_i
 *
 * and everything normal with mean 0, so that values are a Gaussian process whose covariance is a sum of terms, one a scale.
 * Entries of zt are +-1/2: but for surrogates, covariance depends only on how two inputs relate and how many spans differ.
 */

/** Variance of each term, in units of the standardised values' variance; surrogates': of the factor a_k. */
export interface HierarchicalScales {
  /** c_i: the input's own part, and the part shared by inputs of one output class. */
  readonly constantOwn: number;
  readonly constantClass: number;
  /** psi_i: shared by all inputs (mu), by inputs of one class (mu_class), the input's own (b). */
  readonly linearTemplate: number;
  readonly linearClass: number;
  readonly linearOwn: number;
  /** Q_i, shared likewise. */
  readonly pairTemplate: number;
  readonly pairClass: number;
  readonly pairOwn: number;
  readonly surrogates: readonly number[];
  readonly noise: number;
}

export type TermName = Exclude<keyof HierarchicalScales, "surrogates" | "noise">;

export interface Term {
  readonly name: TermName;
  readonly shape: "constant" | "linear" | "pair";
  /** The loosest relation of two inputs under which they share the term. */
  readonly sharedBy: Relation;
  /** Median of the scale's log-normal hyperprior. */
  readonly typical: number;
}

/** How two inputs relate; each relation includes the ones before it. */
export const Relation = { anyInputs: 0, sameClass: 1, sameInput: 2 } as const;
export type Relation = (typeof Relation)[keyof typeof Relation];
const RELATIONS = 3;

export const TERMS: readonly Term[] = [
  { name: "constantOwn", shape: "constant", sharedBy: Relation.sameInput, typical: 1 },
  { name: "constantClass", shape: "constant", sharedBy: Relation.sameClass, typical: 0.5 },
  { name: "linearTemplate", shape: "linear", sharedBy: Relation.anyInputs, typical: 0.2 },
  { name: "linearClass", shape: "linear", sharedBy: Relation.sameClass, typical: 0.3 },
  { name: "linearOwn", shape: "linear", sharedBy: Relation.sameInput, typical: 0.3 },
  { name: "pairTemplate", shape: "pair", sharedBy: Relation.anyInputs, typical: 0.05 },
  { name: "pairClass", shape: "pair", sharedBy: Relation.sameClass, typical: 0.05 },
  { name: "pairOwn", shape: "pair", sharedBy: Relation.sameInput, typical: 0.1 },
];

/** A value's place: which input, which mask. */
export interface Cell {
  readonly input: number;
  readonly mask: Mask;
}

/** A surrogate's attributions: [input] -> one number a span. */
export interface SurrogatePrior {
  readonly name: string;
  readonly attributions: readonly Float64Array[];
}

/** What is known of a template before any value is measured. */
export interface HierarchicalDesign {
  readonly spans: number;
  /** Output class of each input. */
  readonly classes: readonly string[];
  readonly surrogates: readonly SurrogatePrior[];
}

export function relationOf(design: HierarchicalDesign, a: number, b: number): Relation {
  if (a === b) return Relation.sameInput;
  return design.classes[a] === design.classes[b] ? Relation.sameClass : Relation.anyInputs;
}

/** Length of a covariance table: one entry a relation and number of differing spans. */
export function tableSize(spans: number): number {
  return RELATIONS * (spans + 1);
}

/** Where two cells stand in a covariance table. */
export function tableIndex(design: HierarchicalDesign, a: Cell, b: Cell): number {
  return relationOf(design, a.input, b.input) * (design.spans + 1) + maskDistance(a.mask, b.mask);
}

/**
 * One term's covariance at scale 1, as a table. Normalised to variance 1: |zt|^2 = spans / 4, and there are
 * spans (spans - 1) / 2 products of +-1/4. With l = zt . zt', pairs have ((zt . zt')^2 - zt^2 . zt'^2) / 2 = (l^2 - spans / 16) / 2.
 */
export function termTable(term: Term, spans: number): Float64Array {
  const table = new Float64Array(tableSize(spans));
  for (let relation = term.sharedBy; relation < RELATIONS; relation++)
    for (let differ = 0; differ <= spans; differ++)
      table[relation * (spans + 1) + differ] = shapeValue(term.shape, spans, differ);
  return table;
}

function shapeValue(shape: Term["shape"], spans: number, differ: number): number {
  if (shape === "constant") return 1;
  const linear = (spans - 2 * differ) / 4;
  if (shape === "linear") return linear * linearUnit(spans);
  return spans < 2 ? 0 : ((linear * linear - spans / 16) / 2) * (32 / (spans * (spans - 1)));
}

/** Factor that gives linear terms variance `scale` at every mask. */
export function linearUnit(spans: number): number {
  return 4 / spans;
}

/** Covariance of all terms but the surrogates' and the noise, as a table. */
export function covarianceTable(scales: HierarchicalScales, spans: number): Float64Array {
  const table = new Float64Array(tableSize(spans));
  for (const term of TERMS) {
    const scale = scales[term.name];
    if (scale === 0) continue;
    const unit = termTable(term, spans);
    for (let index = 0; index < table.length; index++)
      table[index] = (table[index] as number) + scale * (unit[index] as number);
  }
  return table;
}

/** Number of spans that one mask keeps and the other deletes. */
export function maskDistance(a: Mask, b: Mask): number {
  let differ = 0;
  for (let span = 0; span < a.length; span++) differ += a[span] === b[span] ? 0 : 1;
  return differ;
}

/** zt . phi: the value of a mask that an attribution predicts, up to a constant. */
export function centredProduct(mask: Mask, attribution: Float64Array): number {
  let sum = 0;
  for (let span = 0; span < mask.length; span++)
    sum += ((mask[span] as number) - 0.5) * (attribution[span] as number);
  return sum;
}

/** Mean square of zt . phi over masks and inputs: turns the variance of a surrogate's factor into variance of values. */
export function surrogateMeanSquare(prior: SurrogatePrior): number {
  let sum = 0;
  for (const attribution of prior.attributions)
    for (const value of attribution) sum += value * value;
  return prior.attributions.length === 0 ? 0 : sum / (4 * prior.attributions.length);
}

export function attributionOf(prior: SurrogatePrior, input: number): Float64Array {
  const attribution = prior.attributions[input];
  if (!attribution)
    throw new UnderstudyError(
      "INTERNAL",
      `surrogate ${prior.name} has no attribution for input ${input}`,
    );
  return attribution;
}

/** Throws INTERNAL where shapes do not fit: a mask's or an attribution's length, an input without a class. */
export function checkDesign(design: HierarchicalDesign, cells: readonly Cell[]): void {
  const { spans, classes } = design;
  if (!Number.isInteger(spans) || spans < 1)
    throw new UnderstudyError("INTERNAL", `hierarchical attribution of ${spans} spans`);
  for (const { name, attributions } of design.surrogates) {
    if (attributions.length !== classes.length)
      throw new UnderstudyError(
        "INTERNAL",
        `surrogate ${name}: ${attributions.length} attributions for ${classes.length} inputs`,
      );
    const wrong = attributions.find((attribution) => attribution.length !== spans);
    if (wrong)
      throw new UnderstudyError(
        "INTERNAL",
        `surrogate ${name}: an attribution has ${wrong.length} numbers for ${spans} spans`,
      );
  }
  for (const { input, mask } of cells) {
    if (mask.length !== spans)
      throw new UnderstudyError("INTERNAL", `a mask has ${mask.length} entries for ${spans} spans`);
    if (classes[input] === undefined)
      throw new UnderstudyError("INTERNAL", `input ${input} has no output class`);
  }
}
