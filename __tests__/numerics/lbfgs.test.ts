import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { type Evaluation, minimise } from "../../src/numerics/lbfgs.js";

/** Rosenbrock's function in any dimension: minimum 0 at (1, ..., 1). */
function rosenbrock(x: Float64Array): Evaluation {
  const gradient = new Float64Array(x.length);
  let value = 0;
  for (let i = 0; i + 1 < x.length; i++) {
    const here = x[i] as number;
    const valley = (x[i + 1] as number) - here * here;
    value += 100 * valley * valley + (1 - here) ** 2;
    gradient[i] = (gradient[i] as number) - 400 * here * valley - 2 * (1 - here);
    gradient[i + 1] = (gradient[i + 1] as number) + 200 * valley;
  }
  return { value, gradient };
}

describe("L-BFGS", () => {
  test.each([2, 5, 10])(
    "finds the minimum of Rosenbrock's function in %i dimensions",
    (dimensions) => {
      const start = Float64Array.from({ length: dimensions }, (_, i) => (i % 2 === 0 ? -1.2 : 1));
      const found = minimise(rosenbrock, start, { gradientTolerance: 1e-8, valueTolerance: 0 });
      expect(found.stopped).toBe("gradient");
      expect(found.value).toBeLessThan(1e-14);
      for (const coordinate of found.point) expect(Math.abs(coordinate - 1)).toBeLessThan(1e-7);
      expect(found.evaluations).toBeLessThan(60 * dimensions);
      expect(start[0]).toBe(-1.2);
    },
  );

  test("minimises badly scaled convex quadratics", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
            fc.double({ min: -5, max: 5, noNaN: true }),
          ),
          { minLength: 1, maxLength: 8 },
        ),
        (terms) => {
          const quadratic = (x: Float64Array): Evaluation => ({
            value: terms.reduce(
              (sum, [curvature, centre], i) =>
                sum + 0.5 * curvature * ((x[i] as number) - centre) ** 2,
              0,
            ),
            gradient: Float64Array.from(
              terms,
              ([curvature, centre], i) => curvature * ((x[i] as number) - centre),
            ),
          });
          const found = minimise(quadratic, new Float64Array(terms.length), {
            gradientTolerance: 1e-7,
            maxIterations: 1000,
            valueTolerance: 0,
          });
          terms.forEach(([, centre], i) =>
            expect(Math.abs((found.point[i] as number) - centre)).toBeLessThan(1e-3),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test("steps back from where the function is not defined", () => {
    // x - log x on x > 0: the first steps from the right overshoot 0.
    const barrier = (x: Float64Array): Evaluation => {
      const at = x[0] as number;
      return at > 0
        ? { value: 30 * at - Math.log(at), gradient: Float64Array.of(30 - 1 / at) }
        : { value: Infinity, gradient: Float64Array.of(NaN) };
    };
    expect(minimise(barrier, Float64Array.of(1)).point[0]).toBeCloseTo(1 / 30, 6);
  });

  test("says when it ran out of iterations and refuses a start outside the domain", () => {
    expect(minimise(rosenbrock, Float64Array.of(-1.2, 1), { maxIterations: 2 }).stopped).toBe(
      "iterations",
    );
    expect(() =>
      minimise(() => ({ value: NaN, gradient: Float64Array.of(0) }), Float64Array.of(0)),
    ).toThrow("not finite");
  });

  test("stays where the gradient is 0", () => {
    const found = minimise(rosenbrock, Float64Array.of(1, 1));
    expect(found).toMatchObject({ iterations: 0, evaluations: 1, stopped: "gradient" });
  });
});
