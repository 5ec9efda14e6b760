/**
 * Takes known secrets out of text that leaves the machine. The runner masks logs and job summaries; comments, artifacts and
 * files it does not.
 */

/** Shorter values are left alone: replacing them everywhere would garble a report and hide nothing. */
const SHORTEST_SECRET = 6;
const REPLACEMENT = "***";

/**
 * A function that replaces every known secret by `***`: as it is, percent-encoded, in base64, inside a JSON string, and with
 * the backslashes and entities that Markdown escaping puts between its characters. A line of a multi-line secret counts too.
 */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const values = [
    ...new Set(
      secrets.flatMap((secret) => [secret, ...secret.split(/\r?\n/)]).map((value) => value.trim()),
    ),
  ];
  const known = values.filter((value) => value.length >= SHORTEST_SECRET);
  if (known.length === 0) return (text) => text;
  const patterns = [...new Set(known.flatMap(formsOf))]
    .sort((a, b) => b.length - a.length)
    .map(patternOf);
  const pattern = new RegExp(patterns.join("|"), "g");
  return (text) => text.replace(pattern, REPLACEMENT);
}

function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret, "utf8");
  return [
    secret,
    encodeURIComponent(bytes.toString("utf8")),
    bytes.toString("base64"),
    bytes.toString("base64url"),
    JSON.stringify(secret).slice(1, -1),
  ];
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  "|": "&#124;",
};

/** The form character by character, each punctuation mark also as Markdown escaping writes it. */
function patternOf(form: string): string {
  return Array.from(form, (character) => {
    const literal = character.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
    const entity = ENTITIES[character];
    if (entity !== undefined) return `(?:${literal}|[\`]*${entity}[\`]*)`;
    return /[\p{L}\p{N}\s]/u.test(character) ? literal : String.raw`\\?${literal}`;
  }).join("");
}
