import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Budget, OracleOutcome, OraclePurpose, OracleQuestion } from "../../src/domain.js";
import { openOracle, type OpenedOracle, type OracleOptions } from "../../src/oracle/oracle.js";

/** Grants `calls` calls and notes what happens to each. */
export function countingBudget(
  calls = Number.MAX_SAFE_INTEGER,
): Budget & { readonly settled: (object | null)[]; readonly reserved: object[] } {
  const settled: (object | null)[] = [];
  const reserved: object[] = [];
  return {
    settled,
    reserved,
    reserve: (call) => {
      if (reserved.length >= calls)
        return { kind: "refused", message: `the cap of ${calls} oracle calls is reached` };
      return { kind: "granted", reservation: reserved.push(call) };
    },
    settle: (_, used) => void settled.push(used),
  };
}

/** Time that stands still but for the sleeps, which are noted. */
export function fakeTime(): {
  readonly sleeps: number[];
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly now: () => number;
} {
  const sleeps: number[] = [];
  let now = Date.parse("2026-01-01T00:00:00Z");
  const sleep = async (milliseconds: number): Promise<void> => {
    sleeps.push(milliseconds);
    now += milliseconds;
  };
  return { sleeps, sleep, now: () => now };
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "oracle-"));
}

export function open(options: Partial<OracleOptions>): OpenedOracle {
  const usual = {
    model: "m",
    baseUrl: null,
    apiKey: "sk-secret",
    recordings: [],
    store: null,
    budget: countingBudget(),
    time: fakeTime(),
    timeoutMs: 5_000,
  };
  return openOracle({ ...usual, ...options });
}

export function question(content: string, purpose: OraclePurpose = "masks"): OracleQuestion {
  return { purpose, messages: [{ role: "user", content }] };
}

/** Texts of answers, causes of refusals. */
export function brief(outcomes: readonly OracleOutcome[]): string[] {
  return outcomes.map((outcome) =>
    outcome.kind === "answer" ? outcome.answer.text : outcome.cause,
  );
}
