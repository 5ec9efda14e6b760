/** What `model bench PROMPT` prints: a line a surrogate, the most faithful first, then what attributions reach that know no model. */
import type { Interval, Unknown } from "../domain.js";
import { decimal } from "./markdown/numbers.js";
import { truncate, visibleLine } from "./markdown/visible.js";

/** What is shown of a ranking; the pipeline's own has more. */
export interface ShownRanking {
  readonly surrogates: readonly (
    | {
        readonly kind: "measured";
        readonly name: string;
        readonly masks: number;
        readonly masksPerSecond: number;
        readonly fidelity:
          | (Interval & { readonly kind: "measured"; readonly why: string | null })
          | Unknown;
        readonly instances:
          | {
              readonly kind: "gated";
              readonly share: number;
              readonly gate: { readonly reason: string };
            }
          | Unknown;
      }
    | { readonly kind: "unusable"; readonly name: string; readonly reason: string }
  )[];
  readonly controls: readonly { readonly name: string; readonly fidelity: Interval }[];
  readonly inputs: number;
  readonly oracleMasks: number;
}

const NAME_WIDTH = 36;

/** Plain text; names and reasons may hold what a server wrote, so they are made visible and short. */
export function renderSurrogateRanking(path: string, ranking: ShownRanking): string {
  const { surrogates, controls, inputs, oracleMasks } = ranking;
  return `${[
    visibleLine(path),
    `fidelity: LDS on ${oracleMasks} masked prompts of the oracle over ${inputs} inputs, 90 % interval`,
    "",
    ...surrogates.flatMap((one, place) => linesOf(one, place + 1)),
    ...(controls.length === 0 ? [] : ["", "without any model:"]),
    ...controls.map(({ name, fidelity }) => `   ${column(name)} ${intervalOf(fidelity)}`),
  ].join("\n")}\n`;
}

function linesOf(one: ShownRanking["surrogates"][number], place: number): readonly string[] {
  const name = `${String(place).padStart(2)} ${column(one.name)}`;
  if (one.kind === "unusable") return [`${name} not usable: ${line(one.reason)}`];
  const { fidelity, instances } = one;
  const found = fidelity.kind === "unknown" ? "fidelity unknown" : intervalOf(fidelity);
  const speed = `${decimal(one.masksPerSecond, 1)} masked prompts a second (${one.masks})`;
  return [
    `${name} ${found}, ${speed}`,
    ...(fidelity.kind === "unknown" ? [`      ${line(fidelity.reason)}`] : []),
    ...(fidelity.kind === "measured" && fidelity.why !== null
      ? [`      ${line(fidelity.why)}`]
      : []),
    instances.kind === "unknown"
      ? `      inputs it may explain itself: unknown, ${line(instances.reason)}`
      : `      inputs it may explain itself: ${decimal(100 * instances.share, 0)} %; ${line(instances.gate.reason)}`,
  ];
}

function intervalOf({ estimate, low, high }: Interval): string {
  return `${decimal(estimate)} (${decimal(low)} to ${decimal(high)})`;
}

function column(name: string): string {
  return truncate(visibleLine(name), NAME_WIDTH).padEnd(NAME_WIDTH);
}

function line(text: string): string {
  return truncate(visibleLine(text.split("\n")[0] ?? ""), 300);
}
