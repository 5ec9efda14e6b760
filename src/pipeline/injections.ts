/** Injected instructions in one prompt file: found by rules without any model, new ones told from old ones by the base version. */
import type { ChangedFile, PromptInjection, PromptTemplate } from "../domain.js";
import { foldText } from "../findings/injections/folded-text.js";
import { tell } from "../findings/injections/injected-text.js";
import { scanTemplate, type TemplateHit } from "../findings/injections/template.js";
import { parsePrompt, sourcePlaces } from "../prompts/index.js";

export const NOT_MEASURED = "no oracle was asked what the text does";

/** Findings in the order of the file. Those that the base version has as well are old; a base that does not parse has none. */
export function findInjections(
  template: PromptTemplate,
  file: Pick<ChangedFile, "base">,
): readonly PromptInjection[] {
  const hits = scanTemplate(template);
  if (hits.length === 0) return [];
  const old = countByContent(hitsOfBase(template, file.base));
  const sources = sourcePlaces(template, hits);
  return hits.flatMap((found, index): PromptInjection[] => {
    const source = sources[index];
    if (source === undefined) return [];
    const key = contentOf(found);
    const left = old.get(key) ?? 0;
    if (left > 0) old.set(key, left - 1);
    return [
      {
        ...tell(found.hit, found.text, found.standing),
        isNew: left === 0,
        source,
        demonstration: found.demonstration,
        effect: null,
        effectReason: NOT_MEASURED,
      },
    ];
  });
}

function hitsOfBase(
  { path, name, included }: PromptTemplate,
  base: string | null,
): readonly TemplateHit[] {
  if (base === null) return [];
  try {
    return scanTemplate(parsePrompt(path, base, { name, included }));
  } catch {
    // Without a base to compare with everything counts as new, which asks a reviewer to look once too often.
    return [];
  }
}

function countByContent(hits: readonly TemplateHit[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const hit of hits) counts.set(contentOf(hit), (counts.get(contentOf(hit)) ?? 0) + 1);
  return counts;
}

/** What makes two findings the same: the rule and the words, wherever they stand. */
function contentOf({ hit, text }: TemplateHit): string {
  const words = foldText(text.slice(hit.start, hit.end)).text.replace(/\s+/g, " ");
  return JSON.stringify([hit.rule, words, hit.what]);
}
