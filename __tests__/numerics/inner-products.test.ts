import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { innerProducts } from "../../src/numerics/inner-products.js";
import { randomFrom } from "../../src/numerics/random.js";

const size = fc.integer({ min: 0, max: 11 });

test("products of rows are the sums over their columns, whatever the sizes", () => {
  fc.assert(
    fc.property(size, size, size, fc.integer(), (leftRows, rightRows, columns, seed) => {
      const random = randomFrom(`inner products ${seed}`);
      const draw = (rows: number) => ({
        rows,
        values: Float32Array.from({ length: rows * columns }, () => random.normal()),
      });
      const left = draw(leftRows);
      const right = draw(rightRows);
      const products = innerProducts(left, right, columns);
      expect(products).toHaveLength(leftRows * rightRows);
      products.forEach((product, at) => {
        const i = Math.floor(at / rightRows);
        const j = at % rightRows;
        let sum = 0;
        for (let k = 0; k < columns; k++)
          sum += (left.values[i * columns + k] ?? 0) * (right.values[j * columns + k] ?? 0);
        expect(product).toBeCloseTo(sum, 5);
      });
    }),
  );
});
