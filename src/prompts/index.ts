/** The prompts room: prompt file -> PromptTemplate -> masked messages -> shorter prompt file. */

export { checkPrompt, slotProblems } from "./checks.js";
export { deleteSpans } from "./delete-spans.js";
export { demonstrationSpans, querySlot, withoutDemonstrations } from "./demonstrations.js";
export {
  DEFAULT_SEARCH_SIZE,
  canonicalInput,
  parseInputs,
  siblingInputsPath,
  splitInputs,
} from "./inputs.js";
export { lockedSpans, parseLockPatterns } from "./locked-spans.js";
export { maskableSpans, type SpanMask } from "./masking.js";
export { parsePrompt, wantedIncludes, type ParseOptions } from "./parse.js";
export { isPromptPath, unreadPromptReason } from "./paths.js";
export {
  listPrompts,
  promptLabel,
  promptSettings,
  splitPromptLabel,
  type PromptListing,
  type PromptReference,
} from "./prompt-list.js";
export { renderMessages } from "./render.js";
export { sourcePlaces, type ContentPlace } from "./source-places.js";
export { sectionHeadings, type SectionHeading } from "./section-headings.js";
export { placeSpans, type RenderedPlace } from "./span-places.js";
export { canRelabel, relabelled, renderDemonstrations } from "./shown-demonstrations.js";
export {
  atGranularity,
  spansAt,
  spansWithin,
  templateWithin,
  withPartition,
  type PartialCut,
} from "./spans/granularity.js";
export { MOST_MASKABLE_SPANS } from "./spans/merge.js";
