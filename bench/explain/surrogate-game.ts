/** The surrogate's values of one instance under any masks, each scored once and kept under out/bench-explain. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Mask } from "../../src/domain.js";
import { logOddsOfText } from "../../src/explain/values.js";
import type { LocalSurrogate } from "../../src/surrogate/local-surrogate.js";
import { repository } from "../games/games.js";
import type { Instance } from "./instances.js";

/** Each larger where the fixed output is better supported. */
export interface MaskValues {
  readonly logOdds: number;
  /** Minus the mean negative log-likelihood a token. */
  readonly likelihood: number;
  /** Minus the mean divergence from the unmasked run a token. */
  readonly closeness: number;
}

const stored = z.record(z.string(), z.tuple([z.number(), z.number(), z.number()]));
type Stored = z.infer<typeof stored>;

export class SurrogateGame {
  readonly #path: string;
  readonly #known: Stored;

  constructor(
    /** Names the file that keeps the values. */
    kept: string,
    readonly instance: Instance,
    readonly surrogate: LocalSurrogate,
  ) {
    const folder = join(repository, "out", "bench-explain", surrogate.identity.model);
    mkdirSync(folder, { recursive: true });
    this.#path = join(folder, `${kept}-${instance.id}-${surrogate.identity.precision}.json`);
    this.#known = existsSync(this.#path)
      ? stored.parse(JSON.parse(readFileSync(this.#path, "utf8")))
      : {};
  }

  get spans(): number {
    return this.instance.spans.length;
  }

  /** Scores what is not known yet. */
  async measure(masks: readonly Mask[]): Promise<void> {
    const missing = [...new Map(masks.map((mask) => [mask.join(""), mask])).values()].filter(
      (mask) => !(mask.join("") in this.#known),
    );
    if (missing.length === 0) return;
    const { output } = this.instance;
    const scores = await this.surrogate.score(
      [null, ...missing].map((mask) => ({
        messages: this.instance.render(mask),
        response: output,
      })),
      { divergenceFrom: 0 },
    );
    missing.forEach((mask, index) => {
      const row = scores.logProbabilities[index + 1] ?? new Float64Array();
      this.#known[mask.join("")] = [
        logOddsOfText(row),
        row.reduce((sum, value) => sum + value, 0) / row.length,
        -(scores.divergence?.[index + 1] ?? Number.NaN),
      ];
    });
    writeFileSync(this.#path, JSON.stringify(this.#known));
  }

  /** Throws where a mask was not measured. */
  values(masks: readonly Mask[], objective: keyof MaskValues): Float64Array {
    const place = { logOdds: 0, likelihood: 1, closeness: 2 }[objective];
    return Float64Array.from(masks, (mask) => {
      const value = this.#known[mask.join("")]?.[place];
      if (value === undefined) throw new Error(`mask ${mask.join("")} was not measured`);
      return value;
    });
  }
}
