const JSON_STRING_OR_BARE_NUMBER = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;

/** JSON, also with the bare NaN and Infinity that Python servers write (as null and -Infinity). Undefined where it is no JSON. */
export function parseLenient(body: string): unknown {
  const strict = parseJson(body);
  if (strict !== undefined || !/NaN|Infinity/.test(body)) return strict;
  return parseJson(
    body.replace(JSON_STRING_OR_BARE_NUMBER, (match) =>
      match.startsWith('"') ? match : match === "-Infinity" ? "-1e999" : "null",
    ),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
