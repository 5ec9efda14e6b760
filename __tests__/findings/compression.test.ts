import { describe, expect, test } from "@jest/globals";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import {
  compress,
  plannedCalls,
  type CandidateSpan,
  type CompressionRequest,
  type DeletionQuestion,
} from "../../src/findings/compression.js";

/** A template whose output for an input changes when the wrong spans go. */
interface World {
  readonly spans: readonly CandidateSpan[];
  readonly asked: DeletionQuestion[];
  readonly request: CompressionRequest;
}

interface WorldOptions {
  readonly tokens?: readonly number[];
  readonly influence?: readonly number[];
  readonly search?: number;
  readonly certify?: number;
  readonly pinned?: readonly number[];
  /** Output under a deletion; null = the oracle could not be asked. */
  readonly output: (
    deleted: readonly number[],
    input: number,
    set: "search" | "certify",
  ) => string | null;
}

function worldOf({
  tokens = [10, 10, 10, 10, 10, 10],
  influence,
  search = 20,
  certify = 100,
  pinned = [],
  output,
}: WorldOptions): World {
  const spans = tokens.map((count, position) => ({
    index: 2 * position + 1,
    tokens: count,
    pinned: pinned.includes(2 * position + 1),
  }));
  const asked: DeletionQuestion[] = [];
  const fixed = (set: "search" | "certify", count: number): (string | null)[] =>
    Array.from({ length: count }, (_, input) => output([], input, set));
  const estimates = influence ?? tokens.map((_, position) => position / 10);
  const request: CompressionRequest = {
    spans,
    influence: [estimates.map((estimate) => ({ estimate, low: estimate - 1, high: estimate + 1 }))],
    certifyIds: Array.from({ length: certify }, (_, input) => `b${input}`),
    fixedOutputs: { search: fixed("search", search), certify: fixed("certify", certify) },
    seed: "s",
    outputsUnder: (question) => {
      asked.push(question);
      return Promise.resolve(
        question.inputs.map((input) => output(question.deleted, input, question.set)),
      );
    },
  };
  return { spans, asked, request };
}

/** Spans 9 and 11 matter, the four before do not. */
const twoMatter = (deleted: readonly number[]): string =>
  deleted.includes(9) || deleted.includes(11) ? "other" : "same";

describe("compress", () => {
  test("finds and certifies the spans that do nothing", async () => {
    const { request, asked } = worldOf({ output: twoMatter });
    const found = await compress(request);
    expect(found.spans).toEqual([1, 3, 5, 7]);
    expect(found.tokensSaved).toBe(40);
    expect(found.reason).toBeNull();
    expect(found.certificate).toMatchObject({
      inputs: 100,
      changed: 0,
      tolerance: 0.05,
      confidence: 0.95,
    });
    expect(found.certificate?.bound).toBeCloseTo(1 - 0.05 ** (1 / 100), 10);
    expect(found.control?.spans).toHaveLength(4);
    expect(found.control).toMatchObject({ inputs: 100, changed: 100 });
    const calls = asked.reduce((sum, question) => sum + question.inputs.length, 0);
    expect(calls).toBeLessThanOrEqual(plannedCalls({ search: 20, certify: 100, spans: 6 }).total);
  });

  test("keeps a vital span that the ranking put first, and goes on behind it", async () => {
    const { request } = worldOf({
      influence: [0.3, 0.4, 0.5, 0.6, 0, 0.7],
      search: 40,
      output: twoMatter,
    });
    expect((await compress(request)).spans).toEqual([1, 3, 5, 7]);
  });

  test("the certify set is asked only about a path fixed before, mild to aggressive, and stops at the first failure", async () => {
    const output = (deleted: readonly number[], input: number, set: string): string =>
      set === "certify" && deleted.length > 1 ? `changed ${input}` : "same";
    const { request, asked } = worldOf({
      tokens: [10, 10, 10, 10, 10, 10, 10, 10, 10, 10],
      output,
    });
    const found = await compress(request);
    const firstCertify = asked.findIndex((question) => question.set === "certify");
    expect(asked.slice(firstCertify).every((question) => question.set === "certify")).toBe(true);
    expect(
      asked
        .filter((question) => question.purpose === "certification")
        .map((question) => question.deleted.length),
    ).toEqual([2]);
    expect(found).toMatchObject({ spans: [], tokensSaved: 0, certificate: null, control: null });
    expect(found.reason).toMatch(/the mildest deletion changed 10 of the first 10 outputs/);
    expect(found.path.some((step) => step.certify !== null && step.certify.pValue > 0.05)).toBe(
      true,
    );
  });

  test("ships the last step that passed", async () => {
    const output = (deleted: readonly number[], input: number, set: string): string =>
      set === "certify" && deleted.length > 7 && input % 5 === 0 ? "changed" : "same";
    const found = await compress(
      worldOf({ tokens: Array.from({ length: 10 }, () => 10), output }).request,
    );
    expect(found.spans).toHaveLength(7);
    expect(found.path.map((step) => step.certify?.changed ?? null)).toContain(2);
  });

  test("lists the changed outputs that the certificate allows", async () => {
    const output = (deleted: readonly number[], input: number, set: string): string =>
      set === "certify" && input === 42 && deleted.length > 0 ? "B" : "A";
    const found = await compress(worldOf({ output }).request);
    expect(found.certificate).toMatchObject({ inputs: 100, changed: 1 });
    expect(found.changedOutputs).toEqual([{ input: "b42", before: "A", after: "B" }]);
  });

  test("white space and Unicode form are no change, letters are", async () => {
    const spaced = (deleted: readonly number[]): string =>
      deleted.length > 0 ? " caf\u0065\u0301\n\n x " : "caf\u00e9 x";
    expect((await compress(worldOf({ output: spaced }).request)).spans).toHaveLength(6);
    const upper = (deleted: readonly number[]): string => (deleted.length > 0 ? "X" : "x");
    expect((await compress(worldOf({ output: upper }).request)).reason).toMatch(
      /no deletion that was tried/,
    );
  });

  test("58 inputs cannot certify 5 %: the number needed is said and nothing is asked", async () => {
    const { request, asked } = worldOf({ certify: 58, output: twoMatter });
    expect((await compress(request)).reason).toMatch(
      /insufficient data: .* needs 59 inputs to certify on, and there are 58/,
    );
    expect(asked).toEqual([]);
    const { request: wider } = worldOf({ certify: 58, output: twoMatter });
    expect((await compress({ ...wider, tolerance: 0.1 })).certificate).not.toBeNull();
  });

  test("inputs without a fixed output leave the sets before anything is tested", async () => {
    const output = (deleted: readonly number[], input: number): string | null =>
      input < 30 ? null : twoMatter(deleted);
    const { request } = worldOf({ search: 60, certify: 100, output });
    expect((await compress(request)).certificate).toMatchObject({ inputs: 70, changed: 0 });
    expect((await compress(worldOf({ certify: 80, output }).request)).reason).toMatch(
      /there are 50/,
    );
  });

  test("missing answers are never taken for unchanged ones", async () => {
    const gone = (deleted: readonly number[], _: number, set: string): string | null =>
      deleted.length > 0 && set === "certify" ? null : "same";
    const found = await compress(worldOf({ output: gone }).request);
    expect(found.certificate).toBeNull();
    expect(found.reason).toMatch(/^incomplete: 10 of the oracle's answers/);
    const one = (deleted: readonly number[], input: number, set: string): string | null =>
      deleted.length > 0 && set === "certify" && input === 3 ? null : "same";
    const rest = await compress(worldOf({ output: one }).request);
    expect(rest.certificate).toMatchObject({ changed: 1 });
    expect(rest.control).toBeNull();
    const never = (deleted: readonly number[]): string | null =>
      deleted.length > 0 ? null : "same";
    expect((await compress(worldOf({ output: never }).request)).reason).toMatch(/^incomplete/);
  });

  test("pinned spans stay, in the control arm too", async () => {
    const { request, asked } = worldOf({ pinned: [1, 5], output: () => "same" });
    expect((await compress(request)).spans).toEqual([3, 7, 9, 11]);
    expect(
      asked.every((question) => !question.deleted.includes(1) && !question.deleted.includes(5)),
    ).toBe(true);
  });

  test("without an attribution the longest spans go first", async () => {
    const { request, asked } = worldOf({ tokens: [5, 50, 5, 20, 5, 5], output: () => "same" });
    await compress({ ...request, influence: [] });
    expect(asked[0]?.deleted).toEqual([3]);
  });

  test("the plan is zero where nothing would be asked", () => {
    expect(plannedCalls({ search: 40, certify: 100, spans: 24 })).toEqual({
      search: 240,
      certification: 400,
      control: 100,
      total: 740,
    });
    expect(plannedCalls({ search: 40, certify: 58, spans: 24 }).total).toBe(0);
    expect(plannedCalls({ search: 40, certify: 58, spans: 24, tolerance: 0.1 }).total).toBe(
      240 + 5 * 58,
    );
    expect(plannedCalls({ search: 40, certify: 100, spans: 0 }).total).toBe(0);
  });

  test("the same request twice asks and finds the same", async () => {
    const [first, second] = [worldOf({ output: twoMatter }), worldOf({ output: twoMatter })];
    expect(await compress(first.request)).toEqual(await compress(second.request));
    expect(first.asked).toEqual(second.asked);
  });
});

/** Simulator of methods D3: heavy-tailed span effects that differ by input, a margin for each input, a noisy ranking. */
function simulatedWorld(uniform: () => number): {
  readonly world: WorldOptions & { readonly tokens: readonly number[] };
  readonly trueRate: (deleted: readonly number[]) => number;
} {
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const effects = Array.from({ length: 24 }, () => Math.exp(1.8 * normal() - 3));
  const inputOf = (): { margin: number; effects: number[] } => ({
    margin: Math.abs(2 * normal()) + 0.1,
    effects: effects.map(
      (effect) => effect * Math.exp(0.8 * normal()) * (uniform() < 0.25 ? -1 : 1),
    ),
  });
  type Simulated = ReturnType<typeof inputOf>;
  const changes = (input: Simulated | undefined, deleted: readonly number[]): boolean =>
    input !== undefined &&
    deleted.reduce((sum, index) => sum + (input.effects[(index - 1) / 2] ?? 0), 0) > input.margin;
  const sets = {
    search: Array.from({ length: 40 }, inputOf),
    certify: Array.from({ length: 100 }, inputOf),
  };
  const future = Array.from({ length: 500 }, inputOf);
  const world = {
    tokens: effects.map(() => 5 + Math.floor(25 * uniform())),
    influence: effects.map((effect) => effect * Math.exp(0.7 * normal())),
    search: 40,
    certify: 100,
    output: (deleted: readonly number[], input: number, set: "search" | "certify") =>
      changes(sets[set][input], deleted) ? "changed" : "same",
  };
  return {
    world,
    trueRate: (deleted) => future.filter((input) => changes(input, deleted)).length / future.length,
  };
}

describe("calibration of the certificate", () => {
  test("violates its tolerance less often than its level; the search set alone would violate far more often", async () => {
    const generator = xoroshiro128plus(5);
    const uniform = (): number => ((generator.next() >>> 0) + 0.5) / 2 ** 32;
    const runs = 160;
    let [violations, uncertifiedViolations, certified, share] = [0, 0, 0, 0];
    for (let run = 0; run < runs; run++) {
      const { world, trueRate } = simulatedWorld(uniform);
      const found = await compress(worldOf(world).request);
      const searched = found.path.findLast(
        (step) => step.search !== null && step.search.changed <= 2,
      );
      if (searched && trueRate(searched.spans) > 0.05) uncertifiedViolations++;
      if (!found.certificate) continue;
      certified++;
      share += found.tokensSaved / world.tokens.reduce((sum, count) => sum + count, 0);
      if (trueRate(found.spans) > 0.05) violations++;
    }
    expect(violations / runs).toBeLessThanOrEqual(0.05);
    expect(uncertifiedViolations / runs).toBeGreaterThan(0.2);
    expect(certified / runs).toBeGreaterThan(0.9);
    expect(share / runs).toBeGreaterThan(0.25);
  });
});
