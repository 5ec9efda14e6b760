/** Finds the few-shot examples of a template: chat pairs first, then those in running text; the first way that finds any wins. */

import type { Role } from "../../domain.js";
import type { TextRange } from "../decoded-text.js";
import { findFields, type ExampleBlock } from "./fields.js";
import type { SearchedText } from "./label-units.js";
import { findLabelledExamples, type FoundExamples } from "./labelled-examples.js";
import type { Line } from "./lines.js";
import {
  findArrowLines,
  findExampleElements,
  findExampleSections,
  findJsonLines,
} from "./marked-examples.js";

/** Index of the last user message, or of the last message where none is the user's: the turn that asks. */
export function finalTurn(roles: readonly Role[]): number {
  const user = roles.lastIndexOf("user");
  return user >= 0 ? user : roles.length - 1;
}

/** Neighbouring user and assistant messages before the final turn: [user, assistant]. */
export function findChatPairs(roles: readonly Role[]): (readonly [number, number])[] {
  const last = finalTurn(roles);
  const pairs: (readonly [number, number])[] = [];
  for (let index = 0; index + 1 < last; index++) {
    if (roles[index] === "user" && roles[index + 1] === "assistant") {
      pairs.push([index, index + 1]);
      index++;
    }
  }
  return pairs;
}

/** Examples in one message's text, and its query block. Blocks that hold a slot or template code are no examples. */
export function findTextExamples(message: {
  readonly text: string;
  readonly lines: readonly Line[];
  readonly slots: readonly TextRange[];
  readonly code: readonly TextRange[];
}): FoundExamples {
  const searched: SearchedText = { ...message, fields: findFields(message.text, message.lines) };
  const tokens = [...message.slots, ...message.code];
  for (const find of [findJsonLines, findExampleElements, findExampleSections]) {
    const blocks = usable(find(searched), tokens);
    if (blocks.length > 0) return { blocks, query: null };
  }
  const labelled = findLabelledExamples(searched);
  if (labelled.blocks.length > 0)
    return { blocks: usable(labelled.blocks, tokens), query: labelled.query };
  return { blocks: usable(findArrowLines(searched), tokens), query: labelled.query };
}

function usable(blocks: readonly ExampleBlock[], tokens: readonly TextRange[]): ExampleBlock[] {
  return blocks.filter(
    (block) => !tokens.some((token) => token.start < block.end && block.start < token.end),
  );
}
