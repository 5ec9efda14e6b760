import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { CommandContext } from "../../src/wiring/context.js";
import { type ValuesRequest, runExplainValues } from "../../src/wiring/values-command.js";

const DOCUMENT = {
  spans: ["Answer with one word.\u001b[2J", "Be kind."],
  inputs: [
    { id: "first", output: "yes" },
    { id: "second", output: "no" },
  ],
  rows: [0, 1].flatMap((input) =>
    [
      [1, 1],
      [1, 0],
      [0, 1],
      [0, 0],
    ].map((mask) => ({ input, mask, value: input + 2 * (mask[0] ?? 0) })),
  ),
  surrogates: {
    small: [
      [1, 0],
      [1, 0],
    ],
  },
  about: "recorded",
};

let root = "";
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "values-"));
  writeFileSync(join(root, "values.json"), JSON.stringify(DOCUMENT));
  writeFileSync(join(root, "latin1.json"), Buffer.from([0x22, 0xe9, 0x22]));
  symlinkSync(join(root, "values.json"), join(root, "link.json"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function run(
  request: ValuesRequest,
  json = true,
): Promise<{ readonly code: number; readonly printed: string; readonly said: string }> {
  let printed = "";
  let said = "";
  const context: CommandContext = {
    caller: new Map(),
    operands: [],
    json,
    quiet: false,
    raw: false,
    prompt: null,
    response: null,
    model: null,
    masks: null,
    values: null,
    perInput: false,
    root,
    environment: {},
    print: (text) => void (printed += text),
    say: (text) => void (said += text),
    interactive: false,
  };
  const code = await runExplainValues(context, request);
  return { code, printed, said };
}

describe("explain --values", () => {
  test("prints one line of JSON, the same each time, and says what it passed over", async () => {
    const first = await run({ path: "values.json" });
    expect(first.code).toBe(0);
    expect(first.printed.endsWith("}\n")).toBe(true);
    const explained: unknown = JSON.parse(first.printed);
    expect(explained).toMatchObject({
      inputs: [{ id: "first" }, { id: "second" }],
      surrogates: [{ name: "small" }],
    });
    expect(first.said).toContain('"about"');
    expect((await run({ path: "link.json" })).printed).toBe(first.printed);
  });

  test("prints a table for a person, hostile text made visible", async () => {
    const { printed } = await run({ path: "values.json" }, false);
    expect(printed).toContain("2 inputs, 8 values");
    expect(printed).toMatch(/1 +1\.\d+ \(.* to .*\) #+ +Answer with one word\.␛/);
    expect(printed).toContain("weight of the surrogate small");
    expect(printed).not.toContain("\u001b");
  });

  test.each(["lasso", "lime", "kernel-shap", "leave-one-out", "exact", "gsmile"] as const)(
    "explains by %s",
    async (method) => {
      const { printed } = await run({ path: "values.json", method });
      const explained = JSON.parse(printed) as { template: { attribution: number[] } };
      const [first = NaN, second = NaN] = explained.template.attribution;
      expect(first).toBeGreaterThan(0.3);
      expect(Math.abs(second)).toBeLessThan(0.3);
    },
  );

  test.each([
    ["a missing file", { path: "nowhere.json" }, "FILE", "does not exist"],
    ["a folder", { path: "." }, "FILE", "not a regular file"],
    ["another encoding", { path: "latin1.json" }, "FILE", "not UTF-8"],
    ["rope-lime", { path: "values.json", method: "rope-lime" as const }, "USAGE", "rope-lime"],
  ])("refuses %s", async (_, request, code, message) => {
    await expect(run(request)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });
});
