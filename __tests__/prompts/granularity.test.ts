import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Granularity, PromptTemplate, Span } from "../../src/domain.js";
import { UnderstudyError } from "../../src/errors.js";
import {
  atGranularity,
  deleteSpans,
  maskableSpans,
  parsePrompt,
  renderMessages,
  spansAt,
  spansWithin,
  templateWithin,
} from "../../src/prompts/index.js";
import { wordStarts } from "../../src/prompts/spans/words.js";
import { promptFile, type PromptFile } from "./arbitraries.js";

const GRANULARITIES: readonly Granularity[] = ["section", "block", "example", "sentence", "word"];
const NESTED: readonly Granularity[] = ["section", "block", "sentence", "word"];

function parsed(file: PromptFile, mostMaskableSpans = 48): PromptTemplate | null {
  try {
    return parsePrompt(file.path, file.text, { mostMaskableSpans });
  } catch (thrown) {
    if (thrown instanceof UnderstudyError && thrown.code === "PROMPT_SYNTAX") return null;
    throw thrown;
  }
}

/** Runs a check on templates of all formats, whole sentences and merged ones. */
function forTemplates(check: (template: PromptTemplate) => void, numRuns = 60): void {
  fc.assert(
    fc.property(promptFile, fc.constantFrom(3, 48, Infinity), (file, most) => {
      const template = parsed(file, most);
      if (template) check(template);
    }),
    { numRuns },
  );
}

function contains(whole: Span, piece: Span): boolean {
  return piece.parts.every((part) =>
    whole.parts.some(
      (range) =>
        range.message === part.message && range.start <= part.start && part.end <= range.end,
    ),
  );
}

function overlaps(a: Span, b: Span): boolean {
  return a.parts.some((one) =>
    b.parts.some(
      (other) => one.message === other.message && one.start < other.end && other.start < one.end,
    ),
  );
}

function text(content: string): PromptTemplate {
  return parsePrompt("prompts/a.txt", content);
}

/** Each span at a granularity as "protection: text", with "-" for maskable. */
function listing(template: PromptTemplate, granularity: Granularity): string[] {
  return spansAt(template, granularity).map((span) => `${span.protection ?? "-"}: ${span.text}`);
}

describe("any prompt file at any granularity", () => {
  test("is partitioned: its spans give every message back", () => {
    forTemplates((template) => {
      for (const granularity of GRANULARITIES) {
        const spans = spansAt(template, granularity);
        const parts = spans.flatMap((span) => span.parts);
        template.messages.forEach((message, index) => {
          const own = parts.filter((part) => part.message === index);
          own.forEach((part, at) => expect(part.start).toBe(at === 0 ? 0 : own[at - 1]?.end));
          expect(own.map((part) => message.content.slice(part.start, part.end)).join("")).toBe(
            message.content,
          );
        });
        expect(spans.map((span) => span.index)).toEqual(spans.map((_, index) => index));
      }
    });
  });

  test("nests: each finer span lies in exactly one coarser one", () => {
    forTemplates((template) => {
      for (const [level, finer] of NESTED.slice(1).entries()) {
        const coarse = spansAt(template, NESTED[level] ?? "section");
        for (const span of spansAt(template, finer))
          expect(coarse.filter((whole) => contains(whole, span))).toHaveLength(1);
      }
    });
  });

  test("never opens what is protected", () => {
    forTemplates((template) => {
      const kept = template.spans.filter((span) => span.protection !== null);
      for (const granularity of GRANULARITIES) {
        const maskable = spansAt(template, granularity).filter((span) => span.protection === null);
        // A section that may go as a whole takes its headings and tags along.
        const closed = kept.filter(
          (span) => granularity !== "section" || span.protection !== "delimiter",
        );
        for (const span of closed)
          expect(maskable.filter((candidate) => overlaps(candidate, span))).toEqual([]);
        for (const slot of template.slots)
          for (const { parts } of maskable)
            expect(
              parts.some(
                (part) =>
                  part.message === slot.message && part.start < slot.end && slot.start < part.end,
              ),
            ).toBe(false);
      }
    });
  });

  test("keeps every demonstration as one span, with its place", () => {
    forTemplates((template) => {
      const texts = template.demonstrations.map(({ span }) => template.spans[span]?.text);
      for (const granularity of GRANULARITIES) {
        const cut = atGranularity(template, granularity);
        expect(cut.demonstrations.map(({ span }) => cut.spans[span]?.text)).toEqual(texts);
      }
    });
  });

  test("has no word of white space, half a surrogate pair or half a grapheme cluster", () => {
    const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
    forTemplates((template) => {
      for (const { parts } of spansAt(template, "word"))
        for (const part of parts) {
          const content = template.messages[part.message]?.content ?? "";
          expect(content.slice(part.start, part.end).trim()).not.toBe("");
          expect(graphemes.segment(content).containing(part.start)?.index).toBe(part.start);
        }
    });
  });

  test("maps words to where they are written in the file", () => {
    forTemplates((template) => {
      const { source, format } = template;
      for (const span of spansAt(template, "word"))
        for (const part of span.parts) {
          const written = source.slice(part.source.startOffset, part.source.endOffset);
          const content = template.messages[part.message]?.content.slice(part.start, part.end);
          if (format === "chat-json") expect(JSON.parse(`"${written}"`)).toBe(content);
          else if (format === "prompt-yaml")
            expect(inOrder(letters(content ?? ""), letters(written))).toBe(true);
          else expect(written.replaceAll("\r", "")).toBe(content?.replaceAll("\r", ""));
          if (format === "prompt-yaml" && !written.includes("\\"))
            expect(letters(written)).toBe(letters(content ?? ""));
        }
    });
  });

  test("gives a file without any of its words, whose messages are those of the masked prompt", () => {
    fc.assert(
      fc.property(promptFile, fc.array(fc.boolean(), { minLength: 40 }), (file, drops) => {
        const template = parsed(file);
        if (!template) return;
        const byWord = atGranularity(template, "word");
        const maskable = maskableSpans(byWord);
        const deleted = maskable.filter((_, position) => drops[position % drops.length]);
        const mask = Uint8Array.from(maskable, (span) => (deleted.includes(span) ? 0 : 1));
        const wanted = renderMessages({ ...byWord, slots: [] }, { mask, maskable }, {});
        if (wanted.some(({ content }) => content.trim() === "")) return;
        const shorter = deleteSpans(byWord, deleted);
        expect(parsePrompt(file.path, shorter.text).messages).toEqual(wanted);
      }),
      { numRuns: 60 },
    );
  });
});

/** What folding and quoting leave alone; an escape such as `\\n` adds its letter. */
function letters(value: string): string {
  return value.replaceAll(/[^A-Za-z]/g, "");
}

function inOrder(few: string, many: string): boolean {
  let at = 0;
  for (const letter of many) if (letter === few[at]) at++;
  return at === few.length;
}

describe("cut inside chosen spans", () => {
  test("only what lies in them is maskable, and no more than asked", () => {
    fc.assert(
      fc.property(
        promptFile,
        fc.constantFrom<Granularity>("section", "block", "sentence"),
        fc.constantFrom<Granularity>("sentence", "word"),
        fc.array(fc.boolean(), { minLength: 30 }),
        (file, coarse, granularity, picks) => {
          const template = parsed(file, Infinity);
          if (!template) return;
          const parents = spansAt(template, coarse).filter(
            (span, position) => span.protection === null && picks[position % picks.length],
          );
          const whole = spansAt(template, granularity).filter(
            (span) => span.protection === null && parents.some((parent) => contains(parent, span)),
          );
          const spans = spansWithin(template, { parents, granularity });
          const maskable = spans.filter((span) => span.protection === null);
          expect(maskable.map(({ text: content }) => content)).toEqual(
            whole.map(({ text: content }) => content),
          );
          expect(
            spans
              .flatMap(({ parts }) => parts)
              .reduce((sum, { start, end }) => sum + end - start, 0),
          ).toBe(template.messages.reduce((sum, { content }) => sum + content.length, 0));
          const merged = spansWithin(template, { parents, granularity, mostMaskableSpans: 5 });
          const pieces = merged.filter((span) => span.protection === null);
          for (const span of pieces)
            expect(parents.filter((parent) => contains(parent, span))).toHaveLength(1);
          const singles = whole.filter((span) => span.kind === "example").length;
          expect(pieces.length).toBeLessThanOrEqual(
            5 + parents.length + singles * 2 + gaps(merged),
          );
        },
      ),
      { numRuns: 80 },
    );
  });

  /** Maskable runs cannot be merged over what is protected. */
  function gaps(spans: readonly Span[]): number {
    return spans.filter(
      (span, index) => span.protection === null && spans[index - 1]?.protection !== null,
    ).length;
  }

  test("everything else says why it is not", () => {
    const template = text("# One\nFirst rule holds.\n# Two\nSecond rule holds. Third one too.\n");
    const [, second] = spansAt(template, "section");
    const cut = templateWithin(template, { parents: second ? [second] : [], granularity: "word" });
    expect(cut.spans.map((span) => `${span.protection ?? "-"}: ${span.text}`)).toEqual([
      "delimiter: # One\n",
      "granularity: First rule holds.\n",
      "delimiter: # Two\n",
      ..."Second |rule |holds. |Third |one |too.\n".split("|").map((word) => `-: ${word}`),
    ]);
  });

  test("merged words are neighbours in one parent", () => {
    const template = text("Read the whole ticket first.\n\nNever guess at all.\n");
    const parents = template.spans;
    const cut = spansWithin(template, { parents, granularity: "word", mostMaskableSpans: 4 });
    expect(cut.map((span) => `${span.kind}: ${span.text.trim()}`)).toEqual([
      "word: Read the",
      "word: whole ticket",
      "word: first.",
      "word: Never guess at all.",
    ]);
  });

  test("a parent of another template is refused", () => {
    const template = text("Read the ticket first. Never guess.\n");
    const stray = text("Read it. Then guess at nothing.\n").spans;
    expect(() => spansWithin(template, { parents: stray, granularity: "word" })).toThrow(
      expect.objectContaining({ code: "INTERNAL" }),
    );
  });
});

describe("words", () => {
  test.each([
    [
      "Say “yes please” now (or not), e.g. at 3.5 %.",
      "Say |“yes |please” |now |(or |not), |e.g. |at |3.5 %.",
    ],
    ["state-of-the-art e-mail don't a:b", "state-of-the-art |e-mail |don't |a:b"],
    ["yes/no, f(x) and https://a.org/b", "yes/|no, |f|(x) |and |https://a.org/|b"],
    ["one — two … three", "one — |two … |three"],
    ["**bold** text and _more_", "**bold** |text |and |_more_"],
    ["请只回答一个词。不要解释。", "请|只|回答|一个|词。|不要|解释。"],
    ["ภาษาไทยไม่มีวรรค", "ภาษา|ไทย|ไม่มี|วรรค"],
    ["Use 👩‍👩‍👧 a lot 😀😀 here", "Use 👩‍👩‍👧 |a |lot 😀😀 |here"],
    ["...", "..."],
    ["", ""],
  ])("%j", (content, expected) => {
    const starts = wordStarts(content);
    expect(starts.map((start, index) => content.slice(start, starts[index + 1])).join("|")).toBe(
      expected,
    );
  });

  test("begin at graphemes, whatever the text", () => {
    const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
    const piece = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.string({ unit: "binary" }),
      fc.constantFrom(" ", " \u0301", "\u0600", "🇩🇪🇫🇷", "क्षि", "é", "\r\n", "日本語"),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const content = pieces.join("");
        const starts = wordStarts(content);
        expect(starts).toEqual([...new Set(starts)].sort((a, b) => a - b));
        for (const start of starts.slice(1))
          expect(graphemes.segment(content).containing(start)?.index).toBe(start);
      }),
      { numRuns: 300 },
    );
  });

  test("of a text longer than the segmenter's window are those of its pieces", () => {
    const sentence = "The tall ship sails, e-mail in hand, past 3.5 miles of sand. ";
    const one = wordStarts(sentence);
    const many = wordStarts(sentence.repeat(200));
    expect(many).toEqual(
      Array.from({ length: 200 }, (_, copy) =>
        one.map((start) => start + copy * sentence.length),
      ).flat(),
    );
  });

  test("leave markers of lists, blocks of code and tables, labels and slots alone", () => {
    const template = text(
      "Follow these rules:\n- Never guess, ever.\n2. Cite it.\n| a b | c |\n| d | e |\n```\nlet x = 1;\ny\n```\nTicket: {{ticket}}\n",
    );
    expect(listing(template, "word")).toEqual([
      "-: Follow ",
      "-: these ",
      "-: rules:\n",
      "delimiter: - ",
      "-: Never ",
      "-: guess, ",
      "-: ever.\n",
      "delimiter: 2. ",
      "-: Cite ",
      "-: it.\n",
      "-: | a b | c |\n| d | e |\n",
      "-: ```\nlet x = 1;\ny\n```\n",
      "query: Ticket: {{ticket}}\n",
    ]);
  });
});

describe("deleting words", () => {
  const plain = fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 4, maxLength: 30 });

  test("leaves the kept ones with single spaces between them", () => {
    fc.assert(
      fc.property(plain, fc.array(fc.boolean(), { minLength: 30 }), (words, drops) => {
        const template = atGranularity(text(`${words.join(" ")}\n`), "word");
        const maskable = maskableSpans(template);
        expect(maskable).toHaveLength(words.length);
        const mask = Uint8Array.from(maskable, (_, at) => (drops[at] ? 0 : 1));
        const [message] = renderMessages(template, { mask, maskable }, {});
        const kept = words.filter((_, at) => !drops[at]);
        expect(message?.content ?? "").toBe(kept.length === 0 ? "" : `${kept.join(" ")}\n`);
      }),
    );
  });

  test.each([
    ["Answer yes, no (or both) here.", [1], "Answer no (or both) here."],
    ["Answer yes/no now.", [2], "Answer yes/ now."],
    ["Never guess.\nAlways cite it.", [1], "Never\nAlways cite it."],
    ["Tell f(x) apart.", [2], "Tell f apart."],
    ["- Never guess, ever.\n- Cite it.", [1, 3], "- Never ever.\n- it."],
    ["请只回答一个词。 Then stop.", [4], "请只回答一个 Then stop."],
  ])("%j without words %j", (content, deleted, expected) => {
    const template = atGranularity(text(content), "word");
    const maskable = maskableSpans(template);
    const mask = Uint8Array.from(maskable, (_, position) => (deleted.includes(position) ? 0 : 1));
    expect(renderMessages(template, { mask, maskable }, {})[0]?.content).toBe(expected);
  });
});

describe("blocks and examples", () => {
  const content =
    "You sort tickets. Be brief.\nRead each twice.\n\nRules follow.\n- One. Two.\n- Three is long.\n\nInput: a b\nLabel: x\n\nInput: c d\nLabel: y\n\nInput: {{t}}\nLabel:";

  test("a paragraph, a list item and a demonstration are blocks", () => {
    const template = text(content);
    expect(template.demonstrations).toHaveLength(2);
    expect(
      spansAt(template, "block").map(
        (span) => `${span.kind} ${span.protection}: ${span.text.trim()}`,
      ),
    ).toEqual([
      "block null: You sort tickets. Be brief.\nRead each twice.",
      "sentence null: Rules follow.",
      "sentence null: - One. Two.",
      "sentence null: - Three is long.",
      "example null: Input: a b\nLabel: x",
      "example null: Input: c d\nLabel: y",
      "sentence query: Input: {{t}}\nLabel:",
    ]);
  });

  test("at the level of examples nothing else is maskable, and says so", () => {
    const spans = spansAt(text(content), "example");
    expect(spans.filter((span) => span.protection === null).map((span) => span.kind)).toEqual([
      "example",
      "example",
    ]);
    expect(new Set(spans.map((span) => span.protection))).toEqual(
      new Set([null, "granularity", "query"]),
    );
  });
});
