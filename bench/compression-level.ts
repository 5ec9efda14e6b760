/**
 * Whether a certified shorter prompt is what it says, on prompts of known effect (docs/methods.md, D3; __tests__/findings/simulated-prompts.ts):
 * how often more outputs change than tolerated, when what the search accepts is shipped as it is, when the certificate is made on the
 * search set itself, and when it is made on inputs that the search never saw; the same over several pushes on one certify set.
 *   npm run bench:compression-level [-- --runs 4000 --pushes 5]
 * Deterministic. Exits with 1 where a certificate exceeds its level by more than three standard errors, or where certifying on the search
 * set does not: then the harness would see nothing.
 */
import { parseArgs } from "node:util";
import { markdownTable } from "markdown-table";
import {
  levelRow,
  pushRow,
  type LevelRow,
  type PushRow,
} from "../__tests__/findings/compression-levels.js";

const { values: flags } = parseArgs({
  options: { runs: { type: "string", default: "4000" }, pushes: { type: "string", default: "5" } },
});
const [runs, pushes] = [Number(flags.runs), Number(flags.pushes)];
const problems: string[] = [];
let most = 0;

/** eps, |A|, |B|, and what methods D3 gives: greedy P(violate), greedy mean, certified P(violate), certified share removed. */
const ROWS = [
  [0.05, 20, 59, ".96 / .17", ".019 / .32"],
  [0.05, 50, 150, ".74 / .077", ".004 / .37"],
  [0.1, 50, 100, ".70 / .13", ".007 / .46"],
  [0.1, 100, 300, ".56 / .11", ".007 / .51"],
] as const;

const fixed = (value: number): string => value.toFixed(3).replace(/^0/, "");

function check(row: Pick<LevelRow, "violated">, name: string, level: number): void {
  if (row.violated > level + 3 * Math.sqrt((level * (1 - level)) / runs))
    problems.push(`${name}: ${row.violated} above its level ${level}`);
}

const table = [
  [
    "eps, A, B",
    "greedy alone: P(violate) / mean rate",
    "methods D3",
    "certified on A: P(violate)",
    "certified on B: P(violate) / share removed",
    "methods D3",
    "with margins",
  ],
];
for (const [tolerance, search, certify, greedy, ltt] of ROWS) {
  const given = { tolerance, search, certify, runs };
  const plain = await levelRow(given);
  const margins = await levelRow({ ...given, margins: true });
  check(plain, `eps ${tolerance}, A ${search}, B ${certify}`, 0.05);
  check(margins, `eps ${tolerance}, A ${search}, B ${certify}, margins`, 0.05);
  most = Math.max(most, plain.violatedOnSearchSet);
  table.push([
    `${tolerance}, ${search}, ${certify}`,
    `${fixed(plain.greedyViolated)} / ${fixed(plain.greedyRate)}`,
    greedy,
    fixed(plain.violatedOnSearchSet),
    `${fixed(plain.violated)} / ${fixed(plain.removed)}`,
    ltt,
    `${fixed(margins.violated)} / ${fixed(margins.removed)}`,
  ]);
}
if (most <= 0.05)
  problems.push("certifying on the search set keeps the level: the harness sees nothing");
process.stdout.write(`${markdownTable(table)}\n\n`);

const pushTable = [
  ["reuse of B", "some certificate of all pushes false", "pushes certified, of each run"],
];
for (const reuse of ["ignored", "spend", "rotate"] as const) {
  const row: PushRow = await pushRow({ reuse, pushes, runs, tolerance: 0.1, certify: 150 });
  pushTable.push([reuse, fixed(row.violated), row.certified.toFixed(2)]);
  if (reuse === "spend") check(row, "spending", 0.05);
  if (reuse === "rotate") check({ violated: row.violatedPerCertificate }, "rotation", 0.05);
}
process.stdout.write(`${markdownTable(pushTable)}\n`);
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
