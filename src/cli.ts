/** The command line's door: reads arguments and environment, builds the ports, calls a pipeline, maps the outcome. */
import { parseArgs } from "node:util";
import { isUserMistake, messageOf, UnderstudyError } from "./errors.js";
import { describeSetting, fromStrings, settingDefinitions, settingNames } from "./config.js";
import { VERSION } from "./pipeline/ports.js";
import type { CommandContext, ExitCode } from "./wiring/context.js";
import { runModelBench } from "./wiring/bench-command.js";
import { runCompress } from "./wiring/compress-command.js";
import { runModelInfo, runModelScore } from "./wiring/model-commands.js";
import { runExplain, runScreen } from "./wiring/prompt-commands.js";
import { runReview } from "./wiring/review.js";

interface Verb {
  readonly name: string;
  readonly synopsis: string;
  readonly does: string;
  readonly run: (context: CommandContext) => Promise<ExitCode>;
}

const VERBS: readonly Verb[] = [
  {
    name: "review",
    synopsis: "review --base REF|FOLDER [--head FOLDER]",
    does: "everything about the changed prompts and data: comment, summary, report",
    run: runReview,
  },
  {
    name: "explain",
    synopsis: "explain PROMPT [--per-input] | explain --values FILE",
    does: "which spans of one prompt carry its answers; or the same from recorded values",
    run: runExplain,
  },
  {
    name: "screen",
    synopsis: "screen PROMPT",
    does: "whether the surrogate may speak for the oracle on one prompt",
    run: runScreen,
  },
  {
    name: "compress",
    synopsis: "compress PROMPT [--write]",
    does: "the shortest prompt that the oracle certifies, span by span; --write shortens the file",
    run: runCompress,
  },
  {
    name: "model info",
    synopsis: "model info [--surrogate-model GGUF]",
    does: "what a GGUF file holds",
    run: runModelInfo,
  },
  {
    name: "model score",
    synopsis: "model score --prompt FILE --response FILE [--model GGUF] [--raw]",
    does: "log-probabilities of a response, token by token",
    run: runModelScore,
  },
  {
    name: "model bench",
    synopsis: "model bench [PROMPT] [--model GGUF] [--masks N]",
    does: "masked prompts a second; with a prompt and an oracle also fidelity on its inputs",
    run: runModelBench,
  },
];

const EXTRA_OPTIONS = {
  json: { type: "boolean" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
  quiet: { type: "boolean" },
  raw: { type: "boolean" },
  prompt: { type: "string" },
  response: { type: "string" },
  model: { type: "string" },
  values: { type: "string" },
  "per-input": { type: "boolean" },
  write: { type: "boolean" },
} as const;

function usage(): string {
  const verbs = VERBS.map((verb) => `  ${verb.synopsis.padEnd(66)} ${verb.does}`);
  const flags = settingNames.map((name) => {
    const { allowed, fallback } = describeSetting(name);
    return `  --${name.padEnd(28)} ${settingDefinitions[name].description}${allowed === "text" ? "" : ` [${allowed}]`}${fallback === "" ? "" : ` (default ${fallback})`}`;
  });
  return [
    "understudy VERB [flags]",
    "",
    "Verbs:",
    ...verbs,
    "",
    "Flags (the Action's inputs have the same names):",
    ...flags,
    "",
    "  --json  --quiet  --help  --version",
    "",
    "Exit codes: 0 clean, 1 findings at or above fail-on, 2 wrong use or config, 3 could not finish.",
  ].join("\n");
}

function options(): Record<
  string,
  { type: "string" | "boolean"; multiple?: boolean; short?: string }
> {
  const settings = settingNames.map(
    (name) =>
      [
        name,
        describeSetting(name).kind === "boolean"
          ? { type: "boolean" as const }
          : { type: "string" as const, multiple: true },
      ] as const,
  );
  return { ...Object.fromEntries(settings), ...EXTRA_OPTIONS };
}

interface Arguments {
  readonly values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
  readonly positionals: readonly string[];
}

function readArguments(words: readonly string[]): Arguments {
  try {
    const parsed = parseArgs({
      args: [...words],
      options: options(),
      allowPositionals: true,
      strict: true,
    });
    return { values: parsed.values, positionals: parsed.positionals };
  } catch (cause) {
    throw new UnderstudyError("USAGE", messageOf(cause), { fix: "see `understudy --help`", cause });
  }
}

function verbOf(positionals: readonly string[]): {
  readonly verb: Verb;
  readonly rest: readonly string[];
} {
  const found = VERBS.find((verb) =>
    verb.name.split(" ").every((word, index) => positionals[index] === word),
  );
  if (found) return { verb: found, rest: positionals.slice(found.name.split(" ").length) };
  const planned = ["scan", "merge"].includes(positionals[0] ?? "");
  throw new UnderstudyError(
    "USAGE",
    planned
      ? `\`${positionals[0]}\` is not supported in this version`
      : `unknown verb ${JSON.stringify(positionals.join(" "))}`,
    { fix: `use one of: ${VERBS.map((verb) => verb.name).join(", ")}` },
  );
}

function settingStrings(
  verb: Verb,
  values: Arguments["values"],
): Record<string, string | string[]> {
  const entries = settingNames.flatMap((name) => {
    const value = values[name];
    if (value === undefined || (name === "masks" && verb.name === "model bench")) return [];
    return [[name, Array.isArray(value) ? value.map(String) : String(value)] as const];
  });
  return Object.fromEntries(entries);
}

function flag(values: Arguments["values"], name: keyof typeof EXTRA_OPTIONS): boolean {
  return values[name] === true;
}

function textOf(values: Arguments["values"], name: keyof typeof EXTRA_OPTIONS): string | null {
  const value = values[name];
  return typeof value === "string" ? value : null;
}

/** `model bench` takes a number of masks where `explain` takes their design: one flag, read by the verb. */
function masksOf(verb: Verb, values: Arguments["values"]): number | null {
  const given = values["masks"];
  const text = Array.isArray(given) ? String(given.at(-1)) : given;
  if (verb.name !== "model bench" || text === undefined) return null;
  if (typeof text !== "string" || !/^[1-9]\d{0,5}$/.test(text))
    throw new UnderstudyError(
      "USAGE",
      `--masks: ${JSON.stringify(text)} is not a whole number of at least 1`,
      { fix: "for example --masks 64" },
    );
  return Number(text);
}

/** A flag that changes files is never passed over in silence. */
function refuseToWrite({ name }: Verb, values: Arguments["values"]): void {
  if (!flag(values, "write") || name === "compress") return;
  throw new UnderstudyError("USAGE", `\`${name}\` writes to no prompt, so --write means nothing`, {
    fix: "leave --write away, or use `compress`",
  });
}

/** Runs one command; throws nothing: every failure becomes a message on standard error and an exit code. */
export async function main(words: readonly string[]): Promise<ExitCode> {
  try {
    const { values, positionals } = readArguments(words);
    if (flag(values, "help") || (positionals.length === 0 && !flag(values, "version"))) {
      process.stdout.write(`${usage()}\n`);
      return flag(values, "help") ? 0 : 2;
    }
    if (flag(values, "version")) {
      process.stdout.write(`${VERSION}\n`);
      return 0;
    }
    const { verb, rest } = verbOf(positionals);
    refuseToWrite(verb, values);
    return await verb.run({
      caller: fromStrings(settingStrings(verb, values), "--"),
      operands: rest,
      json: flag(values, "json"),
      quiet: flag(values, "quiet"),
      raw: flag(values, "raw"),
      prompt: textOf(values, "prompt"),
      response: textOf(values, "response"),
      model: textOf(values, "model"),
      masks: masksOf(verb, values),
      values: textOf(values, "values"),
      perInput: flag(values, "per-input"),
      write: flag(values, "write"),
      root: process.cwd(),
      environment: process.env,
      print: (text) => void process.stdout.write(text),
      say: (line) => void process.stderr.write(line),
      interactive: process.stderr.isTTY === true,
    });
  } catch (thrown) {
    process.stderr.write(`understudy: ${messageOf(thrown)}\n`);
    return thrown instanceof UnderstudyError && isUserMistake(thrown) ? 2 : 3;
  }
}

/** Entry of dist/cli/index.js. */
export async function runCommandLine(): Promise<void> {
  process.exitCode = await main(process.argv.slice(2));
}
