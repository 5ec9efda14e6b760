/** What an engine's tags mean to a prompt: slots that inputs fill, code that stays as it is, blocks that must be closed. */

import type { TextRange } from "../decoded-text.js";
import type { SlotToken, TemplateTokens } from "./tokens.js";
import { scanTags, type Engine, type TemplateTag } from "./tags.js";

/** What is wrong with a template, at text[at] of one of its messages. */
export interface SyntaxProblem {
  readonly message: number;
  readonly at: number;
  readonly problem: string;
  readonly fix: string;
}

export interface AnalysedTemplate {
  readonly tokens: readonly TemplateTokens[];
  /** The first mistake that the engine would refuse; null where there is none. */
  readonly problem: SyntaxProblem | null;
}

/** A block that is open; names that its tag binds are no slots inside it. */
interface OpenBlock {
  readonly name: string;
  readonly message: number;
  readonly tag: TemplateTag;
  readonly binds: readonly string[];
  /** Every name inside is looked up in what the block goes over, so none is a slot. */
  readonly rebinds: boolean;
}

const JINJA_BLOCKS: ReadonlySet<string> = new Set([
  "for",
  "if",
  "macro",
  "call",
  "filter",
  "block",
  "with",
  "autoescape",
  "set",
]);
const LIQUID_BLOCKS: ReadonlySet<string> = new Set([
  "for",
  "if",
  "unless",
  "case",
  "tablerow",
  "capture",
]);
/** Blocks that define something and put no text where they stand. */
const DEFINITIONS: ReadonlySet<string> = new Set(["macro", "set", "capture"]);
/** Blocks of Handlebars that leave names as they are. */
const PLAIN_BLOCKS: ReadonlySet<string> = new Set(["if", "unless"]);
const NO_SLOTS: ReadonlySet<string> = new Set([
  "true",
  "false",
  "none",
  "True",
  "False",
  "None",
  "null",
  "nil",
  "loop",
  "forloop",
  "this",
  "else",
]);

const PATH = /^[\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}\p{N}_]+)*$/u;
const HANDLEBARS_PATH = /^&?\s*([\p{L}_][\p{L}\p{N}_-]*(?:\.[\p{L}\p{N}_-]+)*)$/u;

/**
 * The tokens of every message of one template, whose blocks may go on from one message to the next. `reserved` are names that the format
 * gives a meaning of its own.
 */
export function analyseTemplate(
  texts: readonly string[],
  engine: Engine,
  reserved: ReadonlySet<string> = new Set(),
): AnalysedTemplate {
  const analysis = new Analysis(engine, reserved, texts.length);
  texts.forEach((text, message) => analysis.read(text, message));
  return analysis.finish();
}

class Analysis {
  private readonly open: OpenBlock[] = [];
  private readonly assigned = new Set<string>();
  private readonly slots: SlotToken[][];
  private readonly code: TextRange[][];
  private problem: SyntaxProblem | null = null;

  constructor(
    private readonly engine: Engine,
    private readonly reserved: ReadonlySet<string>,
    messages: number,
  ) {
    this.slots = Array.from({ length: messages }, () => []);
    this.code = Array.from({ length: messages }, () => []);
  }

  read(text: string, message: number): void {
    const { tags, unclosed } = scanTags(text, this.engine);
    for (const tag of tags) this.take(tag, message);
    if (unclosed)
      this.refuse({
        message,
        at: unclosed.at,
        problem: `\`${unclosed.opening}\` is never closed`,
        fix: `close it with \`${unclosed.closing}\`, or write the braces as text in the way of the template engine`,
      });
  }

  finish(): AnalysedTemplate {
    const [left] = this.open;
    if (left)
      this.refuse({
        message: left.message,
        at: left.tag.start,
        problem: `the block \`${left.name}\` is never closed`,
        fix: `add \`${this.closingOf(left.name)}\``,
      });
    return {
      tokens: this.slots.map((slots, message) => ({
        slots,
        code: mergeRanges(this.code[message] ?? []),
      })),
      problem: this.problem,
    };
  }

  private take(tag: TemplateTag, message: number): void {
    const name = tag.kind === "output" ? this.slotName(tag.body) : null;
    if (name !== null) {
      this.slots[message]?.push({ name, start: tag.start, end: tag.end });
      return;
    }
    this.code[message]?.push({ start: tag.start, end: tag.end });
    if (tag.kind !== "statement") return;
    if (this.engine === "handlebars") this.takeHandlebars(tag, message);
    else this.takeJinja(tag, message);
  }

  private slotName(body: string): string | null {
    const name =
      this.engine === "handlebars" ? HANDLEBARS_PATH.exec(body)?.[1] : PATH.exec(body)?.[0];
    const root = name?.split(".")[0];
    if (name === undefined || root === undefined) return null;
    if (NO_SLOTS.has(root) || this.reserved.has(name) || this.assigned.has(root)) return null;
    return this.open.some((block) => block.rebinds || block.binds.includes(root)) ? null : name;
  }

  private takeJinja(tag: TemplateTag, message: number): void {
    const word = /^\w+/.exec(tag.body)?.[0] ?? "";
    const blocks = this.engine === "jinja" ? JINJA_BLOCKS : LIQUID_BLOCKS;
    if (word.startsWith("end") && blocks.has(word.slice(3))) {
      this.close(word.slice(3), tag, message);
      return;
    }
    for (const name of assignedNames(tag.body)) this.assigned.add(name);
    const isAssignment = word === "set" && tag.body.includes("=");
    if (!blocks.has(word) || isAssignment) return;
    this.open.push({ name: word, message, tag, binds: boundNames(tag.body), rebinds: false });
  }

  private takeHandlebars(tag: TemplateTag, message: number): void {
    const opening = /^[#^]\s*[*>]?\s*([\w@./-]+)(.*)$/su.exec(tag.body);
    if (opening?.[1]) {
      const binds =
        /\bas\s*\|([^|]*)\|/
          .exec(opening[2] ?? "")?.[1]
          ?.trim()
          .split(/\s+/) ?? [];
      const rebinds = !PLAIN_BLOCKS.has(opening[1]);
      this.open.push({ name: opening[1], message, tag, binds, rebinds });
    }
    const closing = /^\/\s*([\w@./-]+)$/.exec(tag.body)?.[1];
    if (closing !== undefined) this.close(closing, tag, message);
    if (tag.body.startsWith("="))
      this.refuse({
        message,
        at: tag.start,
        problem: "the template changes its delimiters",
        fix: "keep `{{` and `}}`: other delimiters are not read",
      });
  }

  private close(name: string, tag: TemplateTag, message: number): void {
    const last = this.open[this.open.length - 1];
    if (last?.name !== name) {
      this.refuse({
        message,
        at: tag.start,
        problem: last
          ? `\`${this.closingOf(name)}\` stands where \`${this.closingOf(last.name)}\` is needed`
          : `\`${this.closingOf(name)}\` closes nothing`,
        fix: "close every block in the order in which it was opened",
      });
      return;
    }
    this.open.pop();
    if (DEFINITIONS.has(name) && last.message === message) {
      this.code[message]?.push({ start: last.tag.start, end: tag.end });
      this.slots[message] = (this.slots[message] ?? []).filter(
        (slot) => slot.end <= last.tag.start,
      );
    }
  }

  private closingOf(name: string): string {
    return this.engine === "handlebars" ? `{{/${name}}}` : `{% end${name} %}`;
  }

  private refuse(problem: SyntaxProblem): void {
    this.problem ??= problem;
  }
}

/** Names that a block's tag binds inside it. */
function boundNames(body: string): string[] {
  const loop = /^(?:for|tablerow)\s+(.+?)\s+in\b/s.exec(body)?.[1];
  if (loop !== undefined)
    return loop
      .replace(/[()]/g, "")
      .split(",")
      .map((name) => name.trim());
  const macro = /^(?:macro|call)\b[^(]*\(([^)]*)\)/s.exec(body)?.[1];
  const given = macro ?? (/^with\s+(.*)$/s.exec(body)?.[1] || "");
  return given.split(",").flatMap((part) => /^\s*(\w+)/.exec(part)?.[1] ?? []);
}

/** Names that a statement binds for the rest of the template. */
function assignedNames(body: string): string[] {
  const assigned = /^(?:set|assign|capture|increment|decrement)\s+([^=]+)/s.exec(body)?.[1];
  const imported =
    /^import\s.*\bas\s+(\w+)/s.exec(body)?.[1] ?? /^from\s.*\bimport\s+(.*)$/s.exec(body)?.[1];
  const macro = /^macro\s+(\w+)/.exec(body)?.[1];
  return [assigned, imported, macro].flatMap((names) =>
    (names ?? "").split(",").flatMap((part) => /(\w+)\s*$/.exec(part.trim())?.[1] ?? []),
  );
}

/** Sorted ranges without those that lie within another. */
function mergeRanges(ranges: readonly TextRange[]): TextRange[] {
  const sorted = [...ranges].sort((a, b) => a.start - b.start || b.end - a.end);
  const merged: TextRange[] = [];
  for (const range of sorted) {
    const last = merged[merged.length - 1];
    if (!last || range.start >= last.end) merged.push(range);
  }
  return merged;
}
