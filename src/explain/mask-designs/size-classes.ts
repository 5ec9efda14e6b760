import type { Mask } from "../../domain.js";
import { binomialCoefficient } from "../../numerics/binomial-coefficient.js";
import type { Random } from "../../numerics/random.js";
import { complementOf, masksOfSize } from "./enumeration.js";

/** Masks of one size up to which they are listed and dealt; beyond, drawn at random and repeats rejected. */
const LISTED_MASKS = 2000;
const ATTEMPTS = 1000;

/** Distinct masks up to a number that is never exceeded. */
export class DistinctMasks {
  readonly masks: Mask[] = [];
  readonly #seen = new Set<string>();

  constructor(readonly budget: number) {}

  get left(): number {
    return this.budget - this.masks.length;
  }

  has(mask: Mask): boolean {
    return this.#seen.has(mask.join(""));
  }

  /** Adds a mask that is new and within the budget; false where it is neither. */
  add(mask: Mask): boolean {
    if (this.left < 1 || this.has(mask)) return false;
    this.#seen.add(mask.join(""));
    this.masks.push(mask);
    return true;
  }
}

/** The masks that keep one number of spans, drawn at random without replacement. */
export class SizeClass {
  readonly #listed: Mask[] | null;

  constructor(
    readonly spans: number,
    readonly size: number,
    private readonly random: Random,
  ) {
    this.#listed =
      binomialCoefficient(spans, size) <= LISTED_MASKS
        ? random.shuffle(masksOfSize(spans, size))
        : null;
  }

  /** A mask that is not among `taken`; null where there is none left. */
  draw(taken: DistinctMasks): Mask | null {
    for (let attempt = 0; attempt < ATTEMPTS || this.#listed; attempt++) {
      const mask = this.#listed ? this.#listed.pop() : this.#random();
      if (mask === undefined) return null;
      if (!taken.has(mask)) return mask;
    }
    return null;
  }

  #random(): Mask {
    const order = this.random.shuffle(Array.from({ length: this.spans }, (_, span) => span));
    const mask = new Uint8Array(this.spans);
    for (const span of order.slice(0, this.size)) mask[span] = 1;
    return mask;
  }
}

export interface SizeDraw {
  readonly spans: number;
  /** Add every mask's complement with it, and only where both fit. */
  readonly paired: boolean;
  /** Sizes to draw from, never 0 or `spans`; of paired draws those up to half of the spans. */
  readonly sizes: readonly number[];
  /** Which of the sizes that are left comes next. */
  readonly next: (sizes: readonly number[]) => number;
}

/** Fills `masks` up to its budget with masks of the sizes that `next` asks for, each size until its masks are used up. */
export function drawBySize(masks: DistinctMasks, draw: SizeDraw, random: Random): void {
  const classes = new Map<number, SizeClass>();
  let sizes = [...draw.sizes];
  while (masks.left >= (draw.paired ? 2 : 1) && sizes.length > 0) {
    const size = draw.next(sizes);
    const sizeClass = classes.get(size) ?? new SizeClass(draw.spans, size, random);
    classes.set(size, sizeClass);
    const mask = sizeClass.draw(masks);
    if (mask === null) {
      sizes = sizes.filter((other) => other !== size);
      continue;
    }
    masks.add(mask);
    if (draw.paired) masks.add(complementOf(mask));
  }
}

/** Sizes 1 .. spans - 1, or with pairs the smaller size of each pair. */
export function innerSizes(spans: number, paired: boolean): number[] {
  const largest = paired ? Math.floor(spans / 2) : spans - 1;
  return Array.from({ length: largest }, (_, index) => index + 1);
}

/** Visits all sizes that are left once, in random order, before it visits one again: equally often, as far as there are masks. */
export function evenly(random: Random): (sizes: readonly number[]) => number {
  let round: number[] = [];
  return (sizes) => {
    round = round.filter((size) => sizes.includes(size));
    if (round.length === 0) round = random.shuffle(sizes);
    return round.pop() as number;
  };
}
