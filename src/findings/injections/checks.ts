/** How many outputs are asked for again, with flagged spans deleted, within a budget. */
export interface DeletionChecks {
  /** Deletions that are tried, the first of those there are. */
  readonly deletions: number;
  /** Inputs on which each of them is tried. */
  readonly inputsEach: number;
}

/** Divides `budget` evaluations evenly; where they are fewer than the deletions, the first ones get one input each. */
export function planChecks(options: {
  readonly deletions: number;
  readonly inputs: number;
  readonly budget: number;
}): DeletionChecks {
  const { inputs, budget } = options;
  const deletions = Math.min(options.deletions, budget);
  if (deletions === 0 || inputs === 0) return { deletions: 0, inputsEach: 0 };
  return { deletions, inputsEach: Math.min(inputs, Math.floor(budget / deletions)) };
}
