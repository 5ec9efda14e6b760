/**
 * Coverage of the explainers' 90 % intervals on the embedded surrogate: eight HotpotQA questions of ten sentences, all 1,024 masks
 * of which were measured (bench/coverage/record.ts). Run: npm run bench:coverage
 */
import { COVERAGE_ARMS, coverageOf } from "./coverage/coverage.js";
import { readEnumeratedGames } from "./coverage/enumerated.js";
import { decimal } from "./games/measured.js";

const DRAWS = 20;

const games = readEnumeratedGames();
console.log(`${games.length} games, ${DRAWS} draws of the masks each\n`);
console.log("| method | masks | coverage of 90 % intervals | mean width, share of the range |");
console.log("|---|---|---|---|");
for (const arm of COVERAGE_ARMS)
  for (const budget of arm.budgets) {
    const { held, intervals, relativeWidth } = coverageOf(arm, games, { budget, draws: DRAWS });
    console.log(
      `| ${arm.name} | ${budget} | ${decimal(held / intervals)} of ${intervals} | ${decimal(relativeWidth)} |`,
    );
  }
