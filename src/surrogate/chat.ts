import type { Message, PromptToken } from "../domain.js";
import { createChatCutter, createChatEncoder, type EncodeChat } from "./chat-encoding.js";
import { createChatTemplate, type RenderOptions } from "./chat-template.js";
import { placeContents } from "./content-places.js";
import type { GgufFile } from "./gguf.js";
import { fragmentText } from "./special-tokens.js";
import type { ModelTokenizer } from "./tokenizer.js";

/** A model's chats as tokens. */
export interface Chat {
  readonly encode: EncodeChat;
  /** The tokens of `encode`, each with the piece of a content it stands for. Throws MODEL_UNSUPPORTED as `placeContents` does. */
  readonly place: (messages: readonly Message[], options: RenderOptions) => readonly PromptToken[];
}

/** Reads the model's chat template. Throws MODEL_UNSUPPORTED where there is none that can be read. */
export function createChat(
  gguf: Pick<GgufFile, "path" | "metadata">,
  tokenizer: ModelTokenizer,
): Chat {
  const template = createChatTemplate(gguf);
  const cut = createChatCutter(template, tokenizer);
  return {
    encode: createChatEncoder(template, tokenizer),
    place: (messages, options) => {
      const fragments = cut(messages, options);
      const text = fragments.map(fragmentText).join("");
      const places = placeContents({ template, messages, options, text });
      return tokenizer.fragmentOffsets(fragments).map((token) => places(token));
    },
  };
}
