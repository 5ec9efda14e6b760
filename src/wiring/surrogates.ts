/** Opens the surrogates that the setting `surrogate-model` lists, each by its kind. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Settings } from "../config.js";
import type { Budget, Oracle, Surrogate } from "../domain.js";
import { messageOf, UnderstudyError } from "../errors.js";
import { labelProbabilities } from "../explain/label-tokens.js";
import { guardedDownloads } from "../oracle/guarded-download.js";
import { openOracle } from "../oracle/oracle.js";
import { openTextCompletions } from "../oracle/text-completions.js";
import { countUsage } from "../pipeline/usage.js";
import { openLocalSurrogate, type LocalSurrogate } from "../surrogate/local-surrogate.js";
import { fetchModel } from "../surrogate/model-download.js";
import { servedSurrogate } from "../surrogate/served-surrogate.js";
import {
  parseSurrogateSource,
  type ServedModel,
  type SurrogateSource,
} from "../surrogate/source.js";
import { openTokenCounter, type TokenCounter } from "../surrogate/token-counter.js";
import type { CommandContext } from "./context.js";
import { progressLine } from "./progress.js";
import { keyFor } from "./server-keys.js";

const EMBEDDED_MODEL = "SmolLM2-135M-Instruct.Q4_1.gguf";
/** Calls to a public server under way at once, as of the oracle. */
const CONCURRENCY = 4;

/** A surrogate with what a person should know of how it runs. */
export type NoticedSurrogate = Surrogate & Pick<LocalSurrogate, "notices">;
type LocalSource = Exclude<SurrogateSource, ServedModel>;

/** The list in order of cost: `--model` alone, or the setting, or the embedded one. Throws USAGE with every entry that is wrong. */
export function surrogateSources(
  context: Pick<CommandContext, "model">,
  settings: Settings,
): readonly [SurrogateSource, ...SurrogateSource[]] {
  const entries = context.model === null ? settings["surrogate-model"] : [context.model];
  const problems: string[] = [];
  const sources = entries.flatMap((entry) => {
    try {
      return [parseSurrogateSource(entry)];
    } catch (thrown) {
      problems.push(messageOf(thrown));
      return [];
    }
  });
  if (problems.length > 0) throw new UnderstudyError("USAGE", problems.join("\n"));
  const [first = { kind: "embedded" }, ...rest] = sources;
  return [first, ...rest];
}

/** Opens every surrogate of the list, in its order. Throws as each kind does; what was opened before is closed. */
export async function openSurrogates(
  context: CommandContext,
  settings: Settings,
  budget: Budget,
): Promise<readonly [NoticedSurrogate, ...NoticedSurrogate[]]> {
  const sources = surrogateSources(context, settings);
  const servers = sources.filter(isServed);
  const keys = servers.map((source) => keyFor(settings, source, servers));
  const opened: NoticedSurrogate[] = [];
  try {
    const counter = await counterFor(context, settings, sources);
    for (const source of sources)
      opened.push(
        isServed(source)
          ? openServed(
              { context, settings, budget, counter },
              source,
              keys[servers.indexOf(source)] ?? null,
            )
          : await openLocal(context, settings, source),
      );
  } catch (thrown) {
    await Promise.all(opened.map((one) => one.close()));
    throw thrown;
  }
  const [first, ...rest] = opened;
  if (!first) throw new UnderstudyError("INTERNAL", "no surrogate was opened");
  return [first, ...rest];
}

/** The first of the list, which must run here: for commands that look into a model. Throws USAGE for one on a server. */
export async function openFirstLocal(
  context: CommandContext,
  settings: Settings,
): Promise<LocalSurrogate> {
  return await openLocal(context, settings, firstLocalSource(context, settings));
}

/** Those of the list that run here, one after the other: each is closed before the next is opened. Throws as `openFirstLocal`. */
export async function* openEachLocal(
  context: CommandContext,
  settings: Settings,
): AsyncGenerator<LocalSurrogate> {
  const local = surrogateSources(context, settings).filter((source) => !isServed(source));
  if (local.length === 0) firstLocalSource(context, settings);
  for (const source of local) {
    const surrogate = await openLocal(context, settings, source);
    try {
      yield surrogate;
    } finally {
      await surrogate.close();
    }
  }
}

/** The file of the first of the list; a download is fetched. Throws as `openFirstLocal`. */
export async function firstModelPath(context: CommandContext, settings: Settings): Promise<string> {
  return await modelPath(context, settings, firstLocalSource(context, settings));
}

function firstLocalSource(context: CommandContext, settings: Settings): LocalSource {
  const [source] = surrogateSources(context, settings);
  if (!isServed(source)) return source;
  throw new UnderstudyError(
    "USAGE",
    `this command looks into a model that runs here, and ${source.kind}:${JSON.stringify(source.model)} is on a server`,
    { fix: "name a GGUF file with --model" },
  );
}

async function openLocal(
  context: CommandContext,
  settings: Settings,
  source: LocalSource,
): Promise<LocalSurrogate> {
  return await openLocalSurrogate({
    modelPath: await modelPath(context, settings, source),
    precision: settings.precision,
    backend: settings.runtime,
    workers: settings["surrogate-workers"],
    cacheFolder: resolve(context.root, settings["state-folder"], "compiled"),
  });
}

async function modelPath(
  context: CommandContext,
  settings: Settings,
  source: LocalSource,
): Promise<string> {
  if (source.kind === "embedded") return embeddedModelPath();
  if (source.kind === "file") return resolve(context.root, source.path);
  const say = progressLine(context);
  return await fetchModel(source, {
    folder: resolve(context.root, settings["state-folder"], "models"),
    open: guardedDownloads({ allowPrivate: settings["allow-private-endpoint"] }),
    onProgress: (megabytes, total) => say(`fetching ${source.file}, MB: ${megabytes}/${total}`),
  });
}

/** The embedded weights lie in `models/` of the repository that holds the running file: dist/main/ or lib/src/wiring/. */
export function embeddedModelPath(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const candidate = join(folder, "models", EMBEDDED_MODEL);
    if (existsSync(candidate)) return candidate;
    const parent = dirname(folder);
    if (parent === folder)
      throw new UnderstudyError(
        "MODEL_FILE",
        `the embedded surrogate ${EMBEDDED_MODEL} was not found`,
        { fix: "keep the folder models/ beside dist/, or name a GGUF file with --surrogate-model" },
      );
    folder = parent;
  }
}

/** Servers show no vocabulary: tokens are counted in that of the first file of the list, else of the embedded one. */
async function counterFor(
  context: CommandContext,
  settings: Settings,
  sources: readonly SurrogateSource[],
): Promise<TokenCounter | null> {
  if (!sources.some(isServed)) return null;
  const file = sources.find((source) => !isServed(source)) ?? { kind: "embedded" };
  return isServed(file) ? null : await openTokenCounter(await modelPath(context, settings, file));
}

function isServed(source: SurrogateSource): source is ServedModel {
  return source.kind === "server" || source.kind === "completions" || source.kind === "chat";
}

interface Serving {
  readonly context: CommandContext;
  readonly settings: Settings;
  readonly budget: Budget;
  readonly counter: TokenCounter | null;
}

function openServed(
  { context, settings, budget, counter }: Serving,
  source: ServedModel,
  apiKey: string | null,
): NoticedSurrogate {
  if (counter === null) throw new UnderstudyError("INTERNAL", "no token counter for a server");
  const common = {
    model: source.model,
    baseUrl: source.baseUrl,
    apiKey,
    budget,
    maxTokens: settings["oracle-max-tokens"],
    timeoutMs: settings["oracle-timeout-seconds"] * 1000,
    allowPrivateEndpoint: settings["allow-private-endpoint"],
  };
  const what = createHash("sha256").update(
    JSON.stringify([source.kind, source.baseUrl, source.model]),
  );
  const store = `surrogate-${what.digest("hex").slice(0, 16)}.jsonl`;
  const server: Oracle =
    source.kind === "completions"
      ? openTextCompletions({
          ...common,
          concurrency: settings["oracle-concurrency"] ?? CONCURRENCY,
        })
      : openOracle({
          ...common,
          recordings: [],
          store: resolve(context.root, settings["state-folder"], store),
          concurrency: settings["oracle-concurrency"],
        });
  const oracle = countUsage(server);
  const surrogate = servedSurrogate({
    source,
    oracle,
    readLabels: labelProbabilities,
    countTokens: counter.countTokens,
    countedBy: counter.model,
  });
  return {
    ...surrogate,
    notices: [],
    served: () =>
      oracle.usages().map(({ model, promptTokens, completionTokens }) => ({
        model,
        promptTokens,
        completionTokens,
      })),
  };
}
