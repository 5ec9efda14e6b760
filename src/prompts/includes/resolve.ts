/** Where an include may stand: paths inside the repository, nearest first. */

import type { PromptFormat, TemplateSyntax } from "../../domain.js";
import type { TemplateTag } from "../syntax/tags.js";

/** A path given from another file's folder, or from the repository's root where it begins with `/`; null where it leaves the repository. */
export function resolvedPath(fromFile: string, target: string): string | null {
  const folder = target.startsWith("/") ? "" : folderOf(fromFile);
  const segments: string[] = [];
  for (const segment of `${folder}${target}`.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") segments.push(segment);
    else if (segments.pop() === undefined) return null;
  }
  return segments.length === 0 ? null : segments.join("/");
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

/** The name that a tag includes by, such as `header` of `{{> header}}`; null where it includes nothing, or what only a run can tell. */
export function includedName(tag: TemplateTag, syntax: TemplateSyntax): string | null {
  if (tag.kind !== "statement") return null;
  switch (syntax) {
    case "jinja":
      return (
        /^include\s+(?:"([^"\n]+)"|'([^'\n]+)')(?:\s+ignore\s+missing)?(?:\s+with(?:out)?\s+context)?$/
          .exec(tag.body)
          ?.slice(1)
          .find((name) => name !== undefined) ?? null
      );
    case "liquid":
      return /^(?:include|render)\s+["']([^"'\n]+)["']$/.exec(tag.body)?.[1] ?? null;
    case "handlebars":
      return /^>\s*["']?([\w./-]+)["']?$/.exec(tag.body)?.[1] ?? null;
    case "double-brace":
    case "any":
      return null;
  }
}

/**
 * Paths under which an included file is looked for, in this order: from the folder of the file that includes it, then from each folder
 * above it up to the repository's root, where template engines are often set up.
 */
export function candidatePaths(
  fromFile: string,
  name: string,
  format: PromptFormat,
): readonly string[] {
  const folders: string[] = [folderOf(fromFile)];
  for (let last = folders[0] ?? ""; last !== ""; last = folders[folders.length - 1] ?? "")
    folders.push(folderOf(last.slice(0, -1)));
  const paths = folders.flatMap((folder) =>
    fileNames(name, fromFile, format).flatMap((file) => resolvedPath(`${folder}x`, file) ?? []),
  );
  return [...new Set(paths)].filter((path) => path !== fromFile || name.includes("."));
}

/** The file names that an engine's name may stand for. */
function fileNames(name: string, fromFile: string, format: PromptFormat): readonly string[] {
  if (format === "dotprompt") return inFront(name, "_").map((file) => `${file}.prompt`);
  if (format === "liquid" && !name.includes(".")) return [`_${name}.liquid`, `${name}.liquid`];
  if (format !== "handlebars" || /\.\w+$/.test(name)) return [name];
  const extension = /\.\w+$/.exec(fromFile)?.[0] ?? ".hbs";
  return [...inFront(name, "_"), name, `partials/${name}`].map((file) => `${file}${extension}`);
}

/** The name with a mark before its last segment. */
function inFront(name: string, mark: string): readonly string[] {
  return [`${folderOf(name)}${mark}${name.slice(folderOf(name).length)}`];
}
