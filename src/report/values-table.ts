/** What `explain --values` prints for a person: the template's spans with their interval, then the surrogates. Hostile text made visible. */
import { truncate, visibleLine } from "./markdown/visible.js";

/** One number a span each. */
interface Spans {
  readonly attribution: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}

export interface ValuesTable {
  readonly path: string;
  readonly method: string;
  readonly spans: readonly string[];
  readonly rows: number;
  readonly explained: {
    readonly inputs: readonly ({ readonly id: string } & Spans)[];
    readonly template: Spans;
    readonly surrogates: readonly { readonly name: string; readonly weight: number }[];
  };
}

const BAR_WIDTH = 12;
const TEXT_WIDTH = 60;
const NUMBER_WIDTH = 9;

/** The mean over inputs, a line a span: attribution, 90 % interval, a bar relative to the strongest, and the span's text. */
export function renderValuesTable(table: ValuesTable): string {
  const { explained, spans } = table;
  const { attribution, low, high } = explained.template;
  const strongest = Math.max(...attribution.map(Math.abs));
  const lines = spans.map((text, span) => {
    const value = attribution[span] ?? 0;
    const numbers = `${column(value)} (${column(low[span] ?? 0)} to ${column(high[span] ?? 0)})`;
    return `${String(span + 1).padStart(5)} ${numbers} ${bar(value, strongest)} ${truncate(visibleLine(text.trim()), TEXT_WIDTH)}`;
  });
  return `${[
    visibleLine(table.path),
    `${table.method}, ${explained.inputs.length} inputs, ${table.rows} values; mean over inputs, 90 % interval`,
    ...explained.surrogates.map(
      ({ name, weight }) => `weight of the surrogate ${visibleLine(name)}: ${weight.toFixed(2)}`,
    ),
    "",
    ...lines,
    "",
    "With --json: every input's own numbers.",
  ].join("\n")}\n`;
}

/** Three significant digits: values may be of any unit. */
function column(value: number): string {
  return String(Number(value.toPrecision(3))).padStart(NUMBER_WIDTH);
}

function bar(value: number, strongest: number): string {
  const cells = strongest === 0 ? 0 : Math.round((Math.abs(value) / strongest) * BAR_WIDTH);
  return (value < 0 ? "-" : "#").repeat(cells).padEnd(BAR_WIDTH);
}
