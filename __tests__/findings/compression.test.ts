import { describe, expect, test } from "@jest/globals";
import { rankingFrom } from "../../src/findings/deletion-ranking.js";
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

  test("of a redundant pair one goes, the other is kept and says which, unless the oracle shows that both can go", async () => {
    const pair = {
      spans: [0, 1] as const,
      kind: "redundant" as const,
      effect: { estimate: -0.01, low: -0.02, high: -0.005 },
      sentence: "either can go, not both",
    };
    const both = (deleted: readonly number[]): string =>
      deleted.includes(1) && deleted.includes(3) ? "other" : "same";
    const { request, asked } = worldOf({ output: both });
    const found = await compress({ ...request, interactions: [pair] });
    expect(found.spans).toHaveLength(5);
    const [kept] = found.decisions.filter(({ deleted }) => !deleted);
    expect(kept).toMatchObject({ why: "redundant" });
    expect([1, 3]).toContain(kept?.span);
    expect(kept?.partner).toBe(kept?.span === 1 ? 3 : 1);
    // It is tried once, alone and behind all others.
    expect(
      asked.filter(
        ({ deleted, set }) => set === "search" && deleted.includes(1) && deleted.includes(3),
      ),
    ).toHaveLength(1);
    const free = worldOf({ output: () => "same" });
    const all = await compress({ ...free.request, interactions: [pair] });
    expect(all.spans).toHaveLength(6);
  });

  test("says of every span what became of it", async () => {
    const { request } = worldOf({ output: twoMatter, search: 40 });
    const spans = request.spans.map((span, place) =>
      place === 0 ? { ...span, pinned: true, pinnedBecause: "locked" as const } : span,
    );
    const found = await compress({ ...request, spans });
    expect(found.decisions.map(({ span, deleted, why }) => [span, deleted, why])).toEqual([
      [1, false, "locked"],
      [3, true, "certified"],
      [5, true, "certified"],
      [7, true, "certified"],
      [9, false, "changes outputs"],
      [11, false, "changes outputs"],
    ]);
  });

  test("a heading goes when all under it has gone, never before, and is no candidate", async () => {
    const heading = (heads: readonly number[]) => {
      const { request, asked } = worldOf({ output: twoMatter });
      const spans = request.spans.map((span) => (span.index === 1 ? { ...span, heads } : span));
      return { request: { ...request, spans }, asked };
    };
    const gone = heading([3, 5]);
    const found = await compress(gone.request);
    expect(found.spans).toEqual([1, 3, 5, 7]);
    expect(
      gone.asked
        .filter(({ purpose }) => purpose !== "control")
        .every(
          ({ deleted }) => deleted.includes(1) === (deleted.includes(3) && deleted.includes(5)),
        ),
    ).toBe(true);
    const stays = await compress(heading([3, 9]).request);
    expect(stays.spans).toEqual([3, 5, 7]);
    expect(stays.decisions[0]).toMatchObject({ why: "heading", deleted: false });
  });

  test("accuracy may be the guarantee: outputs that change without an answer getting worse are let go", async () => {
    // Without span 1 wrong answers become right: half of the outputs change.
    const output = (deleted: readonly number[], input: number): string =>
      deleted.includes(9) || deleted.includes(11)
        ? "wrong"
        : input % 2 === 0 || deleted.includes(1)
          ? "right"
          : "wrong";
    const { request } = worldOf({ output, search: 40 });
    const expected = {
      search: request.fixedOutputs.search.map(() => "right"),
      certify: request.fixedOutputs.certify.map(() => "right"),
    };
    const byOutputs = await compress({ ...request, expected });
    expect(byOutputs.spans).toEqual([3, 5, 7]);
    expect(byOutputs.accuracy).toMatchObject({ inputs: 100, right: 50, rightShorter: 50, lost: 0 });
    const byAccuracy = await compress({ ...request, expected, guarantee: "accuracy" });
    expect(byAccuracy.spans).toEqual([1, 3, 5, 7]);
    expect(byAccuracy.accuracy).toMatchObject({ nonInferior: true, lost: 0 });
    expect(byAccuracy.certificate).toMatchObject({ guarantee: "accuracy" });
    // It stops as soon as it knows.
    expect(byAccuracy.certificate?.inputs).toBeLessThan(100);
    const without = await compress({ ...request, guarantee: "accuracy" });
    expect(without.reason).toMatch(/needs 62 inputs with an expected output .* there are 0/);
  });

  test("only changes beyond the oracle's own count where the whole prompt was asked again", async () => {
    // Every twentieth output wavers, and changes with any deletion as well.
    const output = (deleted: readonly number[], input: number, set: string): string =>
      set === "certify" && input % 20 === 0 && deleted.length > 0 ? "waver" : "same";
    const { request } = worldOf({ output, certify: 160 });
    expect((await compress(request)).certificate).toBeNull();
    const ownOutputs = request.fixedOutputs.certify.map((_, input) =>
      input % 20 === 0 ? "else" : "same",
    );
    const found = await compress({ ...request, ownOutputs });
    expect(found.certificate).toMatchObject({
      changed: 8,
      excess: { changed: 8, ownChanged: 8, shown: true, margin: 0.05 },
    });
  });

  test("margins on the path correct a wrong attribution", async () => {
    // Spans 1 and 3 were taken for harmless and take most of the margin each; the rest takes nothing.
    const left = (deleted: readonly number[]): number =>
      1 - 0.9 * deleted.filter((index) => index === 1 || index === 3).length;
    const { request } = worldOf({
      influence: [0, 0, 0.2, 0.2, 0.2, 0.2],
      search: 20,
      output: (deleted) => (left(deleted) < 0 ? "other" : "same"),
    });
    const failing = (deleted: readonly number[]): boolean => left(deleted) < 0;
    const found = await compress({
      ...request,
      margins: [1],
      outputsUnder: async ({ deleted, inputs }) => {
        return inputs.map(() => ({
          text: failing(deleted) ? "other" : "same",
          margin: left(deleted),
        }));
      },
    });
    expect(found.spans).toHaveLength(5);
    expect(found.spans).toEqual(expect.arrayContaining([5, 7, 9, 11]));
  });

  test("an answer on the path moves the spans that it was about behind the others", () => {
    const spans = [1, 3, 5, 7].map((index) => ({ index, tokens: 10, pinned: false }));
    const row = [0, 0, 0.3, 0.3].map((estimate) => ({
      estimate,
      low: estimate - 1,
      high: estimate + 1,
    }));
    const ranking = rankingFrom({ spans, influence: [row], margins: [1] });
    const order = () => ranking.order(spans, []).map(({ index }) => index);
    expect(order()).toEqual([1, 3, 5, 7]);
    ranking.observe(spans.slice(0, 2), new Map([[0, -0.8]]));
    expect(order()).toEqual([5, 7, 1, 3]);
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
