import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { messageOf, UnderstudyError } from "../errors.js";
import { formatLine, parseLine, readLine, type RecordedLine } from "./recording-line.js";

/** What a kill in mid-write left at the end of a file, and what the next append does about it. */
type Tail =
  | { readonly kind: "whole" }
  | { readonly kind: "no newline" }
  | { readonly kind: "torn"; readonly offset: number };

/** A recording as read: an append-only JSONL file, one answered question a line. */
export interface Recording {
  readonly path: string;
  /** In file order; where a key occurs twice the first line counts. */
  readonly lines: ReadonlyMap<string, RecordedLine>;
  readonly notices: readonly string[];
  readonly tail: Tail;
  readonly bytes: number;
}

const NEWLINE = 0x0a;

/**
 * Reads a whole recording. A last line without its newline is kept if it is complete, else it is a torn write: ignored,
 * with a notice. Blank lines are skipped.
 * @throws UnderstudyError RECORDING naming file and line for anything else that is wrong, FILE if it cannot be read.
 */
export function readRecording(path: string): Recording {
  const bytes = readBytes(path);
  const lines = new Map<string, RecordedLine>();
  const keep = (line: RecordedLine): void =>
    void (lines.has(line.key) || lines.set(line.key, line));
  let number = 1;
  let start = 0;
  for (
    let end = bytes.indexOf(NEWLINE);
    end >= 0;
    end = bytes.indexOf(NEWLINE, start), number += 1
  ) {
    const text = bytes.toString("utf8", start, end);
    if (text.trim() !== "") keep(parseLine(text, { path, line: number }));
    start = end + 1;
  }
  const last = readTail(bytes.toString("utf8", start));
  if (last.line) keep(last.line);
  const tail: Tail = last.kind === "torn" ? { kind: "torn", offset: start } : { kind: last.kind };
  const notices =
    tail.kind === "torn"
      ? [`${path}:${number}: the last line was cut off in mid-write and is ignored`]
      : [];
  return { path, lines, notices, tail, bytes: bytes.length };
}

function readTail(text: string): {
  readonly kind: Tail["kind"];
  readonly line: RecordedLine | null;
} {
  if (text.trim() === "") return { kind: text === "" ? "whole" : "torn", line: null };
  const read = readLine(text);
  return read.kind === "line"
    ? { kind: "no newline", line: read.line }
    : { kind: "torn", line: null };
}

/** A recording that grows; every line is on the disk before `append` returns. */
export interface AnswerStore extends Recording {
  append(line: RecordedLine): void;
}

/**
 * Opens a recording for appending; a missing file is an empty one and is made, with its folders, by the first append.
 * A torn last line is cut away before the first append.
 * @throws UnderstudyError as `readRecording`; `append` throws FILE where the disk refuses.
 */
export function openStore(path: string): AnswerStore {
  const empty: Recording = {
    path,
    lines: new Map(),
    notices: [],
    tail: { kind: "whole" },
    bytes: 0,
  };
  const recording = existsSync(path) ? readRecording(path) : empty;
  let repaired = false;
  const append = (line: RecordedLine): void => {
    if (!repaired) repairTail(recording);
    repaired = true;
    writeDurably(path, "a", formatLine(line));
  };
  return { ...recording, append: (line) => onDisk(path, () => append(line)) };
}

function repairTail({ path, tail, bytes }: Recording): void {
  mkdirSync(dirname(path), { recursive: true });
  if (tail.kind === "whole") return;
  if (statSync(path).size !== bytes)
    throw new Error("the file changed since it was read: does another run write to it?");
  if (tail.kind === "torn") truncateSync(path, tail.offset);
  else writeDurably(path, "a", "\n");
}

/**
 * Rewrites a recording in one step: only the lines of `usedKeys`, by key in code-unit order, so that the same answers
 * give the same bytes whatever the order in which they came.
 * @throws UnderstudyError as `readRecording`, and FILE where the disk refuses; the old file then stands.
 */
export function compactRecording(
  path: string,
  usedKeys: ReadonlySet<string>,
): { readonly kept: number; readonly removed: number } {
  const recording = readRecording(path);
  const used = [...recording.lines.values()].filter((line) => usedKeys.has(line.key));
  const sorted = used.sort((a, b) => (a.key < b.key ? -1 : 1));
  const temporary = `${path}.${process.pid}.tmp`;
  onDisk(path, () => {
    try {
      writeDurably(temporary, "w", sorted.map(formatLine).join(""));
      renameSync(temporary, path);
    } finally {
      rmSync(temporary, { force: true });
    }
  });
  return { kept: sorted.length, removed: recording.lines.size - sorted.length };
}

/** Writes all bytes and waits until the disk has them. */
function writeDurably(path: string, flag: "a" | "w", text: string): void {
  const file = openSync(path, flag);
  try {
    const bytes = Buffer.from(text, "utf8");
    for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new UnderstudyError("FILE", `cannot read the recording: ${messageOf(cause)}`, {
      place: { path },
      cause,
    });
  }
}

function onDisk<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    throw new UnderstudyError("FILE", `cannot write the recording: ${messageOf(cause)}`, {
      place: { path },
      cause,
      fix: "make room or permit writing, then run again: answers already stored are kept",
    });
  }
}
