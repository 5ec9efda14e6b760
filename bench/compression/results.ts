/** Figures of one template: every ranking on fresh inputs with one path for all, and on attributed inputs with a path of their own. */
import type { Interval } from "../../src/domain.js";
import { openRecordedTemplate } from "../games/measured.js";
import { inputAt, type TemplateName } from "../games/games.js";
import {
  areaUnchanged,
  meanMargin,
  meanOf,
  EQUALITIES,
  overResampledInputs,
  pathOf,
  shareAtTolerance,
  shareUntilChange,
  type InputPath,
} from "./measures.js";
import { rankingsOf, type Ranking } from "./rankings.js";
import type { CompressionRecording } from "./recording.js";
import { MEASURED } from "./deletions.js";

/** At most this share of outputs may change: the program's default tolerance. */
export const TOLERANCE = 0.05;
export const RANDOM = "random";

/** One ranking, or the mean of the random orders: a list of paths an order, [order][input]. */
interface Arm {
  readonly name: string;
  readonly orders: readonly (readonly InputPath[])[];
}

export interface ArmFigures {
  readonly name: string;
  /** Largest share of tokens gone with at most `TOLERANCE` of the answers changed; the mean over orders where there are several. */
  readonly atTolerance: number;
  /** Smallest and largest over orders; null for a single order. */
  readonly spread: readonly [number, number] | null;
  readonly minusRandom: Interval | null;
  readonly area: Interval;
  readonly areaSpread: readonly [number, number] | null;
  readonly areaMinusRandom: Interval | null;
  /** Mean share an input loses along this path before its answer first changes. */
  readonly untilChange: number;
  /** Nats by which the first label leads, averaged along the path; null where a margin is missing. */
  readonly margin: number | null;
  /** Share of unchanged answers by checkpoint, with the share of tokens gone. */
  readonly curve: readonly { readonly share: number; readonly unchanged: number }[];
  /** [input], for comparisons of two rankings. */
  readonly areas: readonly number[];
}

export interface OwnFigures {
  readonly name: string;
  readonly untilChange: Interval;
  readonly minusRandom: Interval | null;
  /** [input] */
  readonly shares: readonly number[];
}

/** One path for all inputs, on inputs that no attribution has seen. Rankings whose answers are not all recorded are left out. */
export function sharedFigures(
  name: TemplateName,
  recording: CompressionRecording,
  equality: keyof typeof EQUALITIES = "label",
): readonly ArmFigures[] {
  const positions = [...recording.fresh.keys()].slice(0, MEASURED.fresh);
  const arms = armsOf(name, ({ order }) =>
    complete(positions.map((one) => pathOf(recording, one, order, EQUALITIES[equality]))),
  );
  const random = arms.find((arm) => arm.name === RANDOM) ?? null;
  return arms.map((arm) => figuresOf(name, arm, arm === random ? null : random));
}

/** Paths of all inputs, asked to their ends; null where one is not. */
function complete(paths: readonly (InputPath | null)[]): readonly InputPath[] | null {
  const known = paths.filter((path) => path !== null);
  return known.every(({ shares, unchanged }) => shares.length === unchanged.length) &&
    known.length === paths.length
    ? known
    : null;
}

/** Rankings with what was recorded of them; random orders joined. */
function armsOf(
  name: TemplateName,
  recorded: (ranking: Ranking) => readonly InputPath[] | null,
): readonly Arm[] {
  const arms = new Map<string, (readonly InputPath[])[]>();
  for (const ranking of rankingsOf(name)) {
    const paths = recorded(ranking);
    if (paths === null) continue;
    const arm = ranking.name.startsWith(RANDOM) ? RANDOM : ranking.name;
    arms.set(arm, [...(arms.get(arm) ?? []), paths]);
  }
  return [...arms].map(([arm, orders]) => ({ name: arm, orders }));
}

function figuresOf(name: string, arm: Arm, random: Arm | null): ArmFigures {
  const inputs = arm.orders[0]?.length ?? 0;
  const seed = `${name}\n${arm.name}`;
  const tolerated = (of: Arm, positions: readonly number[]): number =>
    meanOf(
      of.orders.map((paths) =>
        shareAtTolerance(
          positions.map((one) => inputAt(paths, one)),
          TOLERANCE,
        ),
      ),
    );
  const [areas, randomAreas] = [areasOf(arm), random && areasOf(random)];
  const mean = (of: readonly number[], positions: readonly number[]): number =>
    meanOf(positions.map((one) => inputAt(of, one)));
  const all = [...areas.keys()];
  return {
    name: arm.name,
    atTolerance: tolerated(arm, all),
    spread: spreadOf(arm, (paths) => shareAtTolerance(paths, TOLERANCE)),
    minusRandom:
      random &&
      overResampledInputs(
        inputs,
        (drawn) => tolerated(arm, drawn) - tolerated(random, drawn),
        seed,
      ),
    area: overResampledInputs(inputs, (drawn) => mean(areas, drawn), seed),
    areaSpread: spreadOf(arm, (paths) => meanOf(paths.map(areaUnchanged))),
    areaMinusRandom:
      randomAreas &&
      overResampledInputs(inputs, (drawn) => mean(areas, drawn) - mean(randomAreas, drawn), seed),
    untilChange: meanOf(arm.orders.flat().map(shareUntilChange)),
    margin: marginOf(arm),
    curve: arm.orders.length === 1 ? curveOf(arm.orders[0] ?? []) : [],
    areas,
  };
}

/** [input] area, mean over orders. */
function areasOf(arm: Arm): number[] {
  return (arm.orders[0] ?? []).map((_, input) =>
    meanOf(arm.orders.map((paths) => areaUnchanged(inputAt(paths, input)))),
  );
}

function spreadOf(
  arm: Arm,
  figure: (paths: readonly InputPath[]) => number,
): readonly [number, number] | null {
  if (arm.orders.length === 1) return null;
  const figures = arm.orders.map(figure);
  return [Math.min(...figures), Math.max(...figures)];
}

function marginOf(arm: Arm): number | null {
  const margins = arm.orders.flat().map(meanMargin);
  const known = margins.filter((margin) => margin !== null);
  return known.length === margins.length ? meanOf(known) : null;
}

function curveOf(paths: readonly InputPath[]): ArmFigures["curve"] {
  return (paths[0]?.shares ?? []).map((share, step) => ({
    share,
    unchanged: meanOf(paths.map(({ unchanged }) => Number(unchanged[step] === true))),
  }));
}

/** Each input along its own order (one order for all where the ranking knows nothing of inputs) until its answer changes. */
export function ownFigures(
  name: TemplateName,
  recording: CompressionRecording,
): readonly OwnFigures[] {
  const ids = openRecordedTemplate(name).inputs.map(({ id }) => id);
  const arms = armsOf(name, ({ order, perInput }) => {
    const measured = recording.attributed.slice(0, MEASURED.attributed);
    const paths = measured.map((id, index) =>
      pathOf(
        recording,
        recording.fresh.length + index,
        perInput === null ? order : inputAt(perInput, ids.indexOf(id)),
      ),
    );
    const known = paths.filter((path) => path !== null);
    return known.length === paths.length ? known : null;
  }).map(({ name: arm, orders }) => ({
    name: arm,
    shares: (orders[0] ?? []).map((_, input) =>
      meanOf(orders.map((paths) => shareUntilChange(inputAt(paths, input)))),
    ),
  }));
  const random = arms.find((arm) => arm.name === RANDOM) ?? null;
  return arms.map(({ name: arm, shares }) => {
    const differences =
      random && shares.map((share, input) => share - inputAt(random.shares, input));
    const over = (values: readonly number[]): Interval =>
      overResampledInputs(
        values.length,
        (drawn) => meanOf(drawn.map((one) => inputAt(values, one))),
        `${name}\nown\n${arm}`,
      );
    return {
      name: arm,
      shares,
      untilChange: over(shares),
      minusRandom: arm === RANDOM || !differences ? null : over(differences),
    };
  });
}

/** Difference of two rankings' areas over the same inputs; null where one of them is not recorded. */
export function areaDifference(
  figures: readonly ArmFigures[],
  [first, second]: readonly [string, string],
  seed: string,
): Interval | null {
  const find = (name: string): ArmFigures | undefined => figures.find((one) => one.name === name);
  const [left, right] = [find(first), find(second)];
  if (!left || !right) return null;
  const differences = left.areas.map((area, input) => area - inputAt(right.areas, input));
  return overResampledInputs(
    differences.length,
    (drawn) => meanOf(drawn.map((one) => inputAt(differences, one))),
    `${seed}\n${first}\n${second}`,
  );
}
