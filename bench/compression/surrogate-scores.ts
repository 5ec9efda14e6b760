/**
 * What surrogates say of a template's spans, as committed numbers: node lib/bench/compression/surrogate-scores.js [--model FILE.gguf]...
 * Attributions come from values that lib/bench/games/surrogate-values.js keeps under out/bench-games (48 masks an input, pooled);
 * perplexities are scored here in a few seconds. The file is bench/compression/surrogate-scores.json.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { poolSurrogateValues } from "../../src/explain/surrogate-lasso.js";
import { openLocalSurrogate, type LocalSurrogate } from "../../src/surrogate/local-surrogate.js";
import { readSurrogateValues, surrogateValuesPath } from "../games/surrogate-values.js";
import {
  inputAt,
  openTemplate,
  repository,
  TEMPLATE_NAMES,
  type TemplateName,
} from "../games/games.js";
import { openRecordedTemplate } from "../games/measured.js";

const PATH = join(repository, "bench", "compression", "surrogate-scores.json");
const DEFAULT_MODELS = [join(repository, "models", "SmolLM2-135M-Instruct.Q4_1.gguf")];

const modelScores = z.strictObject({
  model: z.string(),
  /** Tokens of each maskable span. */
  tokens: z.array(z.number()),
  /** Mean negative log-probability a token of the span on its own, its first token given nothing and not counted; nats. */
  alone: z.array(z.number()),
  /** The same of every token of the span, given the whole prompt before it as plain text; nats. */
  inContext: z.array(z.number()),
  /** [input][span] pooled attribution of the log-odds of the oracle's fixed output; null where no values were kept. */
  attributions: z.array(z.array(z.number())).nullable(),
});
export type ModelScores = z.infer<typeof modelScores>;

const scoresSchema = z.record(z.string(), z.array(modelScores));

/** Scores of a template by each surrogate, smallest surrogate first. */
export function readSurrogateScores(name: TemplateName): readonly ModelScores[] {
  const scores = scoresSchema.parse(JSON.parse(readFileSync(PATH, "utf8")))[name];
  if (scores === undefined) throw new Error(`${PATH} has no scores of ${name}`);
  return scores;
}

/** [input][span] of the surrogate's kept values, explained as the program explains a surrogate; null without values. */
function attributionsOf(name: TemplateName, model: string): number[][] | null {
  if (!existsSync(surrogateValuesPath(name, model))) return null;
  const recorded = openRecordedTemplate(name);
  const values = readSurrogateValues(name, model);
  const { attributions } = poolSurrogateValues({
    spans: recorded.inputs[0]?.training.masks[0]?.length ?? 0,
    classes: recorded.inputs.map(({ output }) => output),
    inputs: recorded.inputs.map(({ training }, input) => ({
      masks: training.masks,
      values: Float64Array.from(inputAt(values, input).slice(1)),
    })),
    seed: `compression\n${name}\n${model}`,
  });
  return attributions.map((spans) => [...spans].map(rounded));
}

async function scoreTemplate(
  surrogate: LocalSurrogate,
  name: TemplateName,
  model: string,
): Promise<ModelScores> {
  const { template, maskable, spans } = openTemplate(name);
  const texts = spans.map((text) => text.trim());
  // The maskable spans stand in the order of the prompt, so that all that was before a span is the text of the spans before it.
  const before = maskable.map((index) =>
    template.spans
      .filter((span) => span.index < index)
      .map(({ text }) => text.trim())
      .filter((text) => text !== "")
      .join("\n"),
  );
  const alone = texts.map((text) => {
    const ids = surrogate.tokenizeResponse(text);
    return { ids, responseTokens: ids.length - 1 };
  });
  const inContext = texts.map((text, span) => {
    const own = surrogate.tokenizeResponse(text);
    const head = surrogate.tokenizeResponse(`${before[span]}\n`);
    return { ids: Int32Array.from([...head, ...own]), responseTokens: own.length };
  });
  const { logProbabilities } = await surrogate.scoreTokens([...alone, ...inContext]);
  const perplexities = logProbabilities.map(
    (one) => -one.reduce((sum, value) => sum + value, 0) / one.length,
  );
  return {
    model,
    tokens: texts.map((text) => surrogate.countTokens(text)),
    alone: perplexities.slice(0, texts.length).map(rounded),
    inContext: perplexities.slice(texts.length).map(rounded),
    attributions: attributionsOf(name, model),
  };
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}

async function main(): Promise<void> {
  const { values: flags } = parseArgs({ options: { model: { type: "string", multiple: true } } });
  const scores: Record<string, ModelScores[]> = {};
  for (const modelPath of flags.model ?? DEFAULT_MODELS) {
    const surrogate = await openLocalSurrogate({
      modelPath,
      precision: "precise",
      backend: "native",
      workers: 1,
      cacheFolder: join(repository, "out", "bench-state"),
    });
    for (const name of TEMPLATE_NAMES)
      (scores[name] ??= []).push(
        await scoreTemplate(surrogate, name, basename(modelPath, ".gguf")),
      );
    await surrogate.close();
  }
  writeFileSync(PATH, `${JSON.stringify(scores).replaceAll('],"', '],\n"')}\n`);
}

if (process.argv[1]?.endsWith("surrogate-scores.js")) await main();
