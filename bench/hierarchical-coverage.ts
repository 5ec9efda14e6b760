/** How often 90 % posterior intervals hold the truth on simulated hierarchies, scales estimated each time. */
import { type Hierarchy, simulateHierarchy } from "../__tests__/explain/simulated-hierarchy.js";
import type { Interval } from "../src/domain.js";
import { fitHierarchical } from "../src/explain/hierarchical.js";

const SIMULATIONS = 200;
const SHAPES: readonly { readonly name: string; readonly shape: Omit<Hierarchy, "seed"> }[] = [
  { name: "12 inputs, 6 spans, 4 masks", shape: { inputs: 12, spans: 6, masksPerInput: 4 } },
  { name: "12 inputs, 6 spans, 8 masks", shape: { inputs: 12, spans: 6, masksPerInput: 8 } },
  { name: "18 inputs, 8 spans, 8 masks", shape: { inputs: 18, spans: 8, masksPerInput: 8 } },
  {
    name: "12 inputs, 6 spans, 8 masks, known noise .1 to 2",
    shape: { inputs: 12, spans: 6, masksPerInput: 8, noise: [0.1, 2] },
  },
  {
    name: "12 inputs, 6 spans, 8 masks, nothing shared",
    shape: { inputs: 12, spans: 6, masksPerInput: 8, sharedSpread: 0, ownSpread: 0.7 },
  },
  { name: "1 input, 8 spans, 16 masks", shape: { inputs: 1, spans: 8, masksPerInput: 16 } },
];

type Level = "inputs" | "classes" | "template";

function coverage(shape: Omit<Hierarchy, "seed">): Record<Level, number> {
  const counts = { inputs: [0, 0], classes: [0, 0], template: [0, 0] };
  const count = (level: Level, intervals: readonly Interval[], truths: Float64Array): void =>
    intervals.forEach(({ low, high }, span) => {
      const truth = truths[span] as number;
      const [held = 0, all = 0] = counts[level];
      counts[level] = [held + (low <= truth && truth <= high ? 1 : 0), all + 1];
    });
  for (let draw = 0; draw < SIMULATIONS; draw++) {
    const { problem, psi } = simulateHierarchy({ ...shape, seed: `coverage ${draw}` });
    const { perInput, template, byClass } = fitHierarchical(problem).attributions();
    const meanOf = (inputs: readonly number[]): Float64Array =>
      Float64Array.from(
        { length: shape.spans },
        (_, span) =>
          inputs.reduce((sum, input) => sum + (psi[input]?.[span] ?? NaN), 0) / inputs.length,
      );
    const everyone = [...psi.keys()];
    perInput.forEach((intervals, input) => count("inputs", intervals, meanOf([input])));
    count("template", template, meanOf(everyone));
    for (const [name, intervals] of byClass)
      count("classes", intervals, meanOf(everyone.filter((at) => problem.classes[at] === name)));
  }
  const share = ([held = 0, all = 1]: readonly number[]): number => held / all;
  return {
    inputs: share(counts.inputs),
    classes: share(counts.classes),
    template: share(counts.template),
  };
}

export function benchCoverage(): void {
  console.log(`\nCoverage of 90 % intervals, ${SIMULATIONS} simulated hierarchies a row`);
  console.log("| hierarchy | inputs | classes | template |");
  console.log("|---|---|---|---|");
  for (const { name, shape } of SHAPES) {
    const { inputs, classes, template } = coverage(shape);
    const cells = [inputs, classes, template].map((value) => `${(100 * value).toFixed(1)} %`);
    console.log(`| ${name} | ${cells.join(" | ")} |`);
  }
}
