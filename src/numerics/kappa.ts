import { UnderstudyError } from "../errors.js";
import { normalQuantile } from "./normal.js";

/** What two raters said of the same items, as indices of categories. */
export interface Ratings {
  readonly first: ArrayLike<number>;
  readonly second: ArrayLike<number>;
  readonly categories: number;
}

/** Agreement beyond chance; undefined where both raters always say the same one thing, so that chance alone gives agreement. */
export type Kappa =
  | {
      readonly kind: "kappa";
      readonly estimate: number;
      /** One-sided lower confidence bound. */
      readonly low: number;
      /** Share of items on which the raters agree, and the share expected by chance. */
      readonly agreement: number;
      readonly chance: number;
    }
  | { readonly kind: "undefined"; readonly agreement: number };

const BISECTIONS = 40;

/**
 * Cohen's kappa (1960) with a one-sided lower bound for independent items. The bound inverts a score test: the variance of Fleiss,
 * Cohen and Everitt (1969) is taken not at the observed table but at the one with the same margins whose kappa is that of the
 * hypothesis, on the line between the observed table and independence; half an item is taken off the agreement for continuity. So
 * two items of a rare category, both agreed on, are no proof, and perfect agreement has no bound of 1. Without the correction the
 * bound covers kappa as rarely as 88 % of the time where one category has 96 %, as does a Wald bound with pseudo-counts; simulated
 * coverage of this one is in the tests. Throws INTERNAL for no items, unequal lengths, or a category out of range.
 */
export function cohenKappa(ratings: Ratings, confidence: number): Kappa {
  const table = tableOf(ratings);
  const { agreement, chance } = table;
  if (chance >= 1 - 1e-12) return { kind: "undefined", agreement };
  const estimate = (agreement - chance) / (1 - chance);
  const low = lowerBound(table, estimate, normalQuantile(confidence));
  return { kind: "kappa", estimate, low, agreement, chance };
}

interface Table {
  readonly items: number;
  readonly categories: number;
  /** [first * categories + second], shares that add up to 1. */
  readonly cells: Float64Array;
  readonly rows: Float64Array;
  readonly columns: Float64Array;
  readonly agreement: number;
  readonly chance: number;
}

function tableOf({ first, second, categories }: Ratings): Table {
  const items = first.length;
  if (items === 0 || items !== second.length)
    throw new UnderstudyError("INTERNAL", `kappa of ${items} and ${second.length} ratings`);
  const cells = new Float64Array(categories * categories);
  const rows = new Float64Array(categories);
  const columns = new Float64Array(categories);
  const count = (counts: Float64Array, at: number): void => {
    counts[at] = (counts[at] as number) + 1;
  };
  for (let item = 0; item < items; item++) {
    const [row, column] = [first[item] as number, second[item] as number];
    if (![row, column].every((one) => Number.isInteger(one) && one >= 0 && one < categories))
      throw new UnderstudyError("INTERNAL", `ratings ${row} and ${column} of ${categories}`);
    count(cells, row * categories + column);
    count(rows, row);
    count(columns, column);
  }
  const share = (counts: Float64Array): Float64Array => counts.map((each) => each / items);
  const agreed = rows.reduce(
    (sum, _, category) => sum + (cells[category * categories + category] as number),
    0,
  );
  const chance = rows.reduce((sum, row, category) => sum + row * (columns[category] as number), 0);
  return {
    items,
    categories,
    cells: share(cells),
    rows: share(rows),
    columns: share(columns),
    agreement: agreed / items,
    chance: chance / items ** 2,
  };
}

/** The smallest kappa that the test does not reject. */
function lowerBound(table: Table, estimate: number, quantile: number): number {
  const corrected = estimate - 0.5 / table.items / (1 - table.chance);
  const rejected = (kappa: number): boolean =>
    corrected - kappa >= quantile * Math.sqrt(varianceAt(table, kappa, estimate));
  if (!rejected(0)) return corrected - quantile * Math.sqrt(varianceAt(table, 0, estimate));
  let [low, high] = [0, corrected];
  for (let step = 0; step < BISECTIONS; step++) {
    const middle = (low + high) / 2;
    if (rejected(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Variance of the estimate where the true kappa lies between 0 and the estimate; below 0 that of independence stands in. */
function varianceAt(table: Table, kappa: number, estimate: number): number {
  const { items, categories, cells, rows, columns, chance } = table;
  const truth = Math.max(0, Math.min(kappa, estimate));
  const weight = estimate > 0 ? truth / estimate : 0;
  const [disagreement, last] = [1 - truth, truth - chance * (1 - truth)];
  let sum = -last * last;
  for (let i = 0; i < categories; i++)
    for (let j = 0; j < categories; j++) {
      const independent = (rows[i] as number) * (columns[j] as number);
      const cell = (1 - weight) * independent + weight * (cells[i * categories + j] as number);
      const margins = (columns[i] as number) + (rows[j] as number);
      const factor = (i === j ? 1 : 0) - margins * disagreement;
      sum += cell * factor * factor;
    }
  return Math.max(0, sum) / (items * (1 - chance) ** 2);
}
