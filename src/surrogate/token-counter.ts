import { basename } from "node:path";
import { openGguf } from "./gguf.js";
import { createTokenizer } from "./tokenizer.js";

/** Counts tokens in a model's vocabulary; nothing of the model is run. */
export interface TokenCounter {
  readonly model: string;
  readonly countTokens: (text: string) => number;
}

/** Reads the vocabulary of a GGUF file. Throws MODEL_FILE and MODEL_UNSUPPORTED as the file deserves. */
export async function openTokenCounter(path: string): Promise<TokenCounter> {
  const gguf = await openGguf(path);
  try {
    const tokenizer = createTokenizer(gguf);
    return {
      model: basename(path).replace(/\.gguf$/i, ""),
      countTokens: (text) => tokenizer.encodeFragments([{ kind: "text", text }]).length,
    };
  } finally {
    gguf.close();
  }
}
