/** Headings, tags and lead-ins, and what stands under each: they go with their whole section, and never before it. */
import type { PromptTemplate, Span } from "../domain.js";
import { splitLines, type Line } from "./spans/lines.js";

export interface SectionHeading {
  /** Index of the heading's span. */
  readonly span: number;
  /** Indices of the spans under it, headings of subsections among them; empty where something there must stay, so that it stays too. */
  readonly under: readonly number[];
  /** Indices of the maskable spans right under it, up to the next heading or tag, whether or not it may go. */
  readonly directly: readonly number[];
}

/** Longer lines that end in a colon are sentences. */
const LONGEST_LEAD_IN = 120;

/**
 * Of every message: headings of Markdown or in capitals with all up to the next of the same or a higher level, tags that open and close
 * on lines of their own with all between them, and maskable lines that end in a colon with the list items or examples behind them.
 */
export function sectionHeadings(template: PromptTemplate): readonly SectionHeading[] {
  const messages = new Map<number, Span[]>();
  for (const span of template.spans) {
    const message = span.parts[0]?.message ?? -1;
    messages.set(message, [...(messages.get(message) ?? []), span]);
  }
  return [...messages.values()]
    .flatMap((spans) => spans.flatMap((_, place) => headingAt(spans, place)))
    .sort((left, right) => left.span - right.span);
}

function headingAt(spans: readonly Span[], place: number): SectionHeading[] {
  const span = spans[place];
  const line = span === undefined ? undefined : onlyLine(span);
  if (!span || !line) return [];
  if (span.protection === null)
    return isLeadIn(spans, place)
      ? [section(span, listBehind(spans, place), listBehind(spans, place))]
      : [];
  if (span.protection !== "delimiter") return [];
  if (line.kind === "heading") {
    const next = spans.findIndex((other, at) => at > place && levelOf(other) <= line.level);
    const body = spans.slice(place + 1, next < 0 ? undefined : next);
    return [section(span, body, directlyUnder(body))];
  }
  return line.kind === "tag" ? taggedAt(spans, place, line) : [];
}

/** A lone level; Infinity for what is no heading. */
function levelOf(span: Span): number {
  const line = span.protection === "delimiter" ? onlyLine(span) : undefined;
  return line?.kind === "heading" && line.level > 0 ? line.level : Infinity;
}

/** The opening and the closing tag of an element: both go with what is between them. */
function taggedAt(spans: readonly Span[], place: number, line: Line): SectionHeading[] {
  const name = /^<([A-Za-z][\w:.-]*)[^>]*>$/.exec(line.text)?.[1];
  if (name === undefined || line.text.endsWith("/>")) return [];
  const close = spans.findIndex(
    (other, at) => at > place && onlyLine(other)?.text === `</${name}>`,
  );
  const [opening, closing] = [spans[place], spans[close]];
  if (!opening || !closing) return [];
  const body = spans.slice(place + 1, close);
  return [section(opening, body, body), section(closing, body, body)];
}

function section(span: Span, body: readonly Span[], directly: readonly Span[]): SectionHeading {
  return {
    span: span.index,
    under: removable(body),
    directly: directly.flatMap(({ index, protection }) => (protection === null ? [index] : [])),
  };
}

/** Of what stands behind a heading, all before the next one and before a tag that is not the first thing under it. */
function directlyUnder(body: readonly Span[]): readonly Span[] {
  const end = body.findIndex((span, at) => {
    const kind = span.protection === "delimiter" ? onlyLine(span)?.kind : undefined;
    return kind === "heading" || (kind === "tag" && at > 0);
  });
  return end < 0 ? body : body.slice(0, end);
}

function isLeadIn(spans: readonly Span[], place: number): boolean {
  const text = spans[place]?.text.trim() ?? "";
  return (
    text.endsWith(":") && text.length <= LONGEST_LEAD_IN && listBehind(spans, place).length > 0
  );
}

/** Items and examples right behind a line. */
function listBehind(spans: readonly Span[], place: number): readonly Span[] {
  const behind = spans.slice(place + 1);
  const end = behind.findIndex(
    (span) => span.kind !== "example" && splitLines(span.text)[0]?.kind !== "item",
  );
  return end < 0 ? behind : behind.slice(0, end);
}

/** Indices of what may go; none where something must stay. Rules and white space between sections are no content. */
function removable(body: readonly Span[]): readonly number[] {
  const content = body.filter(
    (span) => span.protection !== "whitespace" && onlyLine(span)?.kind !== "rule",
  );
  const stays = content.some((span) => {
    const kind = onlyLine(span)?.kind;
    const frame = span.protection === "delimiter" && (kind === "heading" || kind === "tag");
    return span.protection !== null && !frame;
  });
  return stays ? [] : content.map((span) => span.index);
}

/** The line of a span of one line, blank ones around it aside; setext headings are one. */
function onlyLine(span: Span): Line | undefined {
  const lines = splitLines(span.text).filter((line) => line.kind !== "blank");
  return lines.length === 1 || lines[0]?.kind === "heading" ? lines[0] : undefined;
}
