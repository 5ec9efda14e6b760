/** How fast a surrogate scores masked prompts on this machine: a yardstick for budgets, never a gate. */
import type { Backend, Precision } from "../domain.js";
import type { LocalSurrogate, ScoredTokens } from "./local-surrogate.js";

export interface Speed {
  readonly model: string;
  readonly precision: Precision;
  readonly backend: Backend;
  readonly masks: number;
  readonly tokensPerMask: number;
  readonly seconds: number;
  readonly masksPerSecond: number;
}

const SPANS = 30;
const TOKENS_PER_SPAN = 10;
const RESPONSE_TOKENS = 16;
const DROPPED_AT = [0, 7, 19];
const SENTENCE =
  "The night train from the coast arrives after the last ferry has left, so guests sleep at the station hotel. ";

/** Scores `masks` masked versions of a text of 30 spans of ten tokens, three spans dropped from each, after one warm-up. */
export async function measureSpeed(surrogate: LocalSurrogate, masks: number): Promise<Speed> {
  const ids = surrogate.tokenize(SENTENCE.repeat(Math.ceil((SPANS * TOKENS_PER_SPAN) / 16) + 2));
  const spans = Array.from({ length: SPANS }, (_, span) =>
    ids.slice(span * TOKENS_PER_SPAN, (span + 1) * TOKENS_PER_SPAN),
  );
  const response = ids.slice(0, RESPONSE_TOKENS);
  const sequences = Array.from({ length: masks }, (_, mask) =>
    maskedSequence(spans, response, mask),
  );
  const [first] = sequences;
  if (first) await surrogate.scoreTokens([first]);
  const started = performance.now();
  await surrogate.scoreTokens(sequences);
  const seconds = (performance.now() - started) / 1000;
  const { model, precision, backend } = surrogate.identity;
  return {
    model,
    precision,
    backend,
    masks,
    tokensPerMask: first?.ids.length ?? 0,
    seconds,
    masksPerSecond: masks / seconds,
  };
}

/** Mask number m drops the spans m, m + 7 and m + 19: shifted against each other after every 30 masks. */
function maskedSequence(
  spans: readonly Int32Array[],
  response: Int32Array,
  mask: number,
): ScoredTokens {
  const dropped = new Set(
    DROPPED_AT.map((offset, index) => (mask + offset + index * Math.floor(mask / SPANS)) % SPANS),
  );
  return {
    ids: [...spans.flatMap((span, index) => (dropped.has(index) ? [] : [...span])), ...response],
    responseTokens: RESPONSE_TOKENS,
  };
}
