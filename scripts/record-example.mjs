// npm run example:record -- --oracle-base-url http://127.0.0.1:8089/v1
// Reviews the example against a live oracle, asking only what its recording lacks, then drops what nothing used.
// The recorded model is Qwen2.5-Coder-1.5B-Instruct (Q4_K_M) behind an OpenAI-compatible server on the loopback interface.
// Run after `npm run build`.
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromStrings } from "../lib/src/config.js";
import { compactRecording } from "../lib/src/oracle/recording.js";
import { settingsOf } from "../lib/src/wiring/context.js";
import { reviewAndWrite } from "../lib/src/wiring/review.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const example = join(root, "examples", "ticket-triage");
const recording = join(example, "head", "oracle.recording.jsonl");
const flag = process.argv.indexOf("--oracle-base-url");
const baseUrl = flag < 0 ? undefined : process.argv[flag + 1];
if (baseUrl === undefined) throw new Error("say where the oracle is: --oracle-base-url URL");

// What is recorded is what a first push asks: looks at the certify set that earlier recordings took would lower the level.
rmSync(join(root, "out", "record-state"), { recursive: true, force: true });

const caller = {
  base: join(example, "base"),
  head: join(example, "head"),
  "oracle-base-url": baseUrl,
  "oracle-store": recording,
  "output-folder": join(root, "out", "record"),
  "state-folder": join(root, "out", "record-state"),
  "max-oracle-calls": "5000",
  "max-minutes": "600",
};
const context = {
  caller: fromStrings(caller, "--"),
  operands: [],
  json: false,
  quiet: false,
  raw: false,
  prompt: null,
  response: null,
  model: null,
  masks: null,
  values: null,
  perInput: false,
  root,
  environment: process.env,
  print: (text) => void process.stdout.write(text),
  say: (text) => void process.stderr.write(text),
  interactive: process.stderr.isTTY === true,
};
const reviewed = await reviewAndWrite(context, await settingsOf(context));
process.stdout.write(reviewed.comment);
if (reviewed.report.complete !== true)
  throw new Error(
    `incomplete, nothing was dropped from the recording: ${reviewed.report.complete.reason}`,
  );
const { kept, removed } = compactRecording(recording, reviewed.usedKeys);
process.stdout.write(
  `\nrecording: ${kept} answers kept, ${removed} dropped, ${reviewed.facts.oracleCallsPaid} new\n`,
);
