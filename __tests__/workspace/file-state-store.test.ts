import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { fileStateStore, writeOutputs } from "../../src/workspace/file-state-store.js";
import { put, temporaryFolder } from "./repository.js";

describe("state", () => {
  test("is null before it is written, then what was written last", async () => {
    const folder = join(temporaryFolder(), "a", "b");
    const store = fileStateStore(folder);
    expect(await store.read("screen-1.json")).toBeNull();
    await store.write("screen-1.json", "one");
    await store.write("screen-1.json", "zwei €");
    expect(await store.read("screen-1.json")).toBe("zwei €");
    expect(readdirSync(folder)).toEqual(["screen-1.json"]);
  });

  test.each(["", "..", "../x", "a/b", "a\\b", ".hidden", "x\0", "-x", "x\n", "x".repeat(129), "ü"])(
    "refuses the name %j",
    async (name) => {
      const store = fileStateStore(temporaryFolder());
      await expect(store.read(name)).rejects.toMatchObject({ code: "FILE" });
      await expect(store.write(name, "x")).rejects.toMatchObject({ code: "FILE" });
    },
  );

  test("neither reads nor writes through a symbolic link", async () => {
    const folder = temporaryFolder();
    const outside = join(temporaryFolder(), "outside");
    writeFileSync(outside, "theirs");
    symlinkSync(outside, join(folder, "state"));
    const store = fileStateStore(folder);
    await expect(store.read("state")).rejects.toMatchObject({ code: "FILE" });
    await store.write("state", "ours");
    expect(await store.read("state")).toBe("ours");
    expect(readFileSync(outside, "utf8")).toBe("theirs");
  });

  test("a write that fails leaves the old state and no litter", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "state"));
    put(folder, { "state/keep": "kept" });
    await expect(fileStateStore(folder).write("state", "x")).rejects.toMatchObject({
      code: "FILE",
    });
    expect(readdirSync(folder)).toEqual(["state"]);
    const file = join(folder, "file");
    writeFileSync(file, "");
    await expect(fileStateStore(file).write("state", "x")).rejects.toMatchObject({ code: "FILE" });
  });
});

describe("outputs", () => {
  test("are written under their names", async () => {
    const folder = join(temporaryFolder(), "out", "demo");
    await writeOutputs(folder, { "comment.md": "# c\n", "understudy-report.json": "{}" });
    expect(readdirSync(folder).sort()).toEqual(["comment.md", "understudy-report.json"]);
    expect(readFileSync(join(folder, "comment.md"), "utf8")).toBe("# c\n");
  });

  test("one bad name stops all of them", async () => {
    const folder = temporaryFolder();
    await expect(writeOutputs(folder, { good: "x", "../bad": "y" })).rejects.toMatchObject({
      code: "FILE",
    });
    expect(readdirSync(folder)).toEqual([]);
  });
});
