/** Builds the adapters from settings: the one place that knows them all. */
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Settings } from "../config.js";
import type { RunBudget } from "../cost/budget.js";
import { isDataPath } from "../data/rows.js";
import type { Budget } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { openOracle, type OpenedOracle } from "../oracle/oracle.js";
import { matchesAny } from "../pipeline/globs.js";
import type { Job, Ports } from "../pipeline/ports.js";
import { holdsPrompts } from "../pipeline/prompt-files.js";
import { unreadPromptReason } from "../prompts/index.js";
import { fileStateStore } from "../workspace/file-state-store.js";
import { foldersWorkspace } from "../workspace/folders-workspace.js";
import { gitWorkspace } from "../workspace/git-workspace.js";
import type { CheckedWorkspace } from "../workspace/limits.js";
import { openBudgets } from "./budgets.js";
import type { CommandContext } from "./context.js";
import { progressLine } from "./progress.js";
import { openSurrogates, type NoticedSurrogate } from "./surrogates.js";

export interface OpenedPorts extends Ports {
  readonly workspace: CheckedWorkspace;
  readonly oracle: OpenedOracle | null;
  /** Closing it closes all. */
  readonly surrogate: NoticedSurrogate;
  readonly surrogates: readonly NoticedSurrogate[];
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
  const budgets = openBudgets(settings);
  const oracle = openOracleFrom(context, settings, { usedKeys, budget: budgets.oracle });
  const { surrogates, seconds } = timed(
    await openSurrogates(context, settings, budgets.surrogates),
  );
  const state = fileStateStore(resolve(context.root, settings["state-folder"], "certificates"));
  return {
    settings,
    usedKeys,
    spent: () => budgets.spent(),
    surrogateSeconds: seconds,
    ports: {
      workspace: openWorkspace(context, settings),
      oracle,
      surrogate: surrogates[0],
      surrogates,
      state,
      say: progressLine(context),
    },
  };
}

type Several<Item> = readonly [Item, ...Item[]];

/** Surrogates whose work is timed, and of which the first closes all. */
function timed([first, ...rest]: Several<NoticedSurrogate>): {
  readonly surrogates: Several<NoticedSurrogate>;
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
  const time = (surrogate: NoticedSurrogate): NoticedSurrogate => ({
    identity: surrogate.identity,
    notices: surrogate.notices,
    ...(surrogate.lacks === undefined ? {} : { lacks: surrogate.lacks }),
    ...(surrogate.countedBy === undefined ? {} : { countedBy: surrogate.countedBy }),
    // Waiting for a server takes no minute of this machine's price: its answers are priced instead.
    ...(surrogate.served === undefined
      ? {
          score: (requests, options) => measured(() => surrogate.score(requests, options)),
          scoreLabels: (prompts, labels, options) =>
            measured(() => surrogate.scoreLabels(prompts, labels, options)),
          embedPrompt: (messages) => measured(() => surrogate.embedPrompt(messages)),
        }
      : {
          served: surrogate.served,
          score: surrogate.score,
          scoreLabels: surrogate.scoreLabels,
          embedPrompt: surrogate.embedPrompt,
        }),
    countTokens: (text) => surrogate.countTokens(text),
    close: () => surrogate.close(),
  });
  const closeAll = async (): Promise<void> =>
    void (await Promise.all([first, ...rest].map((one) => one.close())));
  return {
    seconds: () => milliseconds / 1000,
    surrogates: [{ ...time(first), close: closeAll }, ...rest.map(time)],
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
    (holdsPrompts({ settings }, path) ||
      unreadPromptReason(path) !== null ||
      isDataPath(path) ||
      matchesAny(settings.data, path));
}

interface Spending {
  readonly usedKeys: Set<string>;
  readonly budget: Budget;
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
