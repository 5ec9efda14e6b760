import { expect, test } from "@jest/globals";
import { isVersionOf } from "../../src/oracle/model-name.js";

test.each([
  ["gpt-4o", "gpt-4o-2024-08-06"],
  ["gpt-4", "gpt-4-0613"],
  ["gemini-2.0-flash", "gemini-2.0-flash-001"],
  ["claude-3-5-sonnet-latest", "claude-3-5-sonnet-20241022"],
  ["openai/gpt-4o", "gpt-4o"],
  ["Qwen/Qwen2.5-7B-Instruct", "/models/qwen2.5-7b-instruct"],
  ["qwen2.5-coder-1.5b-instruct", "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"],
  ["SmolLM2-135M-Instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"],
  ["gpt-4o-2024-08-06", "gpt-4o"],
])("%s may be called %s", (asked, answered) => {
  expect(isVersionOf(asked, answered)).toBe(true);
});

test.each([
  ["gpt-4o", "gpt-4o-mini"],
  ["gpt-4o-mini", "gpt-4o"],
  ["gpt-4", "gpt-4.1"],
  ["claude-sonnet-4", "claude-sonnet-4-5-20250929"],
  ["gpt-4o-2024-08-06", "gpt-4o-2024-11-20"],
  ["qwen2.5-7b-instruct", "qwen2.5-72b-instruct"],
  ["m", ""],
])("%s is another model than %s", (asked, answered) => {
  expect(isVersionOf(asked, answered)).toBe(false);
});

test("a hostile name is read in linear time", () => {
  expect(isVersionOf("m", `m${"-q1_q1".repeat(200_000)}!`)).toBe(false);
});
