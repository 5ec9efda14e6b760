/**
 * What a surrogate is worth on real games (docs/methods.md, "Games on real models"): the oracle's own explanation, each surrogate's
 * as a share of it, and the best that needs no model, on held-out oracle masks.
 * Run: npm run bench:games   (surrogates' values: lib/bench/games/surrogate-values.js)
 */
import { existsSync } from "node:fs";
import { explainInputAlone } from "../src/explain/input-by-input.js";
import { poolSurrogateValues } from "../src/explain/surrogate-lasso.js";
import { randomFrom } from "../src/numerics/random.js";
import { GAME_NAMES, gamesAvailable, inputAt, type GameName } from "./games/games.js";
import {
  decimal,
  ldsOf,
  openRecordedGame,
  overInputs,
  ratioOverInputs,
  shown,
  type MeasuredInput,
  type MeasuredMasks,
  type RecordedGame,
} from "./games/measured.js";
import { readSurrogateValues, surrogateValuesPath } from "./games/surrogate-values.js";

const SURROGATES: readonly (readonly [string, string])[] = [
  ["0.5B", "qwen2.5-coder-0.5b-instruct-q4_k_m"],
  ["135M", "SmolLM2-135M-Instruct.Q4_1"],
];

interface Scores {
  readonly dense: Float64Array;
  readonly sparse: Float64Array;
}

type Attribution = (input: number) => ArrayLike<number>;

function scoresOf({ inputs }: RecordedGame, attribution: Attribution): Scores {
  const of = (kind: "dense" | "sparse"): Float64Array =>
    Float64Array.from(inputs, (input, index) => ldsOf(attribution(index), input[kind]));
  return { dense: of("dense"), sparse: of("sparse") };
}

function fitAlone({ masks, values }: MeasuredMasks, seed: string): Float64Array {
  return explainInputAlone(masks, values, randomFrom(`games\n${seed}`));
}

/** A surrogate's explanation, input by input and pooled over the inputs of a template; null where it has not been run. */
function surrogateScores(
  recorded: RecordedGame,
  model: string,
): { readonly alone: Scores; readonly pooled: Scores | null } | null {
  const { name, template } = recorded.game;
  if (!existsSync(surrogateValuesPath(name, model))) return null;
  const values = readSurrogateValues(name, model);
  const measured = recorded.inputs.map(({ training }, input) => ({
    masks: training.masks,
    values: Float64Array.from(inputAt(values, input).slice(1)),
  }));
  const alone = scoresOf(recorded, (input) =>
    fitAlone(inputAt(measured, input), `${model}\n${input}`),
  );
  if (!template) return { alone, pooled: null };
  const { attributions } = poolSurrogateValues({
    spans: measured[0]?.masks[0]?.length ?? 0,
    classes: recorded.inputs.map(({ output }) => output),
    inputs: measured,
    seed: `${name}\n${model}`,
  });
  return { alone, pooled: scoresOf(recorded, (input) => inputAt(attributions, input)) };
}

/** What knows nothing of the values. */
function controls(recorded: RecordedGame): ReadonlyMap<string, Scores> {
  const spansOf = (input: number): readonly string[] => inputAt(recorded.game.inputs, input).spans;
  const outputOf = (input: number): string => inputAt(recorded.inputs, input).output;
  const later: Attribution = (input) => spansOf(input).map((_, span) => span);
  const random = randomFrom(`games random\n${recorded.game.name}`);
  return new Map<string, Scores>([
    ["length", scoresOf(recorded, (input) => spansOf(input).map((span) => span.length))],
    ["position, early", scoresOf(recorded, (input) => spansOf(input).map((_, span) => -span))],
    ["position, late", scoresOf(recorded, later)],
    [
      "label match",
      scoresOf(recorded, (input) =>
        spansOf(input).map((span) => overlapOf(span, [outputOf(input)])),
      ),
    ],
    [
      "word overlap",
      scoresOf(recorded, (input) =>
        spansOf(input).map((span) =>
          overlapOf(span, [inputAt(recorded.game.inputs, input).text, outputOf(input)]),
        ),
      ),
    ],
    ["random", scoresOf(recorded, (input) => spansOf(input).map(() => random.normal()))],
  ]);
}

/** Share of a span's words that occur in the texts. */
function overlapOf(span: string, texts: readonly string[]): number {
  const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const known = new Set(texts.flatMap(wordsOf));
  const words = wordsOf(span);
  return words.filter((word) => known.has(word)).length / Math.max(1, words.length);
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function best(scores: ReadonlyMap<string, Scores>, kind: "dense" | "sparse"): string {
  const ranked = [...scores].sort((a, b) => mean(b[1][kind]) - mean(a[1][kind]));
  const [name, score] = inputAt(ranked, 0);
  return `${name} ${decimal(mean(score[kind]))}`;
}

function printGame(name: GameName): void {
  const recorded = openRecordedGame(name);
  const { inputs, recording } = recorded;
  const spans = inputs.map(({ training }) => training.masks[0]?.length ?? 0);
  const own = scoresOf(recorded, (input) =>
    fitAlone(inputAt<MeasuredInput>(inputs, input).training, `oracle\n${input}`),
  );
  const known = controls(recorded);
  console.log(
    `| **${name}**: ${inputs.length} inputs, ${Math.min(...spans)} to ${Math.max(...spans)} spans, ${recording.value} | oracle's own, ${recording.masks.training} masks | ${shown(overInputs(own.dense, name))} | ${shown(overInputs(own.sparse, name))} | | |`,
  );
  for (const [label, model] of SURROGATES) {
    const scores = surrogateScores(recorded, model);
    if (scores === null) {
      console.log(`| | ${label} | not run | | | |`);
      continue;
    }
    const variants: readonly (readonly [string, Scores | null])[] = [
      [label, scores.alone],
      [`${label}, pooled over inputs`, scores.pooled],
    ];
    for (const [variant, score] of variants) {
      if (score === null) continue;
      const ratio = (kind: "dense" | "sparse"): string =>
        shown(ratioOverInputs(score[kind], own[kind], `${name}${variant}${kind}`));
      console.log(
        `| | ${variant} | ${shown(overInputs(score.dense, `${name}${variant}`))} | ${shown(overInputs(score.sparse, `${name}${variant}`))} | ${ratio("dense")} | ${ratio("sparse")} |`,
      );
    }
  }
  console.log(
    `| | best without a model | ${best(known, "dense")} | ${best(known, "sparse")} | | |`,
  );
}

if (gamesAvailable()) {
  console.log(
    "| game | explanation | dense LDS | sparse LDS | share of the oracle's, dense | sparse |",
  );
  console.log("|---|---|---|---|---|---|");
  for (const name of GAME_NAMES) printGame(name);
} else console.log("skipped: the benchmark data are not beside the project (../shared/bench)");
