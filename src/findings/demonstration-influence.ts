/** Whether single demonstrations harm the answers they are shown for: a randomisation test over which of them are shown. */
import { UnderstudyError } from "../errors.js";
import { choleskyOrThrow, dot, solveCholesky } from "../numerics/linear-algebra.js";
import { benjaminiHochberg } from "../numerics/multiple-testing.js";
import { randomFrom, type Random } from "../numerics/random.js";

/** Demonstrations to show for one input: those whose bit is 1, in this order, and after that all others, in another order. */
export interface InfluencePair {
  readonly input: number;
  /** [demonstration]: 1 = shown with the first half. Bits are independent and fair. */
  readonly shown: Uint8Array;
  /** A random order of all demonstrations for each half: of it those that are not shown are left out. */
  readonly orders: readonly [readonly number[], readonly number[]];
}

/**
 * The pairs of every input: complementary halves of the demonstrations, so that the input's own level cancels in their difference, each
 * in random order, as later demonstrations weigh more. An order does not depend on which demonstrations are shown, so that one without
 * effect leaves every value as it is.
 */
export function designInfluence(options: {
  readonly demonstrations: number;
  readonly inputs: number;
  readonly pairsPerInput: number;
  readonly seed: string;
}): readonly InfluencePair[] {
  const { demonstrations, inputs, pairsPerInput, seed } = options;
  const random = randomFrom(`${seed}:influence of demonstrations`);
  const all = Array.from({ length: demonstrations }, (_, index) => index);
  return Array.from({ length: inputs * pairsPerInput }, (_, pair) => ({
    input: Math.floor(pair / pairsPerInput),
    shown: Uint8Array.from(all, () => random.integer(2)),
    orders: [random.shuffle(all), random.shuffle(all)] as const,
  }));
}

/** A pair that was answered: value with the first half of the demonstrations minus value with the second, nats. */
export interface MeasuredPair {
  readonly shown: Uint8Array;
  readonly difference: number;
}

/** What one demonstration does to the margins of the inputs. */
export interface InfluenceTest {
  /** One-sided: the demonstration lowers values. */
  readonly pValue: number;
  /** Benjamini and Hochberg over all demonstrations. */
  readonly qValue: number;
}

const REDRAWS = 1999;
const BITS = 30;
/** Relative to the squared length of a column of signs: keeps few pairs from being fitted exactly. */
const RIDGE = 0.02;

/**
 * One test a demonstration, exact whatever the distribution of values (a conditional randomisation test; Candes et al. 2018): differences
 * are freed of what the other demonstrations explain, and their product with this one's signs is held against its product with signs drawn
 * anew, which under "this demonstration changes no value" were as likely. Null for fewer pairs than twice the demonstrations: the estimates
 * would mean nothing. Throws INTERNAL where shapes differ or a difference is not finite.
 */
export function testInfluence(
  pairs: readonly MeasuredPair[],
  demonstrations: number,
  seed: string,
): readonly InfluenceTest[] | null {
  const wrong = pairs.find(
    ({ shown, difference }) => shown.length !== demonstrations || !Number.isFinite(difference),
  );
  if (wrong)
    throw new UnderstudyError(
      "INTERNAL",
      `a pair of ${wrong.shown.length} demonstrations with difference ${wrong.difference}`,
    );
  if (demonstrations === 0 || pairs.length < 2 * demonstrations) return null;
  const columns = Array.from({ length: demonstrations }, (_, column) =>
    Float64Array.from(pairs, ({ shown }) => (shown[column] === 1 ? 1 : -1)),
  );
  const differences = Float64Array.from(pairs, ({ difference }) => difference);
  const random = randomFrom(`${seed}:signs`);
  const pValues = columns.map((own, column) => {
    const others = columns.filter((_, other) => other !== column);
    return lowerTail(own, residuals(others, differences), random);
  });
  const qValues = benjaminiHochberg(pValues);
  return pValues.map((pValue, column) => ({
    pValue,
    qValue: qValues[column] ?? 1,
  }));
}

function residuals(columns: readonly Float64Array[], values: Float64Array): Float64Array {
  const coefficients = ridge(columns, values);
  return values.map((value, row) =>
    columns.reduce((rest, column, j) => rest - (column[row] ?? 0) * (coefficients[j] ?? 0), value),
  );
}

/** Share of redraws, the drawn signs among them, whose product with the residuals is at most that of the drawn signs. */
function lowerTail(signs: Float64Array, rest: Float64Array, random: Random): number {
  const own = signs.reduce((sum, sign, row) => sum + sign * (rest[row] ?? 0), 0);
  let below = 1;
  for (let redraw = 0; redraw < REDRAWS; redraw++) {
    let [sum, bits] = [0, 0];
    for (let row = 0; row < rest.length; row++) {
      // One draw gives the signs of many rows.
      bits = row % BITS === 0 ? random.integer(2 ** BITS) : bits >> 1;
      sum += (bits & 1) === 1 ? (rest[row] as number) : -(rest[row] as number);
    }
    // Ties count against the demonstration's guilt; a tolerance keeps rounding from breaking them.
    if (sum <= own + 1e-12 * (1 + Math.abs(own))) below++;
  }
  return below / (REDRAWS + 1);
}

function ridge(columns: readonly Float64Array[], values: Float64Array): Float64Array {
  const size = columns.length;
  if (size === 0) return new Float64Array(0);
  const gram = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++)
      gram[i * size + j] =
        dot(columns[i] as Float64Array, columns[j] as Float64Array) +
        (i === j ? RIDGE * Math.max(1, values.length) : 0);
  return solveCholesky(
    choleskyOrThrow(gram, size),
    Float64Array.from(columns, (column) => dot(column, values)),
  );
}
