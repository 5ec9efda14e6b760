/** Values of masked prompts, kept in a file as they come: a benchmark that is stopped goes on where it was. */

import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { ScoringRequest, Surrogate } from "../src/domain.js";
import { logOddsOfText } from "../src/explain/values.js";

const CHUNK = 16;

/** Log-odds of fixed responses by a surrogate, each request scored once in the life of the file. */
export class CachedValues {
  readonly #surrogate: Surrogate;
  readonly #path: string;
  readonly #values = new Map<string, number>();
  scored = 0;
  tokensRun = 0;

  constructor(surrogate: Surrogate, path: string) {
    this.#surrogate = surrogate;
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
    if (!existsSync(path)) return;
    for (const line of readFileSync(path, "utf8").split("\n")) {
      const [key, value] = line.split("\t");
      if (key && value) this.#values.set(key, Number(value));
    }
  }

  /** Length-normalised log-odds of each response, nats a token. */
  async of(requests: readonly ScoringRequest[]): Promise<Float64Array> {
    const keys = requests.map((request) => this.#key(request));
    const missing = new Map(
      requests.flatMap((request, index): [string, ScoringRequest][] => {
        const key = keys[index] ?? "";
        return this.#values.has(key) ? [] : [[key, request]];
      }),
    );
    // Neighbours in the order of their texts share prefixes, which a chunk then runs once.
    const ordered = [...missing].sort(([, a], [, b]) => (textOf(a) < textOf(b) ? -1 : 1));
    for (let start = 0; start < ordered.length; start += CHUNK)
      await this.#score(ordered.slice(start, start + CHUNK));
    return Float64Array.from(keys, (key) => this.#values.get(key) ?? NaN);
  }

  async #score(chunk: readonly (readonly [string, ScoringRequest])[]): Promise<void> {
    const scores = await this.#surrogate.score(chunk.map(([, request]) => request));
    this.scored += chunk.length;
    this.tokensRun += scores.tokensRun;
    chunk.forEach(([key], index) => {
      const value = logOddsOfText(scores.logProbabilities[index] ?? new Float64Array());
      this.#values.set(key, value);
      appendFileSync(this.#path, `${key}\t${value}\n`);
    });
  }

  #key(request: ScoringRequest): string {
    const { sha256, precision } = this.#surrogate.identity;
    return createHash("sha256")
      .update(JSON.stringify([sha256, precision, request.messages, request.response]))
      .digest("hex")
      .slice(0, 24);
  }
}

function textOf(request: ScoringRequest): string {
  return request.messages.map(({ content }) => content).join("\n");
}
