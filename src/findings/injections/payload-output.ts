/** Outputs that no task asks for: something to be decoded, fetched, rendered or run. */
import { decodeBase64 } from "./encoded-text.js";
import { escaped } from "./escaped.js";
import type { Hit } from "./hit.js";

/** What makes an output a payload whatever else stands in it; all bounded, for outputs are hostile too. */
const ACTIVE: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  { pattern: /<\s{0,4}(?:script|iframe|object|embed)\b/i, what: "active markup" },
  {
    pattern: /<[a-z]{1,12}\b[^<>]{0,300}?\son[a-z]{3,20}\s{0,4}=/i,
    what: "markup with an event handler",
  },
  { pattern: /\bjavascript:|\bvbscript:|\bdata:text\/html/i, what: "a script as an address" },
  {
    pattern: /\b(?:curl|wget|fetch)\b[^\n|;]{0,300}\|\s{0,4}(?:sudo\s{1,4})?(?:ba|z|da|k)?sh\b/i,
    what: "a command that runs what it downloads",
  },
  {
    pattern:
      /\b(?:curl|wget|iwr|invoke-webrequest)\b[^\n|;]{0,300}\|\s{0,4}(?:sudo\s{1,4})?(?:python3?|perl|ruby|node|iex|invoke-expression)\b/i,
    what: "a command that runs what it downloads",
  },
  {
    pattern: /\bbase64\s{1,4}(?:-d|--decode|-D)\b[^\n]{0,100}\|\s{0,4}(?:ba|z)?sh\b/,
    what: "a command that runs what it decodes",
  },
  {
    pattern: /\bpowershell(?:\.exe)?\b[^\n]{0,100}\s-e(?:nc|ncodedcommand)?\s/i,
    what: "an encoded command",
  },
  {
    pattern: /\brm\s{1,4}-[a-z]{0,4}(?:rf|fr)[a-z]{0,4}\s{1,4}[/~]/i,
    what: "a command that deletes files",
  },
  {
    pattern:
      /(?:^|[^\w])(?:eval|exec|os\.system|subprocess\.\w{1,12})\s{0,2}\([^\n]{0,200}(?:base64|b64decode|urlopen|requests\.get|atob)/i,
    what: "code that runs what it fetches or decodes",
  },
];
const LEAK = "an image whose address carries data out as soon as it is shown";
const IMAGES: readonly RegExp[] = [
  /!\[[^\]\n]{0,200}\]\(\s{0,4}https?:\/\/([^\s)]{1,1000})/gi,
  /<img\b[^<>]{0,300}?\bsrc\s?=\s?["']?https?:\/\/([^\s"'<>]{1,1000})/gi,
];
const URL_ONLY = /^<?(?:https?:\/\/|www\.)[^\s<>]{3,2000}>?$/i;
const BASE64_ONLY = /^[A-Za-z0-9+/_-]{24,}={0,2}$/;
const HEX_ONLY = /^(?:0x)?[0-9a-f]{32,}$/i;

/** Payloads in an output; `isAlone` tells that the whole output is one. */
export function findPayload(output: string): readonly (Hit & { readonly isAlone: boolean })[] {
  const trimmed = output.trim();
  const start = output.indexOf(trimmed);
  const whole = (what: string): readonly (Hit & { readonly isAlone: boolean })[] => [
    { rule: "payload output", start, end: start + trimmed.length, what, isAlone: true },
  ];
  if (URL_ONLY.test(trimmed))
    return whole(`an output that is an address and nothing else, ${escaped(trimmed)}`);
  if (isEncoded(trimmed))
    return whole(`an output of encoded text and nothing else, ${escaped(trimmed, 40)}`);
  const active = ACTIVE.flatMap(({ pattern, what }) => {
    const match = pattern.exec(output);
    return match === null ? [] : [{ match, what }];
  });
  const images = IMAGES.flatMap((pattern) =>
    [...output.matchAll(pattern)]
      .filter(([, address]) => /[?&#]/.test(address ?? "") && (address ?? "").includes("="))
      .map((match) => ({ match, what: LEAK })),
  );
  return [...active, ...images].slice(0, 1).map(({ match, what }) => ({
    rule: "payload output",
    start: match.index,
    end: match.index + match[0].length,
    what: `an output with ${what}, ${escaped(match[0])}`,
    isAlone: false,
  }));
}

function isEncoded(text: string): boolean {
  if (HEX_ONLY.test(text)) return true;
  if (!BASE64_ONLY.test(text)) return false;
  return (
    decodeBase64(text) !== null || (/\d/.test(text) && /[A-Z]/.test(text) && /[a-z]/.test(text))
  );
}

/** Images in untrusted text whose address has a place for data, such as a slot. */
export function findLeakingImage(text: string): readonly Hit[] {
  if (!text.includes("](")) return [];
  const match = [...text.matchAll(IMAGES[0] ?? /$^/g)].find(([, address]) =>
    PLACE_FOR_DATA.test(address ?? ""),
  );
  return match === undefined
    ? []
    : [
        {
          rule: "payload output",
          start: match.index,
          end: match.index + match[0].length,
          what: `an image whose address has a place for data, ${escaped(match[0])}`,
        },
      ];
}

const PLACE_FOR_DATA = /\{|%7b|<[a-z_ ]{2,20}>|\[[a-z_ ]{2,20}\]/i;
