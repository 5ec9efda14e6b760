/** What template engines put into a text: slots and code. */

import type { TextRange } from "../decoded-text.js";

/** A slot in one message's decoded text. */
export interface SlotToken extends TextRange {
  readonly name: string;
}

/** What a message's text holds: slots that inputs fill, and template code that is neither filled nor ever masked. */
export interface TemplateTokens {
  readonly slots: readonly SlotToken[];
  readonly code: readonly TextRange[];
}
