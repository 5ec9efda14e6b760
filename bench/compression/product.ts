/** What the program's own compression makes of a recorded template: searched on the attributed inputs, certified on the fresh ones. */
import type { Compression } from "../../src/domain.js";
import { compress } from "../../src/findings/compression.js";
import { openRecordedTemplate } from "../games/measured.js";
import { inputAt, type TemplateName } from "../games/games.js";
import { hierarchicalEvidence, spansOfTemplate } from "./rankings.js";
import { maskWithout } from "./deletions.js";
import { labelOf, NOT_ASKED, type CompressionRecording } from "./recording.js";

/** Thirty inputs can certify no less: none may change for 10 % at 95 %. */
export const PRODUCT_TOLERANCE = 0.1;

/** Codes under a mask at positions of the recording's inputs. */
export type CodesUnder = (mask: string, positions: readonly number[]) => Promise<readonly string[]>;

/** Runs `compress`, whose questions `codesUnder` answers; an output is its label, so that letter case and wording count for nothing. */
export async function compressRecorded(
  name: TemplateName,
  recording: CompressionRecording,
  codesUnder: CodesUnder,
): Promise<Compression> {
  const spans = spansOfTemplate(name);
  const full = recording.answers["1".repeat(spans.length)]?.codes ?? "";
  const fresh = recording.fresh.length;
  const positions = {
    certify: recording.fresh.map((_, index) => index),
    search: recording.attributed.map((_, index) => fresh + index),
  };
  const outputs = (of: readonly number[]): (string | null)[] =>
    of.map((position) => outputOf(full[position] ?? NOT_ASKED));
  const ids = openRecordedTemplate(name).inputs.map(({ id }) => id);
  const { influence, margins } = hierarchicalEvidence(name);
  const of = recording.attributed.map((id) => ids.indexOf(id));
  return compress({
    spans,
    influence: of.map((game) => inputAt(influence, game)),
    margins: of.map((game) => inputAt(margins, game)),
    certifyIds: recording.fresh,
    fixedOutputs: { search: outputs(positions.search), certify: outputs(positions.certify) },
    tolerance: PRODUCT_TOLERANCE,
    seed: `compression\n${name}`,
    outputsUnder: async ({ deleted, set, inputs }) => {
      const asked = inputs.map((input) => inputAt(positions[set], input));
      const mask = maskWithout(deleted, spans.length);
      const codes = await codesUnder(mask, asked);
      return codes.map((code, index) => {
        const text = outputOf(code);
        const margin = recording.answers[mask]?.margins[asked[index] ?? -1] ?? null;
        return text === null ? null : { text, margin };
      });
    },
  });
}

/** Label as text, "another answer", or null where nothing was asked. */
function outputOf(code: string): string | null {
  if (code === NOT_ASKED) return null;
  const label = labelOf(code);
  return label === null ? "another answer" : `label ${label}`;
}
