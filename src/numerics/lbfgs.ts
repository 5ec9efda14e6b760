import { UnderstudyError } from "../errors.js";
import { dot } from "./linear-algebra.js";

/** A function's value and gradient at a point; a value of Infinity marks a point outside its domain. */
export interface Evaluation {
  readonly value: number;
  readonly gradient: Float64Array;
}

export interface MinimiseOptions {
  readonly maxIterations?: number;
  /** Stop when no component of the gradient is larger. */
  readonly gradientTolerance?: number;
  /** Stop when one iteration lowers the value by less than this times max(1, |value|). */
  readonly valueTolerance?: number;
}

export interface Minimum {
  readonly point: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
  readonly iterations: number;
  readonly evaluations: number;
  /** Why it stopped; "stalled": no step along a descent direction lowers the value any more. */
  readonly stopped: "gradient" | "value" | "iterations" | "stalled";
}

type Objective = (point: Float64Array) => Evaluation;

interface Step {
  readonly length: number;
  readonly point: Float64Array;
  readonly evaluation: Evaluation;
  readonly slope: number;
}

interface Correction {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly inverseCurvature: number;
}

const MEMORY = 10;
/** Constants of the strong Wolfe conditions, as usual for quasi-Newton methods. */
const SUFFICIENT_DECREASE = 1e-4;
const CURVATURE = 0.9;
const MAX_LINE_STEPS = 30;

/**
 * Local minimum of a smooth function by limited-memory BFGS with a strong Wolfe line search.
 * Nocedal and Wright, Numerical Optimization (2006), algorithms 7.4, 7.5, 3.5 and 3.6.
 * Throws INTERNAL where the starting point is outside the function's domain.
 */
export function minimise(
  objective: Objective,
  start: Float64Array,
  options: MinimiseOptions = {},
): Minimum {
  const { maxIterations = 200, gradientTolerance = 1e-6, valueTolerance = 1e-12 } = options;
  let evaluations = 0;
  const counted: Objective = (point) => {
    evaluations++;
    return objective(point);
  };
  let point: Float64Array = Float64Array.from(start);
  let current = counted(point);
  if (!Number.isFinite(current.value))
    throw new UnderstudyError("INTERNAL", "minimisation starts where the function is not finite");
  const corrections: Correction[] = [];
  const ended = (stopped: Minimum["stopped"], iterations: number): Minimum => ({
    point,
    value: current.value,
    gradient: current.gradient,
    iterations,
    evaluations,
    stopped,
  });
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    if (largest(current.gradient) <= gradientTolerance) return ended("gradient", iteration);
    const direction = descentDirection(current.gradient, corrections);
    const first = corrections.length === 0 ? Math.min(1, 1 / norm(current.gradient)) : 1;
    const found = wolfeSearch(counted, { point, evaluation: current, direction, first });
    if (found === null) {
      if (corrections.length === 0) return ended("stalled", iteration);
      // The curvature collected so far misleads: start again from steepest descent.
      corrections.length = 0;
      continue;
    }
    remember(corrections, found, point, current);
    const decrease = current.value - found.evaluation.value;
    point = found.point;
    current = found.evaluation;
    if (decrease <= valueTolerance * Math.max(1, Math.abs(current.value)))
      return ended("value", iteration + 1);
  }
  return ended("iterations", maxIterations);
}

function norm(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}

function largest(a: Float64Array): number {
  return a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function along(point: Float64Array, direction: Float64Array, length: number): Float64Array {
  return point.map((value, index) => value + length * (direction[index] as number));
}

/** Two-loop recursion (algorithm 7.4). */
function descentDirection(
  gradient: Float64Array,
  corrections: readonly Correction[],
): Float64Array {
  const direction = gradient.map((value) => -value);
  const weights: number[] = [];
  for (const correction of corrections.toReversed()) {
    const weight = correction.inverseCurvature * dot(correction.step, direction);
    weights.push(weight);
    addTo(direction, correction.change, -weight);
  }
  const last = corrections.at(-1);
  if (last) {
    const scale = 1 / (last.inverseCurvature * dot(last.change, last.change));
    for (let i = 0; i < direction.length; i++) direction[i] = (direction[i] as number) * scale;
  }
  for (const correction of corrections) {
    const weight =
      (weights.pop() as number) - correction.inverseCurvature * dot(correction.change, direction);
    addTo(direction, correction.step, weight);
  }
  return direction;
}

function addTo(target: Float64Array, direction: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++)
    target[i] = (target[i] as number) + factor * (direction[i] as number);
}

function remember(
  corrections: Correction[],
  found: Step,
  point: Float64Array,
  before: Evaluation,
): void {
  const step = found.point.map((value, index) => value - (point[index] as number));
  const change = found.evaluation.gradient.map(
    (value, index) => value - (before.gradient[index] as number),
  );
  const curvature = dot(step, change);
  if (curvature <= 1e-14 * dot(change, change)) return;
  corrections.push({ step, change, inverseCurvature: 1 / curvature });
  if (corrections.length > MEMORY) corrections.shift();
}

interface Line {
  readonly point: Float64Array;
  readonly evaluation: Evaluation;
  readonly direction: Float64Array;
  readonly first: number;
}

/** Algorithm 3.5: lengthen the step until it brackets a point that satisfies the strong Wolfe conditions. */
function wolfeSearch(objective: Objective, line: Line): Step | null {
  const probe = prober(objective, line);
  const origin: Step = {
    length: 0,
    point: line.point,
    evaluation: line.evaluation,
    slope: dot(line.evaluation.gradient, line.direction),
  };
  if (!(origin.slope < 0)) return null;
  let previous = origin;
  let length = line.first;
  for (let count = 0; count < MAX_LINE_STEPS; count++) {
    const step = probe(length);
    if (
      !decreasesEnough(step, origin) ||
      (count > 0 && step.evaluation.value >= previous.evaluation.value)
    )
      return zoom(probe, origin, [previous, step]);
    if (Math.abs(step.slope) <= -CURVATURE * origin.slope) return step;
    if (step.slope >= 0) return zoom(probe, origin, [step, previous]);
    previous = step;
    length *= 2;
  }
  return previous === origin ? null : previous;
}

function prober(objective: Objective, line: Line): (length: number) => Step {
  return (length) => {
    const point = along(line.point, line.direction, length);
    const evaluation = objective(point);
    return { length, point, evaluation, slope: dot(evaluation.gradient, line.direction) };
  };
}

function decreasesEnough(step: Step, origin: Step): boolean {
  return (
    step.evaluation.value <=
    origin.evaluation.value + SUFFICIENT_DECREASE * step.length * origin.slope
  );
}

/** Algorithm 3.6: shrink the bracket [lowest value, other end]. */
function zoom(
  probe: (length: number) => Step,
  origin: Step,
  bracket: readonly [Step, Step],
): Step | null {
  let [low, high] = bracket;
  for (let count = 0; count < MAX_LINE_STEPS; count++) {
    const step = probe(interpolated(low, high));
    if (!decreasesEnough(step, origin) || step.evaluation.value >= low.evaluation.value) {
      high = step;
    } else {
      if (Math.abs(step.slope) <= -CURVATURE * origin.slope) return step;
      if (step.slope * (high.length - low.length) >= 0) high = low;
      low = step;
    }
    if (Math.abs(high.length - low.length) <= 1e-12 * Math.max(1e-6, low.length)) break;
  }
  return low.length === 0 ? null : low;
}

/** Minimum of the cubic through both ends (equation 3.59), kept away from the ends; the middle where there is none. */
function interpolated(low: Step, high: Step): number {
  const width = high.length - low.length;
  const middle = low.length + width / 2;
  if (!Number.isFinite(high.evaluation.value)) return low.length + width / 10;
  const d1 =
    low.slope +
    high.slope -
    (3 * (low.evaluation.value - high.evaluation.value)) / (low.length - high.length);
  const square = d1 * d1 - low.slope * high.slope;
  if (!(square >= 0)) return middle;
  const d2 = Math.sign(width) * Math.sqrt(square);
  const length = high.length - (width * (high.slope + d2 - d1)) / (high.slope - low.slope + 2 * d2);
  const nearest = Math.min(low.length, high.length) + 0.1 * Math.abs(width);
  const farthest = Math.max(low.length, high.length) - 0.1 * Math.abs(width);
  return Number.isFinite(length) ? Math.min(farthest, Math.max(nearest, length)) : middle;
}
