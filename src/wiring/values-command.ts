/** `understudy explain --values FILE`: recorded values in, attributions out; no model, no oracle, no configuration. */
import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import { UnderstudyError, messageOf } from "../errors.js";
import { estimate } from "../explain/estimators/estimate.js";
import { type ValuesMethod, explainValues } from "../explain/explain-values.js";
import { parseValuesDocument } from "../explain/values-document.js";
import { renderValuesTable } from "../report/values-table.js";
import { DEFAULT_MAX_BYTES, shown } from "../workspace/limits.js";
import { isMissing, readRegular } from "../workspace/safe-read.js";
import type { CommandContext, ExitCode } from "./context.js";

export interface ValuesRequest {
  readonly path: string;
  readonly method?: ValuesMethod;
}

/** Prints the explanation, as JSON or as a table. Throws FILE for what cannot be read, DATA and USAGE as explainValues does. */
export async function runExplainValues(
  context: CommandContext,
  request: ValuesRequest,
): Promise<ExitCode> {
  const { path, method = "hierarchical" } = request;
  const text = await readDocument(context, path);
  const document = parseValuesDocument(path, text);
  if (document.ignored.length > 0 && !context.quiet)
    context.say(`${shown(path)}: no meaning here: ${document.ignored.map(quoted).join(", ")}\n`);
  const explained = explainValues(document, {
    method,
    // The same file gives the same numbers.
    seed: text,
    estimate,
  });
  const { spans, rows } = document;
  context.print(
    context.json
      ? `${JSON.stringify(explained)}\n`
      : renderValuesTable({ path, method, spans, rows: rows.length, explained }),
  );
  return 0;
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 40));
}

/** The file that the caller names, wherever it lies; a link is followed. */
async function readDocument(context: CommandContext, path: string): Promise<string> {
  const target = resolve(context.root, path);
  let real: string;
  try {
    real = await realpath(target);
  } catch (cause) {
    throw new UnderstudyError(
      "FILE",
      isMissing(cause) ? "does not exist" : `cannot be read: ${messageOf(cause)}`,
      { place: { path: shown(path) }, fix: "give --values a readable JSON file", cause },
    );
  }
  const bytes = await readRegular(real, path, DEFAULT_MAX_BYTES);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new UnderstudyError("FILE", "is not UTF-8", {
      place: { path: shown(path) },
      fix: "save it as UTF-8",
      cause,
    });
  }
}
