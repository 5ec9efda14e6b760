/**
 * Records the oracle's answers to shortened prompts:
 *   python lean_server.py qwen2.5-coder-1.5b-instruct-q4_k_m.gguf 8106 qwen2.5-coder-1.5b-instruct     (any OpenAI-compatible server)
 *   node lib/bench/compression/record.js --oracle-base-url http://127.0.0.1:8106/v1 --passes core,own,product,rest
 * Every answer is kept under out/record-compression before it is used, so that a run that was stopped goes on where it was. Passes, each
 * over all templates: core (one path for all inputs, the rankings that matter most), own (each input's own path until its answer
 * changes), product (what `compress` asks), rest (the other rankings). Inputs whose answer to the whole prompt begins no label are left out.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { createBudget } from "../../src/cost/budget.js";
import type { Oracle, OracleAnswer, PromptTemplate } from "../../src/domain.js";
import { labelProbabilities } from "../../src/explain/label-tokens.js";
import { classMargin } from "../../src/explain/values.js";
import { openOracle } from "../../src/oracle/oracle.js";
import { renderMessages } from "../../src/prompts/index.js";
import {
  inputAt,
  openGame,
  openTemplate,
  repository,
  TEMPLATE_NAMES,
  type TemplateName,
} from "../games/games.js";
import { checkpointsOf, MEASURED } from "./deletions.js";
import { attributedCandidates, freshCandidates, type AskedInput } from "./inputs.js";
import { openRecordedTemplate } from "../games/measured.js";
import { compressRecorded } from "./product.js";
import { rankingsOf, type Ranking } from "./rankings.js";
import {
  codeOf,
  compressionRecordingPath,
  labelOf,
  NOT_ASKED,
  OTHER,
  readCompressionRecording,
  sameLabel,
  type CompressionRecording,
} from "./recording.js";

const MODEL = "qwen2.5-coder-1.5b-instruct";
const FRESH = 30;
const ATTRIBUTED = 12;
const CORE = /^(hierarchical$|oracle|surrogate 0|LLMLingua perplexity 135M|random [123])/;
const PASSES = ["core", "own", "product", "rest"] as const;
type Pass = (typeof PASSES)[number];

const { values: flags } = parseArgs({
  options: {
    "oracle-base-url": { type: "string" },
    passes: { type: "string", default: PASSES.join(",") },
    template: { type: "string" },
    concurrency: { type: "string", default: "40" },
  },
});

class TemplateRecorder {
  readonly name: TemplateName;
  readonly rankings: readonly Ranking[];
  readonly #oracle: Oracle;
  readonly #template: PromptTemplate;
  readonly #maskable: readonly number[];
  readonly #labels: readonly string[];
  #inputs: readonly AskedInput[] = [];
  #recording: CompressionRecording;

  constructor(name: TemplateName, oracle: Oracle) {
    this.name = name;
    this.rankings = rankingsOf(name);
    this.#oracle = oracle;
    const { template, maskable } = openTemplate(name);
    [this.#template, this.#maskable] = [template, maskable];
    this.#labels = openGame(name).labels ?? [];
    this.#recording = {
      template: name,
      oracle: `${MODEL}, Q4_K_M, OpenAI-compatible server`,
      labels: [...this.#labels],
      fresh: [],
      attributed: [],
      answers: {},
    };
  }

  /** Asks the whole prompt and keeps the inputs that are answered with a label. */
  async open(): Promise<void> {
    const full = "1".repeat(this.#maskable.length);
    const labelled = async (
      candidates: readonly AskedInput[],
      most: number,
    ): Promise<readonly AskedInput[]> => {
      const answers = await this.#askTexts(candidates, full);
      return candidates
        .filter((_, index) => labelOf(this.#code(inputAt(answers, index))) !== null)
        .slice(0, most);
    };
    const fresh = await labelled(freshCandidates(this.name), FRESH);
    const attributed = await labelled(
      attributedCandidates(this.name).slice(0, ATTRIBUTED + 4),
      ATTRIBUTED,
    );
    this.#inputs = [...fresh, ...attributed];
    this.#recording = {
      ...this.#recording,
      fresh: fresh.map(({ id }) => id),
      attributed: attributed.map(({ id }) => id),
    };
    this.#takeRecorded();
    await this.ask(full, this.positions("all"));
  }

  /** Goes on from the committed recording where it is about the same inputs. */
  #takeRecorded(): void {
    const recorded = readCompressionRecording(this.name);
    const idsOf = ({ fresh, attributed }: CompressionRecording): string =>
      JSON.stringify([fresh, attributed]);
    if (recorded !== null && idsOf(recorded) === idsOf(this.#recording))
      this.#recording = { ...this.#recording, answers: { ...recorded.answers } };
  }

  /** Positions of all inputs, or of those that rankings are measured on. */
  positions(which: "fresh" | "attributed" | "all"): number[] {
    const fresh = this.#recording.fresh.length;
    const all = [...this.#inputs.keys()];
    if (which === "all") return all;
    return which === "fresh"
      ? all.slice(0, MEASURED.fresh)
      : all.slice(fresh, fresh + MEASURED.attributed);
  }

  /**
   * One path for all inputs: every fresh input at every checkpoint. Rankings that know nothing of inputs have no other path, so that the
   * attributed inputs are asked too, each until its answer changes.
   */
  async shared(chosen: readonly Ranking[]): Promise<void> {
    for (const { name, order, perInput } of chosen) {
      let alive = perInput === null ? this.positions("attributed") : [];
      for (const { mask } of checkpointsOf(order)) {
        await this.ask(mask, [...this.positions("fresh"), ...alive]);
        alive = alive.filter((position) => this.#unchanged(mask, position));
      }
      process.stderr.write(`${this.name}: ${name}\n`);
      this.save();
    }
  }

  /** Each attributed input along its own order, until its answer changes. */
  async own({ name, perInput }: Ranking): Promise<void> {
    if (perInput === null) return;
    const ids = openRecordedTemplate(this.name).inputs.map(({ id }) => id);
    let alive = this.positions("attributed").map((position) => {
      const game = ids.indexOf(this.#inputs[position]?.id ?? "");
      return { position, steps: checkpointsOf(inputAt(perInput, game)) };
    });
    for (let wave = 0; alive.length > 0; wave++) {
      const byMask = new Map<string, number[]>();
      for (const { position, steps } of alive) {
        const mask = steps[wave]?.mask;
        if (mask !== undefined) byMask.set(mask, [...(byMask.get(mask) ?? []), position]);
      }
      for (const [mask, positions] of [...byMask].sort(([a], [b]) => (a > b ? -1 : 1)))
        await this.ask(mask, positions);
      alive = alive.filter(
        ({ position, steps }) =>
          wave + 1 < steps.length && this.#unchanged(steps[wave]?.mask ?? "", position),
      );
      process.stderr.write(`${this.name}: ${name}, wave ${wave}, ${alive.length} unchanged\n`);
    }
    this.save();
  }

  /** Codes of the answers at these positions under a mask, asked for where they are not there yet. */
  async ask(mask: string, positions: readonly number[]): Promise<readonly string[]> {
    const entry = (this.#recording.answers[mask] ??= {
      codes: NOT_ASKED.repeat(this.#inputs.length),
      likeliest: NOT_ASKED.repeat(this.#inputs.length),
      margins: this.#inputs.map(() => null),
    });
    const missing = positions.filter((position) => entry.codes[position] === NOT_ASKED);
    const answers = await this.#askTexts(
      missing.map((position) => inputAt(this.#inputs, position)),
      mask,
    );
    const codes = [...entry.codes];
    const likeliest = [...entry.likeliest];
    for (const [index, position] of missing.entries()) {
      const answer = inputAt(answers, index);
      codes[position] = this.#code(answer);
      likeliest[position] = likeliestOf(answer, this.#labels);
      entry.margins[position] = this.#margin(answer, position, codes[position]);
    }
    entry.codes = codes.join("");
    entry.likeliest = likeliest.join("");
    return positions.map((position) => codes[position] ?? NOT_ASKED);
  }

  async product(): Promise<void> {
    await compressRecorded(this.name, this.#recording, (mask, positions) =>
      this.ask(mask, positions),
    );
    this.save();
  }

  save(): void {
    const path = compressionRecordingPath(this.name);
    mkdirSync(dirname(path), { recursive: true });
    const answers = Object.entries(this.#recording.answers).sort(([a], [b]) => (a > b ? -1 : 1));
    const recording = { ...this.#recording, answers: Object.fromEntries(answers) };
    const lines = JSON.stringify(recording).replaceAll('},"', '},\n"');
    writeFileSync(path, `${lines.replace('"answers":{', '"answers":{\n')}\n`);
  }

  #unchanged(mask: string, position: number): boolean {
    const codeUnder = (one: string): string =>
      this.#recording.answers[one]?.codes[position] ?? NOT_ASKED;
    return sameLabel(codeUnder("1".repeat(this.#maskable.length)), codeUnder(mask));
  }

  #code(answer: OracleAnswer): string {
    return codeOf(answer.text, this.#labels);
  }

  #margin(answer: OracleAnswer, position: number, code: string | undefined): number | null {
    const full = this.#recording.answers["1".repeat(this.#maskable.length)]?.codes[position];
    const label = labelOf(full === undefined || full === NOT_ASKED ? (code ?? "") : full);
    if (label === null) return null;
    const margin = classMargin(answer, inputAt(this.#labels, label), this.#labels);
    return margin.kind === "unknown" ? null : Math.round(margin.value * 100) / 100;
  }

  async #askTexts(inputs: readonly AskedInput[], mask: string): Promise<readonly OracleAnswer[]> {
    const kept = { mask: Uint8Array.from(mask, Number), maskable: this.#maskable };
    const outcomes = await this.#oracle.ask(
      inputs.map(({ id, text }) => ({
        purpose: "masks",
        messages: renderMessages(this.#template, kept, { text }, id),
      })),
    );
    return outcomes.map((outcome) => {
      if (outcome.kind === "refused") throw new Error(outcome.message);
      return outcome.answer;
    });
  }
}

/** Digit of the label with the most probability as the answer's beginning; `OTHER` where no label is among the alternatives. */
function likeliestOf(answer: OracleAnswer, labels: readonly string[]): string {
  const probabilities = labelProbabilities(answer, labels)?.probabilities ?? [];
  const most = Math.max(0, ...probabilities);
  return most > 0 ? String(probabilities.indexOf(most)) : OTHER;
}

function oracleOf(name: TemplateName, baseUrl: string): Oracle {
  const folder = join(repository, "out", "record-compression");
  mkdirSync(folder, { recursive: true });
  return openOracle({
    model: MODEL,
    baseUrl,
    apiKey: null,
    recordings: [],
    store: join(folder, `${name}.jsonl`),
    budget: createBudget({ maxCalls: null, maxCost: null, price: () => null }),
    maxTokens: 1,
    concurrency: Number(flags.concurrency),
    timeoutMs: 1_800_000,
  });
}

async function run(pass: Pass, recorder: TemplateRecorder): Promise<void> {
  const { rankings } = recorder;
  if (pass === "core") await recorder.shared(rankings.filter(({ name }) => CORE.test(name)));
  if (pass === "own")
    for (const ranking of rankings.filter(({ name }) => CORE.test(name)))
      await recorder.own(ranking);
  if (pass === "rest") await recorder.shared(rankings);
  if (pass === "product") await recorder.product();
}

const baseUrl = flags["oracle-base-url"];
if (baseUrl === undefined) throw new Error("--oracle-base-url URL is needed");
const recorders: TemplateRecorder[] = [];
for (const name of TEMPLATE_NAMES.filter(
  (one) => flags.template === undefined || one === flags.template,
)) {
  const recorder = new TemplateRecorder(name, oracleOf(name, baseUrl));
  await recorder.open();
  recorders.push(recorder);
}
const wanted = flags.passes.split(",");
for (const pass of PASSES.filter((one) => wanted.includes(one))) {
  for (const recorder of recorders) {
    await run(pass, recorder);
    process.stdout.write(`${recorder.name}: ${pass} recorded\n`);
  }
}
