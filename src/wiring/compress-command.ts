/** `understudy compress`: one prompt of the checkout, explained, searched and certified; with --write the file is shortened. */
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { PromptReport, PromptTemplate } from "../domain.js";
import { UnderstudyError } from "../errors.js";
import { missingReasons } from "../pipeline/missing-answers.js";
import { applyDiff } from "../report/changes.js";
import {
  renderCompression,
  type CompressionView,
  type LockedSpan,
} from "../report/compression-text.js";
import { decideSpans } from "../report/decisions.js";
import { writeAtomically } from "../workspace/atomic-write.js";
import { isLinkInside } from "../workspace/safe-read.js";
import { settingsOf, type CommandContext, type ExitCode } from "./context.js";
import { onOnePrompt } from "./prompt-commands.js";
import type { OpenedJob } from "./ports.js";

/** Exit code 0 with a certificate, 3 without: then nothing is to be deleted, and with --write nothing is written. */
export async function runCompress(context: CommandContext): Promise<ExitCode> {
  const settings = await settingsOf(context);
  if (settings.granularity === "word" || settings.granularity === "coarse-to-fine")
    throw new UnderstudyError(
      "USAGE",
      `granularity ${settings.granularity} is for \`explain\` alone`,
      { fix: "use section, block, example or sentence" },
    );
  return await onOnePrompt(context, "all", async ({ job, head, reviewed, ledger, oracle }) => {
    const { report } = reviewed;
    const missing =
      oracle === null || ledger === null ? [] : missingReasons(oracle.missing(), ledger);
    const view = {
      prompt: report,
      locked: lockedSpans(job, reviewed.template),
      ledger,
      oracle: oracle?.model ?? null,
      surrogate: job.ports.surrogate.identity,
      missing,
    };
    const written = context.write === true ? await write(context, job, report, head) : null;
    context.print(
      context.json
        ? `${JSON.stringify(documentOf(view, written), null, 2)}\n`
        : renderCompression(view),
    );
    if (written !== null && !context.json) context.print(`\n${sentenceOf(report, written)}\n`);
    return report.removable?.certificate ? 0 : 3;
  });
}

/** The same as the text, for a program. */
function documentOf({ prompt, ...rest }: CompressionView, written: Written | null): unknown {
  const { path, name, tokens, inputs, removable, removableReason, savings } = prompt;
  const { selfDisagreement, selfDisagreementReason } = prompt;
  return {
    path,
    name,
    tokens,
    inputs,
    removable,
    removableReason,
    savings,
    decisions: decideSpans(prompt).map(({ span, kind, why }) => ({ ...span, decision: kind, why })),
    selfDisagreement,
    selfDisagreementReason,
    ...rest,
    written,
  };
}

/** Spans with text that no search may touch. */
function lockedSpans({ ports }: OpenedJob, template: PromptTemplate): readonly LockedSpan[] {
  return template.spans.flatMap(({ protection, text, source }) =>
    protection === null || text.trim() === ""
      ? []
      : [
          {
            startLine: source.startLine,
            endLine: source.endLine,
            text,
            tokens: ports.surrogate.countTokens(text),
            protection,
          },
        ],
  );
}

type Written =
  | { readonly kind: "written"; readonly path: string; readonly lines: readonly [number, number] }
  | { readonly kind: "refused"; readonly reason: string };

/** Only a certified deletion is written, only over the very text that it was certified for, in one step. */
async function write(
  context: CommandContext,
  job: OpenedJob,
  { path, removable, removableReason }: PromptReport,
  head: string,
): Promise<Written> {
  const refused = (reason: string): Written => ({ kind: "refused", reason });
  if (removable === null || removable.certificate === null)
    return refused(
      `there is no certificate: ${removable?.reason ?? removableReason ?? "no reason was recorded"}`,
    );
  const shorter = applyDiff(path, head, removable.diff ?? "");
  if (shorter === null)
    throw new UnderstudyError("INTERNAL", "the certified diff does not apply to its own file", {
      place: { path },
    });
  const root = resolve(context.root, job.settings.head ?? "");
  if (await isLinkInside(root, path))
    throw new UnderstudyError("FILE", "is a symbolic link, which is not written through", {
      place: { path },
      fix: "name the file that it points to",
    });
  if ((await job.ports.workspace.read(path)) !== head)
    throw new UnderstudyError("FILE", "changed while it was examined, so nothing was written", {
      place: { path },
      fix: "run the command again",
    });
  const target = resolve(root, path);
  const { mode } = await stat(target);
  await writeAtomically(target, shorter, mode & 0o777);
  return { kind: "written", path, lines: [linesOf(head), linesOf(shorter)] };
}

function linesOf(text: string): number {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}

function sentenceOf({ removable }: PromptReport, written: Written): string {
  if (written.kind === "refused") return `nothing was written: ${written.reason}`;
  const [before, after] = written.lines;
  return `wrote ${written.path}: ${before} lines became ${after}, ${removable?.spans.length ?? 0} spans went, as in the diff above`;
}
