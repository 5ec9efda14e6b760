import { BlockList, isIP } from "node:net";
import { UnderstudyError } from "../errors.js";

/** Who can be at the other end. Loopback counts only where the URL itself says so. */
export type Scope = "loopback" | "private" | "public";

/** A base URL that passed the checks which need no network. */
export interface Endpoint {
  readonly url: string;
  /** Host and port, for the plan. */
  readonly host: string;
  /** What the URL says; the addresses its name resolves to are held against it by `refuseAddress`. */
  readonly scope: Scope;
  readonly encrypted: boolean;
  readonly allowPrivate: boolean;
}

const LOOPBACK = listOf(["127.0.0.0/8", "::1/128"]);
/** Cloud metadata services: no oracle lives there, whatever is allowed. */
const METADATA = listOf([
  "169.254.169.254/32",
  "169.254.170.2/32",
  "100.100.100.200/32",
  "fd00:ec2::254/128",
]);
/** Special-purpose address blocks that are not globally reachable (IANA registries), multicast and tunnels into IPv4. */
const PRIVATE = listOf([
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::/96",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "3fff::/20",
  "fc00::/7",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
]);

/**
 * Checks a base URL: https only, except on loopback or with `allowPrivate`; no user name or password; no query; a private
 * address only with `allowPrivate`, a metadata address never.
 * @throws UnderstudyError ORACLE_ENDPOINT.
 */
export function checkEndpoint(
  baseUrl: string,
  options: { readonly allowPrivate: boolean },
): Endpoint {
  const url = parseUrl(baseUrl);
  if (url.username !== "" || url.password !== "")
    throw refusal(
      "a user name or password in the base URL is refused",
      "pass the key through its own input or the environment",
    );
  if (url.search !== "" || url.hash !== "")
    throw refusal(
      "a base URL with a query or fragment is refused",
      "leave out everything from ? or # on",
    );
  const name = url.hostname.replace(/^\[|\]$/g, "");
  const scope = scopeOfName(name);
  const encrypted = url.protocol === "https:";
  const endpoint: Endpoint = {
    url: url.href.replace(/\/+$/, ""),
    host: url.host,
    scope,
    encrypted,
    allowPrivate: options.allowPrivate,
  };
  if (!encrypted && scope !== "loopback" && !options.allowPrivate)
    throw refusal(
      `${url.host}: http would send prompts and key in the clear`,
      "use https, or allow a private endpoint if it is one",
    );
  const reason = isIP(name) === 0 ? null : refuseAddress(endpoint, name);
  if (reason !== null)
    throw refusal(
      `${url.host} is refused: ${reason}`,
      "allow a private endpoint if it is meant to be one",
    );
  return endpoint;
}

/** Why a connection to this resolved address is refused, or null. Run on every address before the first byte is sent. */
export function refuseAddress(endpoint: Endpoint, address: string): string | null {
  const scope = scopeOfAddress(address);
  if (scope === "metadata") return `${address} is a cloud metadata address`;
  if (endpoint.scope === "loopback")
    return scope === "loopback" ? null : `${address} is not a loopback address`;
  if (scope === "public")
    return endpoint.encrypted ? null : `${address} is a public address and the URL is http`;
  return endpoint.allowPrivate ? null : `${address} is a ${scope} address`;
}

function scopeOfName(name: string): Scope {
  if (isIP(name) !== 0) {
    const scope = scopeOfAddress(name);
    return scope === "metadata" ? "private" : scope;
  }
  return name === "localhost" || name.endsWith(".localhost") ? "loopback" : "public";
}

function scopeOfAddress(withZone: string): Scope | "metadata" {
  const address = withZone.replace(/%.*$/, "");
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  const inner = family === "ipv6" ? embeddedIpv4(address) : null;
  if (inner !== null) return scopeOfAddress(inner);
  if (METADATA.check(address, family)) return "metadata";
  if (LOOPBACK.check(address, family)) return "loopback";
  return PRIVATE.check(address, family) ? "private" : "public";
}

/** The IPv4 address inside an IPv4-mapped (::ffff:0:0/96) or NAT64 (64:ff9b::/96) one, or null. */
function embeddedIpv4(address: string): string | null {
  const normal = new URL(`http://[${address}]`).hostname;
  const match = /^\[(?:::ffff|64:ff9b:):([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(normal);
  if (!match) return null;
  const halves = [match[1] ?? "", match[2] ?? ""].map((half) => Number.parseInt(half, 16));
  return halves.flatMap((half) => [half >> 8, half & 255]).join(".");
}

function parseUrl(baseUrl: string): URL {
  const shown = JSON.stringify(baseUrl.replace(/\/\/[^/@]*@/, "//"));
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null;
  if (!url) throw refusal(`the base URL ${shown} is not a URL`, "write it as https://host/v1");
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw refusal(`the base URL ${shown} is neither https nor http`, "write it as https://host/v1");
  return url;
}

function listOf(blocks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [address = "", bits = ""] = block.split("/");
    list.addSubnet(address, Number(bits), isIP(address) === 6 ? "ipv6" : "ipv4");
  }
  return list;
}

function refusal(problem: string, fix: string): UnderstudyError {
  return new UnderstudyError("ORACLE_ENDPOINT", problem, { fix });
}
