/** The whole review on a small repository: known oracle behind a real server, embedded surrogate, bad input of every kind. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { fromStrings } from "../src/config.js";
import type { Report } from "../src/domain.js";
import { CONTROLS } from "../src/explain/fidelity/controls.js";
import { parseReport } from "../src/report/json.js";
import type { CommandContext, ExitCode } from "../src/wiring/context.js";
import { runReview } from "../src/wiring/review.js";
import { RULES, startChatServer, type ChatServer } from "./fixtures/chat-server.js";

const MINUTES = 60_000;
const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const compiled = mkdtempSync(join(tmpdir(), "understudy-compiled-"));

const FILLERS = [
  "Our office opened in 1954.",
  "The garden club and the weather office share one door.",
  "Please be kind to everybody.",
  "The kettle stands on the left.",
];
const PROMPT = `messages:
  - role: system
    content: |-
      You sort letters.
      ${FILLERS[0]}
      ${RULES[0].sentence}
      ${FILLERS[1]}
      ${RULES[1].sentence}
      ${FILLERS[2]}
      ${FILLERS[3]}
  - role: user
    content: My rose has spots.
  - role: assistant
    content: plant
  - role: user
    content: Will the storm pass?
  - role: assistant
    content: plant
  - role: user
    content: "{{letter}}"
`;

let server: ChatServer;
let folder: string;

function write(path: string, text: string): void {
  const whole = join(folder, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, text);
}

function inputLines(count: number): string {
  return Array.from({ length: count }, (_, index) => {
    const [word, expected] = index % 2 === 0 ? ["rose", "plant"] : ["storm", "weather"];
    const slots = { letter: `Letter ${index} is about a ${word}.` };
    return `${JSON.stringify({ slots, expected })}\n`;
  }).join("");
}

interface Run {
  readonly code: ExitCode;
  readonly report: Report;
  readonly printed: string;
}

async function run(settings: Readonly<Record<string, string>> = {}): Promise<Run> {
  let printed = "";
  const context: CommandContext = {
    caller: fromStrings(
      { base: "base", head: "head", "output-folder": "out", "state-folder": compiled, ...settings },
      "--",
    ),
    operands: [],
    json: false,
    quiet: true,
    raw: false,
    prompt: null,
    response: null,
    model: null,
    masks: null,
    values: null,
    perInput: false,
    root: folder,
    environment: {},
    print: (text) => {
      printed += text;
    },
    say: () => {},
    interactive: false,
  };
  const code = await runReview(context);
  const report = parseReport(readFileSync(join(folder, "out", "understudy-report.json"), "utf8"));
  return { code, report, printed };
}

const live = (): Record<string, string> => ({
  "oracle-model": "gardener-1",
  "oracle-base-url": server.url,
  "oracle-store": "oracle.recording.jsonl",
  "search-inputs": "24",
  "surrogate-masks-per-input": "8",
});

beforeAll(async () => {
  server = await startChatServer();
});

afterAll(async () => {
  await server.close();
  rmSync(compiled, { recursive: true, force: true });
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "understudy-review-"));
  server.behave({ kind: "healthy" });
  write("base/prompts/letters.prompt.yml", PROMPT.replace(`      ${FILLERS[0]}\n`, ""));
  write("head/prompts/letters.prompt.yml", PROMPT);
  write("head/prompts/letters.prompt.inputs.jsonl", inputLines(98));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("with an oracle whose behaviour is known", () => {
  test(
    "names the fillers, certifies their deletion, finds the wrong demonstration, and pays nothing twice",
    async () => {
      const priced = { ...live(), "price-input-per-million": "1", "price-output-per-million": "1" };
      const first = await run(priced);
      const [prompt] = first.report.prompts;
      expect(first.report.complete).toBe(true);
      expect(prompt?.explanation?.value).toBe("class-margin");
      expect(prompt?.explanation?.fidelity.estimate).toBeGreaterThan(0.8);
      expect(prompt?.explanation?.shown).toBe(true);
      for (const control of CONTROLS)
        expect(prompt?.explanation?.baselines[control]?.estimate).toBeLessThan(0.8);

      const deleted = (prompt?.removable?.spans ?? []).map(
        (index) =>
          prompt?.explanation?.spans.find((span) => span.index === index)?.text.trim() ?? "",
      );
      expect(prompt?.removable?.certificate).toMatchObject({ inputs: 74, changed: 0 });
      expect(deleted).toEqual(expect.arrayContaining(FILLERS));
      expect(deleted.join()).not.toContain("Will the storm pass?");
      expect(prompt?.demonstrations?.map((found) => found.label)).toEqual(["plant"]);
      expect(prompt?.demonstrations?.[0]?.suggested).toBe("weather");
      expect(prompt?.selfDisagreement).toMatchObject({ inputs: 8, changed: 0 });

      const { oracle, planned, explanations } = first.report.ledger;
      const most = new Map(Object.entries(planned?.byPurpose ?? {}));
      for (const [purpose, { calls }] of Object.entries(oracle.byPurpose))
        expect([purpose, Math.min(calls, most.get(purpose) ?? -1)]).toEqual([purpose, calls]);
      expect(oracle.byPurpose.masks.calls).toBe(planned?.byPurpose.masks);
      expect(explanations?.inputs).toBe(24);
      // 257 calls an input against 9, of prompts that are shorter under masks, and eight repeats.
      expect(explanations?.ratio).toBeGreaterThan(20);
      expect(explanations?.ratio).toBeLessThan(257 / 9);

      const paid = server.answered();
      expect(first.report.ledger.oracle.calls).toBe(paid);
      server.behave({ kind: "status", status: 500 });
      const second = await run({ ...priced, "cpu-minute-cost": "5" });
      expect(server.answered()).toBe(0);
      expect(second.printed).toBe(first.printed);
      expect(second.report).toEqual(first.report);

      // The surrogate's time is priced in the run's own file alone.
      const facts = JSON.parse(readFileSync(join(folder, "out", "understudy-run.json"), "utf8"));
      expect(facts.planned).toEqual({ calls: planned?.calls, cost: planned?.cost });
      expect(explanations).toMatchObject({ unit: "USD", proxy: null });
      const { ratio, proxy, ...parts } = facts.costReduction;
      expect(parts).toMatchObject({ unit: "USD", oracle: explanations?.oracle });
      expect(proxy).toBeCloseTo((5 * facts.surrogateSeconds) / 60, 6);
      expect(ratio).toBeCloseTo(parts.oracle / (proxy + parts.fallback + parts.screen), 9);
    },
    5 * MINUTES,
  );

  test(
    "keeps what was paid for when the server dies, says what is missing, and goes on from there",
    async () => {
      server.behave({ kind: "then", healthy: 30, after: { kind: "status", status: 401 } });
      const cut = await run(live());
      expect(cut.code).toBe(3);
      expect(cut.report.complete).not.toBe(true);
      expect(cut.printed).toMatch(/incomplete/i);
      const kept =
        readFileSync(join(folder, "oracle.recording.jsonl"), "utf8").split("\n").length - 1;
      expect(kept).toBe(30);

      server.behave({ kind: "healthy" });
      const whole = await run(live());
      expect(whole.report.complete).toBe(true);
      expect(server.answered()).toBe(whole.report.ledger.oracle.calls - 30);
    },
    5 * MINUTES,
  );

  test.each([
    ["refuses the key", { kind: "status", status: 401 }],
    ["answers garbage", { kind: "garbage" }],
  ] as const)(
    "that %s: an incomplete report with the reason, no attribution",
    async (_, behaviour) => {
      server.behave(behaviour);
      const { code, report } = await run(live());
      expect(code).toBe(3);
      expect(report.prompts[0]?.explanation).toBeNull();
      expect(report.prompts[0]?.explanationReason).toContain("answered none");
      expect(report.complete).not.toBe(true);
    },
    5 * MINUTES,
  );

  test(
    "and a hard cap on calls: the report says which cap cut it short",
    async () => {
      const { code, report } = await run({ ...live(), "max-oracle-calls": "25" });
      expect(code).toBe(3);
      const { complete } = report;
      expect(complete !== true && complete.reason).toContain("the cap of 25 oracle calls");
      expect(complete !== true && complete.reason).toMatch(
        /\(191 masks.*\).*; not begun: search \(up to 144 calls\), certification/,
      );
      expect(complete !== true && complete.missing).toContainEqual({
        purpose: "masks",
        cause: "budget",
        message: "the cap of 25 oracle calls is reached",
        questions: 191,
      });
      expect(server.answered()).toBe(25);
    },
    5 * MINUTES,
  );

  test(
    "and one input only: insufficient data, in words",
    async () => {
      write("head/prompts/letters.prompt.inputs.jsonl", inputLines(1));
      const { report } = await run(live());
      expect(report.prompts[0]?.explanation).toBeNull();
      expect(report.prompts[0]?.explanationReason).toContain("insufficient data");
      expect(report.prompts[0]?.screens[0]?.verdict).toBe("insufficient data");
    },
    5 * MINUTES,
  );

  test(
    "and too few inputs to certify on: an explanation, and the number that is needed",
    async () => {
      write("head/prompts/letters.prompt.inputs.jsonl", inputLines(40));
      const { report } = await run(live());
      expect(report.prompts[0]?.explanation?.shown).toBe(true);
      expect(report.prompts[0]?.removable?.certificate).toBeNull();
      expect(report.prompts[0]?.removable?.reason).toContain("69");
    },
    5 * MINUTES,
  );
});

test(
  "few spans: the surrogate evaluates every mask",
  async () => {
    const short = `${RULES[0].sentence}\n${RULES[1].sentence}\n${FILLERS[2]}\n\nLetter: {{letter}}\n`;
    rmSync(join(folder, "head", "prompts"), { recursive: true });
    write("head/prompts/short.md", short);
    write("head/prompts/short.inputs.jsonl", inputLines(12));
    const { report } = await run({ ...live(), "surrogate-masks-per-input": "24" });
    const [prompt] = report.prompts;
    const maskable = prompt?.explanation?.spans.length ?? 0;
    expect(maskable).toBeGreaterThan(1);
    expect(prompt?.explanation?.surrogateFits[0]?.masksPerInput).toBe(2 ** maskable);
  },
  5 * MINUTES,
);

describe("without an oracle", () => {
  test(
    "a prompt gets what needs none, and what an explanation would take; exit code 0",
    async () => {
      const { code, report, printed } = await run();
      const [prompt] = report.prompts;
      expect(code).toBe(0);
      expect(prompt?.explanation).toBeNull();
      expect(prompt?.screens[0]?.verdict).toBe("not screened");
      expect(prompt?.plan?.calls).toBeGreaterThan(100);
      expect(printed).toContain("no oracle");
    },
    5 * MINUTES,
  );

  test(
    "a recording that lacks the answers: incomplete, and it says so",
    async () => {
      write("head/empty.recording.jsonl", "");
      const { code, report } = await run({
        "oracle-model": "gardener-1",
        "oracle-recording": "empty.recording.jsonl",
      });
      expect(code).toBe(3);
      expect(report.prompts[0]?.explanationReason).toContain("no recorded answer");
    },
    5 * MINUTES,
  );

  test.each([
    [
      "a prompt that does not parse",
      "prompts/letters.prompt.yml",
      "messages:\n  - role: [\n",
      /letters\.prompt\.yml:\d+:\d+/,
    ],
    [
      "inputs that lack a slot",
      "prompts/letters.prompt.inputs.jsonl",
      '{"slots":{"wrong":"x"}}\n{"slots":{"wrong":"y"}}\n',
      /letter/,
    ],
    ["inputs that are no JSON", "prompts/letters.prompt.inputs.jsonl", "{}}\n", /inputs\.jsonl:1/],
    [
      "rows that are no JSON",
      "data/rows.jsonl",
      '{"text":"a","label":"b"}\n{oops\n',
      /rows\.jsonl:2/,
    ],
  ])(
    "%s: skipped with file, line and reason, the rest is judged",
    async (_, path, text, place) => {
      write(`head/${path}`, text);
      write("head/prompts/other.md", "Answer in one word.\n\nQuestion: {{question}}\n");
      const { code, report } = await run();
      const said = JSON.stringify([
        report.skipped,
        report.prompts.map((prompt) => prompt.problems),
      ]);
      expect(said).toMatch(place);
      expect(report.prompts.map((prompt) => prompt.path)).toContain("prompts/other.md");
      expect(code).toBe(3);
      expect(report.complete).not.toBe(true);
    },
    5 * MINUTES,
  );

  test(
    "a prompt format that is not read yet is named, never passed over",
    async () => {
      write("head/prompts/legacy.toml", "prompt = 'Hello'\n");
      const { report, printed } = await run();
      expect(report.skipped.map((file) => file.path)).toContain("prompts/legacy.toml");
      expect(printed).toContain("legacy.toml");
    },
    5 * MINUTES,
  );
});

test("the embedded weights are where the wiring looks for them", () => {
  expect(existsSync(join(repository, "models", "SmolLM2-135M-Instruct.Q4_1.gguf"))).toBe(true);
});
