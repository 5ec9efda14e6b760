/** From changed files to prompts: which prompts a file holds, which of them changed, what they include. */
import type { ChangedFile, Input, SkippedFile, Workspace } from "../domain.js";
import { isUserMistake, UnderstudyError } from "../errors.js";
import {
  isPromptPath,
  listPrompts,
  parsePrompt,
  promptLabel,
  promptSettings,
  wantedIncludes,
  type PromptReference,
} from "../prompts/index.js";
import { matchesAny } from "./globs.js";
import type { Job } from "./ports.js";

/** One prompt of a file, both sides of the file as text. */
export interface PromptFile extends ChangedFile {
  readonly head: string;
  /** Which of the prompts in the file; null where the file is the prompt. */
  readonly name: string | null;
  /** Inputs that another file gives it; null where none does. */
  readonly given: { readonly source: string; readonly inputs: readonly Input[] } | null;
}

export interface FoundPrompts {
  readonly prompts: readonly PromptFile[];
  /** Files that could not be read. */
  readonly skipped: readonly SkippedFile[];
  /** What files name as prompts and what is none that is read, such as a program. */
  readonly leftAlone: readonly SkippedFile[];
}

/** Whether a file holds prompts: by its name, or because the setting `prompts` names it or values in it. */
export function holdsPrompts(job: Pick<Job, "settings">, path: string): boolean {
  const globs = promptSettings(job.settings.prompts).map(({ glob }) => glob);
  return isPromptPath(path) || matchesAny(globs, path);
}

/** Files that a listing may lead to beyond this many are skipped, and said to be. */
const MOST_PROMPTS = 200;

/**
 * The prompts to review. A file that changed is one; of several values in one file those that changed; of a promptfoo configuration all,
 * with the files that it refers to, for its tests are their inputs. A changed file that a configuration in its folder or above refers
 * to gets that configuration's tests as inputs.
 */
export async function findPrompts(
  job: Job,
  changed: readonly (ChangedFile & { readonly head: string })[],
): Promise<FoundPrompts> {
  const found = new Map<string, PromptFile>();
  const skipped: SkippedFile[] = [];
  const leftAlone: SkippedFile[] = [];
  for (const file of changed) {
    try {
      const { prompts, notes } = listPrompts(file.path, file.head, keyPathsOf(job, file.path));
      for (const reason of notes) leftAlone.push({ path: file.path, reason });
      for (const reference of prompts) {
        const prompt = await promptOf(job, { reference, file, changed });
        const label = promptLabel(reference);
        if (prompt === "unchanged") continue;
        if (typeof prompt === "string") skipped.push({ path: file.path, reason: prompt });
        else if (found.size >= MOST_PROMPTS && !found.has(label))
          skipped.push({ path: label, reason: `more than ${MOST_PROMPTS} prompts changed` });
        else if (!found.has(label) || prompt.given !== null) found.set(label, prompt);
      }
    } catch (thrown) {
      if (!(thrown instanceof UnderstudyError) || !isUserMistake(thrown)) throw thrown;
      skipped.push({ path: file.path, reason: thrown.message });
    }
  }
  const prompts: PromptFile[] = [];
  for (const prompt of found.values())
    prompts.push(await withConfiguredInputs(job.ports.workspace, prompt));
  return { prompts, skipped, leftAlone };
}

function keyPathsOf(job: Job, path: string): readonly string[] {
  return promptSettings(job.settings.prompts).flatMap(({ glob, keyPath }) =>
    keyPath !== null && matchesAny([glob], path) ? [keyPath] : [],
  );
}

/** The prompt with both sides of its file; or why it is left out. */
async function promptOf(
  job: Job,
  {
    reference,
    file,
    changed,
  }: {
    readonly reference: PromptReference;
    readonly file: ChangedFile & { readonly head: string };
    readonly changed: readonly (ChangedFile & { readonly head: string })[];
  },
): Promise<PromptFile | string> {
  const { path, name, given } = reference;
  if (path === file.path) {
    const base = file.base === null || !isThere(path, file.base, name) ? null : file.base;
    const isConfigured = given !== null || name === null || /promptfooconfig/i.test(path);
    if (!isConfigured && base !== null && saysTheSame(reference, base, file.head))
      return "unchanged";
    return { path, name, given, base, head: file.head };
  }
  const own = changed.find((one) => one.path === path);
  const head = own?.head ?? (await job.ports.workspace.read(path));
  if (head === null)
    return `the prompt file ${JSON.stringify(path)}, which it names, does not exist`;
  return { path, name, given, base: own ? own.base : head, head };
}

function isThere(path: string, text: string, name: string | null): boolean {
  if (name === null) return true;
  try {
    parsePrompt(path, text, { name });
    return true;
  } catch {
    return false;
  }
}

function saysTheSame({ path, name }: PromptReference, base: string, head: string): boolean {
  const said = (text: string): string => JSON.stringify(parsePrompt(path, text, { name }).messages);
  return said(base) === said(head);
}

const CONFIGURATIONS = ["promptfooconfig.yaml", "promptfooconfig.yml"];
/** Folders above a prompt in which a configuration is looked for. */
const MOST_FOLDERS = 6;

/** The prompt with the tests of the nearest configuration that refers to its file, unless it has inputs already. */
export async function withConfiguredInputs(
  workspace: Pick<Workspace, "read">,
  prompt: PromptFile,
): Promise<PromptFile> {
  if (prompt.given !== null || prompt.name !== null) return prompt;
  let folder = prompt.path;
  for (let level = 0; level < MOST_FOLDERS && folder !== ""; level++) {
    folder = folder.slice(0, folder.replace(/\/$/, "").lastIndexOf("/") + 1);
    for (const name of CONFIGURATIONS) {
      const path = `${folder}${name}`;
      const text = path === prompt.path ? null : await workspace.read(path);
      const given = text === null ? null : givenBy(path, text, prompt.path);
      if (given !== null) return { ...prompt, given };
    }
  }
  return prompt;
}

/** What a configuration gives a prompt file; null where it does not refer to it, gives nothing or cannot be read. */
function givenBy(path: string, text: string, promptPath: string): PromptFile["given"] {
  try {
    return listPrompts(path, text).prompts.find((one) => one.path === promptPath)?.given ?? null;
  } catch (thrown) {
    if (thrown instanceof UnderstudyError) return null;
    throw thrown;
  }
}

/** Files that one prompt may include, together with where they are looked for. */
const MOST_READ = 200;

/**
 * The files that a prompt includes, as they are on the head side; null for those that were looked for and are not there. Only files of
 * the workspace are read. Throws PROMPT_SYNTAX like `parsePrompt`, and FILE for what the workspace refuses to read.
 */
export async function readIncluded(
  workspace: Pick<Workspace, "read">,
  path: string,
  text: string,
  name: string | null,
): Promise<ReadonlyMap<string, string | null>> {
  const included = new Map<string, string | null>();
  for (;;) {
    const wanted = wantedIncludes(path, text, { name, included });
    if (wanted.length === 0) return included;
    if (included.size + wanted.length > MOST_READ)
      throw new UnderstudyError(
        "PROMPT_SYNTAX",
        `the prompt includes more than ${MOST_READ} files`,
        {
          place: { path },
          fix: "include fewer files",
        },
      );
    for (const one of wanted) included.set(one, await workspace.read(one));
  }
}
