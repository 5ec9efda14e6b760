/** Time to open a surrogate and memory it takes, measured in a process of its own: this file is both the measuring and the measured side. */

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Precision } from "../src/domain.js";
import { openLocalSurrogate } from "../src/surrogate/local-surrogate.js";
import { maskedPrompts } from "./masked-prompts.js";

export interface Footprint {
  /** From the call to the last worker being ready. */
  readonly openSeconds: number;
  /** Largest resident memory of the process, with two workers and some masks scored. */
  readonly residentGigabytes: number;
}

const MASKS = 24;

/** Opens, scores and closes in a child process with two workers. */
export function measureFootprint(
  modelPath: string,
  precision: Precision,
  cacheFolder: string,
): Footprint {
  const output = execFileSync(
    process.execPath,
    [fileURLToPath(import.meta.url), modelPath, precision, cacheFolder],
    { encoding: "utf8" },
  );
  return JSON.parse(output) as Footprint;
}

const [script, modelPath, precision, cacheFolder] = process.argv.slice(1);
if (
  script === fileURLToPath(import.meta.url) &&
  modelPath !== undefined &&
  cacheFolder !== undefined &&
  (precision === "fp32" || precision === "precise" || precision === "fast")
) {
  const start = performance.now();
  const surrogate = await openLocalSurrogate({
    modelPath,
    precision,
    backend: "native",
    workers: 2,
    cacheFolder,
  });
  const openSeconds = (performance.now() - start) / 1000;
  await surrogate.scoreTokens(maskedPrompts(surrogate, MASKS));
  await surrogate.close();
  const footprint: Footprint = {
    openSeconds,
    residentGigabytes: process.resourceUsage().maxRSS / 1e6,
  };
  console.log(JSON.stringify(footprint));
}
