/** One text under all rules: zero passes of any model, linear in the length of the text. */
import { findBidirectional } from "./bidirectional.js";
import { findSpeakerLines, findSpecialTokens } from "./chat-markup.js";
import { isDefence } from "./defences.js";
import { findEncoded } from "./encoded-text.js";
import { escaped } from "./escaped.js";
import { findHiddenMarkup } from "./hidden-markup.js";
import type { Hit } from "./hit.js";
import { findInvisible } from "./invisible-characters.js";
import { findMixedScripts } from "./mixed-scripts.js";
import { findLeakingImage, findPayload } from "./payload-output.js";
import { findPhrases, searchable, type FoundPhrase } from "./phrase-search.js";
import type { Standing } from "./rules.js";
import { findTagCharacters } from "./tag-characters.js";

export interface ScanOptions {
  readonly standing: Standing;
  /** Whether the text is what a model is to answer. */
  readonly isOutput: boolean;
  /** Whether the text is one speaker's own, so that no line of it has a reason to name another one. */
  readonly isOneSpeaker: boolean;
  /** Whether special tokens of chat templates are the format of what the text is a piece of. */
  readonly hasMarkup?: boolean;
}

/** Of one rule no text lists more: the rest repeats it. */
const MOST_HITS = 5;

/** What the rules find in a text, by rule and then by place; places are UTF-16 units of the text. */
export function scanText(text: string, options: ScanOptions): readonly Hit[] {
  const isUntrusted = options.standing !== "template";
  const ready = searchable(text);
  const { folded } = ready;
  return [
    ...phraseHits(text, findPhrases(ready), options.standing),
    ...(options.hasMarkup === true ? [] : findSpecialTokens(text, folded)),
    ...(options.isOneSpeaker ? findSpeakerLines(text, folded) : []),
    ...findEncoded(text, speaks),
    ...findHiddenMarkup(text, { isUntrusted, speaks }),
    ...characterHits(text),
    ...(options.isOutput && isUntrusted ? findPayload(text) : []),
    ...(isUntrusted && !options.isOutput ? findLeakingImage(text) : []),
  ].flatMap(atMost());
}

/** Only texts with characters beyond ASCII can hide something in them. */
function characterHits(text: string): readonly Hit[] {
  // eslint-disable-next-line no-control-regex
  if (!/[^\u0000-\u007F]/.test(text)) return [];
  return [
    ...findInvisible(text),
    ...findBidirectional(text),
    ...findTagCharacters(text),
    ...findMixedScripts(text),
  ];
}

function phraseHits(
  text: string,
  found: readonly FoundPhrase[],
  standing: Standing,
): readonly Hit[] {
  const counted =
    standing === "template"
      ? found.filter((one) => !one.isStrictOnly && !isDefence(text, one.start, one.end))
      : found;
  return counted.map(({ rule, language, start, end, disguises }) => ({
    rule,
    start,
    end,
    what: `${escaped(text.slice(start, end))} (${[language, ...disguises].join(", ")})`,
  }));
}

/** Whether a text that was hidden or encoded holds an instruction: nobody hides a defence. */
export function speaks(text: string): boolean {
  const ready = searchable(text);
  return findPhrases(ready).length > 0 || findSpecialTokens(text, ready.folded).length > 0;
}

function atMost(): (hit: Hit) => readonly Hit[] {
  const counts = new Map<string, number>();
  return (hit) => {
    const count = (counts.get(hit.rule) ?? 0) + 1;
    counts.set(hit.rule, count);
    return count > MOST_HITS ? [] : [hit];
  };
}
