/** `understudy model info|score`: the surrogate on its own, so that anyone can hold it against another engine. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { messageOf, UnderstudyError } from "../errors.js";
import { describeModel } from "../surrogate/description.js";
import { openGguf } from "../surrogate/gguf.js";
import { scoreText } from "../surrogate/score-text.js";
import { settingsOf, type CommandContext, type ExitCode } from "./context.js";
import { firstModelPath, openFirstLocal } from "./surrogates.js";

export async function runModelInfo(context: CommandContext): Promise<ExitCode> {
  const settings = await settingsOf(context);
  const gguf = await openGguf(await firstModelPath(context, settings));
  try {
    const description = await describeModel(gguf);
    context.print(
      context.json ? `${JSON.stringify(description, null, 2)}\n` : describe(description),
    );
  } finally {
    gguf.close();
  }
  return 0;
}

function describe(description: Awaited<ReturnType<typeof describeModel>>): string {
  const rows: readonly (readonly [string, string])[] = [
    ["name", description.name ?? "not stated"],
    ["architecture", description.architecture],
    ["parameters", description.parameters.toLocaleString("en-US")],
    ["context", `${description.contextLength} tokens`],
    [
      "vocabulary",
      `${description.vocabulary} tokens (${description.tokenizer.model}, ${description.tokenizer.preTokenizer ?? "default"})`,
    ],
    ["chat template", description.hasChatTemplate ? "yes" : "no"],
    ["tensors", description.tensorTypes.map((each) => `${each.tensors} ${each.type}`).join(", ")],
    ["licence", description.licence.identifier ?? description.licence.name ?? "not stated"],
    ["sha256", description.sha256],
  ];
  return `${rows.map(([name, value]) => `${name.padEnd(14)} ${JSON.stringify(value).slice(1, -1)}`).join("\n")}\n`;
}

export async function runModelScore(context: CommandContext): Promise<ExitCode> {
  const prompt = await readOperand(context, "prompt");
  const response = await readOperand(context, "response");
  const surrogate = await openFirstLocal(context, await settingsOf(context));
  try {
    const scored = await scoreText({ surrogate, prompt, response, raw: context.raw });
    if (context.json) context.print(`${JSON.stringify(scored)}\n`);
    else
      context.print(
        `${scored.tokens.map((token) => `${String(token.id).padStart(8)} ${token.logProbability.toFixed(6)}`).join("\n")}\n${scored.model}, ${scored.precision}\n`,
      );
  } finally {
    await surrogate.close();
  }
  return 0;
}

async function readOperand(context: CommandContext, name: "prompt" | "response"): Promise<string> {
  const path = context[name];
  if (path === null)
    throw new UnderstudyError("USAGE", `model score needs --${name} FILE`, {
      fix: "give both --prompt and --response",
    });
  try {
    return await readFile(resolve(context.root, path), "utf8");
  } catch (cause) {
    throw new UnderstudyError("FILE", messageOf(cause), {
      place: { path },
      fix: `give a readable file as --${name}`,
      cause,
    });
  }
}
