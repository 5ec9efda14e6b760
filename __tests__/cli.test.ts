/** The command line's own part: words to settings, mistakes to exit code 2. What verbs do is tested where they live. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { main } from "../src/cli.js";

let root = "";
const home = process.cwd();
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "cli-"));
  const rows = [0, 1, 2, 3].map((code) => {
    const mask = [code & 1, code >> 1];
    return { input: 0, mask, value: 2 * (mask[0] ?? 0) - (mask[1] ?? 0) };
  });
  const document = { spans: ["a", "b"], inputs: [{ id: "i", output: "yes" }], rows };
  writeFileSync(join(root, "values.json"), JSON.stringify(document));
  process.chdir(root);
});
afterAll(() => {
  process.chdir(home);
  rmSync(root, { recursive: true, force: true });
});

async function run(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const printed = { out: "", err: "" };
  const catching = (to: "out" | "err") => (text: string | Uint8Array) => {
    printed[to] += String(text);
    return true;
  };
  const out = jest.spyOn(process.stdout, "write").mockImplementation(catching("out"));
  const err = jest.spyOn(process.stderr, "write").mockImplementation(catching("err"));
  try {
    return { code: await main(words), ...printed };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

describe("the command line", () => {
  test("explains recorded values by the method asked for, as JSON", async () => {
    const { code, out } = await run(
      "explain",
      "--values",
      "values.json",
      "--json",
      "--method",
      "exact",
    );
    expect(code).toBe(0);
    expect(JSON.parse(out).inputs[0].attribution).toEqual([2, -1]);
  });

  test.each([
    [["explain", "--values", "values.json", "p.txt"], /takes no prompt/],
    [["explain", "--values", "values.json", "--method", "shap"], /--method/],
    [["explain", "p.txt", "--masks", "64"], /--masks/],
    [["explain", "p.txt", "--granularity", "letter"], /--granularity/],
    [["explain", "p.txt", "--kernel", "rbf"], /--kernel/],
    [["explain", "p.txt", "--objective", "accuracy"], /--objective/],
    [["explain", "p.txt", "--budget", "0"], /--budget/],
    [["explain", "p.txt", "--per-inputs"], /per-inputs/],
    [["explain"], /exactly one prompt file/],
    [["model", "bench", "--masks", "sparse-k"], /not a whole number/],
    [["compress"], /exactly one prompt file/],
    [["explain", "p.txt", "--write"], /writes to no prompt/],
    [["scan"], /not supported in this version/],
    [["merge"], /not supported in this version/],
  ])("%j is a mistake that is explained", async (words, message) => {
    const { code, err } = await run(...words);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  test("help names every flag of explain", async () => {
    const { code, out } = await run("--help");
    expect(code).toBe(0);
    for (const name of [
      "method",
      "objective",
      "kernel",
      "masks",
      "granularity",
      "budget",
      "mask-choice",
    ])
      expect(out).toContain(`--${name} `);
    expect(out).toContain("explain PROMPT [--per-input] | explain --values FILE");
  });
});
