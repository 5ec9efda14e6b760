/**
 * Prompts of known effect (docs/methods.md, D3): spans with heavy-tailed effects that differ by input, a margin for each input, and an
 * output that changes where the effects of what is gone exceed it. So the share of outputs that a deletion changes on inputs to come is
 * known, and a certificate can be held against it.
 */
import type { Interval } from "../../src/domain.js";
import type { CandidateSpan, CompressionRequest } from "../../src/findings/compression.js";
import { randomFrom, type Random } from "../../src/numerics/random.js";

// Looked up once: runs of thousands of prompts spend their time here.
const { abs, exp } = Math;

export interface SimulatedSizes {
  readonly spans?: number;
  readonly search: number;
  readonly certify: number;
  /** Inputs on which the truth is counted. */
  readonly future: number;
  /** Answers carry margins, and the attribution has a row an input; otherwise one row for all. */
  readonly margins?: boolean;
}

export interface SimulatedPrompt {
  readonly request: Omit<CompressionRequest, "tolerance" | "confidence">;
  readonly totalTokens: number;
  /** Share of future inputs whose output changes under a deletion of these indices. */
  readonly trueRate: (deleted: readonly number[]) => number;
  /** Whether the output of one input changes. */
  readonly changes: (
    set: "search" | "certify",
    input: number,
    deleted: readonly number[],
  ) => boolean;
  /** Candidates in the order of the noisy ranking alone. */
  readonly order: readonly CandidateSpan[];
  readonly asked: () => number;
  /** A prompt with as many spans and other effects, for the same inputs: what an author may push next. */
  readonly next: (push: number) => SimulatedPrompt;
}

interface SimulatedInput {
  readonly margin: number;
  /** Multiplies the effect of each span. */
  readonly factors: Float64Array;
}

/** The 90 % interval of a normal distribution in standard deviations, one side. */
const HALF_90 = 1.645;
/** Relative standard deviation of what an attribution says of an effect. */
const NOISE = 0.7;

export function simulatedPrompt(seed: string, sizes: SimulatedSizes): SimulatedPrompt {
  const random = randomFrom(`simulated prompt\n${seed}`);
  const spans = sizes.spans ?? 24;
  const inputOf = (): SimulatedInput => ({
    margin: abs(2 * random.normal()) + 0.1,
    factors: Float64Array.from(
      { length: spans },
      () => exp(0.8 * random.normal()) * (random.bernoulli(0.25) ? -1 : 1),
    ),
  });
  const inputs = {
    search: Array.from({ length: sizes.search }, inputOf),
    certify: Array.from({ length: sizes.certify }, inputOf),
    future: Array.from({ length: sizes.future }, inputOf),
  };
  return promptFor(inputs, randomFrom(`effects\n${seed}`), sizes, seed);
}

function promptFor(
  inputs: Readonly<Record<"search" | "certify" | "future", readonly SimulatedInput[]>>,
  random: Random,
  sizes: SimulatedSizes,
  seed: string,
): SimulatedPrompt {
  const count = sizes.spans ?? 24;
  const effects = Float64Array.from({ length: count }, () => exp(1.8 * random.normal() - 3));
  const noisy = effects.map((effect) => effect * exp(NOISE * random.normal()));
  const spans = [...effects.keys()].map((index) => ({
    index,
    tokens: 5 + random.integer(25),
    pinned: false,
  }));
  const left = ({ margin, factors }: SimulatedInput, deleted: readonly number[]): number => {
    let rest = margin;
    for (const index of deleted) rest -= (effects[index] ?? 0) * (factors[index] ?? 0);
    return rest;
  };
  const interval = (estimate: number, deviation: number): Interval => ({
    estimate,
    low: estimate - HALF_90 * deviation,
    high: estimate + HALF_90 * deviation,
  });
  const believed = [...noisy].map((effect) => interval(effect, NOISE * effect + 0.01));
  let asked = 0;
  const changes: SimulatedPrompt["changes"] = (set, input, deleted) => {
    const own = inputs[set][input];
    return own !== undefined && left(own, deleted) < 0;
  };
  return {
    totalTokens: spans.reduce((sum, { tokens }) => sum + tokens, 0),
    order: [...spans].sort((a, b) => (noisy[a.index] ?? 0) - (noisy[b.index] ?? 0)),
    changes,
    asked: () => asked,
    trueRate: (deleted) =>
      inputs.future.filter((input) => left(input, deleted) < 0).length /
      Math.max(1, inputs.future.length),
    next: (push) =>
      promptFor(inputs, randomFrom(`effects\n${seed}\npush ${push}`), sizes, `${seed}\n${push}`),
    request: {
      spans,
      influence: sizes.margins === true ? inputs.search.map(() => believed) : [believed],
      ...(sizes.margins === true ? { margins: inputs.search.map(({ margin }) => margin) } : {}),
      certifyIds: inputs.certify.map((_, index) => `b${index}`),
      fixedOutputs: {
        search: inputs.search.map(() => "same"),
        certify: inputs.certify.map(() => "same"),
      },
      seed,
      outputsUnder: async ({ deleted, set, inputs: positions }) => {
        asked += positions.length;
        return positions.map((position) => {
          const own = inputs[set][position];
          if (own === undefined) return null;
          const margin = left(own, deleted);
          return { text: margin < 0 ? "changed" : "same", margin: sizes.margins ? margin : null };
        });
      },
    },
  };
}
