import { innerProducts } from "../../numerics/inner-products.js";
import { costOf, takeRows, type MeasureMask, type RwmdSetting } from "./rwmd-cost.js";

/**
 * Kept features match themselves, so l2 = 0 and l1 runs over the dropped ones. Their nearest neighbours are looked up a span at a time:
 * the nearest feature of each span, and of all that is always kept, is found once for all masks.
 */
export function gappedDistance({ full, hidden, layout, spans, weights }: RwmdSetting): MeasureMask {
  const maskable = Int32Array.from(layout.spanOf.keys()).filter(
    (feature) => layout.spanOf[feature] !== -1,
  );
  const nearest = nearestBySpan({ full, hidden, layout, spans, maskable });
  const width = spans + 1;
  return (mask) => {
    const kept = [...mask.keys()].filter((span) => mask[span] === 1);
    kept.push(spans);
    let l1 = 0;
    maskable.forEach((feature, row) => {
      if (mask[layout.spanOf[feature] as number] === 1) return;
      let most = -Infinity;
      for (const span of kept) most = Math.max(most, nearest[row * width + span] as number);
      l1 += (weights[feature] as number) * costOf(most);
    });
    return [l1, 0];
  };
}

/** [maskable feature, span]: largest inner product with a feature of the span; the last column: with what is always kept; -Infinity: none. */
function nearestBySpan(
  features: Pick<RwmdSetting, "full" | "hidden" | "layout" | "spans"> & {
    readonly maskable: Int32Array;
  },
): Float32Array {
  const { full, hidden, layout, spans, maskable } = features;
  const products = innerProducts(
    takeRows(full, maskable, hidden),
    { values: full, rows: layout.count },
    hidden,
  );
  const width = spans + 1;
  const nearest = new Float32Array(maskable.length * width).fill(-Infinity);
  const columnOf = layout.spanOf.map((span) => (span === -1 ? spans : span));
  for (let row = 0; row < maskable.length; row++)
    for (let feature = 0; feature < layout.count; feature++) {
      const at = row * width + (columnOf[feature] as number);
      const product = products[row * layout.count + feature] as number;
      if (product > (nearest[at] as number)) nearest[at] = product;
    }
  return nearest;
}
