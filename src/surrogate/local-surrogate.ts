/** The surrogate as the pipelines know it: a GGUF file, its tokenizer and chat template, and the scoring engine over them. */

import { basename } from "node:path";
import type {
  Backend,
  LabelScores,
  Message,
  Precision,
  Progress,
  PromptEmbeddings,
  Scores,
  ScoringRequest,
  Surrogate,
  SurrogateIdentity,
} from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { modelShape, type ModelShape } from "./architecture.js";
import { createChat, type Chat } from "./chat.js";
import { openGguf, type GgufFile } from "./gguf.js";
import { GRAPH_VERSION } from "./graph.js";
import { scoreLabelTokens } from "./label-scores.js";
import { choosePrecision, readCpuFlags } from "./precision.js";
import { embedTokens } from "./prompt-embeddings.js";
import { joinTokens } from "./sequence-plan.js";
import { TokenScorer, type ScoreTokensOptions, type TokenScores } from "./token-scorer.js";
import { createTokenizer, type ModelTokenizer } from "./tokenizer.js";

export interface LocalSurrogateOptions {
  readonly modelPath: string;
  readonly precision: Precision;
  readonly backend: "auto" | Backend;
  /** Worker threads, each with a session of its own; one a physical core is best. */
  readonly workers: number;
  /** Where compiled models are kept; null compiles in memory. */
  readonly cacheFolder: string | null;
  /** The worker's entry file; default: found beside the running file. */
  readonly workerEntry?: string;
  /** A folder with `onnxruntime-node`, searched before every node_modules. */
  readonly nativeFolder?: string | null;
}

/** Token ids of prompt and response, of which the last `responseTokens` are scored. */
export interface ScoredTokens {
  readonly ids: Int32Array | readonly number[];
  readonly responseTokens: number;
}

/** Identity of a model that runs here. */
export interface LocalIdentity extends SurrogateIdentity {
  readonly backend: Backend;
  readonly precision: Precision;
  readonly requestedPrecision: Precision;
}

/** A surrogate that runs here; adds to the port what commands and benchmarks need. */
export interface LocalSurrogate extends Surrogate {
  readonly identity: LocalIdentity;
  /** What a person should know of how it runs: a slower backend, another precision than asked for, a cache made again. */
  readonly notices: readonly string[];
  /** Why this precision runs, one sentence. */
  readonly precisionReason: string;
  /** Token ids of a text; special tokens written in it are recognised, none are added. */
  tokenize(text: string): Int32Array;
  /** Token ids of a response: on its own, special tokens taken literally, no end token. */
  tokenizeResponse(text: string): Int32Array;
  /** Token ids of a chat with the generation prompt; special tokens in contents are taken literally. */
  tokenizeChat(messages: readonly Message[]): Int32Array;
  /** Scores token sequences; see `Surrogate.score`. */
  scoreTokens(
    sequences: readonly ScoredTokens[],
    options?: ScoreTokensOptions,
  ): Promise<TokenScores>;
}

class GgufSurrogate implements LocalSurrogate {
  readonly identity: LocalIdentity;
  readonly notices: readonly string[];
  readonly precisionReason: string;
  readonly #gguf: GgufFile;
  readonly #tokenizer: ModelTokenizer;
  readonly #scorer: TokenScorer;
  readonly #shape: ModelShape;
  #openedChat: Chat | null = null;

  constructor(
    model: {
      readonly gguf: GgufFile;
      readonly shape: ModelShape;
      readonly tokenizer: ModelTokenizer;
      readonly scorer: TokenScorer;
    },
    described: {
      readonly identity: LocalIdentity;
      readonly notices: readonly string[];
      readonly precisionReason: string;
    },
  ) {
    this.#gguf = model.gguf;
    this.#shape = model.shape;
    this.#tokenizer = model.tokenizer;
    this.#scorer = model.scorer;
    this.identity = described.identity;
    this.notices = described.notices;
    this.precisionReason = described.precisionReason;
  }

  async score(
    requests: readonly ScoringRequest[],
    options: {
      readonly divergenceFrom?: number;
      readonly onProgress?: (done: number, total: number) => void;
    } = {},
  ): Promise<Scores> {
    return this.scoreTokens(
      requests.map(({ messages, response }) =>
        joinTokens(this.tokenizeChat(messages), this.tokenizeResponse(response)),
      ),
      options,
    );
  }

  async scoreTokens(
    sequences: readonly ScoredTokens[],
    options: ScoreTokensOptions = {},
  ): Promise<TokenScores> {
    return this.#scorer.score(
      sequences.map(({ ids, responseTokens }) => ({ ids: Int32Array.from(ids), responseTokens })),
      options,
    );
  }

  countTokens(text: string): number {
    return this.tokenizeResponse(text).length;
  }

  tokenize(text: string): Int32Array {
    return this.#tokenizer.encode(text);
  }

  tokenizeResponse(text: string): Int32Array {
    return this.#tokenizer.encodeFragments([{ kind: "text", text }]);
  }

  tokenizeChat(messages: readonly Message[]): Int32Array {
    return this.#chat.encode(messages, { addGenerationPrompt: true });
  }

  async scoreLabels(
    prompts: readonly (readonly Message[])[],
    labels: readonly string[],
    options: { readonly onProgress?: Progress } = {},
  ): Promise<LabelScores> {
    return scoreLabelTokens(this.#scorer, {
      prompts: prompts.map((messages) => this.tokenizeChat(messages)),
      labels: labels.map((label) => ({ label, ids: this.tokenizeResponse(label) })),
      onProgress: options.onProgress,
    });
  }

  async embedPrompt(messages: readonly Message[]): Promise<PromptEmbeddings> {
    const tokens = this.#chat.place(messages, { addGenerationPrompt: true });
    return embedTokens(this.#gguf, this.#shape, tokens);
  }

  /** Read on first use: a model without a chat template can still score raw prompts. */
  get #chat(): Chat {
    this.#openedChat ??= createChat(this.#gguf, this.#tokenizer);
    return this.#openedChat;
  }

  async close(): Promise<void> {
    await this.#scorer.close();
    this.#gguf.close();
  }
}

function checkWorkers(workers: number): void {
  if (Number.isInteger(workers) && workers >= 1) return;
  throw new UnderstudyError("USAGE", `${workers} scoring workers were asked for`, {
    fix: "Use a whole number of at least 1, such as the number of physical cores.",
  });
}

async function openModel(gguf: GgufFile, options: LocalSurrogateOptions): Promise<LocalSurrogate> {
  const shape = modelShape(gguf);
  const tokenizer = createTokenizer(gguf);
  const choice = choosePrecision(options.precision, readCpuFlags());
  const { workerEntry, nativeFolder, backend, workers, cacheFolder } = options;
  const scorer = await TokenScorer.open({
    gguf,
    shape,
    precision: choice.precision,
    backend,
    workers,
    cacheFolder,
    nativeFolder: nativeFolder ?? null,
    ...(workerEntry === undefined ? {} : { workerEntry }),
  });
  const identity = {
    model: basename(options.modelPath).replace(/\.gguf$/i, ""),
    sha256: await gguf.sha256(),
    engine: `understudy graph ${GRAPH_VERSION}, onnxruntime ${scorer.runtimeVersion}`,
    backend: scorer.backend,
    precision: choice.precision,
    requestedPrecision: options.precision,
  };
  const notices =
    choice.precision === options.precision ? scorer.notices : [choice.reason, ...scorer.notices];
  return new GgufSurrogate(
    { gguf, shape, tokenizer, scorer },
    { identity, notices, precisionReason: choice.reason },
  );
}

/**
 * Opens a model of the llama or qwen2 architecture and starts its workers; close it when done.
 * Throws MODEL_FILE and MODEL_UNSUPPORTED as the file deserves, MODEL_RUNTIME where no runtime can be loaded, USAGE for a wrong number of workers.
 */
export async function openLocalSurrogate(options: LocalSurrogateOptions): Promise<LocalSurrogate> {
  checkWorkers(options.workers);
  const gguf = await openGguf(options.modelPath);
  try {
    return await openModel(gguf, options);
  } catch (error) {
    gguf.close();
    throw error;
  }
}
