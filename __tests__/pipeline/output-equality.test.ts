import { describe, expect, test } from "@jest/globals";
import { fromStrings, resolveSettings } from "../../src/config.js";
import { checkCompression } from "../../src/pipeline/compression-settings.js";
import { outputEqualityOf } from "../../src/pipeline/output-equality.js";

const settings = (given: Record<string, string> = {}) => resolveSettings(fromStrings(given, "--"));
const by = (given: Record<string, string>, labels: readonly string[] = [], fixed = ["a b"]) =>
  outputEqualityOf(settings(given), { labels, fixed });

describe("equality of outputs", () => {
  test("is by label where there is a set, by JSON where all fixed outputs are, else by words in order", () => {
    expect(by({}, ["YES", "NO"]).name).toBe("label");
    expect(by({}, [], ['{"a": 1}', "[2]"]).name).toBe("json");
    expect(by({}, [], ['{"a": 1}', "text"]).name).toBe("normalised");
  });

  test("label: case and punctuation around it aside; other text is no label", () => {
    const { same } = by({}, ["YES", "NO", "+", "-"]);
    expect(same("YES", "**yes.**")).toBe(true);
    expect(same("+", "-")).toBe(false);
    expect(same("YES", "NO")).toBe(false);
    expect(same("YES", "YES and NO")).toBe(false);
    expect(same("Cannot say.", "cannot say")).toBe(true);
    expect(same("Cannot say.", "will not say")).toBe(false);
  });

  test.each([
    ["exact", "a  b", "a b", true],
    ["exact", "A b", "a b", false],
    ["normalised", "A b!", "a b", true],
    ["normalised", "b a", "a b", false],
    ["json", '{"a": 1, "b": "x"}', '```json\n{"b": "X", "a": 1}\n```', true],
    ["json", '{"a": 1}', '{"a": 2}', false],
    ["json", '{"a": 1}', "a is 1", false],
  ])("%s: %s and %s", (name, before, after, same) => {
    expect(by({ "output-equality": name }).same(before, after)).toBe(same);
  });

  test("pattern: what the group captures", () => {
    const { same } = by({ "output-equality": "pattern", "answer-pattern": "answer is (\\d+)" });
    expect(same("So the answer is 42.", "The answer is 42, surely")).toBe(true);
    expect(same("The answer is 42", "The answer is 43")).toBe(false);
  });

  test("words: their F1 reaches the threshold", () => {
    const given = { "output-equality": "words" };
    const [before, after] = ["the red car stopped at the light", "the red car stopped at a light"];
    expect(by(given).same(before, after)).toBe(false);
    expect(by({ ...given, "output-similarity": "0.8" }).same(before, after)).toBe(true);
  });

  test.each([
    [{ "output-equality": "pattern" }, /answer-pattern is missing/],
    [{ "output-similarity": "0.5" }, /output-equality is auto/],
    [{ guarantee: "accuracy", "self-disagreement": "excess" }, /self-disagreement is `excess`/],
    [{ "lock-patterns": "(" }, /lock-patterns/],
  ])("settings that contradict each other are refused: %j", (given, message) => {
    expect(() => checkCompression(settings(given))).toThrow(message);
  });
});
