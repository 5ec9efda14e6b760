/** Tokens by which chat templates separate speakers, inside text that is one speaker's: with them a text ends its own turn. */
import { escaped } from "./escaped.js";
import type { FoldedText } from "./folded-text.js";
import type { Hit } from "./hit.js";

interface Place {
  readonly start: number;
  readonly end: number;
}

/**
 * Special tokens of public chat templates: ChatML, Llama 2 and 3, Gemma, Phi, DeepSeek, Cohere, Harmony; searched in folded
 * text, where ｜ is | and letters are small. Each alternative has a bounded length.
 */
const SPECIAL =
  /<\|(?:im_start|im_end|im_sep|system|user|assistant|tool|developer|human|bot|end|endoftext|end_of_text|begin_of_text|eot_id|eom_id|start_header_id|end_header_id|start|message|channel|call|return|start_of_role|end_of_role|endofprompt|fim_prefix|fim_suffix|start_of_turn_token|end_of_turn_token|system_token|user_token|chatbot_token|begin[▁_ ]of[▁_ ]sentence|end[▁_ ]of[▁_ ]sentence)\|>|\[\/?inst\]|<<\/?sys>>|\[\/?(?:system_prompt|available_tools|tool_calls|tool_results)\]|<\/?(?:start_of_turn|end_of_turn)>|<(?:bos|eos)>/g;
const SENTENCE_TOKEN = /<(\/?)s>/g;
/** Headings and line starts by which text prompts name a speaker. */
const SPEAKER =
  /\n[ \t>*]{0,4}(?:\*\*|\[|<)?(?:system|assistant|human|developer)(?: (?:message|prompt|override|note))?(?:\*\*|\]|>)?[ \t]?:/g;
const HEADING = /#{1,6} ?(?:system|instructions?|response|assistant|human)\b ?:/g;

/** Special tokens of chat templates, all of a text in one finding. */
export function findSpecialTokens(text: string, folded: FoldedText): readonly Hit[] {
  if (!/[<[]/.test(folded.text)) return [];
  const tokens = placesOf(SPECIAL, folded.text);
  return hitsOf(
    text,
    folded,
    [...tokens, ...strayTokens(folded.text)],
    (shown) => `the chat markup ${shown}, which ends or begins a speaker's turn`,
  );
}

/** Whether a text begins with a token of a chat template and ends with one: it is written in them, and nobody smuggled them in. */
export function isTranscript(text: string): boolean {
  const trimmed = text.trim().toLowerCase();
  const first = trimmed.slice(0, 40).search(SPECIAL);
  return first === 0 && /(?:\|>|\]|>)$/.test(trimmed);
}

/** `</s>` that closes nothing and `<s>` that is never closed; a closed pair is struck-out text. */
function strayTokens(text: string): readonly Place[] {
  const open: Place[] = [];
  const stray: Place[] = [];
  for (const { 0: token, 1: slash, index } of text.matchAll(SENTENCE_TOKEN)) {
    const place = { start: index, end: index + token.length };
    if (slash === "") open.push(place);
    else if (open.pop() === undefined) stray.push(place);
  }
  return [...stray, ...open];
}

/** Lines that name another speaker, in text that is one speaker's own; the first line may hold a field's label. */
export function findSpeakerLines(text: string, folded: FoldedText): readonly Hit[] {
  const lines = placesOf(SPEAKER, folded.text).map(({ start, end }) => ({ start: start + 1, end }));
  return hitsOf(
    text,
    folded,
    [...lines, ...placesOf(HEADING, folded.text)],
    (shown) => `a line that speaks as somebody else, ${shown}`,
  );
}

function placesOf(pattern: RegExp, text: string): Place[] {
  return [...text.matchAll(pattern)].map(({ 0: match, index }) => ({
    start: index,
    end: index + match.length,
  }));
}

/** One hit for all places of a text: they belong to one attempt. */
function hitsOf(
  text: string,
  folded: FoldedText,
  places: readonly Place[],
  describe: (shown: string) => string,
): readonly Hit[] {
  if (places.length === 0) return [];
  const starts = places.map(({ start }) => folded.starts[start] ?? 0);
  const ends = places.map(({ end }) => folded.ends[end - 1] ?? 0);
  const first = places.reduce((best, place) => (place.start < best.start ? place : best));
  const shown = escaped(
    text.slice(folded.starts[first.start] ?? 0, folded.ends[first.end - 1] ?? 0).trim(),
    40,
  );
  const more = places.length > 1 ? ` (and ${places.length - 1} more)` : "";
  return [
    {
      rule: "chat markup",
      start: starts.reduce((least, start) => (start < least ? start : least), Infinity),
      end: ends.reduce((most, end) => (end > most ? end : most), 0),
      what: `${describe(shown)}${more}`,
    },
  ];
}
