/** Where a surrogate comes from, as the setting `surrogate-model` writes it. No I/O. */
import { UnderstudyError } from "../errors.js";

/** A model file to be fetched once; nothing is run of it before its checksum was found right. */
export interface ModelDownload {
  readonly kind: "download";
  readonly url: string;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** Plain name of the file. */
  readonly file: string;
}

/** A model on a server. */
export interface ServedModel {
  /**
   * - server: chat completions with `prompt_logprobs`, as vLLM gives them
   * - completions: text completions with `echo` or `prompt_logprobs`
   * - chat: chat completions with `top_logprobs`, for labels alone
   */
  readonly kind: "server" | "completions" | "chat";
  readonly baseUrl: string;
  readonly model: string;
}

export type SurrogateSource =
  | { readonly kind: "embedded" }
  | { readonly kind: "file"; readonly path: string }
  | ModelDownload
  | ServedModel;

export const HUB = "https://huggingface.co";

const FIX =
  "write `embedded`, the path of a GGUF file, `https://HOST/FILE.gguf#sha256=HEX`, `hf:OWNER/REPOSITORY/FILE.gguf@REVISION#sha256=HEX`, `server:URL|MODEL`, `completions:URL|MODEL` or `chat:URL|MODEL`";
const SERVED = /^(server|completions|chat):(.*)$/s;
const CHECKSUM = /^[0-9a-f]{64}$/i;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * Reads one entry of `surrogate-model`. `hub` is where `hf:` files lie.
 * @throws UnderstudyError USAGE for an entry that is none of the forms, above all one to download without a checksum.
 */
export function parseSurrogateSource(text: string, hub = HUB): SurrogateSource {
  const entry = text.trim();
  if (entry === "") throw wrong(text, "is empty");
  if (entry === "embedded") return { kind: "embedded" };
  const served = SERVED.exec(entry);
  if (served) return servedModel(entry, served);
  if (entry.startsWith("hf:")) return hubFile(entry, hub);
  if (/^https?:/i.test(entry)) return linkedFile(entry);
  return { kind: "file", path: entry };
}

function servedModel(entry: string, [, kind, rest = ""]: RegExpExecArray): ServedModel {
  const at = rest.indexOf("|");
  const [baseUrl, model] = [rest.slice(0, at).trim(), rest.slice(at + 1).trim()];
  if (at < 0 || baseUrl === "" || model === "")
    throw wrong(entry, "names no server and model, separated by `|`");
  if (kind !== "server" && kind !== "completions" && kind !== "chat")
    throw wrong(entry, "is no kind of server");
  return { kind, baseUrl, model };
}

function linkedFile(entry: string): ModelDownload {
  const { address, sha256 } = withChecksum(entry);
  if (!URL.canParse(address)) throw wrong(entry, "is no URL");
  const url = new URL(address);
  return { kind: "download", url: url.href, sha256, file: fileNameOf(entry, url.pathname) };
}

function hubFile(entry: string, hub: string): ModelDownload {
  const { address, sha256 } = withChecksum(entry);
  const [path = "", revision = "main", ...more] = address.slice("hf:".length).split("@");
  const parts = path.split("/");
  const plain = [...parts, ...revision.split("/")].every((part) => NAME.test(part));
  if (parts.length < 3 || !plain || more.length > 0)
    throw wrong(entry, "is no OWNER/REPOSITORY/FILE with an optional @REVISION");
  const [owner, repository, ...file] = parts;
  return {
    kind: "download",
    url: `${hub}/${owner}/${repository}/resolve/${encodeURIComponent(revision)}/${file.join("/")}`,
    sha256,
    file: fileNameOf(entry, path),
  };
}

/** A checksum is no option: a host, or whoever sits before it, must not choose what runs here. */
function withChecksum(entry: string): { readonly address: string; readonly sha256: string } {
  const [address = "", fragment = ""] = entry.split("#");
  const sha256 = /^sha256=(.*)$/.exec(fragment)?.[1] ?? "";
  if (!CHECKSUM.test(sha256)) throw wrong(entry, "has no `#sha256=` of 64 hexadecimal digits");
  return { address, sha256: sha256.toLowerCase() };
}

function fileNameOf(entry: string, path: string): string {
  const name = path.split("/").at(-1) ?? "";
  if (!NAME.test(name) || !/\.gguf$/i.test(name) || name.length > 128)
    throw wrong(entry, "does not end in a plain file name `NAME.gguf`");
  return name;
}

/** A key in a URL must not come out in a message. */
function wrong(entry: string, problem: string): UnderstudyError {
  const shown = JSON.stringify(entry.replace(/\/\/[^/@]*@/, "//").slice(0, 200));
  return new UnderstudyError("USAGE", `surrogate-model: ${shown} ${problem}`, { fix: FIX });
}
