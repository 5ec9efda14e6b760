/** Draws of the benchmark: which rows become demonstrations, which labels are flipped, which rows ask. All follow from seeds. */
import type { Mask } from "../../src/domain.js";
import { denseMasks } from "../../src/explain/mask-pool.js";
import { type Random, randomFrom } from "../../src/numerics/random.js";
import { type PoolRow, type Task, labelsOf } from "./tasks.js";

export const DRAWS = 20;
export const DEMONSTRATIONS = 8;
/** Rows of a draw that the oracle's influence is measured on. */
export const INFLUENCE_QUERIES = 8;
/** Masks of the oracle's influence, and how many of its rows are asked under each. */
export const INFLUENCE_MASKS = 12;
export const QUERIES_A_MASK = 4;

export interface DrawnDemonstration {
  readonly row: PoolRow;
  /** Label in the prompt; another than the row's where it was flipped. */
  readonly written: number;
}

/** Demonstrations that are kept, in an order of their own, and the rows that are asked under them. */
export interface InfluenceMask {
  readonly mask: Mask;
  /** Kept demonstrations as they stand in the prompt. */
  readonly order: readonly number[];
  /** Indices into `influenceQueries`. */
  readonly queries: readonly number[];
}

export interface Draw {
  readonly demonstrations: readonly DrawnDemonstration[];
  readonly queries: readonly PoolRow[];
  readonly influenceQueries: readonly PoolRow[];
  /** As many demonstrations as are flipped, chosen blindly. */
  readonly random: readonly number[];
  /** Two orders in which the others stand around a demonstration that asks: as written, and reversed. */
  readonly orders: readonly (readonly number[])[];
  readonly masks: readonly InfluenceMask[];
}

/** Two, three, four flips in turn. */
export function plantedIn(draw: number): number {
  return 2 + (draw % 3);
}

/** One draw; rows of a draw are distinct, labels are as balanced as their numbers allow. Throws where the pool is too small. */
export function drawOf(task: Task, pool: readonly PoolRow[], draw: number): Draw {
  const random = randomFrom(`demonstrations\n${task.name}\n${draw}`);
  const labels = labelsOf(task).length;
  const byLabel = Array.from({ length: labels }, (_, label) =>
    random.shuffle(pool.filter((row) => row.label === label)),
  );
  const take = (count: number): PoolRow[] =>
    random.shuffle(
      Array.from({ length: count }, (_, index) => {
        const row = byLabel[index % labels]?.pop();
        if (row === undefined) throw new RangeError(`${task.name}: too few rows of a label`);
        return row;
      }),
    );
  const rows = take(DEMONSTRATIONS);
  const positions = [...rows.keys()];
  const flipped = new Set(random.shuffle(positions).slice(0, plantedIn(draw)));
  const demonstrations = rows.map((row, position) => ({
    row,
    written: flipped.has(position) ? otherLabel(row.label, labels, random) : row.label,
  }));
  return {
    demonstrations,
    queries: take(task.queries),
    influenceQueries: take(INFLUENCE_QUERIES),
    random: random.shuffle(positions).slice(0, plantedIn(draw)),
    orders: [positions, positions.toReversed()],
    masks: influenceMasks(random),
  };
}

function otherLabel(label: number, labels: number, random: Random): number {
  return (label + 1 + random.integer(labels - 1)) % labels;
}

/** Balanced masks of half of the demonstrations, each in a random order, asked by half of the rows in turn. */
function influenceMasks(random: Random): InfluenceMask[] {
  return denseMasks(DEMONSTRATIONS, INFLUENCE_MASKS, new Set(), random).map((mask, index) => ({
    mask,
    order: random.shuffle([...mask.keys()].filter((position) => mask[position] === 1)),
    queries: Array.from(
      { length: QUERIES_A_MASK },
      (_, offset) => (index * QUERIES_A_MASK + offset) % INFLUENCE_QUERIES,
    ),
  }));
}
