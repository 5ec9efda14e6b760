import { type KernelWeights, flatWeights } from "./bandwidth.js";

/** The kernel without locality: every mask counts 1. The default (docs/methods.md, A6 and 0b.2). */
export function flatKernel(masks: number): KernelWeights {
  return flatWeights(masks, false);
}
