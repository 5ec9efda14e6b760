/** A prompt under study: template, inputs and the renderings every later step asks for. */
import type { Input, InputSet, Mask, Message, PromptTemplate } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import {
  maskableSpans,
  parseInputs,
  parsePrompt,
  promptLabel,
  renderMessages,
  siblingInputsPath,
  splitInputs,
} from "../prompts/index.js";
import type { Job } from "./ports.js";
import { readIncluded, type PromptFile } from "./prompt-files.js";

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

/** Which of a file's prompts is studied, and the inputs that another file gives it. */
export type ChosenPrompt = Partial<Pick<PromptFile, "name" | "given">>;

export async function openStudy(
  job: Job,
  path: string,
  text: string,
  { name = null, given = null }: ChosenPrompt = {},
): Promise<PromptStudy> {
  const included = await readIncluded(job.ports.workspace, path, text, name);
  const template = parsePrompt(path, text, { name, included });
  const found = await findInputs(job, template, given);
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
        ? `no inputs: neither in the prompt's own file nor in ${siblingInputsPath(path, name)} nor in the setting \`inputs\``
        : null,
    labels: job.settings.labels.length > 0 ? job.settings.labels : labelsOf(found?.inputs ?? []),
  };
}

async function findInputs(
  job: Job,
  template: PromptTemplate,
  given: PromptFile["given"],
): Promise<{ readonly source: string; readonly inputs: readonly Input[] } | null> {
  const configured =
    configuredInputs(job.settings.inputs, promptLabel(template)) ??
    configuredInputs(job.settings.inputs, template.path);
  if (configured === null && given !== null) return given;
  if (configured === null && template.embeddedInputs.length > 0)
    return { source: template.path, inputs: template.embeddedInputs };
  const path = configured ?? siblingInputsPath(template.path, template.name);
  const text = await job.ports.workspace.read(path);
  if (text !== null) return { source: path, inputs: parseInputs(path, text) };
  if (configured !== null)
    throw new UnderstudyError(
      "INPUTS",
      `the input file of ${promptLabel(template)} does not exist`,
      {
        place: { path },
        fix: "correct the setting `inputs`",
      },
    );
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

/** What a template says, whatever its inputs: the file, which prompt of it, and what it includes. */
export function contentOf({ source, name, included }: PromptTemplate): string {
  const texts = [...included].filter(([, text]) => text !== null);
  return name === null && texts.length === 0 ? source : JSON.stringify([source, name, texts]);
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
