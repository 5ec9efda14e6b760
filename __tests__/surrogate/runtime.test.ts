import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { loadRuntime } from "../../src/surrogate/runtime.js";

const folder = mkdtempSync(join(tmpdir(), "understudy-runtime-"));

/** A folder with a package that looks like the native runtime and runs `code` when it is loaded. */
function nativeFolder(name: string, code: string): string {
  const native = join(folder, name, "onnxruntime-node");
  const write = (path: string, content: string): void => {
    mkdirSync(dirname(join(native, path)), { recursive: true });
    writeFileSync(join(native, path), content);
  };
  write("package.json", JSON.stringify({ main: "dist/index.js" }));
  write("dist/backend.js", "");
  write("dist/index.js", code);
  write(`bin/napi-v6/${process.platform}/${process.arch}/onnxruntime_binding.node`, "");
  return join(folder, name);
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("loading ONNX Runtime", () => {
  test("takes the native build where it can, without a notice", async () => {
    expect(await loadRuntime({ backend: "auto" })).toMatchObject({
      backend: "native",
      notice: null,
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    });
  });

  test("looks in the folder named first", async () => {
    const given = nativeFolder(
      "stand-in",
      `module.exports = { InferenceSession: {}, Tensor: {}, env: { versions: { common: "0.0.7" } } };`,
    );
    expect(await loadRuntime({ backend: "native", nativeFolder: given })).toMatchObject({
      backend: "native",
      version: "0.0.7",
    });
  });

  test("falls back to WebAssembly and says why", async () => {
    const broken = nativeFolder("broken", `throw new Error("GLIBC_9.99 not found");`);
    const loaded = await loadRuntime({ backend: "auto", nativeFolder: broken });
    expect(loaded).toMatchObject({
      backend: "wasm",
      notice: expect.stringContaining("GLIBC_9.99 not found"),
    });
    expect(loaded.runtime.env.wasm.numThreads).toBe(1);
  });

  test("fails with the reason where native was asked for by name", async () => {
    const broken = nativeFolder("asked", `throw new Error("GLIBC_9.99 not found");`);
    await expect(loadRuntime({ backend: "native", nativeFolder: broken })).rejects.toMatchObject({
      code: "MODEL_RUNTIME",
      message: expect.stringMatching(/native .*GLIBC_9.99 not found[^]*fix:/),
    });
  });

  test("refuses a package that is something else", async () => {
    const other = nativeFolder("other", `module.exports = { hello: 1 };`);
    await expect(loadRuntime({ backend: "native", nativeFolder: other })).rejects.toMatchObject({
      message: expect.stringContaining("is not ONNX Runtime"),
    });
  });
});
