/** Chooses the precision that runs, by what the processor can do and never by timing: the same machine always answers the same. */

import { readFileSync } from "node:fs";
import type { Precision } from "../domain.js";

/** Flags under which 8-bit products are much faster than float ones: x86 VNNI and AMX, ARM dot products. */
const FAST_INTEGER_FLAGS = ["avx512_vnni", "avx_vnni", "amx_int8", "asimddp"] as const;

/** What the operating system says of the processor; null: it could not be asked. */
export type CpuFlags = ReadonlySet<string> | null;

export interface PrecisionChoice {
  readonly precision: Precision;
  /** One sentence: why this one runs. */
  readonly reason: string;
}

/** Flags listed by /proc/cpuinfo: the `flags` line on x86, `Features` on ARM. */
export function parseCpuFlags(cpuinfo: string): ReadonlySet<string> {
  const line = /^(?:flags|Features)[ \t]*:(.*)$/m.exec(cpuinfo)?.[1] ?? "";
  return new Set(
    line
      .trim()
      .split(/\s+/)
      .filter((flag) => flag !== ""),
  );
}

/** Flags of this machine's first processor. Every Apple arm64 processor has dot products, so macOS need not be asked. */
export function readCpuFlags(): CpuFlags {
  if (process.platform === "darwin" && process.arch === "arm64") return new Set(["asimddp"]);
  if (process.platform !== "linux") return null;
  try {
    return parseCpuFlags(readFileSync("/proc/cpuinfo", "utf8"));
  } catch {
    return null;
  }
}

/**
 * The precision to run. `precise` costs two integer products a layer: without fast ones it is no faster than `fp32`, which then runs.
 * `fp32` and `fast` always run as asked.
 */
export function choosePrecision(requested: Precision, cpuFlags: CpuFlags): PrecisionChoice {
  if (requested !== "precise")
    return { precision: requested, reason: `"${requested}" was asked for.` };
  if (cpuFlags === null)
    return {
      precision: "fp32",
      reason: `"fp32" runs instead of "precise": this platform does not say whether its processor has 8-bit dot products.`,
    };
  const found = FAST_INTEGER_FLAGS.find((flag) => cpuFlags.has(flag));
  if (found !== undefined)
    return {
      precision: "precise",
      reason: `"precise" runs: the processor has 8-bit dot products (${found}).`,
    };
  return {
    precision: "fp32",
    reason: `"fp32" runs instead of "precise": the processor has no 8-bit dot products (${FAST_INTEGER_FLAGS.join(", ")}), so "precise" would be no faster.`,
  };
}
