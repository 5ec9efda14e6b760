/** Numbers as a reviewer reads them: the same bytes on every machine, so no locale is consulted. */
import type { Interval } from "../../domain.js";

const MINUS = "−";

function signed(value: number, text: string): string {
  return value < 0 && /[1-9]/.test(text) ? `${MINUS}${text}` : text;
}

/** `12,345`, rounded to a whole number. */
export function whole(value: number): string {
  const digits = Math.abs(Math.round(value)).toString();
  return signed(value, digits.replace(/\B(?=(\d{3})+$)/g, ","));
}

/** `+12`, `−412` or `±0`. */
export function change(value: number): string {
  if (value === 0) return "±0";
  return value > 0 ? `+${whole(value)}` : whole(value);
}

/** `1 prompt`, `2 prompts`; `plural` where an s is not enough. */
export function quantity(count: number, noun: string, plural: string = `${noun}s`): string {
  return `${whole(count)} ${count === 1 ? noun : plural}`;
}

/** A number with `digits` decimals; never `-0.00`. */
export function decimal(value: number, digits = 2): string {
  return signed(value, Math.abs(value).toFixed(digits));
}

/** `0.64–0.77`, or `−0.10 to 0.20` where a dash would be read as a sign. */
export function range(low: number, high: number, digits = 2): string {
  const join = low < 0 || high < 0 ? " to " : "–";
  return `${decimal(low, digits)}${join}${decimal(high, digits)}`;
}

/** `0.71 (0.64–0.77)`. */
export function interval(value: Interval, digits = 2): string {
  return `${decimal(value.estimate, digits)} (${range(value.low, value.high, digits)})`;
}

/** A share in [0, 1] as `33 %`, or `4.8 %` under ten. */
export function percent(share: number): string {
  const points = share * 100;
  const digits = Math.abs(points) < 10 && !Number.isInteger(points) ? 1 : 0;
  return `${decimal(points, digits)} %`;
}

/** `$0.06`, two significant digits under a cent; an unknown price is said to be unknown. */
export function money(cost: number | null): string {
  if (cost === null) return "price unknown";
  if (cost === 0 || Math.abs(cost) >= 0.01) return `$${decimal(cost, 2)}`;
  return `$${cost.toFixed(Math.min(12, 1 - Math.floor(Math.log10(Math.abs(cost)))))}`;
}

/** A p-value or q-value: three decimals, or `&lt;0.001`. */
export function probability(value: number): string {
  return value < 0.001 ? "&lt;0.001" : decimal(value, 3);
}
