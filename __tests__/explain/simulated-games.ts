import type { Mask } from "../../src/domain.js";
import type { MeasuredGame } from "../../src/explain/game.js";
import { type Random, randomFrom } from "../../src/numerics/random.js";

/**
 * A term of a game with a closed form, all over the spans of a set S of size k:
 * - and: 1 where all are kept. Shapley and Banzhaf value of a member: 1 / k and 1 / 2^(k - 1)
 * - or: 1 where any is kept. The same two values
 * - parity: product of 2 z - 1. Shapley value of a member 2 / k for odd k, else 0; Banzhaf value 2 for k = 1, else 0
 */
export interface Term {
  readonly kind: "and" | "or" | "parity";
  readonly spans: readonly number[];
  readonly weight: number;
}

export interface SimulatedGame {
  readonly kind: GameKind;
  readonly spans: number;
  readonly terms: readonly Term[];
}

export type GameKind = "linear" | "and-or" | "gated";
export const GAME_KINDS: readonly GameKind[] = ["linear", "and-or", "gated"];

/** Number of parities that make up the noise, and its standard deviation relative to that of the signal (docs/methods.md, F1). */
const NOISE_TERMS = 8;
const NOISE_SHARE = 0.25;

/**
 * Games like those of docs/methods.md, A8: linear effects, most of them small; with half as many ANDs and ORs of 2 to 4 spans; or with
 * two gates without which some of the spans say nothing; see the code for how many. A quarter of the signal's standard deviation comes from parities of 5
 * spans or more, which no linear fit sees. Deterministic in its arguments.
 */
export function simulateGame(kind: GameKind, spans: number, seed: number): SimulatedGame {
  const random = randomFrom(`simulated game\n${kind}\n${spans}\n${seed}`);
  const pick = (count: number): number[] =>
    random.shuffle(Array.from({ length: spans }, (_, span) => span)).slice(0, count);
  const terms: Term[] = Array.from({ length: spans }, (_, span) => ({
    kind: "and",
    spans: [span],
    weight: random.normal() * (random.bernoulli(0.25) ? 1 : 0.1),
  }));
  if (kind === "and-or")
    for (let term = 0; term < spans / 6; term++)
      terms.push({
        kind: term % 2 === 0 ? "and" : "or",
        spans: pick(2 + random.integer(3)),
        weight: 1.5 * random.normal(),
      });
  if (kind === "gated")
    for (let gate = 0; gate < 2; gate++) {
      const [key = 0, ...gated] = pick(1 + Math.floor(spans / 8));
      for (const span of gated)
        terms.push({ kind: "and", spans: [key, span], weight: 1.5 * random.normal() });
    }
  const signal = { kind, spans, terms };
  return { ...signal, terms: [...terms, ...noiseOf(signal, random)] };
}

function noiseOf(signal: SimulatedGame, random: Random): Term[] {
  const { spans } = signal;
  const masks = Array.from({ length: 256 }, () =>
    Uint8Array.from({ length: spans }, () => (random.bernoulli(0.5) ? 1 : 0)),
  );
  const values = masks.map((mask) => valueOf(signal, mask));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = Math.sqrt(
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length,
  );
  return Array.from({ length: NOISE_TERMS }, () => ({
    kind: "parity",
    spans: random
      .shuffle(Array.from({ length: spans }, (_, span) => span))
      .slice(0, 5 + random.integer(4)),
    weight: ((random.bernoulli(0.5) ? 1 : -1) * NOISE_SHARE * deviation) / Math.sqrt(NOISE_TERMS),
  }));
}

export function valueOf(game: SimulatedGame, mask: Mask): number {
  return game.terms.reduce((sum, term) => sum + term.weight * termValue(term, mask), 0);
}

function termValue({ kind, spans }: Term, mask: Mask): number {
  switch (kind) {
    case "and":
      return spans.every((span) => mask[span] === 1) ? 1 : 0;
    case "or":
      return spans.some((span) => mask[span] === 1) ? 1 : 0;
    case "parity":
      return spans.reduce((sign, span) => (mask[span] === 1 ? sign : -sign), 1);
  }
}

export function measure(game: SimulatedGame, masks: readonly Mask[]): MeasuredGame {
  return {
    spans: game.spans,
    masks,
    values: Float64Array.from(masks, (mask) => valueOf(game, mask)),
  };
}

/** Closed form, [span]. */
export function banzhafValues(game: SimulatedGame): Float64Array {
  return sumOfTerms(game, ({ kind, spans }) =>
    kind === "parity" ? (spans.length === 1 ? 2 : 0) : 2 ** (1 - spans.length),
  );
}

/** Closed form, [span]. */
export function shapleyValues(game: SimulatedGame): Float64Array {
  return sumOfTerms(game, ({ kind, spans }) =>
    kind === "parity" ? (spans.length % 2 === 1 ? 2 / spans.length : 0) : 1 / spans.length,
  );
}

function sumOfTerms(game: SimulatedGame, memberValue: (term: Term) => number): Float64Array {
  const total = new Float64Array(game.spans);
  for (const term of game.terms)
    for (const span of term.spans)
      total[span] = (total[span] as number) + term.weight * memberValue(term);
  return total;
}
