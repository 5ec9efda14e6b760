/** Token embeddings on the unit sphere, turned by their positions, one a token or pooled to one a span. */

import type { PromptEmbeddings } from "../../domain.js";
import { UnderstudyError } from "../../errors.js";

/** Embeddings [tokens, hidden], row-major, and the model's rotary settings. */
export type RotaryEmbeddings = Pick<
  PromptEmbeddings,
  "vectors" | "hidden" | "headSize" | "ropeBase"
>;

/** Which tokens make up which feature. */
export interface FeatureLayout {
  readonly count: number;
  /** [token] */
  readonly featureOf: Int32Array;
  /** [feature]: the maskable span it belongs to, or -1: always kept. */
  readonly spanOf: Int32Array;
}

/** Each token a feature of its own. */
export function tokenFeatures(spanOf: Int32Array): FeatureLayout {
  return {
    count: spanOf.length,
    featureOf: Int32Array.from(spanOf.keys()),
    spanOf,
  };
}

/** One feature a span, wherever its tokens stand, and one for each run of tokens that are always kept. */
export function pooledFeatures(spanOf: Int32Array): FeatureLayout {
  const spans: number[] = [];
  const featureOfSpan = new Map<number, number>();
  const featureOf = spanOf.map((span, token) => {
    const continues = span === -1 && spanOf[token - 1] === -1;
    const known =
      span === -1 ? (continues ? spans.length - 1 : undefined) : featureOfSpan.get(span);
    if (known !== undefined) return known;
    featureOfSpan.set(span, spans.length);
    return spans.push(span) - 1;
  });
  return { count: spans.length, featureOf, spanOf: Int32Array.from(spans) };
}

/**
 * Copies of the embeddings at unit norm, [tokens, hidden]; a zero row stays zero.
 * Throws INTERNAL where the sizes do not fit, MODEL_UNSUPPORTED where heads do not divide the embedding or have an odd width.
 */
export function unitEmbeddings(embeddings: RotaryEmbeddings): Float32Array {
  const { vectors, hidden, headSize } = embeddings;
  if (vectors.length % hidden !== 0)
    throw new UnderstudyError("INTERNAL", `${vectors.length} numbers in rows of ${hidden}`);
  if (hidden % headSize !== 0 || headSize % 2 !== 0)
    throw new UnderstudyError(
      "MODEL_UNSUPPORTED",
      `embeddings of ${hidden} dimensions cannot be cut into heads of ${headSize} that turn in pairs`,
      { fix: "use the flat or the LIME locality kernel with this model" },
    );
  const units = Float32Array.from(vectors);
  for (let at = 0; at < units.length; at += hidden) normalise(units.subarray(at, at + hidden));
  return units;
}

function normalise(row: Float32Array): void {
  let square = 0;
  for (const value of row) square += value * value;
  const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
  for (let k = 0; k < row.length; k++) row[k] = (row[k] as number) * scale;
}

/** cos and sin of position * base^(-2m / headSize) for m < headSize / 2, [positions, headSize / 2] (Su et al. 2021, RoFormer). */
export interface RotaryTable {
  readonly half: number;
  readonly cosines: Float64Array;
  readonly sines: Float64Array;
}

/** The table of `count` positions from `first` on. */
export function rotaryTable(
  setting: Pick<RotaryEmbeddings, "headSize" | "ropeBase">,
  first: number,
  count: number,
): RotaryTable {
  const half = setting.headSize / 2;
  const cosines = new Float64Array(count * half);
  const sines = new Float64Array(count * half);
  for (let m = 0; m < half; m++) {
    const frequency = setting.ropeBase ** (-m / half);
    for (let row = 0; row < count; row++) {
      cosines[row * half + m] = Math.cos((first + row) * frequency);
      sines[row * half + m] = Math.sin((first + row) * frequency);
    }
  }
  return { half, cosines, sines };
}

export interface Rotation {
  readonly hidden: number;
  readonly table: RotaryTable;
  /** [token]: row of the table, or -1: the token is not there. */
  readonly positions: Int32Array;
}

/**
 * The features [layout.count, hidden]: each head of each token's unit embedding turned by its position, dimension m together with
 * m + headSize / 2 (rotate_half, as Llama and Qwen2 pair them), then the mean over the feature's tokens at unit norm again, so that a
 * feature is at distance 0 of itself. Features without a token there are zero.
 */
export function rotatedFeatures(
  units: Float32Array,
  layout: FeatureLayout,
  { hidden, table, positions }: Rotation,
): Float32Array {
  const features = new Float32Array(layout.count * hidden);
  positions.forEach((position, token) => {
    if (position < 0) return;
    const target = (layout.featureOf[token] as number) * hidden;
    addRotated(features.subarray(target, target + hidden), {
      unit: units.subarray(token * hidden, (token + 1) * hidden),
      table,
      position,
    });
  });
  if (layout.count < positions.length)
    for (let at = 0; at < features.length; at += hidden)
      normalise(features.subarray(at, at + hidden));
  return features;
}

function addRotated(
  target: Float32Array,
  turned: { readonly unit: Float32Array; readonly table: RotaryTable; readonly position: number },
): void {
  const { unit, table, position } = turned;
  const { half, cosines, sines } = table;
  const row = position * half;
  for (let head = 0; head < unit.length; head += 2 * half)
    for (let m = 0; m < half; m++) {
      const cosine = cosines[row + m] as number;
      const sine = sines[row + m] as number;
      const low = head + m;
      const high = low + half;
      const x = unit[low] as number;
      const y = unit[high] as number;
      target[low] = (target[low] as number) + x * cosine - y * sine;
      target[high] = (target[high] as number) + y * cosine + x * sine;
    }
}
