import {
  chmodSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { gitWorkspace } from "../../src/workspace/git-workspace.js";
import { createRepository, put, temporaryFolder } from "./repository.js";

const LONG = Array.from({ length: 40 }, (_, line) => `line ${line}\n`).join("");

describe("changed files", () => {
  test("committed, staged, unstaged and new files, both sides as text, in code-unit order", async () => {
    const { root, git, commit } = createRepository({
      "a.md": "a",
      "b.md": "b",
      "c.md": "c",
      "gone.md": "gone",
      "same.md": "same",
      ".gitignore": "ignored.md\n",
    });
    put(root, { "b.md": "B" });
    commit();
    put(root, { "c.md": "C" });
    git("add", "c.md");
    rmSync(join(root, "gone.md"));
    put(root, { "a.md": "A", "Z.md": "new", "é/deep.md": "new", "ignored.md": "x" });
    expect(await gitWorkspace({ root, baseRef: "main" }).changedFiles()).toEqual([
      { path: "Z.md", base: null, head: "new" },
      { path: "a.md", base: "a", head: "A" },
      { path: "b.md", base: "b", head: "B" },
      { path: "c.md", base: "c", head: "C" },
      { path: "gone.md", base: "gone", head: null },
      { path: "é/deep.md", base: null, head: "new" },
    ]);
  });

  test("a commit as head is read from git, whatever the working tree holds", async () => {
    const { root, commit } = createRepository({ "a.md": "a" });
    put(root, { "a.md": "A" });
    const head = commit();
    put(root, { "a.md": "later", "b.md": "later" });
    const workspace = gitWorkspace({ root, baseRef: "main", headRef: head });
    expect(await workspace.changedFiles()).toEqual([{ path: "a.md", base: "a", head: "A" }]);
    expect(await workspace.read("a.md")).toBe("A");
    expect(await workspace.read("b.md")).toBeNull();
  });

  test("compares with the point where the branches parted, not with what the base did since", async () => {
    const { root, git, commit } = createRepository({ "a.md": "a", "b.md": "b" });
    put(root, { "a.md": "A" });
    commit();
    git("checkout", "--quiet", "main");
    put(root, { "b.md": "changed on main" });
    commit();
    git("checkout", "--quiet", "topic");
    expect(await gitWorkspace({ root, baseRef: "main" }).changedFiles()).toEqual([
      { path: "a.md", base: "a", head: "A" },
    ]);
  });

  test("a renamed and edited file keeps its old content as base; one that only moved is no change", async () => {
    const { root, git, commit } = createRepository({
      "old.md": LONG,
      "moved.md": `${LONG}moved`,
      "mode.md": "mode",
    });
    git("mv", "old.md", "new.md");
    git("mv", "moved.md", "elsewhere.md");
    put(root, { "new.md": `${LONG}more\n` });
    chmodSync(join(root, "mode.md"), 0o755);
    const expected = [{ path: "new.md", base: LONG, head: `${LONG}more\n` }];
    expect(await gitWorkspace({ root, baseRef: "main" }).changedFiles()).toEqual(expected);
    const head = commit();
    expect(await gitWorkspace({ root, baseRef: "main", headRef: head }).changedFiles()).toEqual(
      expected,
    );
  });

  test("hostile names come through as they are", async () => {
    const names = [
      "-rf",
      "--output=x",
      "new\nline.md",
      "tab\there",
      'quote".md',
      "it's",
      "$(touch pwned)",
      "日本語.md",
      "a;b&&c",
      ":(glob)x",
      "sp ace",
      "back\\slash",
      "::set-output",
    ];
    const { root, commit } = createRepository(
      Object.fromEntries(names.map((name) => [name, "before"])),
    );
    put(root, Object.fromEntries(names.map((name) => [name, `after ${name}`])));
    const expected = [...names]
      .sort((a, b) => (a < b ? -1 : 1))
      .map((path) => ({ path, base: "before", head: `after ${path}` }));
    expect(await gitWorkspace({ root, baseRef: "main" }).changedFiles()).toEqual(expected);
    const head = commit();
    const committed = gitWorkspace({ root, baseRef: "main", headRef: head });
    expect(await committed.changedFiles()).toEqual(expected);
    for (const name of names) expect(await committed.read(name)).toBe(`after ${name}`);
    expect(existsSync(join(root, "pwned"))).toBe(false);
  });

  test("a folder inside the repository sees its own files only, by its own paths", async () => {
    const { root, commit } = createRepository({ "out.md": "a", "sub/in.md": "a" });
    put(root, { "out.md": "b", "sub/in.md": "b", "sub/new.md": "b", "new.md": "b" });
    const sub = join(root, "sub");
    const paths = async (headRef: string | null) =>
      (await gitWorkspace({ root: sub, baseRef: "main", headRef }).changedFiles()).map(
        (file) => file.path,
      );
    expect(await paths(null)).toEqual(["in.md", "new.md"]);
    const head = commit();
    expect(await paths(head)).toEqual(["in.md", "new.md"]);
    expect(await gitWorkspace({ root: sub, baseRef: "main", headRef: head }).read("in.md")).toBe(
      "b",
    );
  });

  test("a file that left the index but not the disk is a change", async () => {
    const { root, git } = createRepository({ "a.md": "a" });
    git("rm", "--quiet", "--cached", "a.md");
    put(root, { "a.md": "A" });
    expect(await gitWorkspace({ root, baseRef: "main" }).changedFiles()).toEqual([
      { path: "a.md", base: "a", head: "A" },
    ]);
  });

  test("a merge under way shows the file once, as it stands on the disk", async () => {
    const { root, git, commit } = createRepository({ "a.md": "a\n" });
    put(root, { "a.md": "topic\n" });
    commit();
    git("checkout", "--quiet", "-b", "other", "main");
    put(root, { "a.md": "other\n" });
    commit();
    expect(() => git("merge", "--quiet", "topic")).toThrow();
    const files = await gitWorkspace({ root, baseRef: "main" }).changedFiles();
    expect(files.map((file) => [file.path, file.base])).toEqual([["a.md", "a\n"]]);
    expect(files[0]?.head).toContain("<<<<<<<");
  });
});

describe("what is skipped or refused", () => {
  test("binary files, other encodings and symbolic links are skipped and named", async () => {
    const { root, commit } = createRepository({
      "image.bin": Uint8Array.of(1, 0, 2),
      "latin.md": "ok",
      "real.md": "real",
      "was-file.md": "file",
    });
    put(root, {
      "image.bin": Uint8Array.of(1, 0, 3),
      "latin.md": Uint8Array.of(0x63, 0xe9),
      "new.bin": Uint8Array.of(0),
    });
    symlinkSync("/etc/passwd", join(root, "link.md"));
    rmSync(join(root, "was-file.md"));
    symlinkSync("real.md", join(root, "was-file.md"));
    const reasons = [
      "image.bin is a binary file",
      "latin.md is not UTF-8 text",
      "link.md is a symbolic link",
      "new.bin is a binary file",
      "was-file.md is a symbolic link",
    ];
    const expected = reasons.map((reason) => `${reason}: skipped`);
    const workspace = gitWorkspace({ root, baseRef: "main" });
    expect(await workspace.changedFiles()).toEqual([]);
    expect(workspace.notices()).toEqual(expected);
    const committed = gitWorkspace({ root, baseRef: "main", headRef: commit() });
    expect(await committed.changedFiles()).toEqual([]);
    expect(committed.notices()).toEqual(expected);
    await expect(committed.read("link.md")).rejects.toMatchObject({ code: "FILE" });
    await expect(workspace.read("link.md")).rejects.toMatchObject({ code: "FILE" });
    await expect(workspace.read("new.bin")).rejects.toMatchObject({ code: "FILE" });
  });

  test("a file in the place of a link is a new file", async () => {
    const { root, git, commit } = createRepository({ "real.md": "real" });
    git("checkout", "--quiet", "main");
    symlinkSync("real.md", join(root, "a.md"));
    commit();
    git("checkout", "--quiet", "-b", "later");
    rmSync(join(root, "a.md"));
    put(root, { "a.md": "file" });
    expect(await gitWorkspace({ root, baseRef: "main" }).changedFiles()).toEqual([
      { path: "a.md", base: null, head: "file" },
    ]);
  });

  test("links inside the workspace may be read by name, none that leave it or enter .git", async () => {
    const { root } = createRepository({ "a.md": "a" });
    const outside = temporaryFolder();
    put(outside, { "secret.md": "secret" });
    for (const [target, name] of [
      ["a.md", "in"],
      [join(outside, "secret.md"), "out"],
      [outside, "dir"],
      [".git/config", "config"],
      ["loop", "loop"],
      ["..", "up"],
    ] as const) {
      symlinkSync(target, join(root, name));
    }
    const workspace = gitWorkspace({ root, baseRef: "main" });
    expect(await workspace.read("in")).toBe("a");
    for (const path of ["out", "dir/secret.md", "config", "loop", "up"])
      await expect(workspace.read(path)).rejects.toMatchObject({ code: "FILE" });
  });

  test.each([
    "../x",
    "a/../../x",
    "/etc/passwd",
    "",
    ".",
    "./a.md",
    "a//b",
    "a.md\0",
    ".git/config",
    "sub/.GIT/config",
    "..",
  ])("path %j is refused", async (path) => {
    const { root } = createRepository({ "a.md": "a" });
    for (const headRef of [null, "HEAD"])
      await expect(
        gitWorkspace({ root, baseRef: "main", headRef }).read(path),
      ).rejects.toMatchObject({ code: "FILE" });
  });

  test("folders and pipes are no files; nothing there is null", async () => {
    const { root } = createRepository({ "sub/a.md": "a" });
    execFileSync("mkfifo", [join(root, "pipe")]);
    const workspace = gitWorkspace({ root, baseRef: "main" });
    await expect(workspace.read("sub")).rejects.toMatchObject({ code: "FILE" });
    await expect(workspace.read("pipe")).rejects.toMatchObject({ code: "FILE" });
    await expect(
      gitWorkspace({ root, baseRef: "main", headRef: "HEAD" }).read("sub"),
    ).rejects.toMatchObject({ code: "FILE" });
    expect(await workspace.read("nothing")).toBeNull();
    expect(await workspace.read("sub/a.md/below")).toBeNull();
  });

  test("a file over the limit is an error on either side, unless nobody is interested in it", async () => {
    const { root, commit } = createRepository({ "a.md": "x".repeat(101), "b.md": "b" });
    put(root, { "a.md": "small", "b.md": "B" });
    const head = commit();
    for (const headRef of [null, head]) {
      await expect(
        gitWorkspace({ root, baseRef: "main", headRef, maxBytes: 100 }).changedFiles(),
      ).rejects.toMatchObject({
        code: "FILE",
        message: expect.stringContaining("a.md: is larger than the 100 bytes"),
      });
      const files = await gitWorkspace({
        root,
        baseRef: "main",
        headRef,
        maxBytes: 100,
        include: (path) => path !== "a.md",
      }).changedFiles();
      expect(files.map((file) => file.path)).toEqual(["b.md"]);
    }
    put(root, { "new.md": "x".repeat(101) });
    await expect(
      gitWorkspace({ root, baseRef: head, maxBytes: 100 }).changedFiles(),
    ).rejects.toMatchObject({ code: "FILE" });
    await expect(
      gitWorkspace({ root, baseRef: head, maxBytes: 100 }).read("new.md"),
    ).rejects.toMatchObject({ code: "FILE" });
    expect(await gitWorkspace({ root, baseRef: head, maxBytes: 101 }).read("new.md")).toHaveLength(
      101,
    );
  });

  test("repositories inside are left alone, and a byte order mark stays", async () => {
    const { root } = createRepository({ "a.md": "a" });
    mkdirSync(join(root, "inner"));
    execFileSync("git", ["init", "--quiet"], { cwd: join(root, "inner") });
    put(root, { "inner/x.md": "x", "bom.md": "\uFEFFtext" });
    expect(await gitWorkspace({ root, baseRef: "main" }).changedFiles()).toEqual([
      { path: "bom.md", base: null, head: "\uFEFFtext" },
    ]);
  });

  test("a name that is not UTF-8 is skipped and named, not taken for a deletion", async () => {
    const { root } = createRepository({ "a.md": "a" });
    writeFileSync(Buffer.concat([Buffer.from(`${root}/caf`), Buffer.of(0xe9)]), "x");
    const workspace = gitWorkspace({ root, baseRef: "main" });
    expect(await workspace.changedFiles()).toEqual([]);
    expect(workspace.notices().join()).toContain("has a name that is not UTF-8");
  });
});

describe("refs", () => {
  test.each([
    "--upload-pack=touch x",
    "-n",
    "main..topic",
    "main:a.md",
    "a b",
    "",
    "@{-1}",
    "main@{1}",
    "x\ny",
    "$(id)",
    "^main",
    "*",
  ])("%j is refused before git sees it", async (baseRef) => {
    const { root } = createRepository({ "a.md": "a" });
    await expect(gitWorkspace({ root, baseRef }).changedFiles()).rejects.toMatchObject({
      code: "GIT",
      message: expect.stringContaining("is not a plain"),
    });
  });

  test.each(["main", "HEAD", "HEAD~0", "v1.0", "feature/über-42"])(
    "%j resolves",
    async (baseRef) => {
      const { root, git } = createRepository({ "a.md": "a" });
      git("tag", "v1.0");
      git("branch", "feature/über-42");
      put(root, { "a.md": "A" });
      expect(await gitWorkspace({ root, baseRef }).changedFiles()).toHaveLength(1);
    },
  );

  test("an unknown ref, unrelated histories and a folder without git say what to do", async () => {
    const { root, git, commit } = createRepository({ "a.md": "a" });
    await expect(gitWorkspace({ root, baseRef: "nowhere" }).changedFiles()).rejects.toMatchObject({
      code: "GIT",
      fix: expect.stringContaining("fetch-depth: 0"),
    });
    git("checkout", "--quiet", "--orphan", "alone");
    commit();
    await expect(gitWorkspace({ root, baseRef: "main" }).changedFiles()).rejects.toMatchObject({
      code: "GIT",
      message: expect.stringContaining("no common ancestor"),
    });
    await expect(
      gitWorkspace({ root: temporaryFolder(), baseRef: "main" }).changedFiles(),
    ).rejects.toMatchObject({ code: "GIT" });
  });

  test("variables that name another repository, a diff program and hooks of the repository do nothing", async () => {
    const { root, git } = createRepository({ "a.md": "a", ".gitattributes": "*.md diff=evil\n" });
    const other = createRepository({ "a.md": "other" });
    git("config", "diff.evil.command", "touch pwned");
    git("config", "diff.evil.textconv", "touch pwned; cat");
    git("config", "core.fsmonitor", "touch pwned");
    put(root, { "a.md": "A" });
    process.env["GIT_DIR"] = join(other.root, ".git");
    try {
      expect(await gitWorkspace({ root, baseRef: "main" }).changedFiles()).toEqual([
        { path: "a.md", base: "a", head: "A" },
      ]);
    } finally {
      delete process.env["GIT_DIR"];
    }
    expect(existsSync(join(root, "pwned"))).toBe(false);
    renameSync(join(root, "a.md"), join(root, "z.md"));
    expect(
      (await gitWorkspace({ root, baseRef: "main" }).changedFiles()).map((file) => [
        file.path,
        file.head,
      ]),
    ).toEqual([
      ["a.md", null],
      ["z.md", "A"],
    ]);
  });
});
