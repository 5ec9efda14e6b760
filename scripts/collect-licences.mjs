// Licence texts of every production package, from the lock file and node_modules (ncc's own option keeps only a few).
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** The text of licenses.txt: packages sorted by path in the lock file. */
export function collectLicences(root) {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const entries = Object.entries(lock.packages)
    .filter(
      ([path, entry]) =>
        path !== "" &&
        !entry.dev &&
        !entry.devOptional &&
        !entry.optional &&
        existsSync(join(root, path)),
    )
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return entries
    .map(
      ([path, entry]) =>
        `${path.replace(/^.*node_modules\//, "")} ${entry.version} (${entry.license ?? "licence not stated"})\n\n${licenceText(join(root, path))}\n`,
    )
    .join("\n---\n\n");
}

function licenceText(folder) {
  const names = readdirSync(folder)
    .filter((name) => /^(licen[cs]e|copying|notice|thirdpartynotices)/i.test(name))
    .sort();
  return (
    names
      .map((name) => readFileSync(join(folder, name), "utf8").replace(/\r\n/g, "\n").trim())
      .join("\n\n") || "(the package ships no licence file)"
  );
}
