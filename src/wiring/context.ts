/** What a door hands over: the caller's words and the process around it. */
import { resolve } from "node:path";
import { readFile } from "node:fs/promises";
import { parseDocument } from "yaml";
import {
  fromFile,
  fromStrings,
  resolveSettings,
  type RawSetting,
  type Settings,
} from "../config.js";
import { messageOf, UnderstudyError } from "../errors.js";
import { isMissing } from "../workspace/safe-read.js";

/** 0 clean, 1 findings at or above `fail-on`, 2 wrong use or config, 3 could not finish (what was done is kept). */
export type ExitCode = 0 | 1 | 2 | 3;

export interface CommandContext {
  readonly caller: ReadonlyMap<string, RawSetting>;
  readonly operands: readonly string[];
  readonly json: boolean;
  readonly quiet: boolean;
  readonly raw: boolean;
  readonly prompt: string | null;
  readonly response: string | null;
  readonly model: string | null;
  readonly masks: number | null;
  /** `explain --values FILE`: recorded values instead of a prompt. */
  readonly values: string | null;
  /** `explain --per-input`: the attribution of every input too. */
  readonly perInput: boolean;
  /** `compress --write`: a certified deletion goes into the file; absent: no. */
  readonly write?: boolean;
  /** Folder that relative paths start from. */
  readonly root: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly print: (text: string) => void;
  readonly say: (text: string) => void;
  readonly interactive: boolean;
}

/** Environment variables that stand in for settings; the caller's own words win. */
const ENVIRONMENT: Readonly<Record<string, string>> = {
  "oracle-base-url": "UNDERSTUDY_ORACLE_BASE_URL",
  "oracle-api-key": "UNDERSTUDY_ORACLE_API_KEY",
  "surrogate-api-key": "UNDERSTUDY_SURROGATE_API_KEY",
};

/** Settings of the caller, the environment and the configuration file of the head version, in that order. */
export async function settingsOf(context: CommandContext): Promise<Settings> {
  const caller = new Map(context.caller);
  for (const [name, variable] of Object.entries(ENVIRONMENT)) {
    const value = context.environment[variable];
    const given = value === undefined ? undefined : fromStrings({ [name]: value }, "").get(name);
    if (!caller.has(name) && given !== undefined) caller.set(name, { ...given, where: variable });
  }
  const alone = resolveSettings(caller);
  const path = alone.config;
  const text = await readOptional(resolve(context.root, alone.head ?? "", path));
  if (text === null) {
    if (caller.has("config"))
      throw new UnderstudyError("CONFIG", "the configuration file does not exist", {
        place: { path },
        fix: "correct --config",
      });
    return alone;
  }
  return resolveSettings(caller, fromFile(parseYaml(path, text), path));
}

function parseYaml(path: string, text: string): unknown {
  const document = parseDocument(text, { prettyErrors: true });
  const error = document.errors[0];
  if (error)
    throw new UnderstudyError("CONFIG", error.message, {
      place: {
        path,
        ...(error.linePos ? { line: error.linePos[0].line, column: error.linePos[0].col } : {}),
      },
      fix: "write `name: value` lines",
    });
  return document.toJS();
}

async function readOptional(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (isMissing(cause)) return null;
    throw new UnderstudyError("FILE", `cannot be read: ${messageOf(cause)}`, {
      place: { path },
      cause,
    });
  }
}
