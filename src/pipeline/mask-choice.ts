/** Which masked inputs the oracle is asked: all at once, or step by step where they tell most. */
import type { MaskedInput, MaskedValue } from "../domain.js";
import { nextMasks } from "../explain/active-design.js";
import { designMasks, type MaskDesignOptions } from "../explain/masks.js";
import { randomFrom } from "../numerics/random.js";
import type { Job } from "./ports.js";

export interface MaskChoice {
  readonly job: Job;
  readonly design: MaskDesignOptions;
  /** Output class of each input. */
  readonly classes: readonly string[];
  /** Asks the oracle; what it does not answer is missing from the rows. */
  readonly measure: (masks: readonly MaskedInput[]) => Promise<readonly MaskedValue[]>;
  /** Which inputs need no masks, for the choice `screened`. */
  readonly spare: SpareInputs | null;
}

/** From the rows so far: the inputs that may go without masks, or null where nothing licenses that yet. */
export type SpareInputs = (rows: readonly MaskedValue[]) => Promise<ReadonlySet<number> | null>;

export interface ChosenMasks {
  readonly rows: readonly MaskedValue[];
  /** Masked inputs that were asked. */
  readonly masked: number;
}

/** Inputs between two looks at the screen. */
const SCREENED_INPUTS = 5;
/** Masks an input before the first choice: the scales of the model are learnt from them. */
const FIRST_MASKS = 2;
/** Effects below this share of the values' standard deviation count as none, and an interval of this width as narrow. */
const NEGLIGIBLE_SHARE = 0.25;

/** Never more masked inputs than masks an input times inputs. */
export async function chooseMasks(choice: MaskChoice): Promise<ChosenMasks> {
  const { job, design, measure } = choice;
  if (job.settings["mask-choice"] === "active") return chooseActively(choice);
  if (choice.spare !== null) return chooseScreened(choice, choice.spare);
  const { assignment } = designMasks(design);
  return { rows: await measure(assignment), masked: assignment.length };
}

/**
 * All masks of five inputs at a time, in an order fixed by the design, until some of the others may be spared; then those that may not.
 * The order knows nothing of the values, so that what was measured is a draw without replacement.
 */
async function chooseScreened(
  { job, design, measure }: MaskChoice,
  spare: SpareInputs,
): Promise<ChosenMasks> {
  const { assignment } = designMasks(design);
  const of = (inputs: readonly number[]): readonly MaskedInput[] =>
    assignment.filter(({ input }) => inputs.includes(input));
  const all = Array.from({ length: design.inputs }, (_, input) => input);
  const order = randomFrom(`screened inputs\n${design.seed}`).shuffle(all);
  let rows: readonly MaskedValue[] = [];
  let masked = 0;
  for (let done = 0; done < order.length;) {
    const spared = done === 0 ? null : await spare(rows);
    const left = order.slice(done);
    const next =
      spared === null ? left.slice(0, SCREENED_INPUTS) : left.filter((input) => !spared.has(input));
    const masks = of(next);
    rows = [...rows, ...(await measure(masks))];
    masked += masks.length;
    done = spared === null ? done + next.length : order.length;
    if (spared !== null)
      job.ports.say(
        `screened masks: ${masked} of ${assignment.length}; ${left.length - next.length} inputs are left to a certified surrogate`,
      );
  }
  return { rows, masked };
}

/** Two balanced masks an input, then batches of those that most narrow which spans can go (methods A10), until that is clear. */
async function chooseActively(choice: MaskChoice): Promise<ChosenMasks> {
  const { job, design, measure } = choice;
  const masksPerInput = Math.min(FIRST_MASKS, design.masksPerInput);
  const first = designMasks({ ...design, masksPerInput }).assignment;
  const { pool } = designMasks(design);
  const budget = design.inputs * design.masksPerInput;
  let rows = await measure(first);
  let masked = first.length;
  // Masks without an answer are not asked again: they stay spent.
  const spent = new Set(first.map(nameOf));
  while (rows.length > 0) {
    const step = stepAfter(choice, rows, { maskPool: pool, budget: budget - masked });
    const masks = step.kind === "stop" ? [] : step.masks.filter((one) => !spent.has(nameOf(one)));
    if (masks.length === 0) {
      const reason = step.kind === "stop" ? step.reason : "pool exhausted";
      job.ports.say(`active masks: ${masked} of at most ${budget}, stopped: ${reason}`);
      break;
    }
    for (const one of masks) spent.add(nameOf(one));
    masked += masks.length;
    rows = [...rows, ...(await measure(masks))];
  }
  return { rows, masked };
}

function stepAfter(
  { design, classes }: MaskChoice,
  rows: readonly MaskedValue[],
  left: Pick<Parameters<typeof nextMasks>[0], "maskPool" | "budget">,
): ReturnType<typeof nextMasks> {
  const negligible = NEGLIGIBLE_SHARE * deviationOf(rows);
  return nextMasks({
    spans: design.spans,
    classes,
    surrogates: [],
    rows,
    ...left,
    threshold: negligible,
    width: negligible,
    seed: design.seed,
  });
}

function nameOf({ input, mask }: MaskedInput): string {
  return `${input}:${mask.join("")}`;
}

function deviationOf(rows: readonly MaskedValue[]): number {
  const mean = rows.reduce((sum, { value }) => sum + value, 0) / rows.length;
  return Math.sqrt(rows.reduce((sum, { value }) => sum + (value - mean) ** 2, 0) / rows.length);
}
