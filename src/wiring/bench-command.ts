/** `understudy model bench`: how fast surrogates are here; with a prompt and an oracle, also how faithful on the user's own inputs. */
import type { Settings } from "../config.js";
import { UnderstudyError } from "../errors.js";
import { evenStudy } from "../pipeline/granular-study.js";
import { askUnmasked, measureMasks } from "../pipeline/oracle-values.js";
import { rankSurrogates, type SurrogateRanking } from "../pipeline/rank-surrogates.js";
import { openStudy } from "../pipeline/study.js";
import { countUsage } from "../pipeline/usage.js";
import { renderSurrogateRanking } from "../report/surrogate-ranking.js";
import { measureSpeed, type Speed } from "../surrogate/speed.js";
import { settingsOf, type CommandContext, type ExitCode } from "./context.js";
import { openJob, type OpenedJob } from "./ports.js";
import { choosePrompt } from "./prompt-commands.js";
import { openEachLocal } from "./surrogates.js";

const SPEED_MASKS = 64;

/** Throws USAGE for more than one prompt, or a prompt without an oracle. */
export async function runModelBench(context: CommandContext): Promise<ExitCode> {
  const [path, ...more] = context.operands;
  if (more.length > 0)
    throw new UnderstudyError("USAGE", `one prompt at most, got ${context.operands.length}`, {
      fix: "name one prompt file after `model bench`, or none",
    });
  const settings = await settingsOf(context);
  return path === undefined
    ? await benchSpeed(context, settings)
    : await benchOnPrompt(context, settings, path);
}

async function benchSpeed(context: CommandContext, settings: Settings): Promise<ExitCode> {
  const speeds: Speed[] = [];
  for await (const surrogate of openEachLocal(context, settings))
    speeds.push(await measureSpeed(surrogate, context.masks ?? SPEED_MASKS));
  speeds.sort((left, right) => right.masksPerSecond - left.masksPerSecond);
  if (context.json) context.print(`${JSON.stringify(speeds.length === 1 ? speeds[0] : speeds)}\n`);
  else for (const speed of speeds) context.print(speedLine(speed));
  return 0;
}

function speedLine(speed: Speed): string {
  return `${speed.model}, ${speed.precision}, ${speed.backend}: ${speed.masks} masked prompts of ${speed.tokensPerMask} tokens in ${speed.seconds.toFixed(1)} s = ${speed.masksPerSecond.toFixed(1)} a second\n`;
}

async function benchOnPrompt(
  context: CommandContext,
  settings: Settings,
  path: string,
): Promise<ExitCode> {
  const job = await openJob(context, settings);
  try {
    const ranking = await rankOnPrompt(job, path);
    context.print(
      context.json
        ? `${JSON.stringify({ path, ...ranking }, null, 2)}\n`
        : renderSurrogateRanking(path, ranking),
    );
    return ranking.surrogates.some((one) => one.kind === "measured") ? 0 : 3;
  } finally {
    await job.ports.surrogate.close();
  }
}

async function rankOnPrompt(job: OpenedJob, path: string): Promise<SurrogateRanking> {
  if (job.ports.oracle === null)
    throw new UnderstudyError(
      "USAGE",
      "fidelity is measured against an oracle, and there is none",
      {
        fix: "give a recording or a key, or leave the prompt out to measure speed alone",
      },
    );
  const { granularity, method } = job.settings;
  if (granularity === "coarse-to-fine")
    throw new UnderstudyError("USAGE", "surrogates are ranked on spans of one size", {
      fix: "choose a granularity other than coarse-to-fine",
    });
  const prompt = await choosePrompt(job, path);
  const written = await openStudy(job, prompt.path, prompt.head, prompt);
  const study = evenStudy(written, granularity, method);
  if (study.inputs === null)
    throw new UnderstudyError("INPUTS", study.inputsReason ?? "there are no inputs", {
      place: { path },
    });
  const oracle = countUsage(job.ports.oracle);
  const fixed = await askUnmasked(job, study, oracle, study.inputs.search);
  const values = await measureMasks(job, study, oracle, fixed);
  const refused = [...oracle.refusals().keys()][0];
  if (values.rows.length === 0)
    throw new UnderstudyError("ORACLE_ANSWER", "the oracle answered no masked prompt", {
      fix: refused ?? "see whether the prompt has spans that can be masked",
    });
  const clock = (): number => performance.now() / 1000;
  return await rankSurrogates({ job, study, values, fixed, clock });
}
