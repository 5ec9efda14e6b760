/** The library's door: stages and values with their types, so that another tool can explain or scan without the Action. */
export * from "./domain.js";
export { UnderstudyError, type ErrorCode, type Place } from "./errors.js";
export {
  resolveSettings,
  fromStrings,
  fromFile,
  settingDefinitions,
  type Settings,
} from "./config.js";
export { review } from "./review.js";
export type { Job, Ports } from "./pipeline/ports.js";
export {
  deleteSpans,
  isPromptPath,
  listPrompts,
  maskableSpans,
  parseInputs,
  parsePrompt,
  wantedIncludes,
  renderMessages,
  splitInputs,
} from "./prompts/index.js";
export { newRows, parseTextLabelRows } from "./data/rows.js";
export { designMasks } from "./explain/masks.js";
export { chooseValueKind, classMargin, logOddsOfText, similarity } from "./explain/values.js";
export { fitHierarchical } from "./explain/hierarchical.js";
export { estimate, type EstimateOptions } from "./explain/estimators/estimate.js";
export { designFor, designGame } from "./explain/mask-designs/design.js";
export { measureStability } from "./explain/stability.js";
export { explainInteractions } from "./explain/interactions.js";
export { nextMasks } from "./explain/active-design.js";
export { explainValues } from "./explain/explain-values.js";
export { parseValuesDocument } from "./explain/values-document.js";
export { compareFidelity, decideShown } from "./explain/fidelity/compare-fidelity.js";
export { compareAttribution } from "./explain/fidelity/compare-attribution.js";
export { measureFidelityCurve } from "./explain/fidelity/fidelity-curve.js";
export { fidelityBundle, summariseBundles } from "./explain/fidelity/bundle.js";
export { agreementWithOracle } from "./explain/fidelity/oracle-agreement.js";
export { comprehensivenessMasks } from "./explain/fidelity/comprehensiveness.js";
export { deletionAucMasks } from "./explain/fidelity/deletion-auc.js";
export { flipTestMasks, pairedFlipTest } from "./explain/fidelity/flip-test.js";
export { infidelity } from "./explain/fidelity/infidelity.js";
export { insertionAucMasks } from "./explain/fidelity/insertion-auc.js";
export { linearDatamodelingScore } from "./explain/fidelity/linear-datamodeling-score.js";
export { meanOverInstances } from "./explain/fidelity/over-instances.js";
export { selfConsistency } from "./explain/fidelity/self-consistency.js";
export { signAuc } from "./explain/fidelity/sign-auc.js";
export { sufficiencyMasks } from "./explain/fidelity/sufficiency.js";
export { topKDropMasks } from "./explain/fidelity/top-k-drop.js";
export { explainBySurrogate } from "./explain/surrogate-lasso.js";
export { screenPredict } from "./screening/predict.js";
export { screenLabels } from "./screening/labels.js";
export { screenExplain } from "./screening/explain.js";
export { claimShare, parseShares, serialiseShares } from "./screening/shares.js";
export { parseCertificate, serialiseCertificate } from "./screening/certificate.js";
export { compress } from "./findings/compression.js";
export { alignSpans, effectOf, shareOfInfluence } from "./findings/prompt-change.js";
export { judgeDemonstrations } from "./findings/demonstrations.js";
export { findSuspiciousRows } from "./findings/rows.js";
export { planRowScoring } from "./findings/rows-prompt.js";
export { renderComment } from "./report/comment.js";
export { applyDiff, unifiedDiff } from "./report/changes.js";
export { runsOf, suggestionBody } from "./report/suggestions.js";
export { renderSummary } from "./report/summary.js";
export { parseReport, reportJsonSchema, serializeReport } from "./report/json.js";
export { openLocalSurrogate } from "./surrogate/local-surrogate.js";
export { openOracle } from "./oracle/oracle.js";
