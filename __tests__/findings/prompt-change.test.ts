/** Alignment of two versions of a prompt, and the words that intervals allow: closed form and properties. */
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Interval } from "../../src/domain.js";
import {
  alignSpans,
  effectOf,
  NEGLIGIBLE_SHARE,
  shareOfInfluence,
  type AlignableSpan,
} from "../../src/findings/prompt-change.js";
import "../property-seed.js";

const spans = (texts: string, role = "system"): AlignableSpan[] =>
  [...texts].map((text) => ({ role, text }));
const interval = (estimate: number, low: number, high: number): Interval => ({
  estimate,
  low,
  high,
});

describe("alignment", () => {
  test("of equal texts leaves nothing over, whatever their white space and normal form", () => {
    const before = [{ role: "system", text: "Na\u00efve  users\n wait. " }];
    const after = [{ role: "system", text: "Nai\u0308ve users wait." }];
    expect(alignSpans(before, after)).toEqual({
      unchanged: [[0, 0]],
      moved: [],
      added: [],
      removed: [],
    });
  });

  test("takes an edited sentence for one removed and one added", () => {
    const edited = alignSpans(
      [...spans("ab"), { role: "system", text: "Be kind." }, ...spans("c")],
      [...spans("ab"), { role: "system", text: "Be very kind." }, ...spans("c")],
    );
    expect(edited).toMatchObject({ added: [2], removed: [2], moved: [] });
    expect(edited.unchanged).toEqual([
      [0, 0],
      [1, 1],
      [3, 3],
    ]);
  });

  test("tells what moved from what stayed: of abcde to dabce only d moved", () => {
    expect(alignSpans(spans("abcde"), spans("dabce"))).toEqual({
      unchanged: [
        [0, 1],
        [1, 2],
        [2, 3],
        [4, 4],
      ],
      moved: [[3, 0]],
      added: [],
      removed: [],
    });
  });

  test("counts repeated sentences: a second copy is added, and a copy that went is removed", () => {
    expect(alignSpans(spans("ab"), spans("aab"))).toMatchObject({ added: [1], removed: [] });
    expect(alignSpans(spans("axa"), spans("xa"))).toMatchObject({
      added: [],
      removed: [0],
      moved: [],
    });
  });

  test("takes the same text in another role for moved", () => {
    expect(alignSpans(spans("a"), spans("a", "user"))).toEqual({
      unchanged: [],
      moved: [[0, 0]],
      added: [],
      removed: [],
    });
  });

  test("sorts every span of both sides into exactly one list, pairs equal texts, keeps the order of the unchanged", () => {
    const texts = fc.array(fc.constantFrom("a", "b", "c", "d", "e f", "e  f"), { maxLength: 12 });
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        const of = (list: readonly string[]): AlignableSpan[] =>
          list.map((text) => ({ role: "system", text }));
        const { unchanged, moved, added, removed } = alignSpans(of(before), of(after));
        const pairs = [...unchanged, ...moved];
        const own = [...pairs.map(([index]) => index), ...removed].sort((x, y) => x - y);
        const other = [...pairs.map(([, index]) => index), ...added].sort((x, y) => x - y);
        expect(own).toEqual(before.map((_, index) => index));
        expect(other).toEqual(after.map((_, index) => index));
        const bare = (text: string | undefined): string | undefined => text?.replace(/\s+/g, " ");
        for (const [left, right] of pairs) expect(bare(before[left])).toBe(bare(after[right]));
        unchanged.slice(1).forEach(([left, right], index) => {
          expect(left).toBeGreaterThan(unchanged[index]?.[0] ?? left);
          expect(right).toBeGreaterThan(unchanged[index]?.[1] ?? right);
        });
      }),
      { numRuns: 300 },
    );
  });

  test("of twenty thousand spans in reverse takes no time to speak of", () => {
    const many = Array.from({ length: 20_000 }, (_, index) => ({
      role: "user",
      text: `span ${index}`,
    }));
    const { unchanged, moved } = alignSpans(many, [...many].reverse());
    expect([unchanged.length, moved.length]).toEqual([1, 19_999]);
  });
});

describe("what an interval says", () => {
  const strongest = 2;
  const edge = NEGLIGIBLE_SHARE * strongest;

  test.each([
    ["carries", interval(0.3, 0.01, 0.6)],
    ["works against", interval(-0.3, -0.6, -0.01)],
    ["does nothing measurable", interval(0, -edge, edge)],
    ["undecided", interval(0, -edge, edge + 0.01)],
    ["undecided", interval(0, -edge - 0.01, edge)],
  ])("%s", (effect, influence) => {
    expect(effectOf(influence, strongest)).toBe(effect);
  });

  test("without a span to compare with nothing is called small", () => {
    expect(effectOf(interval(0, -1e-9, 1e-9), null)).toBe("undecided");
    expect(effectOf(interval(0, -1e-9, 1e-9), 0)).toBe("undecided");
  });
});

describe("the added spans' share of influence", () => {
  test("is that of absolute sizes, with the extremes that the intervals allow", () => {
    const share = shareOfInfluence([
      { added: true, influence: interval(-1, -2, -0.5) },
      { added: false, influence: interval(3, 2, 4) },
    ]);
    expect(share).toEqual({ estimate: 0.25, low: 0.5 / 4.5, high: 2 / 4 });
  });

  test("reaches 0 where an interval holds 0, and 1 where the others' do", () => {
    const share = shareOfInfluence([
      { added: true, influence: interval(1, -1, 2) },
      { added: false, influence: interval(1, -1, 2) },
    ]);
    expect(share).toEqual({ estimate: 0.5, low: 0, high: 1 });
  });

  test("of no influence at all is unknown, of nothing added 0", () => {
    expect(shareOfInfluence([{ added: true, influence: interval(0, -1, 1) }])).toBeNull();
    expect(shareOfInfluence([{ added: false, influence: interval(2, 1, 3) }])?.high).toBe(0);
  });
});
