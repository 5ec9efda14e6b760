import { describe, expect, test } from "@jest/globals";
import { choosePrecision, parseCpuFlags, readCpuFlags } from "../../src/surrogate/precision.js";

const X86 = `processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu vme avx2 avx512_vnni\nbugs\t\t: spectre_v1\n\nprocessor\t: 1\nflags\t\t: fpu\n`;
const ARM = `processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd asimddp\nCPU implementer\t: 0x41\n`;

describe("flags of the processor", () => {
  test("are read from x86 and ARM descriptions", () => {
    expect([...parseCpuFlags(X86)]).toEqual(["fpu", "vme", "avx2", "avx512_vnni"]);
    expect([...parseCpuFlags(ARM)]).toEqual(["fp", "asimd", "asimddp"]);
    expect([...parseCpuFlags("")]).toEqual([]);
    expect([...parseCpuFlags("flags\t\t:\n")]).toEqual([]);
  });

  test("are known on Linux", () => {
    expect(process.platform === "linux" ? (readCpuFlags()?.size ?? 0) : 1).toBeGreaterThan(0);
  });
});

describe("the precision that runs", () => {
  test.each(["avx512_vnni", "avx_vnni", "amx_int8", "asimddp"])(
    "is precise where %s is there",
    (flag) => {
      expect(choosePrecision("precise", new Set(["fpu", flag]))).toEqual({
        precision: "precise",
        reason: expect.stringContaining(flag),
      });
    },
  );

  test("is fp32 instead of precise where 8-bit products are slow or unknown", () => {
    expect(choosePrecision("precise", new Set(["fpu", "avx2"]))).toEqual({
      precision: "fp32",
      reason: expect.stringContaining("no 8-bit dot products"),
    });
    expect(choosePrecision("precise", null)).toEqual({
      precision: "fp32",
      reason: expect.stringContaining("does not say"),
    });
  });

  test.each(["fp32", "fast"] as const)("is %s wherever it is asked for", (requested) => {
    for (const flags of [null, new Set<string>(), new Set(["avx512_vnni"])])
      expect(choosePrecision(requested, flags).precision).toBe(requested);
  });
});
