/** A prompt under study: template, inputs and the renderings every later step asks for. */
import type { Input, InputSet, Mask, Message, PromptTemplate } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import {
  maskableSpans,
  parseInputs,
  parsePrompt,
  renderMessages,
  siblingInputsPath,
  splitInputs,
} from "../prompts/index.js";
import type { Job } from "./ports.js";

export interface PromptStudy {
  readonly template: PromptTemplate;
  /** Indices of the maskable spans, in order; masks have one byte for each. */
  readonly maskable: readonly number[];
  readonly inputs: InputSet | null;
  /** Why there are no inputs. */
  readonly inputsReason: string | null;
  /** The closed set of answers, or empty for free text. */
  readonly labels: readonly string[];
}

const MOST_LABELS = 20;

export async function openStudy(job: Job, path: string, text: string): Promise<PromptStudy> {
  const template = parsePrompt(path, text);
  const found = await findInputs(job, template);
  const inputs =
    found === null
      ? null
      : splitInputs(found.inputs, {
          source: found.source,
          searchSize: job.settings["search-inputs"],
        });
  return {
    template,
    maskable: maskableSpans(template),
    inputs,
    inputsReason:
      found === null
        ? `no inputs: neither \`testData\` in the prompt nor ${siblingInputsPath(path)} nor the setting \`inputs\``
        : null,
    labels: job.settings.labels.length > 0 ? job.settings.labels : labelsOf(found?.inputs ?? []),
  };
}

async function findInputs(
  job: Job,
  template: PromptTemplate,
): Promise<{ readonly source: string; readonly inputs: readonly Input[] } | null> {
  const configured = configuredInputs(job.settings.inputs, template.path);
  if (configured === null && template.embeddedInputs.length > 0)
    return { source: template.path, inputs: template.embeddedInputs };
  const path = configured ?? siblingInputsPath(template.path);
  const text = await job.ports.workspace.read(path);
  if (text !== null) return { source: path, inputs: parseInputs(path, text) };
  if (configured !== null)
    throw new UnderstudyError("INPUTS", `the input file of ${template.path} does not exist`, {
      place: { path },
      fix: "correct the setting `inputs`",
    });
  return null;
}

function configuredInputs(settings: readonly string[], promptPath: string): string | null {
  for (const setting of settings) {
    const [prompt, path] = setting.split("=");
    if (path === undefined || prompt === undefined || path === "")
      throw new UnderstudyError(
        "CONFIG",
        `inputs: ${JSON.stringify(setting)} is not PROMPT=INPUTS`,
        { fix: "write for example prompts/triage.prompt.yml=data/tickets.inputs.jsonl" },
      );
    if (prompt.trim() === promptPath) return path.trim();
  }
  return null;
}

/** Distinct expected outputs where they repeat, as labels do and free text does not. */
function labelsOf(inputs: readonly Input[]): readonly string[] {
  const expected = inputs.flatMap((input) =>
    input.expected === null ? [] : [input.expected.trim()],
  );
  const distinct = [...new Set(expected)].sort();
  return distinct.length >= 2 &&
    distinct.length <= MOST_LABELS &&
    expected.length >= 2 * distinct.length
    ? distinct
    : [];
}

/** The messages for one input with the spans that the mask drops deleted. */
export function renderMasked(
  study: PromptStudy,
  mask: Mask | null,
  input: Input,
): readonly Message[] {
  return renderMessages(
    study.template,
    mask === null ? "all" : { mask, maskable: study.maskable },
    input.slots,
    input.id,
  );
}

/** A mask that deletes the spans given by their position among the maskable ones. */
export function maskWithout(study: PromptStudy, deleted: readonly number[]): Mask {
  const mask = new Uint8Array(study.maskable.length).fill(1);
  for (const position of deleted) mask[position] = 0;
  return mask;
}
