import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  configurationJsonSchema,
  describeSetting,
  fromFile,
  fromStrings,
  resolveSettings,
  settingDefinitions,
  settingNames,
} from "../src/config.js";
import { UnderstudyError } from "../src/errors.js";

function problemOf(run: () => unknown): UnderstudyError {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof UnderstudyError) return thrown;
    throw thrown;
  }
  throw new Error("nothing was thrown");
}

describe("settings", () => {
  test("defaults are those of the design", () => {
    const settings = resolveSettings(new Map());
    expect(settings["search-inputs"]).toBe(40);
    expect(settings["masks-per-input"]).toBe(8);
    expect(settings.tolerance).toBe(0.05);
    expect(settings.precision).toBe("precise");
    expect(settings["oracle-base-url"]).toBeNull();
  });

  test("the caller wins over the file, the file over the default", () => {
    const file = fromFile({ "search-inputs": 20, tolerance: 0.1 }, "understudy.yml");
    const settings = resolveSettings(fromStrings({ "search-inputs": "30" }, "--"), file);
    expect([settings["search-inputs"], settings.tolerance]).toEqual([30, 0.1]);
  });

  test("strings become numbers, lists and booleans; empty strings count as not given", () => {
    const settings = resolveSettings(
      fromStrings(
        {
          "max-cost": "1.5",
          labels: "A, B\nC",
          "allow-private-endpoint": "true",
          "oracle-model": "",
        },
        "input ",
      ),
    );
    expect(settings["max-cost"]).toBe(1.5);
    expect(settings.labels).toEqual(["A", "B", "C"]);
    expect(settings["allow-private-endpoint"]).toBe(true);
    expect(settings["oracle-model"]).toBeNull();
  });

  test("every problem is reported at once, with place, value and what is allowed", () => {
    const error = problemOf(() =>
      resolveSettings(fromStrings({ precision: "int4", tolerance: "2", tolerence: "0.1" }, "--")),
    );
    expect(error.code).toBe("USAGE");
    for (const part of [
      "--precision",
      '"int4"',
      "fp32, precise, fast",
      "--tolerance",
      "--tolerence",
    ])
      expect(error.message).toContain(part);
  });

  test.each([
    "oracle-base-url",
    "oracle-api-key",
    "max-cost",
    "max-oracle-calls",
    "allow-private-endpoint",
    "surrogate-model",
  ])("a file of the repository cannot set %s", (name) => {
    const error = problemOf(() =>
      resolveSettings(new Map(), fromFile({ [name]: "http://attacker.example" }, "understudy.yml")),
    );
    expect(error.code).toBe("CONFIG");
    expect(error.message).toContain(`understudy.yml: ${name}`);
  });

  test("a file that is not a mapping is refused", () => {
    expect(problemOf(() => fromFile(["a"], "understudy.yml")).code).toBe("CONFIG");
  });

  test("any value of any setting either parses or gives an UnderstudyError", () => {
    fc.assert(
      fc.property(fc.constantFrom(...settingNames), fc.string(), (name, value) => {
        try {
          resolveSettings(fromStrings({ [name]: value }, "--"));
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(UnderstudyError);
        }
      }),
    );
  });

  test("every setting has a description and a kind, and the file's schema holds no caller-only setting", () => {
    const schema = JSON.stringify(configurationJsonSchema());
    for (const name of settingNames) {
      expect(settingDefinitions[name].description).toMatch(/\.$/);
      expect(["text", "list", "number", "boolean", "choice"]).toContain(describeSetting(name).kind);
      expect(schema.includes(`"${name}"`)).toBe(settingDefinitions[name].source === "anywhere");
    }
  });
});
