import type { OraclePurpose, PlannedCalls } from "../domain.js";
import { sumPrices, type Pricing } from "./prices.js";

/** Sizes of the job for one prompt; tokens are means of one call. */
export interface PlanOptions {
  /** Production model, for the price; null where none is named, so that the cost is unknown. */
  readonly model: string | null;
  readonly price: Pricing;
  readonly searchInputs: number;
  readonly certifyInputs: number;
  readonly masksPerInput: number;
  /** Tokens of the prompt with one input filled in, and of the average mask of it. */
  readonly promptTokens: number;
  readonly maskedPromptTokens: number;
  /** Longest answer. */
  readonly completionTokens: number;
  /** Most calls of the search for a shorter prompt, of its certification and of the control arm. */
  readonly compression: {
    readonly search: number;
    readonly certification: number;
    readonly control: number;
  };
  /** Outputs asked for again without spans that hold suspected instructions. */
  readonly injections: number;
  /** Most calls of judging the demonstrations, of measuring their influence, and of confirming what is suspicious. */
  readonly demonstrations: {
    readonly judging: number;
    readonly influence: number;
    readonly confirmation: number;
  };
  /** Fixed outputs asked again for the oracle's self-disagreement. */
  readonly repeats: number;
  /** Inputs of which the version before the change is asked, and masks of it an input; absent: it is not asked. */
  readonly base?: { readonly inputs: number; readonly masksPerInput: number };
  /** What the kind of value may take where answers carry no log-probabilities. */
  readonly withoutLogProbabilities: {
    /** Whether outputs are labels; else they are free text, for which there are no margins in any case. */
    readonly labels: boolean;
    /** Answers at temperature 1 a masked prompt, where outputs are labels. */
    readonly samplesPerMask: number;
    /** Repeats of the whole prompt from which the noise of similarities is estimated, where outputs are free text. */
    readonly noiseRepeats: number;
    /** Most calls that tell whether the server scores given text. */
    readonly probe: number;
  };
}

/** Calls by purpose. */
export type CallsByPurpose = Readonly<Record<OraclePurpose, number>>;

/**
 * Calls, tokens and USD that an explanation and a certified shorter prompt would take: the fixed outputs on all inputs, the masks on the
 * search set, repeats, the search, the certification and its control arm, and what demonstrations are asked. An upper estimate: search and
 * certification stop early, and where no demonstration is suspicious nothing is confirmed. Masked, searched and certified prompts and
 * those with half of the demonstrations count at the size of the average mask, the rest at full size, every answer at its longest.
 *
 * `calls` is for an oracle that gives log-probabilities, where outputs are labels; `most` for one that gives none: it is asked whether it
 * scores given text, and each mask then takes several answers. With free text the two are the same.
 */
export function planOf(options: PlanOptions): PlannedCalls {
  const usual = callsOf(options, options.withoutLogProbabilities.labels);
  const worst = callsOf(options, false);
  return {
    ...priced(options, usual),
    byPurpose: usual,
    most: priced(options, worst),
  };
}

/** The plan of several prompts together; null where there is none. */
export function sumPlans(plans: readonly PlannedCalls[]): PlannedCalls | null {
  const [first, ...rest] = plans;
  return first === undefined ? null : rest.reduce(add, first);
}

function callsOf(options: PlanOptions, margins: boolean): CallsByPurpose {
  const { searchInputs, certifyInputs, compression, demonstrations, repeats } = options;
  const { labels, samplesPerMask, noiseRepeats, probe } = options.withoutLogProbabilities;
  const answersPerMask = !margins && labels ? samplesPerMask : 1;
  return {
    "fixed outputs": searchInputs + certifyInputs + (margins ? 0 : probe),
    masks: searchInputs * options.masksPerInput * answersPerMask,
    search: compression.search,
    certification: compression.certification,
    control: compression.control,
    demonstrations: demonstrations.judging,
    "influence of demonstrations": demonstrations.influence,
    confirmation: demonstrations.confirmation,
    repeats: Math.max(repeats, labels ? 0 : noiseRepeats),
    injections: options.injections,
    base: baseCalls(options.base, answersPerMask, margins),
  };
}

/** The outputs, and where there are masks also the value of the whole prompt, which margins read off the outputs. */
function baseCalls(base: PlanOptions["base"], answersPerMask: number, margins: boolean): number {
  if (base === undefined) return 0;
  const { inputs, masksPerInput } = base;
  const whole = masksPerInput === 0 || margins ? 0 : answersPerMask;
  return inputs * (1 + whole + masksPerInput * answersPerMask);
}

const WHOLE: readonly OraclePurpose[] = [
  "fixed outputs",
  "demonstrations",
  "confirmation",
  "repeats",
  "base",
];

function priced(
  options: PlanOptions,
  byPurpose: CallsByPurpose,
): Omit<PlannedCalls, "byPurpose" | "most"> {
  const calls = Object.values(byPurpose).reduce((sum, count) => sum + count, 0);
  const whole = WHOLE.reduce((sum, purpose) => sum + byPurpose[purpose], 0);
  const shorter = calls - whole;
  return {
    calls,
    promptTokens: Math.round(whole * options.promptTokens + shorter * options.maskedPromptTokens),
    cost: sumPrices([
      costOf(options, whole, options.promptTokens),
      costOf(options, shorter, options.maskedPromptTokens),
    ]),
  };
}

function costOf(
  { model, price, completionTokens }: PlanOptions,
  calls: number,
  promptTokens: number,
): number | null {
  const each = model === null ? null : price(model, { promptTokens, completionTokens });
  return each === null ? null : each * calls;
}

function add(left: PlannedCalls, right: PlannedCalls): PlannedCalls {
  const sum = (purpose: OraclePurpose): number =>
    left.byPurpose[purpose] + right.byPurpose[purpose];
  return {
    ...addPriced(left, right),
    byPurpose: {
      "fixed outputs": sum("fixed outputs"),
      masks: sum("masks"),
      search: sum("search"),
      certification: sum("certification"),
      control: sum("control"),
      demonstrations: sum("demonstrations"),
      "influence of demonstrations": sum("influence of demonstrations"),
      confirmation: sum("confirmation"),
      repeats: sum("repeats"),
      injections: sum("injections"),
      base: sum("base"),
    },
    most: addPriced(left.most, right.most),
  };
}

function addPriced(left: PlannedCalls["most"], right: PlannedCalls["most"]): PlannedCalls["most"] {
  return {
    calls: left.calls + right.calls,
    promptTokens: left.promptTokens + right.promptTokens,
    cost: sumPrices([left.cost, right.cost]),
  };
}
