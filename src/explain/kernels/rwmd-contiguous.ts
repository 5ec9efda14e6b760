import type { Mask } from "../../domain.js";
import { innerProducts } from "../../numerics/inner-products.js";
import { rotatedFeatures } from "./rotary-features.js";
import { costOf, takeRows, type MeasureMask, type RwmdSetting } from "./rwmd-cost.js";

/** Kept tokens move up to the positions 0, 1, 2, ... of the masked prompt; a feature that did not move is at cost 0 of itself. */
export function contiguousDistance(setting: RwmdSetting): MeasureMask {
  const { units, hidden, table, layout, spanOf, weights, full } = setting;
  return (mask) => {
    const positions = contiguousPositions(spanOf, mask);
    const rotated = rotatedFeatures(units, layout, { hidden, table, positions });
    const kept = Int32Array.from(layout.spanOf.keys()).filter((feature) =>
      isKept(layout.spanOf[feature] as number, mask),
    );
    const products = innerProducts(
      { values: full, rows: layout.count },
      takeRows(rotated, kept, hidden),
      hidden,
    );
    const moved = new Set(layout.featureOf.filter((_, token) => positions[token] !== token));
    kept.forEach((feature, column) => {
      if (!moved.has(feature)) products[feature * kept.length + column] = 1;
    });
    return relaxedCosts(products, weights, kept);
  };
}

function isKept(span: number, mask: Mask): boolean {
  return span === -1 || mask[span] === 1;
}

/** [token]: its place among the kept ones, -1 where dropped. */
function contiguousPositions(spanOf: Int32Array, mask: Mask): Int32Array {
  let next = 0;
  return spanOf.map((span) => (isKept(span, mask) ? next++ : -1));
}

/** l1 and l2 from the inner products [feature, kept feature]. */
function relaxedCosts(
  products: Float32Array,
  weights: Float64Array,
  kept: Int32Array,
): readonly [number, number] {
  const width = kept.length;
  const best = new Float32Array(width).fill(-Infinity);
  let l1 = 0;
  weights.forEach((weight, feature) => {
    let most = -Infinity;
    for (let column = 0; column < width; column++) {
      const product = products[feature * width + column] as number;
      if (product > most) most = product;
      if (product > (best[column] as number)) best[column] = product;
    }
    l1 += weight * costOf(most);
  });
  const keptWeight = kept.reduce((sum, feature) => sum + (weights[feature] as number), 0);
  let l2 = 0;
  if (keptWeight > 0)
    kept.forEach((feature, column) => {
      l2 += ((weights[feature] as number) / keptWeight) * costOf(best[column] as number);
    });
  return [l1, l2];
}
