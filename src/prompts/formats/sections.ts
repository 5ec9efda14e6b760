/** Chat messages that stand one after the other in a text, each under a marker with its role. */

import type { Role } from "../../domain.js";
import { verbatim, type LineIndex } from "../decoded-text.js";
import { asksToKeep, checkedRole, type SourceMessage } from "../source-file.js";
import { scanTags, type Engine } from "../syntax/tags.js";
import { verbatimLiteral } from "./literals.js";

/** source[start, end) says that a message of this role follows. */
export interface RoleMarker {
  readonly start: number;
  readonly end: number;
  readonly role: Role;
}

export interface Sections {
  readonly messages: readonly SourceMessage[];
  readonly notes: readonly string[];
}

interface PromptText {
  readonly path: string;
  readonly text: string;
  readonly lines: LineIndex;
}

const ROLE_LINE =
  /^[ \t]*(?:#[ \t]*)?(system|user|assistant|function|tool|developer)(?:[ \t]*\[[^\]\n]*\])?[ \t]*:[ \t]*(?:\r?\n|$)/gim;

/**
 * Lines such as `system:` or `# user:` from `from` on, outside comments and other tags of several lines. Throws PROMPT_SYNTAX for a
 * role that is not read, such as `tool:`.
 */
export function roleLines(file: PromptText, from: number): RoleMarker[] {
  const body = file.text.slice(from);
  const { tags } = scanTags(body, "jinja");
  return [...body.matchAll(ROLE_LINE)].flatMap((match) => {
    const start = match.index;
    if (tags.some((tag) => tag.start < start && start < tag.end)) return [];
    const word = match[1] ?? "";
    const role = checkedRole(file, from + start + match[0].indexOf(word), word.toLowerCase());
    return [{ start: from + start, end: from + start + match[0].length, role }];
  });
}

/**
 * The messages under the markers, without blank lines before and white space after. Text before the first marker has the role `preamble`, and is no
 * message where it is only comments and white space. A message without text is left out with a note.
 */
export function readSections(
  file: PromptText,
  from: number,
  {
    markers,
    preamble,
    engine,
  }: {
    readonly markers: readonly RoleMarker[];
    readonly preamble: Role;
    readonly engine: Engine;
  },
): Sections {
  const first = markers[0]?.start ?? file.text.length;
  const before = hasText(file.text.slice(from, first), engine)
    ? [sectionMessage(file, { start: from, end: from, role: preamble }, first)]
    : [];
  const notes: string[] = [];
  const messages = markers.flatMap((marker, index) => {
    const end = markers[index + 1]?.start ?? file.text.length;
    if (file.text.slice(marker.end, end).trim() !== "") return [sectionMessage(file, marker, end)];
    notes.push(
      `line ${file.lines.position(marker.start).line}: the ${marker.role} message has no text and is left out`,
    );
    return [];
  });
  return { messages: [...before, ...messages], notes };
}

/** Whether something but comments and statements stands in a stretch of a template. */
function hasText(stretch: string, engine: Engine): boolean {
  let text = "";
  let at = 0;
  for (const tag of scanTags(stretch, engine).tags) {
    text += stretch.slice(at, tag.kind === "output" ? tag.end : tag.start);
    at = tag.end;
  }
  return `${text}${stretch.slice(at)}`.trim() !== "";
}

function sectionMessage(file: PromptText, marker: RoleMarker, end: number): SourceMessage {
  const body = file.text.slice(marker.end, end);
  // Indentation of the first line stays: it is what remains where a list's first items are deleted.
  const start = marker.end + (/^(?:[ \t]*\r?\n)*/.exec(body)?.[0].length ?? 0);
  const text = file.text.slice(start, end).trimEnd();
  const content = verbatim(text, start);
  return {
    ...verbatimLiteral(content, { start, end: start + text.length }),
    role: marker.role,
    item: { start: marker.start, end },
    pinned: asksToKeep(file.text.slice(marker.start, marker.end)),
  };
}
