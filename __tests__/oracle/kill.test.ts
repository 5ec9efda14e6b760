/**
 * SIGKILL at 200 seeded moments of runs against a real server. What is guaranteed, and checked after every kill:
 * - an answer whose line is on the disk is never asked for again, in any later life of the run;
 * - an answer that was used is on the disk;
 * - what was paid for and lost are calls under way at the kill, so at most as many as may be under way at a time. No client can do
 *   better: the server has charged, and nothing of its answer was there to keep.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { randomFrom, type Random } from "../../src/numerics/random.js";
import { readRecording } from "../../src/oracle/recording.js";
import { answers, startChatServer, type ChatServer } from "./chat-server.js";
import { brief, open, question, temporaryFolder } from "./opening.js";

const KILLS = 200;
const QUESTIONS = 60;
const MINUTES = 60_000;
const compiled = dirname(fileURLToPath(import.meta.url));
const repository = join(compiled, "..", "..", "..");

let server: ChatServer;
/** Words that start a run: launcher, bundle, compiled code. */
let launch: readonly string[];

beforeAll(async () => {
  server = await startChatServer();
  launch = bundleRun();
  const life = await live(join(temporaryFolder(), "store.jsonl"), 1, NEVER);
  expect(life).toMatchObject({ killed: false });
  expect(life.used).toHaveLength(QUESTIONS);
}, MINUTES);
afterAll(() => server.close());

/** The run in one file that starts fast. */
function bundleRun(): readonly string[] {
  const folder = temporaryFolder();
  const entry = join(folder, "entry.js");
  writeFileSync(join(folder, "package.json"), '{ "type": "commonjs" }\n');
  writeFileSync(
    entry,
    `module.exports = require(${JSON.stringify(join(compiled, "killed-run.js"))});\n`,
  );
  const bundler = join(repository, "node_modules/@vercel/ncc/dist/ncc/cli.js");
  const options = ["-o", folder, "--quiet", "--no-cache", "--no-source-map-register"];
  execFileSync(process.execPath, [bundler, "build", entry, ...options], { cwd: repository });
  return [
    join(repository, "__tests__", "oracle", "launch.cjs"),
    join(folder, "index.js"),
    join(folder, "compiled"),
  ];
}

/** When a life ends: some milliseconds after its start, or at or after an event of its n-th call. */
type Moment =
  | { readonly kind: "start"; readonly milliseconds: number }
  | { readonly kind: "asked"; readonly call: number }
  | { readonly kind: "answered"; readonly call: number; readonly milliseconds: number };

const NEVER: Moment = { kind: "asked", call: Number.POSITIVE_INFINITY };

function momentFrom(random: Random): Moment {
  const call = 1 + random.integer(6);
  const share = random.uniform();
  if (share < 0.15) return { kind: "start", milliseconds: random.integer(150) };
  return share < 0.5
    ? { kind: "asked", call }
    : { kind: "answered", call, milliseconds: random.integer(30) };
}

interface Life {
  readonly killed: boolean;
  /** Contents of the questions that the server answered whole, and that the run said it used. */
  readonly paid: readonly string[];
  readonly used: readonly string[];
  readonly asked: readonly string[];
}

/** One life of a run, ended at the moment unless it finished before. */
function live(store: string, concurrency: number, moment: Moment): Promise<Life> {
  const [asked, paid]: [string[], string[]] = [[], []];
  let output = "";
  return new Promise((done, fail) => {
    const child = spawn(
      process.execPath,
      [...launch, server.baseUrl, store, String(QUESTIONS), String(concurrency)],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const kill = (): void => void child.kill("SIGKILL");
    const killAfter = (milliseconds: number): void => void setTimeout(kill, milliseconds);
    if (moment.kind === "start") killAfter(moment.milliseconds);
    server.otherwise = (request, response) => {
      const content = request.body.messages[0]?.content ?? "";
      asked.push(content);
      if (moment.kind === "asked" && asked.length === moment.call) kill();
      // Written whole: the server charges, whether or not anybody is left to read.
      response.on("close", () => {
        paid.push(content);
        if (moment.kind === "answered" && paid.length === moment.call)
          killAfter(moment.milliseconds);
      });
      answers()(request, response);
    };
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
    child.on("error", fail);
    child.on("close", (code, signal) => {
      if (code !== 0 && signal !== "SIGKILL") return fail(new Error(`the run ended with ${code}`));
      const used = output
        .split("\n")
        .slice(0, -1)
        .map((index) => `q${index}`);
      const life = { killed: signal === "SIGKILL", asked, paid, used };
      return void server.quiet().then(() => done(life), fail);
    });
  });
}

function storedIn(store: string): ReadonlySet<string> {
  if (!existsSync(store)) return new Set();
  const lines = [...readRecording(store).lines.values()];
  return new Set(lines.map((line) => line.request.messages[0]?.content ?? ""));
}

test(
  `killed ${KILLS} times: nothing stored is asked again, nothing used is missing, and only calls under way are lost`,
  async () => {
    const random = randomFrom("kill");
    let [kills, bought, lostInAll, bound] = [0, 0, 0, 0];
    for (let run = 0; kills < KILLS; run += 1) {
      const store = join(temporaryFolder(), "store.jsonl");
      const concurrency = run % 2 === 0 ? 1 : 4;
      let stored = storedIn(store);
      let [finished, paidInRun, lostInRun] = [false, 0, 0];
      while (!finished) {
        const life = await live(store, concurrency, kills < KILLS ? momentFrom(random) : NEVER);
        expect(life.asked.filter((content) => stored.has(content))).toEqual([]);
        stored = storedIn(store);
        expect(life.used.filter((content) => !stored.has(content))).toEqual([]);
        const lost = life.paid.filter((content) => !stored.has(content)).length;
        expect(lost).toBeLessThanOrEqual(life.killed ? concurrency : 0);
        finished = !life.killed;
        if (life.killed) [kills, bound] = [kills + 1, bound + concurrency];
        paidInRun += life.paid.length;
        lostInRun += lost;
      }
      expect(stored.size).toBe(QUESTIONS);
      // Every answer was paid for once, but for those that were lost under way.
      expect(paidInRun).toBe(QUESTIONS + lostInRun);
      const questions = [...stored].map((content) => question(content));
      expect(brief(await open({ store }).ask(questions))).toEqual(
        [...stored].map((content) => content.toUpperCase()),
      );
      bought += QUESTIONS;
      lostInAll += lostInRun;
    }
    expect(kills).toBe(KILLS);
    expect(bought).toBeGreaterThan(KILLS);
    // Kills as a call arrives always lose it, so that the test does see losses.
    expect(lostInAll).toBeGreaterThan(0);
    expect(lostInAll).toBeLessThanOrEqual(bound);
  },
  20 * MINUTES,
);
