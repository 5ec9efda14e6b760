/** Tests of a promptfoo configuration as inputs. */

import type { Input } from "../../domain.js";
import { contentId, slotRecord } from "../inputs-content.js";
import { entry, flatTexts, textEntry, type TreeFile, type ValueTree } from "./value-tree.js";

export interface ReadTests {
  readonly inputs: readonly Input[];
  readonly notes: readonly string[];
}

/**
 * The inputs of `tests`: their `vars` over those of `defaultTest`, the text of a single `equals` assertion as the expected output. Tests
 * whose variables are lists or files are left out with a note, and so are tests in other files.
 */
export function readTests(file: TreeFile, config: ValueTree): ReadTests {
  const tests = entry(config, "tests");
  if (tests === null || (tests.kind === "plain" && tests.written === null))
    return { inputs: [], notes: [] };
  const lineOf = (tree: ValueTree): number => file.lines.position(tree.range.start).line;
  if (tests.kind !== "list")
    return {
      inputs: [],
      notes: [`line ${lineOf(tests)}: tests in another file are not read as inputs`],
    };
  const common = varsOf(entry(config, "defaultTest")) ?? [];
  const left: number[] = [];
  const inputs = tests.items().flatMap((test): Input[] => {
    const vars = varsOf(test);
    if (vars === null) {
      left.push(lineOf(test));
      return [];
    }
    const own = new Set(vars.map(([name]) => name));
    const all = [...common.filter(([name]) => !own.has(name)), ...vars];
    if (all.length === 0) return [];
    const slots = slotRecord(all);
    return [{ id: contentId(slots), slots, expected: expectedOf(test), line: lineOf(test) }];
  });
  const notes =
    left.length === 0
      ? []
      : [
          `line ${left[0]}: ${left.length} of ${tests.items().length} tests have variables that are lists or files and are not used as inputs`,
        ];
  return { inputs, notes };
}

/** Variables by dotted names; none where a test has none; null where one is a list or a file. */
function varsOf(test: ValueTree | null): readonly (readonly [string, string])[] | null {
  const vars = test && entry(test, "vars");
  if (!vars || (vars.kind === "plain" && vars.written === null)) return [];
  const values = flatTexts(vars);
  return values?.some(([, value]) => value.startsWith("file://")) ? null : values;
}

function expectedOf(test: ValueTree): string | null {
  const assertions = entry(test, "assert");
  if (assertions?.kind !== "list") return null;
  const equal = assertions.items().filter((one) => textEntry(one, "type") === "equals");
  const [only] = equal;
  const value = only && equal.length === 1 ? textEntry(only, "value") : null;
  return value?.startsWith("file://") ? null : value;
}
