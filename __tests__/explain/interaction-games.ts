import type { Mask } from "../../src/domain.js";
import type { MeasuredGame } from "../../src/explain/game.js";
import type { Random } from "../../src/numerics/random.js";

export type GameKind = "linear" | "and-or" | "gated";

/**
 * A game of the kinds of methods A7 and A8: additive effects, log-normal, a few of them negative and many small; with AND and OR
 * pairs on top, or with one span that gates all others.
 */
export function drawGame(kind: GameKind, spans: number, random: Random): (mask: Mask) => number {
  const weights = Float64Array.from(
    { length: spans },
    () =>
      Math.exp(random.normal()) *
      (random.bernoulli(0.8) ? 1 : -0.5) *
      (random.bernoulli(0.6) ? 1 : 0.1),
  );
  const gate = random.integer(spans);
  const pairs = Array.from({ length: kind === "and-or" ? Math.max(3, spans / 4) : 0 }, () => {
    const first = random.integer(spans);
    const second = (first + 1 + random.integer(spans - 1)) % spans;
    return { first, second, and: random.bernoulli(0.5), size: 2 * Math.exp(0.3 * random.normal()) };
  });
  return (mask) => {
    const open = (span: number): number =>
      kind === "gated" && span !== gate ? (mask[gate] as number) : 1;
    const linear = weights.reduce(
      (sum, weight, span) => sum + weight * (mask[span] as number) * open(span),
      0,
    );
    return pairs.reduce((sum, { first, second, and, size }) => {
      const [a, b] = [mask[first] as number, mask[second] as number];
      return sum + size * (and ? a * b : Math.max(a, b));
    }, linear);
  };
}

/** Masks of p = 1/2 with a game's values and normal noise of the given share of their standard deviation. */
export function measureGame(
  value: (mask: Mask) => number,
  { spans, masks: count, noise }: { spans: number; masks: number; noise: number },
  random: Random,
): MeasuredGame {
  const masks = Array.from({ length: count }, () =>
    Uint8Array.from({ length: spans }, () => random.integer(2)),
  );
  const exact = masks.map(value);
  const mean = exact.reduce((sum, x) => sum + x, 0) / count;
  const deviation = Math.sqrt(exact.reduce((sum, x) => sum + (x - mean) ** 2, 0) / count);
  return {
    spans,
    masks,
    values: Float64Array.from(exact, (x) => x + noise * deviation * random.normal()),
  };
}

/** All masks of a game. */
export function enumerateGame(value: (mask: Mask) => number, spans: number): MeasuredGame {
  const masks = Array.from({ length: 2 ** spans }, (_, code) =>
    Uint8Array.from({ length: spans }, (__, span) => (code >> span) & 1),
  );
  return { spans, masks, values: Float64Array.from(masks, value) };
}
