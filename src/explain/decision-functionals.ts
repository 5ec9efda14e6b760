import type { Mask } from "../domain.js";
import {
  type HierarchicalDesign,
  Relation,
  attributionOf,
  centredProduct,
  covarianceTable,
  maskDistance,
} from "./hierarchical-kernel.js";
import {
  type CovarianceFrame,
  type Functional,
  addScaled,
  effectFunctionals,
} from "./hierarchical-posterior.js";

/** Each span's mean effect over inputs, then the mean over inputs of what each deletion costs: value(all kept) - value(mask). */
export function decisionFunctionals(
  frame: CovarianceFrame,
  deletions: readonly Mask[],
): Functional[] {
  const inputs = frame.design.classes.length;
  return [
    ...effectFunctionals(frame, new Float64Array(inputs).fill(1 / inputs)),
    ...deletions.map((mask) => deletionFunctional(frame, mask)),
  ];
}

/** Constants cancel, pairs do not. The sum over inputs goes by how many stand in each relation to a cell's input. */
function deletionFunctional(frame: CovarianceFrame, mask: Mask): Functional {
  const { design, cells, process } = frame;
  const size = design.spans + 1;
  const table = covarianceTable(process.scales, design.spans);
  const full = new Uint8Array(design.spans).fill(1);
  const relatives = relativesByClass(design);
  const covariance = Float64Array.from(cells, (cell) => {
    const counts = relatives.get(design.classes[cell.input] as string) as Relatives;
    const [toFull, toMask] = [maskDistance(full, cell.mask), maskDistance(mask, cell.mask)];
    return meanOverRelations(
      counts,
      (relation) =>
        (table[relation * size + toFull] as number) - (table[relation * size + toMask] as number),
    );
  });
  const deleted = maskDistance(full, mask);
  let variance = meanOverInputs(
    design,
    relatives,
    (relation) =>
      2 * ((table[relation * size] as number) - (table[relation * size + deleted] as number)),
  );
  design.surrogates.forEach((prior, k) => {
    const scale = process.scales.surrogates[k] as number;
    const difference =
      design.classes.reduce((sum, _, input) => {
        const phi = attributionOf(prior, input);
        return sum + centredProduct(full, phi) - centredProduct(mask, phi);
      }, 0) / design.classes.length;
    addScaled(covariance, process.features[k] as Float64Array, scale * difference);
    variance += scale * difference * difference;
  });
  return { variance, covariance };
}

/** Shares of all inputs that stand in each relation to one input of a class. */
type Relatives = Readonly<Record<Relation, number>>;

function relativesByClass(design: HierarchicalDesign): ReadonlyMap<string, Relatives> {
  const inputs = design.classes.length;
  const sizes = new Map<string, number>();
  for (const name of design.classes) sizes.set(name, (sizes.get(name) ?? 0) + 1);
  return new Map(
    [...sizes].map(([name, size]) => [
      name,
      {
        [Relation.sameInput]: 1 / inputs,
        [Relation.sameClass]: (size - 1) / inputs,
        [Relation.anyInputs]: (inputs - size) / inputs,
      },
    ]),
  );
}

function meanOverRelations(shares: Relatives, value: (relation: Relation) => number): number {
  return Object.values(Relation).reduce<number>(
    (sum, relation) => sum + shares[relation] * value(relation),
    0,
  );
}

function meanOverInputs(
  design: HierarchicalDesign,
  relatives: ReadonlyMap<string, Relatives>,
  value: (relation: Relation) => number,
): number {
  const sum = design.classes.reduce(
    (total, name) => total + meanOverRelations(relatives.get(name) as Relatives, value),
    0,
  );
  return sum / design.classes.length;
}
