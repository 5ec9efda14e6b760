import { expect, test } from "@jest/globals";
import type { Report } from "../../src/domain.js";
import { ledgerTable } from "../../src/report/sections/ledger.js";
import { sampleReport } from "../fixtures/sample-report.js";

test("says where the surrogate ran", () => {
  const { surrogate } = sampleReport.ledger;
  if (surrogate === null) throw new Error("the sample has a surrogate");
  const served: Report = {
    ...sampleReport,
    ledger: { ...sampleReport.ledger, surrogate: { ...surrogate, precision: "as served" } },
  };
  expect(ledgerTable(sampleReport)).toContain("tokens, on this machine.");
  expect(ledgerTable(served)).toContain("tokens, on its server.");
});
