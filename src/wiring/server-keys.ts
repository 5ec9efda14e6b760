/** Which key goes to which server of the surrogates, and what of the setting must leave in no output. */
import type { Settings } from "../config.js";
import { UnderstudyError } from "../errors.js";
import type { ServedModel } from "../surrogate/source.js";

/** Of HOST=KEY the key alone must not leave either. Keys may end in `=`: what follows one is a secret only where it is long. */
const HOST_AND_KEY = /^[\w.:[\]-]+=(.{8,})$/;

/** The entries of `surrogate-api-key`, and the keys in those that name a host. */
export function secretsIn(entries: readonly string[]): readonly string[] {
  return [...entries, ...entries.flatMap((entry) => HOST_AND_KEY.exec(entry)?.[1] ?? [])];
}

/**
 * The key for a server: the entry `HOST=KEY` of its host, else the one bare key, which is sent to no second host. null: none is sent.
 * Throws USAGE for bare keys that could reach the wrong host.
 */
export function keyFor(
  settings: Settings,
  source: ServedModel,
  servers: readonly ServedModel[],
): string | null {
  const hosts = new Set(servers.map(hostOf));
  const named = new Map<string, string>();
  const bare: string[] = [];
  for (const entry of settings["surrogate-api-key"]) {
    const at = entry.indexOf("=");
    const host = entry.slice(0, Math.max(0, at));
    if (hosts.has(host)) named.set(host, entry.slice(at + 1));
    else bare.push(entry);
  }
  const own = named.get(hostOf(source));
  if (own !== undefined) return own;
  if (bare.length > 1 || (bare.length === 1 && hosts.size > 1))
    throw new UnderstudyError(
      "USAGE",
      `surrogate-api-key: it is not clear which of ${hosts.size} hosts a key is for`,
      { fix: `write each as HOST=KEY, with a host of ${[...hosts].join(", ")}` },
    );
  return bare[0] ?? null;
}

/** Host and port as in the URL; a base URL that is none is refused when the server is opened. */
function hostOf({ baseUrl }: ServedModel): string {
  return URL.canParse(baseUrl) ? new URL(baseUrl).host : baseUrl;
}
