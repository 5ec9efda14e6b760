import type { PromptTemplate, SourceRange } from "../domain.js";
import { sourceRangeOf, type TextRange } from "./decoded-text.js";
import { readSourceFile } from "./formats/read.js";

/** A piece of a message's decoded content, [start, end) in UTF-16 units. */
export interface ContentPlace extends TextRange {
  readonly message: number;
}

/**
 * Where pieces of a template's messages were written in its file: offsets, lines and columns, through escapes and block
 * scalars; the whole message where the file's format hides the exact place.
 */
export function sourcePlaces(
  template: Pick<PromptTemplate, "path" | "source">,
  places: readonly ContentPlace[],
): readonly SourceRange[] {
  if (places.length === 0) return [];
  const file = readSourceFile(template.path, template.source);
  return places.map((place) => {
    const content = file.messages[place.message]?.content;
    return content === undefined
      ? file.lines.range(0, template.source.length)
      : sourceRangeOf(file.lines, content, place);
  });
}
