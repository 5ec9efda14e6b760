import { describe, expect, test } from "@jest/globals";
import { randomFrom } from "../../src/numerics/random.js";

describe("randomFrom", () => {
  test("gives the same stream for the same text, on every machine and in every version", () => {
    const random = randomFrom("a seed");
    const drawn = [random.uniform(), random.integer(1000), random.normal(), random.uniform()];
    const again = randomFrom("a seed");
    expect([again.uniform(), again.integer(1000), again.normal(), again.uniform()]).toEqual(drawn);
    expect(drawn).toEqual([0.8811793799077383, 637, 1.0072634255392714, 0.1399638525112482]);
  });

  test("gives other streams for other texts", () => {
    const first = Array.from({ length: 200 }, (_, seed) => randomFrom(`seed ${seed}`).uniform());
    expect(new Set(first).size).toBe(200);
    expect(Math.abs(mean(first) - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / 200));
  });

  test("has the moments of its distributions", () => {
    const random = randomFrom("moments");
    const normals = Array.from({ length: 20000 }, () => random.normal());
    expect(Math.abs(mean(normals))).toBeLessThan(4 / Math.sqrt(20000));
    expect(Math.abs(mean(normals.map((x) => x * x)) - 1)).toBeLessThan(4 * Math.sqrt(2 / 20000));
    expect(Math.abs(mean(normals.map((x) => x ** 4)) - 3)).toBeLessThan(4 * Math.sqrt(96 / 20000));
    expect(Math.abs(mean(normals.slice(1).map((x, i) => x * (normals[i] as number))))).toBeLessThan(
      4 / Math.sqrt(20000),
    );
    const heads = Array.from({ length: 20000 }, () => (random.bernoulli(0.3) ? 1 : 0));
    expect(Math.abs(mean(heads) - 0.3)).toBeLessThan(4 * Math.sqrt(0.21 / 20000));
  });

  test("draws every integer below, and only those", () => {
    const random = randomFrom("integers");
    const seen = new Set(Array.from({ length: 500 }, () => random.integer(7)));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(random.integer(1)).toBe(0);
  });

  test("shuffles a copy, every order equally often", () => {
    const random = randomFrom("shuffle");
    const original = ["a", "b", "c"] as const;
    const counts = new Map<string, number>();
    for (let draw = 0; draw < 6000; draw++) {
      const order = random.shuffle(original).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(original).toEqual(["a", "b", "c"]);
    expect(counts.size).toBe(6);
    for (const count of counts.values())
      expect(Math.abs(count - 1000)).toBeLessThan(4 * Math.sqrt(1000 * (5 / 6)));
  });
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
