/**
 * Holds the tokenizer and the chat template against llama.cpp and transformers on the shared reference strings, and times them.
 * Needs the shared folder (UNDERSTUDY_SHARED, else ../shared beside the repository) and says so where it is absent.
 * The GGUF files are looked for in models/ and in the folder UNDERSTUDY_MODELS.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Message } from "../src/domain.js";
import { createChatEncoder } from "../src/surrogate/chat-encoding.js";
import { createChatTemplate } from "../src/surrogate/chat-template.js";
import { openGguf } from "../src/surrogate/gguf.js";
import { createTokenizer } from "../src/surrogate/tokenizer.js";
import type { ModelTokenizer } from "../src/surrogate/tokenizer.js";

interface ModelReference {
  readonly file: string;
  readonly ids: readonly (readonly number[])[];
  readonly rendered_chats: readonly string[];
}

interface TokenizationReferences {
  readonly strings: readonly string[];
  readonly chats: readonly (readonly Message[])[];
  readonly models: readonly ModelReference[];
}

const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const shared = process.env["UNDERSTUDY_SHARED"] ?? join(repository, "..", "shared");
const folders = [
  join(repository, "models"),
  process.env["UNDERSTUDY_MODELS"] ?? join(shared, "models"),
];

function isSame(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((value, index) => value === b[index]);
}

function count<Item>(items: readonly Item[], test: (item: Item, index: number) => boolean): number {
  return items.filter(test).length;
}

/** Tokens a second of a tokenizer that sees these strings for the first time, and again. */
function measureSpeed(tokenizer: ModelTokenizer, strings: readonly string[]): string {
  const rates = [0, 1].map(() => {
    const begin = performance.now();
    const tokens = strings.reduce((sum, text) => sum + tokenizer.encode(text).length, 0);
    return Math.round(tokens / (performance.now() - begin));
  });
  return rates.join(" k tokens/s at first, ") + " k tokens/s again";
}

async function check(
  path: string,
  references: TokenizationReferences,
  expected: ModelReference,
): Promise<number> {
  const begin = performance.now();
  const gguf = await openGguf(path);
  const opened = performance.now();
  const tokenizer = createTokenizer(gguf);
  const built = performance.now();
  const template = createChatTemplate(gguf);
  const encodeChat = createChatEncoder(template, tokenizer);
  const speed = measureSpeed(tokenizer, references.strings);
  const wrongIds = count(
    references.strings,
    (text, index) => !isSame(tokenizer.encode(text), expected.ids[index] ?? []),
  );
  const wrongTexts = count(
    references.strings,
    (text) => tokenizer.decode(tokenizer.encode(text)) !== text,
  );
  const wrongChats = count(references.chats, (chat, index) => {
    const rendered = template.render(chat, { addGenerationPrompt: true });
    return (
      rendered !== expected.rendered_chats[index] ||
      !isSame(encodeChat(chat, { addGenerationPrompt: true }), tokenizer.encode(rendered))
    );
  });
  gguf.close();
  console.log(
    `${expected.file}: opened in ${Math.round(opened - begin)} ms, tokenizer in ${Math.round(built - opened)} ms, ${speed}`,
  );
  console.log(
    `  ids differ in ${wrongIds} of ${references.strings.length}, decoded text in ${wrongTexts}, chats in ${wrongChats} of ${references.chats.length}`,
  );
  return wrongIds + wrongTexts + wrongChats;
}

const referencePath = join(shared, "references", "tokenization.json");
if (!existsSync(referencePath)) {
  console.log(
    `No reference values at ${referencePath}; set UNDERSTUDY_SHARED to the shared folder. Nothing was checked.`,
  );
} else {
  const references = JSON.parse(readFileSync(referencePath, "utf8")) as TokenizationReferences;
  for (const expected of references.models) {
    const path = folders
      .map((folder) => join(folder, expected.file))
      .find((candidate) => existsSync(candidate));
    if (path === undefined)
      console.log(
        `${expected.file}: not found in ${folders.join(" or ")}; set UNDERSTUDY_MODELS. Not checked.`,
      );
    else if ((await check(path, references, expected)) > 0) process.exitCode = 1;
  }
}
