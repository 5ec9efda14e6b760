/** Answers of models that think aloud first: the final answer apart from the reasoning before it. */
import { countSpelling } from "./spelling.js";

/** A chat message as servers write it. Reasoning comes as a field of its own (DeepSeek, vLLM; OpenRouter), or within the content. */
export interface WrittenMessage {
  readonly content?: string | null | undefined;
  readonly reasoning_content?: string | null | undefined;
  readonly reasoning?: string | null | undefined;
}

export interface SplitMessage {
  /** What the model answers in the end; null where it wrote neither an answer nor reasoning. */
  readonly text: string | null;
  /** null: the message shows none. */
  readonly reasoning: string | null;
}

const OPENING = "<think>";
const CLOSING = "</think>";

/**
 * The answer without its reasoning. A content that begins with `<think>`, or has a `</think>` whose opening the chat template put
 * into the prompt (DeepSeek-R1), is reasoning up to there; white space behind it belongs to the reasoning. A block that was never
 * closed leaves an empty answer.
 */
export function splitReasoning(message: WrittenMessage): SplitMessage {
  const apart = message.reasoning_content || message.reasoning || null;
  const content = message.content ?? null;
  if (content === null) return { text: apart === null ? null : "", reasoning: apart };
  const opened = content.trimStart().startsWith(OPENING);
  const end = content.indexOf(CLOSING);
  if (end < 0 && !opened) return { text: content, reasoning: apart };
  const within = end < 0 ? content : content.slice(0, end);
  return {
    text: end < 0 ? "" : content.slice(end + CLOSING.length).trimStart(),
    reasoning: (apart ?? "") + within.replace(OPENING, ""),
  };
}

/**
 * The tokens of a final answer among all that were written, by spelling from the end; a last token of markup, which ends the turn, is
 * left out. null where no run of tokens spells the answer.
 */
export function tokensOfAnswer<Token extends { readonly token: string }>(
  tokens: readonly Token[],
  text: string,
): readonly Token[] | null {
  if (text === "") return null;
  for (const candidates of [tokens, tokens.slice(0, -1)]) {
    const count = countSpelling(
      candidates.map(({ token }) => token),
      text,
      "end",
    );
    if (count !== null) return candidates.slice(-count);
  }
  return null;
}
