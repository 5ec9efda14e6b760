/** The prompts room: prompt file -> PromptTemplate -> masked messages -> shorter prompt file. */

export { checkPrompt, slotProblems } from "./checks.js";
export { deleteSpans } from "./delete-spans.js";
export { demonstrationSpans, querySlot, withoutDemonstrations } from "./demonstrations.js";
export { DEFAULT_SEARCH_SIZE, parseInputs, siblingInputsPath, splitInputs } from "./inputs.js";
export { maskableSpans, type SpanMask } from "./masking.js";
export { parsePrompt, type ParseOptions } from "./parse.js";
export { isPromptPath, unsupportedPromptFormat } from "./paths.js";
export { renderMessages } from "./render.js";
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
