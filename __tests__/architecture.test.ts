import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";

const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const sourceRoot = join(repository, "src");

const STAGES = ["prompts", "data", "explain", "screening", "findings", "cost", "report"];
const ADAPTERS = ["surrogate", "oracle", "github", "workspace"];
const DOORS = ["action", "cli", "index", "bundle"];
const PIPELINES = ["review", "pipeline"];
/** Node modules that stages may use although they come from node: pure computations. */
const PURE_NODE = new Set(["node:crypto"]);
const EFFECTS =
  /\bprocess\.(env|argv|exit|stdout|stderr)\b|\bMath\.random\b|\bDate\.now\b|\bnew Date\(\)|\bfetch\(|\bperformance\.now\b/;

interface SourceFile {
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly imports: readonly string[];
}

function roomOf(path: string): string {
  const first = path.split("/")[0] ?? "";
  return first.endsWith(".ts") ? first.slice(0, -3) : first;
}

function importsOf(text: string): string[] {
  const found = [
    ...text.matchAll(
      /^\s*(?:import|export)\b[^;'"]*?from\s+["']([^"']+)["']|^\s*import\s+["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/gm,
    ),
  ];
  return found.map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

function readSources(): SourceFile[] {
  const names = readdirSync(sourceRoot, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ts"),
  );
  return names.sort().map((name) => {
    const path = name.split(sep).join("/");
    const text = readFileSync(join(sourceRoot, name), "utf8");
    return { path, room: roomOf(path), text, imports: importsOf(text) };
  });
}

/** Path inside src of a relative import, or null for a package. */
export function resolveImport(from: string, specifier: string): string | null {
  return specifier.startsWith(".")
    ? posix.normalize(posix.join(posix.dirname(from), specifier)).replace(/\.js$/, ".ts")
    : null;
}

/** The reason why this edge is forbidden, or null. */
export function forbiddenEdge(fromRoom: string, toRoom: string): string | null {
  if (fromRoom === toRoom) return null;
  if (fromRoom === "bundle") return null;
  if (DOORS.includes(toRoom)) return "doors are never imported";
  if (toRoom === "wiring" && !DOORS.includes(fromRoom)) return "only doors may import the wiring";
  const leaf = ["domain", "errors"];
  const allowed: Record<string, readonly string[]> = {
    domain: [],
    errors: [],
    numerics: ["errors"],
    config: leaf,
    "action-interface": [],
  };
  for (const room of STAGES) allowed[room] = [...leaf, "numerics"];
  for (const room of ADAPTERS) allowed[room] = [...leaf, "config"];
  for (const room of PIPELINES)
    allowed[room] = [...leaf, "numerics", "config", ...STAGES, ...PIPELINES];
  const rooms = allowed[fromRoom];
  if (DOORS.includes(fromRoom) || fromRoom === "wiring") return null;
  if (!rooms) return `room ${fromRoom} is not in the house`;
  return rooms.includes(toRoom) ? null : `${fromRoom} may not import ${toRoom}`;
}

function forbiddenPackage(room: string, specifier: string): string | null {
  const pure = ["domain", "errors", "config", "numerics", ...PIPELINES, ...STAGES].includes(room);
  if (pure && specifier.startsWith("node:") && !PURE_NODE.has(specifier))
    return `${room} may not use ${specifier}`;
  if (pure && /^(@actions\/|@octokit\/|openai|onnxruntime)/.test(specifier))
    return `${room} may not use ${specifier}`;
  return null;
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

const sources = readSources();

describe("the house", () => {
  test("is read at all", () => {
    expect(sources.map((file) => file.path)).toContain("domain.ts");
  });

  test("has no forbidden arrow", () => {
    const violations = sources.flatMap((file) =>
      file.imports.flatMap((specifier) => {
        const target = resolveImport(file.path, specifier);
        const reason =
          target === null
            ? forbiddenPackage(file.room, specifier)
            : forbiddenEdge(file.room, roomOf(target));
        return reason === null ? [] : [`${file.path} -> ${specifier}: ${reason}`];
      }),
    );
    expect(violations).toEqual([]);
  });

  test("keeps effects out of the pure rooms", () => {
    const pure = new Set(["domain", "errors", "config", "numerics", ...STAGES]);
    const violations = sources
      .filter((file) => pure.has(file.room) && EFFECTS.test(withoutComments(file.text)))
      .map((file) => file.path);
    expect(violations).toEqual([]);
  });

  test("has no import cycle", () => {
    const edges = new Map(
      sources.map((file) => [
        file.path,
        file.imports
          .map((specifier) => resolveImport(file.path, specifier))
          .filter((path) => path !== null),
      ]),
    );
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path))
        cycles.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
      if (done.has(path) || trail.includes(path)) return;
      for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
      done.add(path);
    };
    for (const path of edges.keys()) visit(path, []);
    expect(cycles).toEqual([]);
  });

  test("its rules can fail", () => {
    expect(forbiddenEdge("numerics", "domain")).not.toBeNull();
    expect(forbiddenEdge("explain", "oracle")).not.toBeNull();
    expect(forbiddenEdge("explain", "screening")).not.toBeNull();
    expect(forbiddenEdge("review", "surrogate")).not.toBeNull();
    expect(forbiddenEdge("pipeline", "oracle")).not.toBeNull();
    expect(forbiddenEdge("review", "wiring")).not.toBeNull();
    expect(forbiddenEdge("wiring", "cli")).not.toBeNull();
    expect(forbiddenPackage("report", "node:fs")).not.toBeNull();
    expect(EFFECTS.test("const x = Math.random();")).toBe(true);
  });

  test("resolves relative imports from the lib folder's sources", () => {
    expect(relative(repository, sourceRoot)).toBe("src");
    expect(resolveImport("review.ts", "./explain/masks.js")).toBe("explain/masks.ts");
  });
});
