/** What a server shows of itself reaches the reader: from its answers through the whole review into the comment. */
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { Report } from "../../src/domain.js";
import { renderComment } from "../../src/report/comment.js";
import { parseReport, serializeReport } from "../../src/report/json.js";
import { review } from "../../src/review.js";
import {
  answers,
  startChatServer,
  type Behaviour,
  type ChatServer,
} from "../oracle/chat-server.js";
import { open } from "../oracle/opening.js";
import { syntheticJob } from "./synthetic-job.js";

let server: ChatServer;
beforeEach(async () => void (server = await startChatServer()));
afterEach(() => server.close());

const INPUTS = 6;

async function reviewed(behaviour: Behaviour): Promise<Report> {
  server.otherwise = behaviour;
  const job = syntheticJob({ "search-inputs": "4" }, { oracle: open({ baseUrl: server.baseUrl }) });
  const inputs = Array.from(
    { length: INPUTS },
    (_, index) => `${JSON.stringify({ slots: { letter: `letter ${index}` }, expected: null })}\n`,
  );
  const head = "Sort letters.\nBe kind.\n\nLetter: {{letter}}\n";
  const workspace = {
    changedFiles: async () => [{ path: "prompts/letters.md", base: null, head }],
    read: async (path: string) => (path.endsWith(".inputs.jsonl") ? inputs.join("") : null),
  };
  return await review({ ...job, ports: { ...job.ports, workspace } });
}

const says = (message: Record<string, unknown>, model: string): Behaviour =>
  answers((body) => {
    body["model"] = model;
    body["choices"] = [{ message, finish_reason: "stop" }];
  });

test("answers after reasoning, and another model, are counted in the report and said in the comment", async () => {
  const report = await reviewed(says({ content: "<think>hm</think>yes" }, "m-mini"));
  expect(report.oracle).toMatchObject({
    model: "m",
    substitutes: ["m-mini"],
    reasoned: report.ledger.oracle.calls,
  });
  expect(report.ledger.oracle.calls).toBeGreaterThan(INPUTS);
  expect(parseReport(serializeReport(report)).oracle).toEqual(report.oracle);
  const comment = renderComment(report, { key: "review" });
  expect(comment).toContain(
    "**Another model answered.** `m` was asked for, and the server says that it is `m-mini`.",
  );
});

test("of a model that does neither there is nothing to say", async () => {
  const report = await reviewed(says({ content: "yes" }, "m-2026"));
  expect(report.oracle).toMatchObject({ substitutes: [], reasoned: 0 });
  expect(renderComment(report, { key: "review" })).not.toContain("Another model");
});
