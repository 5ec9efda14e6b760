import { Environment, Interpreter, Template } from "@huggingface/jinja";
import type { Message } from "../domain.js";
import { UnderstudyError, messageOf } from "../errors.js";
import type { GgufFile } from "./gguf.js";

export interface RenderOptions {
  /** Whether the text ends where the assistant's turn begins. */
  readonly addGenerationPrompt: boolean;
}

/** The Jinja chat template of a model. */
export interface ChatTemplate {
  /** The template's source. */
  readonly source: string;
  /** @throws UnderstudyError MODEL_UNSUPPORTED where the template refuses these messages. */
  render(messages: readonly Message[], options: RenderOptions): string;
}

type TemplateSource = Pick<GgufFile, "path" | "metadata">;

/**
 * Reads `tokenizer.chat_template`.
 * @throws UnderstudyError MODEL_UNSUPPORTED where the file has none or it does not parse.
 */
export function createChatTemplate(gguf: TemplateSource): ChatTemplate {
  const { path, metadata } = gguf;
  const source = metadata.optionalString("tokenizer.chat_template");
  if (source === null) throw refusal(path, "the model has no chat template");
  const program = parse(path, source);
  const names = { bos_token: specialText(gguf, "bos"), eos_token: specialText(gguf, "eos") };
  return {
    source,
    render(messages, { addGenerationPrompt }) {
      const chat = messages.map(({ role, content }) => ({ role, content }));
      try {
        return run(program, {
          ...names,
          messages: chat,
          add_generation_prompt: addGenerationPrompt,
        });
      } catch (cause) {
        const roles = messages.map((message) => message.role).join(", ");
        throw refusal(
          path,
          `the model's chat template refuses the messages (roles: ${roles}): ${messageOf(cause)}`,
          cause,
        );
      }
    },
  };
}

function parse(path: string, source: string): Template["parsed"] {
  try {
    return new Template(source).parsed;
  } catch (cause) {
    throw refusal(path, `the model's chat template cannot be read: ${messageOf(cause)}`, cause);
  }
}

/**
 * Runs a template with the names that chat templates may count on. Template.render would add a clock, and templates that find
 * one print today's date; without it they print a fixed date of their own.
 */
function run(program: Template["parsed"], values: Readonly<Record<string, unknown>>): string {
  const environment = new Environment();
  const constants = { true: true, True: true, false: false, False: false, none: null, None: null };
  for (const [name, value] of Object.entries({
    ...constants,
    raise_exception: raiseException,
    range,
    ...values,
  }))
    environment.set(name, value);
  const { value } = new Interpreter(environment).run(program);
  if (typeof value !== "string") throw new Error("it gave no text");
  return value;
}

function raiseException(message: unknown): never {
  throw new Error(String(message));
}

/** Python's range: stop; start and stop; or start, stop and step. */
function range(first: number, last?: number, step = 1): number[] {
  const [start, stop] = last === undefined ? [0, first] : [first, last];
  const length = Math.max(0, Math.ceil((stop - start) / step));
  return Array.from({ length }, (_, index) => start + index * step);
}

function specialText({ metadata }: TemplateSource, name: "bos" | "eos"): string {
  const id = metadata.optionalNumber(`tokenizer.ggml.${name}_token_id`);
  return id === null ? "" : (metadata.stringArray("tokenizer.ggml.tokens")[id] ?? "");
}

function refusal(path: string, problem: string, cause?: unknown): UnderstudyError {
  return new UnderstudyError("MODEL_UNSUPPORTED", problem, {
    place: { path },
    fix: "score the prompt as raw text (--raw), or use a model with a chat template",
    cause,
  });
}
