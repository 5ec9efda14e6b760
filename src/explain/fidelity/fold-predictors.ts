import { randomFrom } from "../../numerics/random.js";
import { type FoldPredictor, rowsOfInput } from "./held-out.js";
import { type HierarchicalScales, type SurrogatePrior, fitHierarchical } from "../hierarchical.js";
import { centredProduct } from "../hierarchical-kernel.js";
import { explainInputAlone } from "../input-by-input.js";

/** What predictors need to know of a template. */
export interface PredictedTemplate {
  readonly classes: readonly string[];
  readonly spans: number;
  readonly seed: string;
  /** Variance that every value has at least (fitHierarchical); 0 by default. */
  readonly noiseFloor?: number;
}

/** The ten scales of a fold are settled by this many rows; more would only cost time. */
const SCALE_ROWS = 400;

/** The hierarchical fit to the training rows; the first fold's scales are where the others' search begins. */
export function hierarchicalPredictor(
  { spans, classes, noiseFloor = 0 }: Omit<PredictedTemplate, "seed">,
  surrogates: readonly SurrogatePrior[],
): FoldPredictor {
  let start: HierarchicalScales | null = null;
  return (rows, heldOut) => {
    const fit = fitHierarchical({
      spans,
      classes,
      surrogates,
      rows,
      noiseFloor,
      scaleRows: SCALE_ROWS,
      ...(start && { start }),
    });
    start ??= fit.scales;
    return Float64Array.from(
      heldOut,
      ({ input, mask }) => fit.predictEffects(input, [mask])[0] as number,
    );
  };
}

/** Each input explained from its own training rows alone. */
export function inputByInputPredictor(template: PredictedTemplate): FoldPredictor {
  return (training, heldOut, fold) => {
    const attributions = template.classes.map((_, input) => {
      const { masks, values } = rowsOfInput(training, input);
      return masks.length === 0
        ? new Float64Array(template.spans)
        : explainInputAlone(
            masks,
            values,
            randomFrom(`input by input\n${template.seed}\n${input}\n${fold}`),
          );
    });
    return Float64Array.from(heldOut, ({ input, mask }) =>
      centredProduct(mask, attributions[input] as Float64Array),
    );
  };
}
