/** Scalars and lists of the report's schema, each bounded. */
import { z } from "zod";

/** A text of a report read back; longer than anything that a run writes. */
const MAX_TEXT = 1_000_000;
const MAX_ITEMS = 100_000;

export const text = z.string().max(MAX_TEXT);
export const count = z.int().min(0);
export const line = z.int().min(1);
export const real = z.number();
export const share = z.number().min(0).max(1);
export const price = z.number().min(0).nullable();
export const list = <Item extends z.ZodType>(item: Item) => z.array(item).max(MAX_ITEMS);

export const interval = z.strictObject({ estimate: real, low: real, high: real }).meta({
  id: "Interval",
  description:
    "A point estimate with an interval; what it covers is said by the field that holds it.",
});
