/**
 * What the screen lets through and what it finds, on simulated surrogates (docs/adr/0004, 0010): false passes on the five nulls,
 * beside the rules that were not taken; power and mean number of looks beside the design's; and what may be called `supported`.
 *   npm run bench:screen [-- --runs 5000]
 * Scenarios: __tests__/screening/simulated-pairs.ts. Deterministic; exits with 1 where betting exceeds its level by more than three
 * standard errors, or power is more than .05 (and two standard errors) from the design's.
 */
import { parseArgs } from "node:util";
import { markdownTable } from "markdown-table";
import {
  bettingPower,
  HORIZON,
  NULLS,
  passRate,
  rememberedQuantiles,
  TRUTHS,
  type Scenario,
  type Simulation,
} from "../__tests__/screening/simulated-pairs.js";
import { normalCdf } from "../src/numerics/normal.js";
import { paperTTest } from "../src/screening/paper-ttest.js";
import { supportedAbove } from "../src/screening/verdict.js";

const { values: flags } = parseArgs({ options: { runs: { type: "string", default: "5000" } } });
const runs = Number(flags.runs);
const quantile = rememberedQuantiles();
const problems: string[] = [];

/** O'Brien-Fleming boundaries of five looks at one-sided .01 (methods C3). */
const LOOKS = [
  [10, 8],
  [20, 3.91],
  [30, 3.14],
  [40, 2.68],
  [50, 2.37],
] as const;

/** The group-sequential t-test that `supported` might have followed. */
function groupSequentialPasses(differences: Float64Array): boolean {
  return LOOKS.some(([count, boundary]) => {
    const seen = differences.subarray(0, count);
    const mean = seen.reduce((sum, value) => sum + value, 0) / count;
    const squares = seen.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    // A normal quantile of 8 is beyond what doubles tell from 1.
    const p = Math.min(normalCdf(boundary), 1 - 1e-12);
    return (
      squares > 1e-20 && mean > quantile(p, count - 1) * Math.sqrt(squares / (count - 1) / count)
    );
  });
}

function naive(alpha: number, firstLook: number): (differences: Float64Array) => boolean {
  return (differences) => paperTTest(differences, alpha, { firstLook, quantile }) !== null;
}

function two(value: number): string {
  return value.toFixed(2);
}

function three(value: number): string {
  return value.toFixed(3);
}

function print(title: string, rows: readonly (readonly string[])[]): void {
  process.stdout.write(
    `\n${title}\n\n${markdownTable(rows, { align: rows[0]?.map((_, index) => (index === 0 ? "l" : "r")) ?? [] })}\n`,
  );
}

function falsePass(simulation: Simulation): string {
  const { power } = bettingPower(simulation);
  const { alpha } = simulation;
  if (power > alpha + 3 * Math.sqrt((alpha * (1 - alpha)) / runs))
    problems.push(`${simulation.scenario.name}: ${three(power)} at alpha ${alpha}`);
  return three(power);
}

function nullRow(scenario: Scenario): readonly string[] {
  const iid = { scenario, tau: 0.9, runs, form: "population" } as const;
  const finite = { ...iid, form: "finite", exactNull: true } as const;
  const rule = (alpha: number, passes: (differences: Float64Array) => boolean): string =>
    three(passRate({ ...iid, alpha }, passes));
  return [
    scenario.name,
    rule(0.01, naive(0.01, 2)),
    rule(0.01, naive(0.01, 10)),
    rule(0.01, groupSequentialPasses),
    falsePass({ ...iid, alpha: 0.01 }),
    falsePass({ ...iid, alpha: 0.05 }),
    falsePass({ ...iid, tau: 0.8, alpha: 0.05 }),
    falsePass({ ...finite, alpha: 0.01 }),
    falsePass({ ...finite, alpha: 0.05 }),
  ];
}

print(`False passes on nulls, tau .9, at most ${HORIZON} looks, ${runs} runs`, [
  [
    "null",
    "paper's t, from 2, .01",
    "paper's t, from 10, .01",
    "group-sequential t, .01",
    "betting .01",
    "betting .05",
    "betting .05, tau .8",
    "betting, finite .01",
    "betting, finite .05",
  ],
  ...NULLS.map(nullRow),
]);

const COLUMNS = [
  [0.9, 0.05],
  [0.9, 0.01],
  [0.8, 0.05],
  [0.8, 0.01],
] as const;

print("Power / mean looks by betting, population form; the design's in brackets", [
  ["truth", ...COLUMNS.map(([tau, alpha]) => `tau ${tau}, alpha ${alpha}`)],
  ...TRUTHS.map((truth) => [
    truth.name,
    ...COLUMNS.map(([tau, alpha], column) => {
      const { power, looks } = bettingPower({
        scenario: truth,
        tau,
        alpha,
        runs,
        form: "population",
      });
      const [expected = NaN, expectedLooks] = [truth.power[column], truth.looks[column]];
      const tolerance = 0.05 + 2 * Math.sqrt(Math.max(power * (1 - power), 0.01) / runs);
      if (!(Math.abs(power - expected) <= tolerance))
        problems.push(`${truth.name}, tau ${tau}, alpha ${alpha}: power ${two(power)}`);
      return `${two(power)}/${looks.toFixed(0)} (${two(expected)}/${expectedLooks ?? "-"})`;
    }),
  ]),
]);

print(
  "Power / mean looks by betting, finite form, tau .9 (design: .98-1.00/28-32 and 35-39 at M = 50)",
  [
    ["truth", "M = 50, .05", "M = 50, .01", "M = 60, .05", "M = 100, .05"],
    ...TRUTHS.map((scenario) => [
      scenario.name,
      ...(
        [
          [50, 0.05],
          [50, 0.01],
          [60, 0.05],
          [100, 0.05],
        ] as const
      ).map(([size, alpha]) => {
        const { power, looks } = bettingPower({
          scenario,
          tau: 0.9,
          alpha,
          runs: Math.ceil(runs / 2),
          form: "finite",
          size,
        });
        return `${two(power)}/${looks.toFixed(0)}`;
      }),
    ]),
  ],
);

/** A scenario whose ratio is the same whatever it is tested against. */
function fixedAt(scenario: Scenario, ratio: number): Scenario {
  return {
    name: `${scenario.name} at ${ratio}`,
    draw: (random) => scenario.draw(random, ratio),
  };
}

function supportedByTTest(scenario: Scenario, ratio: number): string {
  const own = fixedAt(scenario, ratio);
  const simulation = { scenario: own, tau: 0.9, alpha: 0.01, runs, form: "population" } as const;
  return three(passRate(simulation, groupSequentialPasses));
}

/** The mark is rejected, and with it, nearly always, every point below: the bound then ends above it. */
function supportedByBound(scenario: Scenario, ratio: number): string {
  const tau = supportedAbove(0.9);
  const own = fixedAt(scenario, ratio);
  return three(bettingPower({ scenario: own, tau, alpha: 0.05, runs, form: "population" }).power);
}

print("What may be called `supported`, tau .9, population form", [
  ["surrogate", "group-sequential t, .01: share above .9", "bound, .05: share above .8"],
  ...NULLS.map((scenario) => [
    `${scenario.name}, ratio .8`,
    supportedByTTest(scenario, 0.8),
    `${supportedByBound(scenario, 0.8)} (wrong)`,
  ]),
  ...NULLS.map((scenario) => [
    `${scenario.name}, ratio .9`,
    `${supportedByTTest(scenario, 0.9)} (wrong)`,
    supportedByBound(scenario, 0.9),
  ]),
  ...TRUTHS.map((scenario) => [
    scenario.name,
    supportedByTTest(scenario, 0.9),
    supportedByBound(scenario, 0.9),
  ]),
]);

process.stdout.write(
  `\n${problems.length === 0 ? "level and power hold" : `PROBLEMS: ${problems.join("; ")}`}\n`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
