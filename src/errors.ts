/** Errors a user can act on, told apart from our own faults by their code. */

/** Every failure that Understudy names; a code never changes its meaning. */
export type ErrorCode =
  | "USAGE" // a flag, an Action input or a combination of them is wrong
  | "CONFIG" // the configuration file is wrong
  | "PROMPT_SYNTAX" // a prompt file does not parse
  | "SLOT_UNDEFINED" // a template uses a slot that an input does not fill
  | "INPUTS" // an input file is malformed, or there are too few inputs for what was asked
  | "DATA" // a data file is malformed
  | "FILE" // a file is missing, unreadable, too large or outside the workspace
  | "GIT" // a git ref cannot be resolved or read
  | "MODEL_FILE" // a GGUF file is missing, truncated or not a GGUF file
  | "MODEL_UNSUPPORTED" // an architecture, tensor type or tokenizer that the engine refuses by name
  | "MODEL_RUNTIME" // the graph gave NaN or infinity, or no runtime could be loaded
  | "ORACLE_ENDPOINT" // base URL refused, or authentication failed
  | "ORACLE_ANSWER" // the oracle answered something that cannot be used
  | "ORACLE_UNAVAILABLE" // time-out, 429 or 5xx after all retries
  | "RECORDING" // the recording is malformed or lacks a needed answer and no key is given
  | "CERTIFICATE" // a stored screening certificate does not belong to this test, or was altered
  | "BUDGET" // a hard cap was reached
  | "GITHUB" // GitHub's API refused
  | "INTERNAL"; // a broken invariant of ours: please report it

/** Where in a file a problem lies; line and column count from 1. */
export interface Place {
  readonly path: string;
  readonly line?: number;
  readonly column?: number;
}

export interface ErrorDetails {
  readonly place?: Place;
  /** What to do about it, as an instruction. */
  readonly fix?: string;
  readonly cause?: unknown;
}

/**
 * The one error class that crosses room boundaries. `message` is complete for a person: place, what is wrong, how to fix it.
 */
export class UnderstudyError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = "UnderstudyError";
  readonly code: Code;
  readonly place: Place | null;
  readonly fix: string | null;

  constructor(code: Code, problem: string, details: ErrorDetails = {}) {
    const where = details.place ? `${formatPlace(details.place)}: ` : "";
    const how = details.fix ? `\n  fix: ${details.fix}` : "";
    super(
      `${where}${problem}${how}`,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.code = code;
    this.place = details.place ?? null;
    this.fix = details.fix ?? null;
  }
}

/** `path`, `path:line` or `path:line:column`. */
export function formatPlace(place: Place): string {
  return [place.path, place.line, place.column].filter((part) => part !== undefined).join(":");
}

/** Whether the user can mend it (wrong use, config or file), as opposed to a fault of ours or of a service. */
export function isUserMistake(error: UnderstudyError): boolean {
  switch (error.code) {
    case "USAGE":
    case "CONFIG":
    case "PROMPT_SYNTAX":
    case "SLOT_UNDEFINED":
    case "INPUTS":
    case "DATA":
    case "FILE":
    case "GIT":
    case "MODEL_FILE":
    case "MODEL_UNSUPPORTED":
    case "RECORDING":
    case "CERTIFICATE":
      return true;
    case "MODEL_RUNTIME":
    case "ORACLE_ENDPOINT":
    case "ORACLE_ANSWER":
    case "ORACLE_UNAVAILABLE":
    case "BUDGET":
    case "GITHUB":
    case "INTERNAL":
      return false;
  }
}

/** Exhaustiveness guard for switches over discriminated unions. */
export function assertNever(value: never): never {
  throw new UnderstudyError("INTERNAL", `unexpected variant ${JSON.stringify(value)}`);
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
