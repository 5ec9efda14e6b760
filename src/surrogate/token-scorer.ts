/** Token sequences in, scores out: the engine below texts and chat templates. */

import type { Backend, Precision, Progress } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import type { ModelShape } from "./architecture.js";
import { compiledModel } from "./compiled-cache.js";
import { buildEmbeddingTable } from "./embedding-table.js";
import type { GgufFile } from "./gguf.js";
import { compileGraph, longestSequence } from "./graph.js";
import { rotationsFor, type Rotations } from "./model-weights.js";
import { ScoringPool } from "./pool.js";
import { planSequences, type SequencePlan, type TokenSequence } from "./sequence-plan.js";
import type { SequenceScores, SessionShape } from "./session.js";

export interface TokenScorerOptions {
  readonly gguf: GgufFile;
  readonly shape: ModelShape;
  /** The precision that runs, already chosen. */
  readonly precision: Precision;
  readonly backend: "auto" | Backend;
  readonly workers: number;
  readonly cacheFolder: string | null;
  readonly workerEntry?: string;
  readonly nativeFolder?: string | null;
}

export interface ScoreTokensOptions {
  /** Index of the sequence whose distribution the others' divergence is measured from; response lengths must be equal. */
  readonly divergenceFrom?: number;
  /**
   * Tokens whose log-probabilities are wanted where each response token stands, in place of the response token's own: T response
   * tokens and L candidates give T x L numbers a sequence, row by row, from one pass.
   */
  readonly candidates?: Int32Array;
  readonly onProgress?: Progress;
  /** Default true. False runs every token of every distinct sequence; the scores are the same to the last bit. */
  readonly reusePrefixes?: boolean;
}

/** Scores in the order of the sequences asked; see `Scores` of the domain for the meaning of each. */
export interface TokenScores {
  readonly logProbabilities: readonly Float64Array[];
  readonly divergence: Float64Array | null;
  readonly tokensRun: number;
  readonly tokensAsked: number;
}

/** An open model with its workers. */
export class TokenScorer {
  readonly #gguf: GgufFile;
  readonly #shape: ModelShape;
  readonly #rotations: Rotations | null;
  readonly #pool: ScoringPool;

  private constructor(
    options: TokenScorerOptions,
    pool: ScoringPool,
    readonly notices: readonly string[],
  ) {
    this.#gguf = options.gguf;
    this.#shape = options.shape;
    this.#rotations = rotationsFor(options.shape, options.precision);
    this.#pool = pool;
  }

  /** Compiles the model or takes it from the cache, and starts the workers. Throws MODEL_RUNTIME and MODEL_FILE as its parts do. */
  static async open(options: TokenScorerOptions): Promise<TokenScorer> {
    const { gguf, shape, precision } = options;
    const key = { sha256: await gguf.sha256(), precision };
    const compiled = compiledModel(options.cacheFolder, key, (sink) =>
      compileGraph(gguf, shape, { precision, sink }),
    );
    try {
      const pool = await ScoringPool.open({
        workers: options.workers,
        setup: {
          runtime: { backend: options.backend, nativeFolder: options.nativeFolder ?? null },
          graph: compiled.graph,
          shape: sessionShape(shape),
        },
        ...(options.workerEntry === undefined ? {} : { workerEntry: options.workerEntry }),
      });
      return new TokenScorer(options, pool, [
        ...compiled.notices,
        ...(pool.notice === null ? [] : [pool.notice]),
      ]);
    } finally {
      compiled.discard();
    }
  }

  get backend(): Backend {
    return this.#pool.backend;
  }

  /** Version of ONNX Runtime. */
  get runtimeVersion(): string {
    return this.#pool.runtimeVersion;
  }

  /**
   * Scores the response of each sequence. Throws INPUTS for an empty response, an empty prompt, or a sequence longer than the model takes;
   * MODEL_RUNTIME for NaN, infinity or a crashed worker.
   */
  async score(
    asked: readonly TokenSequence[],
    options: ScoreTokensOptions = {},
  ): Promise<TokenScores> {
    for (const sequence of asked) this.#check(sequence);
    if (options.candidates) this.#checkCandidates(options.candidates);
    const reference = this.#reference(asked, options.divergenceFrom);
    const plan = planSequences(asked);
    const scores = await this.#pool.score({
      sequences: plan.sequences,
      table: buildEmbeddingTable(this.#gguf, plan.sequences, this.#rotations?.residual ?? null),
      reference,
      candidates: options.candidates ?? null,
      reusePrefixes: options.reusePrefixes ?? true,
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    });
    return inAskedOrder(plan, scores, reference);
  }

  #check({ ids, responseTokens }: TokenSequence): void {
    const limit = longestSequence(this.#shape);
    if (responseTokens < 1)
      throw new UnderstudyError("INPUTS", "the response to score is empty", {
        fix: "Give a response of at least one token.",
      });
    if (ids.length <= responseTokens)
      throw new UnderstudyError("INPUTS", "the prompt before the response is empty", {
        fix: "Give a prompt of at least one token.",
      });
    if (ids.length > limit)
      throw new UnderstudyError(
        "INPUTS",
        `prompt and response together take ${ids.length} tokens; this model takes at most ${limit}`,
        {
          fix: "Shorten the prompt or the response, or use a model with a longer context (at most 4096 tokens are supported).",
        },
      );
    this.#checkVocabulary(ids);
  }

  #checkCandidates(candidates: Int32Array): void {
    if (candidates.length === 0)
      throw new UnderstudyError("INTERNAL", "no candidates to score in place of a response");
    this.#checkVocabulary(candidates);
  }

  #checkVocabulary(ids: Int32Array): void {
    const outside = ids.find((id) => !(id >= 0 && id < this.#shape.vocabulary));
    if (outside !== undefined)
      throw new UnderstudyError(
        "INPUTS",
        `token id ${outside} is outside the model's vocabulary of ${this.#shape.vocabulary}`,
      );
  }

  #reference(asked: readonly TokenSequence[], index: number | undefined): TokenSequence | null {
    if (index === undefined) return null;
    const reference = asked[index];
    if (!reference)
      throw new UnderstudyError(
        "INTERNAL",
        `there is no sequence ${index} to measure divergence from`,
      );
    if (asked.some((sequence) => sequence.responseTokens !== reference.responseTokens))
      throw new UnderstudyError(
        "INPUTS",
        "divergence needs responses of the same number of tokens",
        { fix: "Score one response at a time." },
      );
    return reference;
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }
}

/** Only what a session needs, since it is sent to the workers. */
function sessionShape({
  layers,
  hidden,
  keyValueHeads,
  headSize,
  vocabulary,
}: ModelShape): SessionShape {
  return { layers, hidden, keyValueHeads, headSize, vocabulary };
}

function inAskedOrder(
  plan: SequencePlan,
  scores: readonly SequenceScores[],
  reference: TokenSequence | null,
): TokenScores {
  const ordered = Array.from(plan.placeOf, (place) => {
    const score = scores[place];
    if (!score) throw new UnderstudyError("INTERNAL", "a sequence was not scored");
    return score;
  });
  return {
    // Copies: two equal requests must not share an array that a caller may change.
    logProbabilities: ordered.map((score) => Float64Array.from(score.logProbabilities)),
    divergence: reference
      ? Float64Array.from(ordered, (score) => score.divergence ?? Number.NaN)
      : null,
    // The reference runs once more, for its distribution.
    tokensRun: plan.tokensRun + (reference?.ids.length ?? 0),
    tokensAsked: plan.tokensAsked,
  };
}
