// Builds dist/ from lib/ and node_modules: same input, same bytes. Run after `npm run build`.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { collectLicences } from "./collect-licences.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const target = process.argv[2] ?? join(root, "dist");
const WASM_FILES = [
  "ort.wasm.min.mjs",
  "ort-wasm-simd-threaded.mjs",
  "ort-wasm-simd-threaded.wasm",
];

/** One ncc bundle; numbered chunks keep their names, so the whole folder belongs together. */
function bundle(entry, folder) {
  const out = join(target, folder);
  execFileSync(
    process.execPath,
    [
      join(root, "node_modules/@vercel/ncc/dist/ncc/cli.js"),
      "build",
      join(root, "lib/src", entry),
      "-o",
      out,
      "--quiet",
    ],
    { cwd: root, stdio: ["ignore", "inherit", "inherit"] },
  );
  writeFileSync(join(out, "package.json"), '{ "type": "module" }\n');
  return out;
}

function checkNoNative(folder) {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (/\.(node|so|dylib|dll)(\.|$)/.test(name))
      throw new Error(`a native binary slipped into dist: ${name}`);
  }
}

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
bundle("bundle.js", "main");
bundle("surrogate/worker.js", "worker");

mkdirSync(join(target, "ort"));
for (const name of WASM_FILES)
  copyFileSync(join(root, "node_modules/onnxruntime-web/dist", name), join(target, "ort", name));

for (const [door, call] of [
  ["cli", "runCommandLine"],
  ["action", "runAction"],
]) {
  mkdirSync(join(target, door));
  writeFileSync(join(target, door, "package.json"), '{ "type": "module" }\n');
  writeFileSync(
    join(target, door, "index.js"),
    `#!/usr/bin/env node\nimport { ${call} } from "../main/index.js";\nawait ${call}();\n`,
  );
}

writeFileSync(join(target, "licenses.txt"), collectLicences(root));
checkNoNative(target);
