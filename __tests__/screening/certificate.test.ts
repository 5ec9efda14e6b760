/** Certificates: what is written is read back, what was changed is refused, what version 1 wrote goes on. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { z } from "zod";
import { parseCertificate, serialiseCertificate } from "../../src/screening/certificate.js";
import type { CertificateState } from "../../src/screening/certificate-state.js";
import { screenExplain } from "../../src/screening/explain.js";
import { screenLabels } from "../../src/screening/labels.js";
import { screenPredict } from "../../src/screening/predict.js";

const REPOSITORY = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const VERSION_1 = readFileSync(
  join(REPOSITORY, "__tests__/references/screening/certificate-version-1.json"),
  "utf8",
);

const share = fc.double({ min: 0, max: 1, noNaN: true });
const common = fc.record({
  surrogate: fc.string(),
  oracle: fc.string(),
  inputSetHash: fc.string(),
  form: fc.constantFrom("finite" as const, "population" as const),
  threshold: fc.double({ min: 0.05, max: 0.95, noNaN: true }),
  alpha: fc.double({ min: 0.001, max: 0.2, noNaN: true }),
});
const inputs = fc.uniqueArray(fc.record({ id: fc.string(), a: share, b: share, kind: fc.nat(3) }), {
  selector: ({ id }) => id,
  minLength: 1,
  maxLength: 12,
});

/** States as the three modes make them, with inputs seen, unseen and outside. */
const states: fc.Arbitrary<CertificateState> = fc
  .tuple(common, inputs, fc.constantFrom("predict", "labels", "explain"))
  .map(([request, list, mode]) => {
    const population = list.length + 3;
    const masks = (kind: number): number => (kind === 0 ? 3 : 8);
    switch (mode) {
      case "labels":
        return screenLabels({
          ...request,
          population,
          instances: list.map(({ id, a, b, kind }) => ({
            id,
            masks: masks(kind),
            flips: kind === 1 ? 0 : 2,
            signAuc: kind === 1 ? null : a,
            lengthAuc: kind === 1 ? null : b,
          })),
        }).state;
      case "explain":
        return screenExplain({
          ...request,
          population,
          instances: list.map(({ id, a, b, kind }) => ({
            id,
            masks: masks(kind),
            scores: kind === 1 ? null : { surrogate: 2 * a - 1, oracle: b },
          })),
        }).state;
      default:
        return screenPredict({
          ...request,
          population,
          instances: list.map(({ id, a, kind }) => ({
            id,
            masks: masks(kind),
            spearman: kind === 1 ? null : 2 * a - 1,
          })),
        }).state;
    }
  });

const json = z.json();
type Json = z.infer<typeof json>;

/** Every way to change one field, take one away, or add one. */
function* changes(value: Json): Generator<Json> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      yield value.toSpliced(index, 1);
      for (const changed of changes(item)) yield value.with(index, changed);
    }
    yield [...value, value.at(-1) ?? "x"];
    if (value.length > 1 && JSON.stringify(value[0]) !== JSON.stringify(value[1]))
      yield [value[1] ?? null, value[0] ?? null, ...value.slice(2)];
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      const { [key]: _, ...rest } = value;
      yield rest;
      for (const changed of changes(item)) yield { ...value, [key]: changed };
    }
    yield { ...value, extra: 1 };
  } else if (typeof value === "number") {
    // The smallest change that a file can hold, a plausible one and an absurd one.
    yield value === 0 ? Number.MIN_VALUE : value * (1 + 2 * Number.EPSILON);
    yield value + 1;
    yield -1;
  } else if (typeof value === "string") {
    yield `${value} `;
    yield value === "finite" ? "population" : "finite";
  } else if (typeof value === "boolean") yield !value;
  if (value !== null) yield null;
}

describe("a certificate", () => {
  test("is read back as it was written, byte for byte", () => {
    fc.assert(
      fc.property(states, (state) => {
        const text = serialiseCertificate(state);
        expect(parseCertificate(text, "c.json")).toEqual(state);
        expect(serialiseCertificate(parseCertificate(text, "c.json"))).toBe(text);
      }),
      { numRuns: 150, seed: 1 },
    );
  });

  test("does not depend on the order of the keys in the file, nor does its checksum", () => {
    fc.assert(
      fc.property(states, (state) => {
        const text = serialiseCertificate(state);
        const content = z.record(z.string(), json).parse(JSON.parse(text));
        const turned = JSON.stringify(Object.fromEntries(Object.entries(content).reverse()));
        expect(serialiseCertificate(parseCertificate(turned, "c.json"))).toBe(text);
      }),
      { numRuns: 30, seed: 2 },
    );
  });

  test("with any single field changed, added or taken away is refused", () => {
    let tried = 0;
    fc.assert(
      fc.property(states, (state) => {
        const content = json.parse(JSON.parse(serialiseCertificate(state)));
        const original = JSON.stringify(content);
        for (const changed of changes(content)) {
          const text = JSON.stringify(changed);
          if (text === original) continue;
          tried++;
          expect(() => parseCertificate(text, "c.json")).toThrow(
            expect.objectContaining({ code: "CERTIFICATE" }),
          );
        }
      }),
      { numRuns: 12, seed: 3 },
    );
    expect(tried).toBeGreaterThan(1000);
  });

  test("with a fitting checksum, but numbers that its inputs do not lead to, is refused when it goes on", () => {
    const request = { surrogate: "s", oracle: "o", inputSetHash: "h", population: 30 };
    const instances = Array.from({ length: 30 }, (_, index) => ({
      id: `${index}`,
      masks: 8,
      scores: { surrogate: 0.5 + 0.3 * Math.sin(index), oracle: 0.6 },
    }));
    const { state } = screenExplain({ ...request, instances });
    const [first, ...rest] = state.consumed;
    if (!first) throw new Error("nothing consumed");
    const forgeries = [
      { wealth: 25, largestWealth: 25 },
      { sum: state.sum + 0.01 },
      { squares: 0 },
      { consumed: [{ ...first, q: 1 }, ...rest] },
      { consumed: [{ ...first, oracleQ: 0 }, ...rest] },
      { consumed: [...rest, first] },
    ];
    for (const forged of forgeries) {
      const previous = parseCertificate(serialiseCertificate({ ...state, ...forged }), "c.json");
      expect(() => screenExplain({ ...request, instances, previous })).toThrow(
        /contradicts itself/,
      );
    }
  });

  test.each([
    [
      "an input twice",
      {
        consumed: (all: readonly { id: string; q: number }[]) => all.flatMap(() => all.slice(0, 1)),
      },
    ],
    [
      "more inputs than it counts",
      { consumed: (all: readonly { id: string; q: number }[]) => [...all, { id: "new", q: 1 }] },
    ],
  ])("that lists %s is refused", (_, { consumed }) => {
    const { state } = screenPredict({
      surrogate: "s",
      oracle: "o",
      inputSetHash: "h",
      population: 5,
      instances: [0.1, 0.2].map((spearman) => ({ id: `${spearman}`, masks: 8, spearman })),
    });
    const text = serialiseCertificate({ ...state, consumed: consumed(state.consumed) });
    expect(() => parseCertificate(text, "c.json")).toThrow(/contradicts itself/);
  });

  test("of another mode or form is another test", () => {
    const request = { surrogate: "s", oracle: "o", inputSetHash: "h", population: 2 };
    const { state } = screenPredict({ ...request, instances: [] });
    expect(() => screenLabels({ ...request, instances: [], previous: state })).toThrow(
      /another test: mode is "labels", the certificate's "predict"/,
    );
    expect(() => screenExplain({ ...request, instances: [], previous: state })).toThrow(/mode/);
    expect(() =>
      screenPredict({ ...request, form: "population", instances: [], previous: state }),
    ).toThrow(/form is "population", the certificate's "finite"/);
  });

  test("with a number that is none cannot be written", () => {
    const { state } = screenPredict({
      surrogate: "s",
      oracle: "o",
      inputSetHash: "h",
      population: 2,
      instances: [],
    });
    expect(() => serialiseCertificate({ ...state, wealth: NaN })).toThrow(/own schema/);
  });
});

describe("a certificate of version 1", () => {
  const state = parseCertificate(VERSION_1, "v1.json");

  test("is read as the predict test that it is", () => {
    expect(state).toMatchObject({
      version: 2,
      mode: "predict",
      test: { surrogate: "small", oracle: "large", inputSetHash: "abc", form: "finite" },
      population: 30,
      count: 12,
    });
  });

  test("goes on: its inputs keep their places and numbers, new ones follow", () => {
    const instances = Array.from({ length: 30 }, (_, index) => ({
      id: `input-${index}`,
      masks: 8,
      spearman: 0.6,
    }));
    const next = screenPredict({
      surrogate: "small",
      oracle: "large",
      inputSetHash: "abc",
      population: 30,
      instances,
      previous: state,
    });
    expect(next.state.consumed.slice(0, 12)).toEqual(state.consumed);
    expect(next.state.count).toBe(30);
    expect(next.state.version).toBe(2);
  });

  test("with any single field changed is refused", () => {
    const content = json.parse(JSON.parse(VERSION_1));
    for (const changed of changes(content)) {
      const text = JSON.stringify(changed);
      if (text === JSON.stringify(content)) continue;
      expect(() => parseCertificate(text, "v1.json")).toThrow(
        expect.objectContaining({ code: "CERTIFICATE" }),
      );
    }
  });
});
