/** Builds the adapters from settings: the one place that knows them all. */
import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Settings } from "../config.js";
import { createBudget, type RunBudget } from "../cost/budget.js";
import { isDataPath } from "../data/rows.js";
import type { Surrogate } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { openOracle, type OpenedOracle } from "../oracle/oracle.js";
import { matchesAny } from "../pipeline/globs.js";
import type { Job, Ports } from "../pipeline/ports.js";
import { pricing } from "../pipeline/pricing.js";
import { isPromptPath, unsupportedPromptFormat } from "../prompts/index.js";
import { openLocalSurrogate, type LocalSurrogate } from "../surrogate/local-surrogate.js";
import { fileStateStore } from "../workspace/file-state-store.js";
import { foldersWorkspace } from "../workspace/folders-workspace.js";
import { gitWorkspace } from "../workspace/git-workspace.js";
import type { CheckedWorkspace } from "../workspace/limits.js";
import type { CommandContext } from "./context.js";
import { progressLine } from "./progress.js";

const EMBEDDED_MODEL = "SmolLM2-135M-Instruct.Q4_1.gguf";
/** Cap on money where the price is known and the caller gave none, US dollars. */
const DEFAULT_MAX_COST = 5;

type NoticedSurrogate = Surrogate & Pick<LocalSurrogate, "notices">;

export interface OpenedPorts extends Ports {
  readonly workspace: CheckedWorkspace;
  readonly oracle: OpenedOracle | null;
  readonly surrogate: NoticedSurrogate;
}

export interface OpenedJob extends Job {
  readonly ports: OpenedPorts;
  /** Keys of recorded answers that were used: what a compacted recording keeps. */
  readonly usedKeys: ReadonlySet<string>;
  readonly spent: RunBudget["spent"];
  /** Wall time spent in scoring so far. */
  readonly surrogateSeconds: () => number;
}

/** Opens everything a pipeline needs; the caller closes the surrogate. */
export async function openJob(context: CommandContext, settings: Settings): Promise<OpenedJob> {
  const usedKeys = new Set<string>();
  const budget = budgetOf(settings);
  const oracle = openOracleFrom(context, settings, { usedKeys, budget });
  const { surrogate, seconds } = timed(await openSurrogateFrom(context, settings));
  const state = fileStateStore(resolve(context.root, settings["state-folder"], "certificates"));
  return {
    settings,
    usedKeys,
    spent: () => budget.spent(),
    surrogateSeconds: seconds,
    ports: {
      workspace: openWorkspace(context, settings),
      oracle,
      surrogate,
      state,
      say: progressLine(context),
    },
  };
}

function timed(surrogate: LocalSurrogate): {
  readonly surrogate: NoticedSurrogate;
  readonly seconds: () => number;
} {
  let milliseconds = 0;
  const measured = async <Result>(task: () => Promise<Result>): Promise<Result> => {
    const started = performance.now();
    try {
      return await task();
    } finally {
      milliseconds += performance.now() - started;
    }
  };
  const { identity, notices } = surrogate;
  return {
    seconds: () => milliseconds / 1000,
    surrogate: {
      identity,
      notices,
      score: (requests, options) => measured(() => surrogate.score(requests, options)),
      scoreLabels: (prompts, labels, options) =>
        measured(() => surrogate.scoreLabels(prompts, labels, options)),
      embedPrompt: (messages) => measured(() => surrogate.embedPrompt(messages)),
      countTokens: (text) => surrogate.countTokens(text),
      close: () => surrogate.close(),
    },
  };
}

function openWorkspace(context: CommandContext, settings: Settings): CheckedWorkspace {
  const { base, head } = settings;
  const include = ofInterest(settings);
  const folder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();
  if (head !== null) {
    const [older, newer] = [resolve(context.root, base ?? ""), resolve(context.root, head)];
    if (base === null || !folder(older))
      throw new UnderstudyError(
        "USAGE",
        `--head needs a folder as --base, got ${JSON.stringify(base)}`,
        { fix: "give two folders, or a git ref as --base alone" },
      );
    if (!folder(newer))
      throw new UnderstudyError("USAGE", `--head ${JSON.stringify(head)} is not a folder`, {
        fix: "give the folder of the newer version",
      });
    return foldersWorkspace({ base: older, head: newer, include });
  }
  return gitWorkspace({ root: context.root, baseRef: base ?? "HEAD", include });
}

/** Prompts and data, found by name or setting; never what this tool wrote itself. */
function ofInterest(settings: Settings): (path: string) => boolean {
  const own = [settings["state-folder"], settings["output-folder"]].map(
    (folder) => `${folder.replace(/^\.\//, "").replace(/\/+$/, "")}/`,
  );
  return (path) =>
    !own.some((folder) => path.startsWith(folder)) &&
    (isPromptPath(path) ||
      unsupportedPromptFormat(path) !== null ||
      isDataPath(path) ||
      matchesAny([...settings.prompts, ...settings.data], path));
}

/** Caps on calls, money and minutes; a cap on money only where the caller gave one or the price is known. */
function budgetOf(settings: Settings): RunBudget {
  const started = performance.now();
  const price = pricing(settings);
  const model = settings["oracle-model"];
  const known = model !== null && price(model, { promptTokens: 1, completionTokens: 1 }) !== null;
  return createBudget({
    maxCalls: settings["max-oracle-calls"],
    maxCost: settings["max-cost"] ?? (known ? DEFAULT_MAX_COST : null),
    maxMinutes: settings["max-minutes"],
    price,
    elapsedMinutes: () => (performance.now() - started) / 60_000,
  });
}

interface Spending {
  readonly usedKeys: Set<string>;
  readonly budget: RunBudget;
}

function openOracleFrom(
  context: CommandContext,
  settings: Settings,
  { usedKeys, budget }: Spending,
): OpenedOracle | null {
  const model = settings["oracle-model"];
  const baseUrl = settings["oracle-base-url"];
  const recordings = settings["oracle-recording"].map((path) =>
    resolve(context.root, settings.head ?? "", path),
  );
  if (model === null) {
    if (baseUrl === null && recordings.length === 0) return null;
    throw new UnderstudyError("USAGE", "an oracle needs the name of its model", {
      fix: "set oracle-model",
    });
  }
  const store = resolve(context.root, settings["oracle-store"]);
  if (baseUrl === null && recordings.length === 0 && !existsSync(store)) return null;
  return openOracle({
    model,
    baseUrl,
    apiKey: settings["oracle-api-key"],
    recordings,
    store: baseUrl === null && !existsSync(store) ? null : store,
    budget,
    maxTokens: settings["oracle-max-tokens"],
    concurrency: settings["oracle-concurrency"],
    timeoutMs: settings["oracle-timeout-seconds"] * 1000,
    allowPrivateEndpoint: settings["allow-private-endpoint"],
    usedKeys,
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

export async function openSurrogateFrom(
  context: CommandContext,
  settings: Settings,
): Promise<LocalSurrogate> {
  const given = context.model ?? settings["surrogate-model"];
  return await openLocalSurrogate({
    modelPath: given === null ? embeddedModelPath() : resolve(context.root, given),
    precision: settings.precision,
    backend: settings.runtime,
    workers: settings["surrogate-workers"],
    cacheFolder: resolve(context.root, settings["state-folder"], "compiled"),
  });
}
