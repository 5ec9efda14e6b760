import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import {
  change,
  decimal,
  interval,
  money,
  percent,
  probability,
  quantity,
  range,
  whole,
} from "../../src/report/markdown/numbers.js";

describe("numbers for a reader", () => {
  test.each([
    [whole(0), "0"],
    [whole(-0.4), "0"],
    [whole(999), "999"],
    [whole(1000), "1,000"],
    [whole(-1234567), "−1,234,567"],
    [change(0), "±0"],
    [change(12), "+12"],
    [change(-412), "−412"],
    [quantity(1, "prompt"), "1 prompt"],
    [quantity(0, "prompt"), "0 prompts"],
    [quantity(2, "query", "queries"), "2 queries"],
    [decimal(0.7149), "0.71"],
    [decimal(-0.001), "0.00"],
    [decimal(-1.005, 1), "−1.0"],
    [range(0.64, 0.77), "0.64–0.77"],
    [range(-0.1, 0.2), "−0.10 to 0.20"],
    [interval({ estimate: 0.5, low: 0.4, high: 0.6 }), "0.50 (0.40–0.60)"],
    [percent(0.33), "33 %"],
    [percent(0.0476), "4.8 %"],
    [percent(0.05), "5 %"],
    [percent(0.95), "95 %"],
    [money(null), "price unknown"],
    [money(0), "$0.00"],
    [money(0.0649), "$0.06"],
    [money(0.00421), "$0.0042"],
    [money(0.0000031), "$0.0000031"],
    [money(12.5), "$12.50"],
    [probability(0.0404), "0.040"],
    [probability(0.00002), "&lt;0.001"],
  ])("%s", (text, expected) => {
    expect(text).toBe(expected);
  });

  test("are grouped as the locale en-US groups them", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => whole(value) === value.toLocaleString("en-US")),
    );
  });

  test("of a cost above zero never look like nothing", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-10, max: 1e6, noNaN: true }), (cost) =>
        /[1-9]/.test(money(cost)),
      ),
    );
  });
});
