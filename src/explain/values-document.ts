import { z } from "zod";
import { UnderstudyError, messageOf } from "../errors.js";
import type { SurrogatePrior } from "./hierarchical-kernel.js";
import type { MeasuredRow } from "./measured-rows.js";

/** Recorded values of a template, from any tool: what an explanation needs and nothing of a model. */
export interface ValuesDocument {
  /** Text of each maskable span; masks and attributions have one entry a span. */
  readonly spans: readonly string[];
  /** `output`: the class label by which inputs are pooled. */
  readonly inputs: readonly { readonly id: string; readonly output: string }[];
  /** Any number an input, in any order; `value` is a natural-log odds or margin. */
  readonly rows: readonly MeasuredRow[];
  readonly surrogates: readonly SurrogatePrior[];
  /** Names of top-level fields that mean nothing here. */
  readonly ignored: readonly string[];
}

const SHAPE =
  '{"spans": [text], "inputs": [{"id", "output"}], "rows": [{"input": index, "mask": [0|1], "value": number}], "surrogates": {name: [[number per span] per input]}}';
const FIELDS: readonly string[] = ["spans", "inputs", "rows", "surrogates"];
/** Larger numbers are no log-odds, and their squares would leave the range of doubles. */
const LARGEST = 1e100;
const MOST_SPANS = 2000;
const MOST_INPUTS = 10_000;
const MOST_ROWS = 200_000;
const SHOWN_PROBLEMS = 12;
const SHOWN_VALUE = 60;

// Messages say what is allowed; what was found is read from the document.
const finite = `a number from -${LARGEST} to ${LARGEST}`;
const number = z.number({ error: finite }).min(-LARGEST, { error: finite }).max(LARGEST, {
  error: finite,
});
const wholeNumber = "a whole number of at least 0";
const index = z.number({ error: wholeNumber }).int({ error: wholeNumber }).min(0, {
  error: wholeNumber,
});
const words = z.union([z.string(), z.number(), z.boolean()], { error: "text" }).transform(String);

function listOf<Item extends z.ZodType>(item: Item, what: string, most: number): z.ZodArray<Item> {
  const allowed = `a list of 1 to ${most} ${what}`;
  return z.array(item, { error: allowed }).min(1, { error: allowed }).max(most, { error: allowed });
}

const row = z.object(
  {
    input: index,
    mask: z.array(z.literal([0, 1], { error: "0 or 1" }), { error: "a list of 0 and 1" }),
    value: number,
    variance: number.min(0, { error: "a number of at least 0" }).optional(),
  },
  { error: "an object with input, mask and value" },
);

const documentSchema = z.object(
  {
    spans: listOf(z.string({ error: "text" }), "texts", MOST_SPANS),
    inputs: listOf(
      z.object({ id: words, output: words }, { error: "an object with id and output" }),
      "objects with id and output",
      MOST_INPUTS,
    ),
    rows: listOf(row, "objects with input, mask and value", MOST_ROWS),
  },
  { error: "an object" },
);

const attributions = z.array(z.array(number, { error: "a list of numbers" }), {
  error: "a list with one list of numbers an input",
});

type Place = readonly PropertyKey[];

interface Problem {
  readonly place: Place;
  readonly allowed: string;
}

/**
 * Reads the document of `understudy explain --values`. Fields of rows and of the document that have no meaning are passed over;
 * a row may carry the known `variance` of its value. Throws DATA that lists what is wrong: place, what was found, what is allowed.
 */
export function parseValuesDocument(path: string, text: string): ValuesDocument {
  const root = parseJson(path, text);
  const parsed = documentSchema.safeParse(root);
  const surrogates = readSurrogates(root);
  const problems = [...problemsOf(parsed.error, []), ...surrogates.problems];
  if (!parsed.success) throw refusal(path, root, problems);
  const { spans, inputs, rows } = parsed.data;
  const prior = surrogates.priors;
  problems.push(...misfits(spans.length, inputs.length, rows, prior));
  if (problems.length > 0) throw refusal(path, root, problems);
  return {
    spans,
    inputs,
    rows: rows.map(({ input, mask, value, variance }) => ({
      input,
      mask: Uint8Array.from(mask),
      value,
      ...(variance !== undefined && { variance }),
    })),
    surrogates: prior.map(({ name, perInput }) => ({
      name,
      attributions: perInput.map((own) => Float64Array.from(own)),
    })),
    ignored: Object.keys(root as object).filter((name) => !FIELDS.includes(name)),
  };
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (cause) {
    throw new UnderstudyError("DATA", `not valid JSON: ${messageOf(cause)}`, {
      place: { path },
      fix: `write one JSON document: ${SHAPE}`,
      cause,
    });
  }
}

interface NamedAttributions {
  readonly name: string;
  readonly perInput: readonly (readonly number[])[];
}

/** Entry by entry, since a name may be any text. */
function readSurrogates(root: unknown): {
  readonly priors: readonly NamedAttributions[];
  readonly problems: readonly Problem[];
} {
  const given = valueAt(root, ["surrogates"]);
  if (given === undefined) return { priors: [], problems: [] };
  if (typeof given !== "object" || given === null || Array.isArray(given))
    return {
      priors: [],
      problems: [{ place: ["surrogates"], allowed: "an object from names to lists" }],
    };
  const read = Object.entries(given).map(([name, value]) => ({
    name,
    parsed: attributions.safeParse(value),
  }));
  return {
    priors: read.flatMap(({ name, parsed }) =>
      parsed.success ? [{ name, perInput: parsed.data }] : [],
    ),
    problems: read.flatMap(({ name, parsed }) => problemsOf(parsed.error, ["surrogates", name])),
  };
}

function problemsOf(error: z.ZodError | undefined, within: Place): Problem[] {
  return (error?.issues ?? []).map(({ path, message }) => ({
    place: [...within, ...path],
    allowed: message,
  }));
}

/** What is well formed and does not fit together: indices out of range, lengths. */
function misfits(
  spans: number,
  inputs: number,
  rows: readonly { readonly input: number; readonly mask: readonly number[] }[],
  surrogates: readonly NamedAttributions[],
): Problem[] {
  const entries = `a list of ${spans} entries, one a span`;
  const ofRows = rows.flatMap(({ input, mask }, at): Problem[] => [
    ...(input < inputs
      ? []
      : [{ place: ["rows", at, "input"], allowed: `an index from 0 to ${inputs - 1}` }]),
    ...(mask.length === spans ? [] : [{ place: ["rows", at, "mask"], allowed: entries }]),
  ]);
  const ofSurrogates = surrogates.flatMap(({ name, perInput }): Problem[] => [
    ...(perInput.length === inputs
      ? []
      : [{ place: ["surrogates", name], allowed: `a list of ${inputs} lists, one an input` }]),
    ...perInput.flatMap((own, input) =>
      own.length === spans ? [] : [{ place: ["surrogates", name, input], allowed: entries }],
    ),
  ]);
  return [...ofRows, ...ofSurrogates];
}

function refusal(path: string, root: unknown, problems: readonly Problem[]): UnderstudyError {
  const lines = problems
    .slice(0, SHOWN_PROBLEMS)
    .map(
      ({ place, allowed }) =>
        `${placeText(place)} is ${foundText(valueAt(root, place))}; allowed: ${allowed}`,
    );
  const more = problems.length - lines.length;
  if (more > 0) lines.push(`and ${more} more such problem${more === 1 ? "" : "s"}`);
  return new UnderstudyError("DATA", lines.join("\n"), {
    place: { path },
    fix: `correct these entries; the document is ${SHAPE}`,
  });
}

/** `rows[3].mask[2]`; names that are not plain are quoted. */
function placeText(place: Place): string {
  const text = place
    .map((part) => {
      if (typeof part === "number") return `[${part}]`;
      const name = String(part);
      return /^\w{1,40}$/.test(name) ? `.${name}` : `[${shortened(JSON.stringify(name))}]`;
    })
    .join("");
  return text === "" ? "the document" : text.replace(/^\./, "");
}

function foundText(value: unknown): string {
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "number" ? String(value) : shortened(JSON.stringify(value));
}

function shortened(text: string): string {
  return text.length > SHOWN_VALUE ? `${text.slice(0, SHOWN_VALUE)}...` : text;
}

function valueAt(root: unknown, place: Place): unknown {
  let value = root;
  for (const part of place) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part))
      return undefined;
    value = Reflect.get(value, part);
  }
  return value;
}
