/** `testData` of a `.prompt.yml` file: every item's keys are slot values, `expected` is the expected output. */

import { isMap, isScalar, isSeq, type YAMLMap } from "yaml";
import type { Input } from "../../domain.js";
import { contentId, slotRecord } from "../inputs-content.js";
import { syntaxError } from "../source-file.js";
import { describe, isTextScalar, offsetOf, resolve, type YamlFile } from "./yaml-nodes.js";

/** The inputs that the file carries; none where it has no test data. Throws PROMPT_SYNTAX for values that are no text. */
export function readTestData(file: YamlFile, root: YAMLMap): Input[] {
  const list = resolve(file, root.get("testData", true));
  if (list === null || (isScalar(list) && list.value === null)) return [];
  if (!isSeq(list))
    throw syntaxError(file, offsetOf(list), {
      message: `\`testData\` is ${describe(list)}`,
      fix: "make it a list whose items give every slot a value",
    });
  return list.items.map((item) => readTestItem(file, item));
}

function readTestItem(file: YamlFile, item: unknown): Input {
  const map = resolve(file, item);
  if (!isMap(map))
    throw syntaxError(file, offsetOf(map), {
      message: `a \`testData\` item is ${describe(map)}`,
      fix: "make it a mapping from slot names to text",
    });
  const values = map.items.map((pair): [string, string] => [
    keyOf(file, pair.key),
    testValue(file, pair.key, pair.value),
  ]);
  const slots = slotRecord(values.filter(([name]) => name !== "expected"));
  const expected = values.find(([name]) => name === "expected")?.[1] ?? null;
  return { id: contentId(slots), slots, expected, line: file.lines.position(offsetOf(map)).line };
}

function keyOf(file: YamlFile, key: unknown): string {
  if (isScalar(key) && typeof key.value === "string") return key.value;
  if (isScalar(key) && typeof key.source === "string") return key.source;
  throw syntaxError(file, offsetOf(key), {
    message: `a \`testData\` key is ${describe(key)}`,
    fix: "use the slot's name as key",
  });
}

/** Text as it is; numbers and booleans as they were written; nothing as no text. */
function testValue(file: YamlFile, key: unknown, value: unknown): string {
  const node = resolve(file, value);
  if (node === null) return "";
  if (isTextScalar(node)) return node.value;
  if (isScalar(node)) return node.value === null ? "" : (node.source ?? String(node.value));
  throw syntaxError(file, offsetOf(node ?? key), {
    message: `a \`testData\` value is ${describe(node)}`,
    fix: "make it text; a list or a mapping cannot fill a slot",
  });
}
