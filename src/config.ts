/**
 * Settings: one table, from which the command line's flags, the Action's inputs, the configuration file, their JSON
 * schema and the README's table are all made. Parsing reports every problem at once and does no I/O.
 */
import { z } from "zod";
import { UnderstudyError } from "./errors.js";

/** Where a setting may come from. Endpoints and keys never come from a file that a pull request can change. */
export type SettingSource = "anywhere" | "caller";

interface Definition<Schema extends z.ZodType> {
  readonly schema: Schema;
  readonly description: string;
  readonly source: SettingSource;
}

function define<Schema extends z.ZodType>(
  schema: Schema,
  description: string,
  source: SettingSource = "anywhere",
): Definition<Schema> {
  return { schema, description, source };
}

const text = z.string().min(1).nullable().default(null);
const list = z.array(z.string().min(1)).readonly().default([]);
const count = (fallback: number, least = 1): z.ZodDefault<z.ZodNumber> =>
  z.number().int().min(least).max(1_000_000_000).default(fallback);
const amount = (fallback: number): z.ZodDefault<z.ZodNumber> => z.number().min(0).default(fallback);
const share = (fallback: number): z.ZodDefault<z.ZodNumber> =>
  z.number().gt(0).lt(1).default(fallback);

/** Every setting, in the order of the README. */
export const settingDefinitions = {
  base: define(
    text,
    "What to compare against: a git ref, or a folder holding the older version. In a pull request: its base commit.",
    "caller",
  ),
  head: define(
    text,
    "A folder holding the newer version; only together with a folder as `base`. Otherwise the checkout.",
    "caller",
  ),
  prompts: define(
    list,
    "Globs of prompt files, besides those found by their usual names; with `#` and dotted keys, values in YAML, JSON or TOML files, such as `config/*.yaml#agent.*.system`.",
  ),
  data: define(
    list,
    "Globs of data files (text/label JSON lines), besides those found by their usual names.",
  ),
  inputs: define(
    list,
    "Input files, each `PROMPT=INPUTS`; without one the prompt's `testData`, then a sibling `NAME.inputs.jsonl`.",
  ),
  labels: define(
    list,
    "The set of answers of a classification prompt; without it the distinct `expected` values.",
  ),
  "oracle-model": define(text, "Name of the production model (the oracle)."),
  "oracle-base-url": define(
    text,
    "Base URL of an OpenAI-compatible API. Also `UNDERSTUDY_ORACLE_BASE_URL`.",
    "caller",
  ),
  "oracle-api-key": define(text, "Key for that API. Also `UNDERSTUDY_ORACLE_API_KEY`.", "caller"),
  "oracle-recording": define(list, "Recorded oracle answers to replay (JSON lines), read only."),
  "oracle-store": define(
    z.string().min(1).default(".understudy/oracle.jsonl"),
    "Where new oracle answers are appended, each before it is used.",
    "caller",
  ),
  "oracle-max-tokens": define(count(16), "Longest answer asked of the oracle, in tokens."),
  "oracle-repeats": define(
    count(8, 0),
    "Fixed outputs of the search set asked again, to measure how often the oracle changes its own answer; 0: not measured.",
  ),
  "base-masks-per-input": define(
    count(2, 0),
    "Masked prompts of the version before the change, an input of the search set, that tell which of the removed spans mattered; 0: that version is not asked at all.",
  ),
  "oracle-concurrency": define(
    z.number().int().min(1).max(256).nullable().default(null),
    "Oracle calls under way at once; by default 1 on loopback, 4 elsewhere.",
  ),
  "oracle-timeout-seconds": define(count(60), "Time-out of one oracle call."),
  "allow-private-endpoint": define(
    z.boolean().default(false),
    "Allow a private or plain-http address of oracle or surrogate besides loopback.",
    "caller",
  ),
  "max-oracle-calls": define(count(2000, 0), "Hard cap on paid oracle calls of a run.", "caller"),
  "max-cost": define(
    z.number().min(0).nullable().default(null),
    "Hard cap on the money of a run, oracle and surrogates together, US dollars; 5 where the price is known and nothing is given. Given, it refuses models of unknown price.",
    "caller",
  ),
  "max-minutes": define(
    amount(30),
    "Hard cap on the time in which oracle calls are started, minutes.",
    "caller",
  ),
  "price-input-per-million": define(
    z.number().min(0).nullable().default(null),
    "Your price of a million prompt tokens, US dollars; otherwise a price list, otherwise unknown.",
  ),
  "price-output-per-million": define(
    z.number().min(0).nullable().default(null),
    "Your price of a million completion tokens, US dollars.",
  ),
  "cpu-minute-cost": define(
    amount(0.006),
    "Price of a minute of this machine, US dollars, at which the run's summary counts the surrogate's time: by default that of a GitHub-hosted Linux runner with two cores; 0 where minutes are free, as in public repositories.",
  ),
  "surrogate-model": define(
    list,
    "Surrogates in order of cost; the first that is certified for a prompt is used, and all are priors. Each is `embedded` (the default), the path of a GGUF file (llama or qwen2), `https://HOST/FILE.gguf#sha256=HEX`, `hf:OWNER/REPOSITORY/FILE.gguf@REVISION#sha256=HEX`, `server:BASE-URL|MODEL` (chat completions with `prompt_logprobs`, as vLLM), `completions:BASE-URL|MODEL` (text completions with `echo` or `prompt_logprobs`) or `chat:BASE-URL|MODEL` (`top_logprobs`, label tasks only).",
    "caller",
  ),
  "surrogate-api-key": define(
    list,
    "Key for the surrogates' server; for several hosts a list of `HOST=KEY`. Also `UNDERSTUDY_SURROGATE_API_KEY`.",
    "caller",
  ),
  "max-surrogate-calls": define(
    count(20_000, 0),
    "Hard cap on paid calls to surrogates' servers in a run.",
    "caller",
  ),
  precision: define(
    z.enum(["fp32", "precise", "fast"]).default("precise"),
    "Precision mode of the surrogate.",
  ),
  runtime: define(
    z.enum(["auto", "native", "wasm"]).default("auto"),
    "ONNX Runtime build behind the surrogate.",
  ),
  "surrogate-workers": define(count(2), "Worker threads of the surrogate, one session each."),
  method: define(
    z
      .enum([
        "hierarchical",
        "lasso",
        "lime",
        "kernel-shap",
        "rope-lime",
        "leave-one-out",
        "exact",
        "gsmile",
      ])
      .default("hierarchical"),
    "How prompts are explained: `hierarchical` from oracle answers pooled over the inputs; the others explain the surrogate's values input by input and are judged on the same oracle answers.",
  ),
  objective: define(
    z
      .enum(["auto", "log-odds", "negative-log-likelihood", "divergence", "label-margin"])
      .default("auto"),
    "What the surrogate is asked of the fixed output under a mask; `auto`: the method's own, log-odds for most.",
  ),
  kernel: define(
    z.enum(["auto", "flat", "lime", "rope-rwmd"]).default("auto"),
    "Weights of masks in a local fit; `auto`: the method's own.",
  ),
  masks: define(
    z
      .enum([
        "auto",
        "bernoulli",
        "paired",
        "uniform-size",
        "shapley-size",
        "leverage",
        "sparse-k",
        "mixed",
        "leave-one-out",
        "enumeration",
      ])
      .default("auto"),
    "Design of the surrogate's masks for a single explanation (`paired`: bernoulli with complements); `auto`: the method's own.",
  ),
  granularity: define(
    z
      .enum(["section", "block", "example", "sentence", "word", "coarse-to-fine"])
      .default("sentence"),
    "How finely a prompt is cut; `coarse-to-fine` looks at words only where sections and sentences matter. `word` and `coarse-to-fine` are for `explain`.",
  ),
  budget: define(
    z.number().int().min(2).max(100_000).nullable().default(null),
    "Most masks an input: of the oracle with `hierarchical` (default: `masks-per-input`), of the surrogate with the other methods (default 128).",
  ),
  "surrogate-masks-per-input": define(
    count(24, 8),
    "Masked prompts the surrogate scores per input of the search set.",
  ),
  "search-inputs": define(count(40), "Inputs in the search set A; the rest certify (set B)."),
  "masks-per-input": define(
    count(8),
    "Masked prompts the oracle answers per input of the search set.",
  ),
  "mask-pool": define(count(64), "Distinct masks of a template, dealt over its inputs."),
  "mask-choice": define(
    z.enum(["balanced", "active", "screened"]).default("balanced"),
    "How the oracle's masks are chosen: `balanced` over the template, all at once; `active` step by step, those that tell most about which spans can go, until that is clear or `masks-per-input` are used up on average; `screened` a few inputs at a time until a surrogate is certified, after which inputs that it may explain get none.",
  ),
  "demonstration-orders": define(
    z.number().int().min(0).max(100).default(2),
    "Random orders of all other examples in which each example is asked as a query, beside being asked without any; 0: only without any.",
  ),
  "demonstration-masks-per-input": define(
    z.number().int().min(0).max(1000).multipleOf(2).default(2),
    "Prompts with half of the examples in random order, asked per input of the search set to measure each example's influence; an even number, 0: not measured.",
  ),
  "confirmation-inputs": define(
    count(40, 0),
    "Inputs with an expected output that are asked again without the suspicious examples, and with their labels corrected; 0: not confirmed.",
  ),
  "answer-check": define(
    z.enum(["words", "exact", "normalised", "json", "pattern"]).default("words"),
    "How a regenerated answer is held against the fixed one where the oracle gives nothing better than text: same words or their F1, exactly, but for case and punctuation, field by field, or by `answer-pattern`.",
  ),
  "answer-pattern": define(
    text,
    "Regular expression (JavaScript) of `answer-check: pattern` and `output-equality: pattern`: what its one group captures must be the same; without a group it must match the whole answer.",
    "caller",
  ),
  "injection-evaluations": define(
    count(64, 0),
    "Most oracle calls of a prompt that tell what spans with suspected instructions do: outputs are asked for again without them; 0: not measured.",
  ),
  "samples-per-mask": define(
    count(8, 0),
    "Answers at temperature 1 a masked prompt where the oracle gives labels without log-probabilities; fewer than 2: similarity of the answer instead.",
  ),
  "screen-mode": define(
    z.enum(["predict", "labels", "explain"]).default("predict"),
    "What the screen tests: `predict`, how well the surrogate orders a few oracle masks an input; `labels`, how well it foresees which masks flip the answer (chosen by itself where the oracle gives no log-probabilities); `explain`, its fidelity as a share of that of the oracle's own explanation, which needs at least 16 `masks-per-input`.",
  ),
  "screen-method": define(
    z.enum(["betting", "paper-ttest"]).default("betting"),
    "What the verdict follows; `paper-ttest` is the papers' rule for comparison, does not keep its level and certifies nothing.",
  ),
  "screen-population": define(
    z.enum(["finite", "population"]).default("finite"),
    "What the verdict is about: this input set (`finite`), or inputs like these (`population`), which takes more inputs.",
  ),
  "screen-surrogates": define(
    z.number().int().min(1).max(100).default(1),
    "How many surrogates will be screened on the same inputs: each gets that part of `screen-alpha`. Fixed when the first is screened; further ones are refused.",
    "caller",
  ),
  "screen-threshold": define(
    z.number().gt(0).lt(1).nullable().default(null),
    "What a surrogate must be shown to exceed: the mean fidelity q (default 0.7), in mode `explain` the share of the oracle's own (default 0.9).",
  ),
  "screen-alpha": define(
    share(0.05),
    "Error level of the screening test, over all surrogates together.",
  ),
  "instance-rule": define(
    z.enum(["kappa", "plain"]).default("kappa"),
    "Which inputs a surrogate may explain itself: `kappa`, those on which its label is the oracle's, if Cohen's kappa over the inputs is shown to exceed `instance-kappa`; `plain`, the paper's rule, all on which the labels are equal.",
  ),
  "instance-kappa": define(
    share(0.2),
    "Kappa that the lower 95 % bound must exceed; raw agreement can be .96 by chance alone.",
  ),
  tolerance: define(share(0.05), "Largest share of changed outputs a shorter prompt may have."),
  confidence: define(share(0.95), "Confidence of that bound."),
  guarantee: define(
    z.enum(["outputs", "accuracy", "both"]).default("outputs"),
    "What a shorter prompt must be shown to keep: `outputs` as they are, but for `tolerance`; `accuracy` on expected outputs, within `accuracy-margin`; or `both`. Accuracy is reported in any case.",
  ),
  "accuracy-margin": define(
    share(0.05),
    "Largest fall of accuracy on expected outputs that a shorter prompt may have.",
  ),
  "output-equality": define(
    z.enum(["auto", "label", "exact", "normalised", "json", "pattern", "words"]).default("auto"),
    "When two outputs are the same: the same `label` of the set, the same text (`exact`), the same words in order (`normalised`), the same JSON fields and values, what `answer-pattern` captures, or an F1 of the words of `output-similarity`; `auto`: `label` where there is a set, `json` where all fixed outputs are JSON, else `normalised`.",
  ),
  "output-similarity": define(
    z.number().gt(0).max(1).nullable().default(null),
    "Least F1 of the words with which two outputs are the same under `output-equality: words`; there 0.9 by default.",
  ),
  "certify-reuse": define(
    z.enum(["spend", "rotate"]).default("spend"),
    "How the certify set B is used again over pushes: `spend`, on all of B at a share of the level that shrinks from look to look; `rotate`, at the whole level on inputs that no look has used, while there are enough.",
  ),
  "self-disagreement": define(
    z.enum(["counted", "excess"]).default("counted"),
    "Outputs that change by themselves: `counted` as changed, so that they only widen the bound; `excess`, only changes beyond those of the whole prompt asked again count, for one more call an input of B.",
  ),
  lock: define(
    z.enum(["sections", "none"]).default("sections"),
    "Which parts no shorter prompt leaves out, besides pinned ones: sections and sentences about output format, policy and safety, or none.",
  ),
  "lock-patterns": define(
    list,
    "Regular expressions (JavaScript, case aside): spans that one matches are never left out.",
  ),
  "max-rows": define(
    count(2000),
    "Most new rows of a data file that are scored; more are sampled by hash, and the report says so.",
  ),
  "row-level": define(share(0.05), "False discovery rate of the trigger test on data rows."),
  "fail-on": define(
    z.enum(["never", "suspicious", "any"]).default("never"),
    "Exit code 1 on: nothing, suspicious examples, rows or instructions, any finding.",
  ),
  comment: define(
    z.enum(["findings", "always", "never"]).default("findings"),
    "When the Action comments on the pull request.",
    "caller",
  ),
  "comment-key": define(
    z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,64}$/)
      .default("review"),
    "Tells the comments of several jobs apart.",
    "caller",
  ),
  "github-token": define(text, "Token for the comment; needs `pull-requests: write`.", "caller"),
  suggestions: define(
    z.boolean().default(false),
    "Post the certified deletion as suggestions on the lines of the pull request's diff; lines outside it are listed in the comment.",
    "caller",
  ),
  "output-folder": define(
    z.string().min(1).default("out/understudy"),
    "Where comment, summary and report files are written.",
    "caller",
  ),
  "state-folder": define(
    z.string().min(1).default(".understudy"),
    "Where screening certificates and compiled surrogates are kept.",
    "caller",
  ),
  config: define(
    z.string().min(1).default("understudy.yml"),
    "Configuration file, in the head version.",
    "caller",
  ),
} as const;

export type SettingName = keyof typeof settingDefinitions;
export type Settings = {
  readonly [Name in SettingName]: z.output<(typeof settingDefinitions)[Name]["schema"]>;
};

export const settingNames: readonly SettingName[] = z
  .array(z.custom<SettingName>((name) => typeof name === "string" && name in settingDefinitions))
  .parse(Object.keys(settingDefinitions));

/** The innermost schema behind defaults, nullability and readonly. */
function innermost(schema: z.ZodType): z.ZodType {
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodReadonly
  ) {
    const inner: unknown = schema.unwrap();
    if (inner instanceof z.ZodType) return innermost(inner);
  }
  return schema;
}

export type SettingKind = "text" | "list" | "number" | "boolean" | "choice";

/** How a setting is written as a string, and what is allowed. */
export function describeSetting(name: SettingName): {
  readonly kind: SettingKind;
  readonly allowed: string;
  readonly fallback: string;
} {
  const definition = settingDefinitions[name];
  const inner = innermost(definition.schema);
  const fallbackValue: unknown = definition.schema.parse(undefined);
  const fallback =
    fallbackValue === null
      ? ""
      : Array.isArray(fallbackValue)
        ? fallbackValue.join(", ")
        : String(fallbackValue);
  if (inner instanceof z.ZodEnum)
    return { kind: "choice", allowed: inner.options.join(", "), fallback };
  if (inner instanceof z.ZodNumber) return { kind: "number", allowed: "a number", fallback };
  if (inner instanceof z.ZodBoolean) return { kind: "boolean", allowed: "true, false", fallback };
  if (inner instanceof z.ZodArray)
    return { kind: "list", allowed: "a list, separated by commas or newlines", fallback };
  return { kind: "text", allowed: "text", fallback };
}

/** One value with the place a person would look for it, such as `--tolerance` or `understudy.yml: tolerance`. */
export interface RawSetting {
  readonly value: unknown;
  readonly where: string;
}

/**
 * Reads the flags or inputs of a caller: strings, turned into the setting's type. An empty string counts as not given, as
 * the Actions runner passes it for an absent input.
 */
export function fromStrings(
  values: Readonly<Record<string, string | readonly string[]>>,
  wherePrefix: string,
): ReadonlyMap<string, RawSetting> {
  const found = new Map<string, RawSetting>();
  for (const [name, given] of Object.entries(values)) {
    const parts = (typeof given === "string" ? [given] : given)
      .map((part) => part.trim())
      .filter((part) => part !== "");
    const last = parts.at(-1);
    if (last === undefined) continue;
    found.set(name, { value: coerce(name, parts, last), where: `${wherePrefix}${name}` });
  }
  return found;
}

function coerce(name: string, parts: readonly string[], last: string): unknown {
  const known = settingNames.find((candidate) => candidate === name);
  if (known === undefined) return last;
  switch (describeSetting(known).kind) {
    case "list":
      return parts
        .flatMap((part) => part.split(/[,\n]/))
        .map((item) => item.trim())
        .filter((item) => item !== "");
    case "number":
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(last) ? Number(last) : last;
    case "boolean":
      return last === "true" ? true : last === "false" ? false : last;
    case "text":
    case "choice":
      return last;
  }
}

/** Settings of a parsed configuration file (any value: it is checked here). */
export function fromFile(content: unknown, path: string): ReadonlyMap<string, RawSetting> {
  if (content === null || content === undefined) return new Map();
  const record = z.record(z.string(), z.unknown()).safeParse(content);
  if (!record.success)
    throw new UnderstudyError("CONFIG", "the configuration is not a mapping of settings", {
      place: { path },
      fix: "write `name: value` lines",
    });
  return new Map(
    Object.entries(record.data).map(([name, value]) => [
      name,
      { value, where: `${path}: ${name}` },
    ]),
  );
}

/**
 * Merges caller over file over defaults. Throws CONFIG or USAGE with every problem at once, each with place, value and
 * what is allowed.
 */
export function resolveSettings(
  caller: ReadonlyMap<string, RawSetting>,
  file: ReadonlyMap<string, RawSetting> = new Map(),
): Settings {
  const problems = [...unknownNames(caller), ...unknownNames(file), ...misplaced(file)];
  const entries = settingNames.map((name) => {
    const raw = caller.get(name) ?? file.get(name);
    const parsed = settingDefinitions[name].schema.safeParse(raw?.value);
    if (!parsed.success)
      problems.push(
        `${raw?.where ?? name}: ${JSON.stringify(raw?.value)} is not allowed (${parsed.error.issues.map((issue) => issue.message).join("; ")}); allowed: ${describeSetting(name).allowed}`,
      );
    return [name, parsed.success ? parsed.data : null] as const;
  });
  if (problems.length > 0)
    throw new UnderstudyError(file.size > 0 ? "CONFIG" : "USAGE", problems.join("\n"), {
      fix: "see the table of settings in the README",
    });
  return settingsFrom(Object.fromEntries(entries));
}

/** Validator: a record whose every value passed its own schema above. */
function settingsFrom(values: Readonly<Record<string, unknown>>): Settings {
  return z
    .custom<Settings>(
      (candidate) =>
        typeof candidate === "object" &&
        candidate !== null &&
        settingNames.every((name) => name in candidate),
    )
    .parse(values);
}

function unknownNames(values: ReadonlyMap<string, RawSetting>): string[] {
  const known: ReadonlySet<string> = new Set(settingNames);
  return [...values]
    .filter(([name]) => !known.has(name))
    .map(([name, raw]) => `${raw.where}: no such setting${nearest(name)}`);
}

function misplaced(file: ReadonlyMap<string, RawSetting>): string[] {
  return settingNames
    .filter((name) => settingDefinitions[name].source === "caller" && file.has(name))
    .map(
      (name) =>
        `${file.get(name)?.where ?? name}: comes only from flags, Action inputs or the environment, never from a file of the repository`,
    );
}

function nearest(name: string): string {
  const close = settingNames.filter(
    (candidate) => candidate.includes(name) || name.includes(candidate),
  );
  return close.length > 0 ? `; did you mean ${close.join(" or ")}?` : "";
}

/** JSON schema of the configuration file, for editors. */
export function configurationJsonSchema(): unknown {
  const shape = Object.fromEntries(
    settingNames
      .filter((name) => settingDefinitions[name].source === "anywhere")
      .map((name) => [
        name,
        settingDefinitions[name].schema.describe(settingDefinitions[name].description),
      ]),
  );
  return z.toJSONSchema(z.strictObject(shape), { io: "input" });
}
