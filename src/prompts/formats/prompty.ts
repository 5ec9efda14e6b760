/** Prompty: YAML front matter, then a template with role lines. */

import type { Input, TemplateSyntax } from "../../domain.js";
import { LineIndex } from "../decoded-text.js";
import { contentId, slotRecord } from "../inputs-content.js";
import { syntaxError, type SourceFile } from "../source-file.js";
import { readFrontMatter, type FrontMatter } from "./front-matter.js";
import { readSections, roleLines } from "./sections.js";
import { describeValue, entry, flatTexts, textEntry, type ValueTree } from "./value-tree.js";

/**
 * Reads a `.prompty` file. The sample that the front matter gives, or the defaults of its inputs, become an input where they are text.
 * Throws PROMPT_SYNTAX with line and column.
 */
export function readPrompty(path: string, text: string): SourceFile {
  const lines = new LineIndex(text);
  const file = { path, text, lines };
  const front = readFrontMatter(path, text, false);
  const start = front?.bodyStart ?? (text.startsWith("\ufeff") ? 1 : 0);
  const sections = readSections(file, start, {
    markers: roleLines(file, start),
    preamble: "system",
    engine: "jinja",
  });
  if (sections.messages.length === 0)
    throw syntaxError(file, start, {
      message: "the prompt is empty",
      fix: "write `system:` on a line of its own and the text under it",
    });
  const sample = front === null ? NO_SAMPLE : readSample(front);
  return {
    path,
    name: null,
    format: "prompty",
    syntax: front === null ? "jinja" : syntaxOf(front),
    text,
    lines,
    messages: sections.messages,
    embeddedInputs: sample.inputs,
    model: front === null ? null : modelOf(front.tree),
    notes: [...sections.notes, ...sample.notes],
    rest: text.slice(0, sections.messages[0]?.item.start),
  };
}

/** `template: jinja2`, or `template: {format: {kind: mustache}}`. Throws PROMPT_SYNTAX for an engine that is not known. */
function syntaxOf({ tree, file }: FrontMatter): TemplateSyntax {
  const template = entry(tree, "template");
  const format = template && entry(template, "format");
  const kind = [
    template,
    template && entry(template, "type"),
    format,
    format && entry(format, "kind"),
  ].find((value) => value?.kind === "text");
  if (kind?.kind !== "text" || /^(?:jinja2?|nunjucks)$/i.test(kind.text)) return "jinja";
  if (/^(?:mustache|handlebars)$/i.test(kind.text)) return "handlebars";
  if (/^liquid$/i.test(kind.text)) return "liquid";
  throw syntaxError(file, kind.range.start, {
    message: `an unknown template format: ${describeValue(kind)}`,
    fix: "use jinja2, nunjucks, mustache, handlebars or liquid",
  });
}

function modelOf(tree: ValueTree): string | null {
  const model = entry(tree, "model");
  if (model === null) return null;
  if (model.kind === "text") return model.text;
  const configuration = entry(model, "configuration");
  return (
    textEntry(model, "id") ??
    (configuration &&
      (textEntry(configuration, "azure_deployment") ??
        textEntry(configuration, "model") ??
        textEntry(configuration, "name")))
  );
}

interface Sample {
  readonly inputs: readonly Input[];
  readonly notes: readonly string[];
}

const NO_SAMPLE: Sample = { inputs: [], notes: [] };

function readSample({ tree, file }: FrontMatter): Sample {
  const sample = entry(tree, "sample");
  const inputs = entry(tree, "inputs");
  const given = sample ?? inputs;
  if (given === null || (given.kind === "plain" && given.written === null)) return NO_SAMPLE;
  const line = file.lines.position(given.range.start).line;
  const values = sample === null ? defaultsOf(given) : flatTexts(given);
  if (values === null)
    return {
      inputs: [],
      notes: [
        given.kind === "text"
          ? `line ${line}: the sample in ${JSON.stringify(given.text)} is not read; write inputs beside the prompt`
          : `line ${line}: the sample holds lists, which fill no slot, and is not used as an input`,
      ],
    };
  if (values.length === 0) return NO_SAMPLE;
  const slots = slotRecord(values);
  return { inputs: [{ id: contentId(slots), slots, expected: null, line }], notes: [] };
}

/** `sample` or `default` of every input, in a mapping or a list of named inputs; none where any lacks both. */
function defaultsOf(inputs: ValueTree): readonly (readonly [string, string])[] | null {
  const named =
    inputs.kind === "mapping"
      ? inputs.entries()
      : inputs.kind === "list"
        ? inputs.items().map((item) => [textEntry(item, "name") ?? "", item] as const)
        : [];
  const values = named.map(([name, input]) => {
    const value = entry(input, "sample") ?? entry(input, "default");
    return value === null || name === "" ? [] : (flatTexts(value, name) ?? []);
  });
  return values.some((value) => value.length === 0) ? [] : values.flat();
}
