import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { foldersWorkspace } from "../../src/workspace/folders-workspace.js";
import { put, temporaryFolder } from "./repository.js";

function twoFolders(
  base: Record<string, string | Uint8Array>,
  head: Record<string, string | Uint8Array>,
): { base: string; head: string } {
  const folders = { base: temporaryFolder(), head: temporaryFolder() };
  put(folders.base, base);
  put(folders.head, head);
  return folders;
}

describe("two folders", () => {
  test("differ in changed, new and deleted files; order is by code units", async () => {
    const folders = twoFolders(
      { "a.md": "a", "b/c.md": "c", "same.md": "s", ".git/config": "x" },
      {
        "a.md": "A",
        "Z.md": "z",
        "é.md": "e",
        "same.md": "s",
        ".git/config": "y",
        "d/.git/x": "n",
      },
    );
    const workspace = foldersWorkspace(folders);
    expect(await workspace.changedFiles()).toEqual([
      { path: "Z.md", base: null, head: "z" },
      { path: "a.md", base: "a", head: "A" },
      { path: "b/c.md", base: "c", head: null },
      { path: "é.md", base: null, head: "e" },
    ]);
    expect(await workspace.read("Z.md")).toBe("z");
    expect(await workspace.read("b/c.md")).toBeNull();
    expect(workspace.notices()).toEqual([]);
  });

  test("symbolic links are not followed, to files or folders, and binary files are named", async () => {
    const folders = twoFolders(
      { "was-link.md": "x" },
      { "real.md": "r", "b.bin": Uint8Array.of(0) },
    );
    const outside = temporaryFolder();
    put(outside, { "secret.md": "secret" });
    symlinkSync(outside, join(folders.head, "dir"));
    symlinkSync(join(outside, "secret.md"), join(folders.head, "was-link.md"));
    symlinkSync("real.md", join(folders.base, "real.md"));
    const workspace = foldersWorkspace(folders);
    expect(await workspace.changedFiles()).toEqual([{ path: "real.md", base: null, head: "r" }]);
    expect(workspace.notices()).toEqual([
      "b.bin is a binary file: skipped",
      "dir is a symbolic link: skipped",
      "was-link.md is a symbolic link: skipped",
    ]);
    for (const path of ["dir/secret.md", "was-link.md", "../x", ".git/config"])
      await expect(workspace.read(path)).rejects.toMatchObject({ code: "FILE" });
  });

  test("the limit and the interest hold here too", async () => {
    const folders = twoFolders({}, { "big.md": "x".repeat(11), "new\nline.md": "y" });
    await expect(
      foldersWorkspace({ ...folders, maxBytes: 10 }).changedFiles(),
    ).rejects.toMatchObject({ code: "FILE" });
    expect(
      await foldersWorkspace({
        ...folders,
        maxBytes: 10,
        include: (path) => path !== "big.md",
      }).changedFiles(),
    ).toEqual([{ path: "new\nline.md", base: null, head: "y" }]);
  });

  test("a folder that is not there is an error, not an empty one", async () => {
    const folders = twoFolders({}, {});
    await expect(
      foldersWorkspace({ ...folders, base: join(folders.base, "nowhere") }).changedFiles(),
    ).rejects.toMatchObject({ code: "FILE" });
    expect(await foldersWorkspace(folders).changedFiles()).toEqual([]);
  });
});
