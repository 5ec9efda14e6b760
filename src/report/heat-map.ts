/** The prompt file itself as a heat map: every line with a shade for its strongest span, and with colours span by span. */
import type { ReportSpan } from "../domain.js";
import { visibleLine } from "./markdown/visible.js";

export interface HeatMapOptions {
  /** ANSI colours, for a terminal; without them the shades in the margin say the same for whole lines. */
  readonly colour: boolean;
}

/** A piece of one line with the influence of the span it belongs to; null: part of no span that was looked at. */
interface Piece {
  readonly text: string;
  readonly heat: number | null;
}

const SHADES = [" ", "░", "▒", "▓", "█"];
/** Backgrounds of the 256-colour palette from weak to strong: green carries the output, red works against it. */
const FOR = [194, 157, 120, 77];
const AGAINST = [224, 217, 210, 203];
const RESET = "\u001b[0m";

/**
 * Lines of a file with line numbers, shaded by influence relative to the strongest span: four steps, blank where the 90 % interval
 * holds 0, so that only what can be told apart from nothing is coloured. Spans are [startOffset, endOffset) in the source.
 */
export function renderHeatMap(
  source: string,
  spans: readonly ReportSpan[],
  options: HeatMapOptions,
): string {
  const strongest = Math.max(0, ...spans.map((span) => Math.abs(span.influence?.estimate ?? 0)));
  const heats = spans.map((span) => ({ ...span, heat: heatOf(span, strongest) }));
  const lines = source.split("\n");
  const width = String(lines.length).length;
  let start = 0;
  const rendered = lines.map((line, index) => {
    const end = start + line.length;
    const pieces = piecesOf(source, { start, end }, heats);
    start = end + 1;
    const hottest = Math.max(0, ...pieces.map(({ heat }) => Math.abs(heat ?? 0)));
    const body = pieces.map((piece) => paint(piece, options)).join("");
    return `${String(index + 1).padStart(width)} ${SHADES[hottest] ?? " "} ${body}`.trimEnd();
  });
  return `${rendered.join("\n")}\n${legend(options)}\n`;
}

/** -4 to 4 by size relative to the strongest span; 0 where the interval holds 0 or nothing is shown. */
function heatOf({ influence }: ReportSpan, strongest: number): number {
  if (influence === null || strongest === 0) return 0;
  const { estimate, low, high } = influence;
  if (low <= 0 && high >= 0) return 0;
  return Math.sign(estimate) * Math.max(1, Math.ceil((4 * Math.abs(estimate)) / strongest));
}

function piecesOf(
  source: string,
  line: { readonly start: number; readonly end: number },
  spans: readonly (ReportSpan & { readonly heat: number })[],
): Piece[] {
  const inside = spans
    .filter((span) => span.startOffset < line.end && span.endOffset > line.start)
    .sort((a, b) => a.startOffset - b.startOffset);
  const pieces: Piece[] = [];
  let at = line.start;
  for (const span of inside) {
    const start = Math.max(at, span.startOffset);
    const end = Math.min(line.end, span.endOffset);
    if (start > at) pieces.push({ text: source.slice(at, start), heat: null });
    if (end > start) pieces.push({ text: source.slice(start, end), heat: span.heat });
    at = Math.max(at, end);
  }
  if (at < line.end) pieces.push({ text: source.slice(at, line.end), heat: null });
  return pieces;
}

function paint({ text, heat }: Piece, { colour }: HeatMapOptions): string {
  const shown = visibleLine(text.replace(/\r$/, ""));
  if (!colour || heat === null || heat === 0) return shown;
  const background = (heat > 0 ? FOR : AGAINST)[Math.abs(heat) - 1] ?? FOR[0];
  return `\u001b[48;5;${background};38;5;16m${shown}${RESET}`;
}

function legend({ colour }: HeatMapOptions): string {
  const shades = `${SHADES.slice(1).join(" ")} strongest span of the line, weak to strong; blank: not distinguishable from none`;
  return colour ? `${shades}; green carries the output, red works against it` : shades;
}
