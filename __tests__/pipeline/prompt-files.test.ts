import { describe, expect, test } from "@jest/globals";
import {
  findPrompts,
  holdsPrompts,
  withConfiguredInputs,
} from "../../src/pipeline/prompt-files.js";
import { contentOf, openStudy } from "../../src/pipeline/study.js";
import type { Job } from "../../src/pipeline/ports.js";
import { syntheticJob } from "./synthetic-job.js";

/** A job in a checkout with these files. */
function jobWith(files: Readonly<Record<string, string>>, prompts = ""): Job {
  const job = syntheticJob({ prompts }, {});
  return {
    ...job,
    ports: {
      ...job.ports,
      workspace: { changedFiles: async () => [], read: async (path) => files[path] ?? null },
    },
  };
}

const YAML = "a: One sentence here.\nb: {c: Another sentence.}\nn: 3\n";
const CONFIG =
  "prompts:\n  - 'Sort {{q}}.'\n  - file://own.txt\n  - file://gone.txt\ntests:\n  - vars: {q: one}\n";

describe("the prompts of changed files", () => {
  test("are values that a setting names, those that changed, by path and keys", async () => {
    const job = jobWith({}, "conf/*.yaml#a,conf/*.yaml#b.*");
    expect(holdsPrompts(job, "conf/x.yaml")).toBe(true);
    expect(holdsPrompts(job, "other/x.yaml")).toBe(false);
    const all = await findPrompts(job, [{ path: "conf/x.yaml", base: null, head: YAML }]);
    expect(all.prompts.map(({ path, name, base }) => [path, name, base])).toEqual([
      ["conf/x.yaml", "a", null],
      ["conf/x.yaml", "b.c", null],
    ]);
    const base = YAML.replace("Another", "One more");
    const some = await findPrompts(job, [{ path: "conf/x.yaml", base, head: YAML }]);
    expect(some.prompts.map(({ name }) => name)).toEqual(["b.c"]);
    const none = await findPrompts(job, [{ path: "conf/x.yaml", base: null, head: "n: 3\n" }]);
    expect(none.prompts).toEqual([]);
    expect(none.skipped[0]?.reason).toMatch(/no value at "a"/);
  });

  test("of a promptfoo configuration are what it holds and names, with its tests as inputs", async () => {
    const job = jobWith({ "own.txt": "Sort {{q}} well." });
    const found = await findPrompts(job, [
      { path: "promptfooconfig.yaml", base: null, head: CONFIG },
    ]);
    expect(found.prompts.map(({ path, name }) => [path, name])).toEqual([
      ["promptfooconfig.yaml", "1"],
      ["own.txt", null],
    ]);
    expect(found.leftAlone).toEqual([]);
    expect(found.skipped.map(({ reason }) => reason).join()).toMatch(/"gone\.txt".*does not exist/);
    const [inline, own] = await Promise.all(
      found.prompts.map((prompt) => openStudy(job, prompt.path, prompt.head, prompt)),
    );
    for (const study of [inline, own])
      expect(study?.inputs).toMatchObject({
        source: "promptfooconfig.yaml",
        search: [{ slots: { q: "one" } }],
      });
  });

  test("get the tests of a configuration above that names them", async () => {
    const job = jobWith({ "x/promptfooconfig.yaml": CONFIG.replace("own.txt", "prompts/own.txt") });
    const prompt = {
      path: "x/prompts/own.txt",
      name: null,
      base: null,
      head: "Sort {{q}}.",
      given: null,
    };
    const withInputs = await withConfiguredInputs(job.ports.workspace, prompt);
    expect(withInputs.given?.source).toBe("x/promptfooconfig.yaml");
    const other = await withConfiguredInputs(job.ports.workspace, {
      ...prompt,
      path: "x/prompts/b.txt",
    });
    expect(other.given).toBeNull();
  });
});

test("what a prompt says differs between the prompts of one file, and with what it includes", async () => {
  const content = async (
    files: Readonly<Record<string, string>>,
    path: string,
    name: string | null,
  ): Promise<string> =>
    contentOf((await openStudy(jobWith(files), path, files[path] ?? "", { name })).template);
  expect(await content({ "x.yaml": YAML }, "x.yaml", "a")).not.toBe(
    await content({ "x.yaml": YAML }, "x.yaml", "b.c"),
  );
  const main = "Hello. {% include 'p.md' %} {{ q }}";
  expect(
    await content({ "prompts/m.j2": main, "prompts/p.md": "Be kind." }, "prompts/m.j2", null),
  ).not.toBe(
    await content({ "prompts/m.j2": main, "prompts/p.md": "Be short." }, "prompts/m.j2", null),
  );
  expect(await content({ "prompts/m.txt": "Hello {{q}}." }, "prompts/m.txt", null)).toBe(
    "Hello {{q}}.",
  );
});
