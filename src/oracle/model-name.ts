/** A piece of a name that tells no other model: a date or build of at least two digits, "latest", a number format or quantisation. */
const VERSION_PIECE =
  /^(?:\d{2,8}|latest|v\d{1,3}|i?q\d[a-z0-9_]*|bf16|f16|f32|fp8|int[48]|awq|gptq)$/;
const MODEL_FILE = /\.(?:gguf|bin|safetensors)$/;

/**
 * Whether a server that says it is `answered` can be what was `asked` for: the same name but for folders or an owner in front,
 * letter case, the ending of a model file, and dates or quantisations behind. "gpt-4o-2024-08-06" is a version of "gpt-4o";
 * "gpt-4o-mini" is not, nor is "claude-sonnet-4-5" one of "claude-sonnet-4"; two different dates are two models.
 */
export function isVersionOf(asked: string, answered: string): boolean {
  const [wanted, given] = [readName(asked), readName(answered)];
  if (wanted.family !== given.family) return false;
  const exact = wanted.version === given.version;
  return exact || wanted.version === "" || wanted.version === "latest" || given.version === "";
}

interface ModelName {
  readonly family: string;
  /** Version pieces at the end, joined; empty where there are none. */
  readonly version: string;
}

function readName(model: string): ModelName {
  const last = model.split(/[/\\]/).at(-1) ?? model;
  const pieces = last
    .toLowerCase()
    .replace(MODEL_FILE, "")
    .split(/[-@:.]/);
  let end = pieces.length;
  while (end > 1 && VERSION_PIECE.test(pieces[end - 1] ?? "")) end -= 1;
  return { family: pieces.slice(0, end).join("-"), version: pieces.slice(end).join("-") };
}
