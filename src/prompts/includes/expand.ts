/** Included files put in where they are included, with the place of every character in its own file. */

import type { PromptFormat, TemplateSyntax } from "../../domain.js";
import { UnderstudyError } from "../../errors.js";
import {
  LineIndex,
  sourceRangeOf,
  verbatim,
  type DecodedText,
  type IncludedText,
} from "../decoded-text.js";
import { readFrontMatter } from "../formats/front-matter.js";
import { scanTags } from "../syntax/tags.js";
import { candidatePaths, includedName } from "./resolve.js";

/** Files that include one another deeper than this, or texts longer than this together, are refused. */
const DEEPEST = 8;
const MOST_CHARACTERS = 400_000;

/** Texts of files by path, read beforehand; null: looked for and not there. */
export type IncludedFiles = ReadonlyMap<string, string | null>;

export interface IncludingFile {
  readonly path: string;
  readonly format: PromptFormat;
  readonly syntax: TemplateSyntax;
  readonly lines: LineIndex;
}

export interface Expanded {
  readonly content: DecodedText;
  /** Files to be read and given, for the includes to be found. */
  readonly wanted: readonly string[];
  readonly notes: readonly string[];
}

/** A piece of text with the place of each unit in one file. */
interface Piece {
  readonly decoded: DecodedText;
  /** null: the prompt's own file. */
  readonly from: { readonly path: string; readonly lines: LineIndex } | null;
  /** Where in the prompt's own file it was put in. */
  readonly at: { readonly start: number; readonly end: number };
}

/**
 * A message's text with its includes put in. An include that is not found stays as it is, with a note. Throws PROMPT_SYNTAX for files
 * that include themselves, naming the chain, and for too many or too long ones.
 */
export function expandIncludes(
  file: IncludingFile,
  content: DecodedText,
  included: IncludedFiles,
): Expanded {
  if (file.syntax === "any" || file.syntax === "double-brace")
    return { content, wanted: [], notes: [] };
  const expansion = new Expansion(file, included);
  const pieces = expansion.expand(content, [{ path: file.path, lines: file.lines }], null);
  return {
    content: expansion.hasIncludes ? joined(pieces) : content,
    wanted: [...expansion.wanted],
    notes: expansion.notes,
  };
}

interface Link {
  readonly path: string;
  readonly lines: LineIndex;
}

class Expansion {
  readonly wanted = new Set<string>();
  readonly notes: string[] = [];
  hasIncludes = false;
  private characters = 0;

  constructor(
    private readonly file: IncludingFile,
    private readonly included: IncludedFiles,
  ) {}

  /** `chain`: the files that lead here, this one last; `at`: where in the prompt's own file all of this was put in. */
  expand(decoded: DecodedText, chain: readonly Link[], at: Piece["at"] | null): Piece[] {
    const engine = this.file.syntax;
    if (engine === "any" || engine === "double-brace") return [];
    const own = chain[chain.length - 1] ?? this.file;
    const from = chain.length > 1 ? own : null;
    const pieces: Piece[] = [];
    let start = 0;
    const push = (end: number): void => {
      if (end > start)
        pieces.push({
          decoded: sliceOf(decoded, start, end),
          from,
          at: at ?? { start: 0, end: 0 },
        });
    };
    for (const tag of scanTags(decoded.text, engine).tags) {
      const name = includedName(tag, engine);
      if (name === null) continue;
      const place = sourceRangeOf(own.lines, decoded, tag);
      const text = this.textOf(own, name, place.startLine);
      if (text === null) continue;
      const inner = this.open(text, chain, place.startLine);
      if (inner.body.text.trim() === "") continue;
      push(tag.start);
      const position = at ?? {
        start: decoded.starts[tag.start] ?? 0,
        end: decoded.ends[tag.end - 1] ?? 0,
      };
      pieces.push(...this.expand(inner.body, [...chain, inner.link], position));
      this.hasIncludes = true;
      start = tag.end;
    }
    push(decoded.text.length);
    return pieces;
  }

  /** The first candidate that is there; null where none is, or where the next one has not been read yet. */
  private textOf(
    own: Link,
    name: string,
    line: number,
  ): { readonly path: string; readonly text: string } | null {
    const paths = candidatePaths(own.path, name, this.file.format);
    for (const path of paths) {
      const text = this.included.get(path);
      if (typeof text === "string") return { path, text };
      if (text === undefined) {
        this.wanted.add(path);
        return null;
      }
    }
    const where = own.path === this.file.path ? "" : `${own.path}, `;
    this.notes.push(
      `${where}line ${line}: ${JSON.stringify(name)} was not found and stays unread (looked for ${paths.slice(0, 3).join(", ")}${paths.length > 3 ? " and above" : ""})`,
    );
    return null;
  }

  private open(
    { path, text }: { readonly path: string; readonly text: string },
    chain: readonly Link[],
    line: number,
  ): { readonly body: DecodedText; readonly link: Link } {
    const names = [...chain.map((link) => link.path), path];
    const own = chain[chain.length - 1] ?? this.file;
    const refuse = (problem: string, fix: string): UnderstudyError =>
      new UnderstudyError("PROMPT_SYNTAX", problem, { place: { path: own.path, line }, fix });
    if (chain.some((link) => link.path === path))
      throw refuse(
        `files include one another: ${names.join(" > ")}`,
        "take one of the includes out",
      );
    if (chain.length > DEEPEST)
      throw refuse(
        `files are included ${chain.length} deep: ${names.join(" > ")}`,
        `include at most ${DEEPEST} deep`,
      );
    this.characters += text.length;
    if (this.characters > MOST_CHARACTERS)
      throw refuse(
        `the included files have more than ${MOST_CHARACTERS} characters together`,
        "include less",
      );
    const start = this.bodyStart(path, text);
    // An engine drops the line feed at a file's end, or the one after the tag: one of the two.
    const body = text.slice(start).replace(/\r?\n$/, "");
    return { body: verbatim(body, start), link: { path, lines: new LineIndex(text) } };
  }

  private bodyStart(path: string, text: string): number {
    const front = this.file.format === "dotprompt" ? readFrontMatter(path, text, true) : null;
    return front?.bodyStart ?? (text.startsWith("\ufeff") ? 1 : 0);
  }
}

function sliceOf(decoded: DecodedText, start: number, end: number): DecodedText {
  return {
    text: decoded.text.slice(start, end),
    starts: decoded.starts.subarray(start, end),
    ends: decoded.ends.subarray(start, end),
  };
}

function joined(pieces: readonly Piece[]): DecodedText {
  const length = pieces.reduce((sum, piece) => sum + piece.decoded.text.length, 0);
  const starts = new Int32Array(length);
  const ends = new Int32Array(length);
  const included: IncludedText[] = [];
  let at = 0;
  for (const { decoded, from, at: place } of pieces) {
    const end = at + decoded.text.length;
    if (from === null) {
      starts.set(decoded.starts, at);
      ends.set(decoded.ends, at);
    } else {
      starts.fill(place.start, at, end);
      ends.fill(place.end, at, end);
      included.push({
        start: at,
        end,
        path: from.path,
        lines: from.lines,
        starts: decoded.starts,
        ends: decoded.ends,
      });
    }
    at = end;
  }
  return { text: pieces.map((piece) => piece.decoded.text).join(""), starts, ends, included };
}
