import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { blocks, bullets, details, each, table } from "../../src/report/markdown/blocks.js";
import { codeSpan, escapeMarkdown, fencedBlock } from "../../src/report/markdown/escape.js";
import { truncate, visibleBlock, visibleLine } from "../../src/report/markdown/visible.js";
import {
  aliveIn,
  cellsOf,
  HOSTILE,
  nodesOf,
  parse,
  shownText,
} from "../fixtures/rendered-markdown.js";

/** Texts made of what Markdown and GitHub react to. */
const PIECES = [
  ..."`|\\<>@#&*_[]()!~:/.-+=$ \n\tab1",
  "```",
  "https://",
  "www.",
  "&commat;",
  "&#124;",
  "GH-1",
  "@a",
  "deadbeef",
  "<!--",
  "-->",
  "</details>",
  "\u202E",
  "\u200B",
  "\r",
  "é",
  "👩‍💻",
];
const hostile = fc.string({ unit: fc.constantFrom(...PIECES), maxLength: 40 });
const LONG = 10_000;

describe("invisible characters", () => {
  test.each([
    ["a\nb\r\nc\rd\te", "a⏎b⏎c␍d⇥e"],
    ["\u0000\u001B\u007F", "␀␛␡"],
    ["a\u202Eb\u200Bc\uFEFFd\u00ADe", "a⟨U+202E⟩b⟨U+200B⟩c⟨U+FEFF⟩d⟨U+00AD⟩e"],
    ["\u{E0041}\u2028\u0085\uD800", "⟨U+E0041⟩⟨U+2028⟩⟨U+0085⟩⟨U+D800⟩"],
    ["a\u200Db\u3164", "a⟨U+200D⟩b⟨U+3164⟩"],
  ])("are shown: %j", (text, shown) => {
    expect(visibleLine(text)).toBe(shown);
  });

  test("leave emoji and accents as they are", () => {
    const text = "👩‍💻 ❤️ 1️⃣ 👍🏽 naïve 日本";
    expect(visibleLine(text)).toBe(text);
  });

  test("keep lines and tabs in a block", () => {
    expect(visibleBlock("a\tb\r\nc\u202E\rd\n")).toBe("a\tb\nc⟨U+202E⟩␍d\n");
  });

  test("never remain", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(
          visibleLine(text).replace(/\p{Extended_Pictographic}[\uFE0F\u200D]+|\uFE0F\u20E3/gu, ""),
        ).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u200B-\u200F\u202A-\u202E]/u);
      }),
    );
  });
});

describe("truncation", () => {
  test("counts what a reader sees as one character", () => {
    expect(truncate("👩‍💻👩‍💻👩‍💻", 2)).toBe("👩‍💻…"); // five units each, of which eight may stay
    expect(truncate("e\u0301e\u0301e\u0301", 3)).toBe("e\u0301e\u0301e\u0301");
    expect(truncate("e\u0301e\u0301e\u0301", 2)).toBe("e\u0301e\u0301…");
    expect(truncate("abc", 3)).toBe("abc");
    expect(truncate("abcd", 3)).toBe("abc…");
  });

  test("bounds the length whatever the text", () => {
    expect(truncate(`e${"\u0301".repeat(5000)}`, 10)).toBe("…");
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme" }),
        fc.integer({ min: 1, max: 20 }),
        (text, limit) => {
          const kept = truncate(text, limit);
          expect(kept.length).toBeLessThanOrEqual(4 * limit + 1);
          expect(kept === text || (kept.endsWith("…") && text.startsWith(kept.slice(0, -1)))).toBe(
            true,
          );
        },
      ),
    );
  });
});

describe("a code span", () => {
  test.each([
    ["plain", "`plain`"],
    ["a`b", "``a`b``"],
    ["`a``", "``` `a`` ```"],
    [" a ", "`  a  `"],
    ["a|b", "`a`&#124;`b`"],
    ["a\nb", "`a⏎b`"],
    ["", "_(empty)_"],
    ["  ", "_(blank)_"],
  ])("of %j", (text, markdown) => {
    expect(codeSpan(text)).toBe(markdown);
  });

  test("shows the text and nothing else, in a line and in a table", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        fc.pre(text.trim() !== "");
        const markdown = codeSpan(text, LONG);
        expect(shownText(`before ${markdown} after`)).toBe(`before ${visibleLine(text)} after`);
        expect(
          nodesOf(parse(markdown)).every(
            (node) =>
              ["root", "paragraph", "inlineCode"].includes(node.type) ||
              (node.type === "text" && /^\|+$/.test(node.value)),
          ),
        ).toBe(true);
        expect(cellsOf(`| ${markdown} | x |`)).toHaveLength(2);
      }),
    );
  });
});

describe("escaped prose", () => {
  test.each([
    [
      "a plain sentence, with (some) marks: 5 % of 3.2!",
      String.raw`a plain sentence, with \(some\) marks: 5 % of 3.2\!`,
    ],
    ["ask @octocat about #12", "ask `@octocat` about `#12`"],
    ["1. first", String.raw`1\. first`],
    ["- item", String.raw`\- item`],
    ["a < b & c | d", "a &lt; b &amp; c &#124; d"],
    ["&commat;octocat", "`&commat;octocat`"],
    ["two\nlines", "two⏎lines"],
  ])("%j", (text, markdown) => {
    expect(escapeMarkdown(text)).toBe(markdown);
  });

  test("shows the text and nothing alive, at the start of a line and after words", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        fc.pre(text.trim() !== "");
        const markdown = escapeMarkdown(text, LONG);
        const expected = visibleLine(text).trim().replace(/\s+/gu, " ");
        for (const place of [markdown, `- ${markdown}`, `> ${markdown}`])
          expect(shownText(place)).toBe(expected);
        expect(
          nodesOf(parse(markdown)).every((node) =>
            ["root", "paragraph", "inlineCode", "text"].includes(node.type),
          ),
        ).toBe(true);
        expect(aliveIn(`words ${markdown} words`)).toEqual([]);
        expect(cellsOf(`| ${markdown} | x |`)).toHaveLength(2);
      }),
    );
  });
});

describe("a fenced block", () => {
  test("holds the text whatever fences it has", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const nodes = nodesOf(parse(`before\n\n${fencedBlock(text, "diff")}\n\nafter`));
        const code = nodes.filter((node) => node.type === "code");
        expect(code.map((node) => node.value)).toEqual([visibleBlock(text).replace(/\n$/, "")]);
        expect(nodes).toHaveLength(6);
      }),
    );
  });
});

describe("the hostile corpus", () => {
  test.each(HOSTILE.map((text) => [text.slice(0, 40), text]))("stays dead: %j", (_name, text) => {
    expect(nodesOf(parse(fencedBlock(text))).map((node) => node.type)).toEqual(["root", "code"]);
    for (const markdown of [codeSpan(text), escapeMarkdown(text), fencedBlock(text)]) {
      expect(aliveIn(markdown)).toEqual([]);
      expect(aliveIn(`words\n- ${markdown.replaceAll("\n", "\n  ")}`)).toEqual([]);
    }
    expect(
      table([text], 1, [
        ["A", "l", codeSpan],
        ["B", "l", escapeMarkdown],
      ])?.split("\n"),
    ).toHaveLength(3);
  });

  test("is alive without the escaping", () => {
    const dead = new Set(HOSTILE.filter((text) => aliveIn(text).length === 0));
    expect(HOSTILE.length - dead.size).toBeGreaterThanOrEqual(14);
  });
});

describe("blocks", () => {
  test("a cell that would break its row is our mistake", () => {
    expect(() => table(["a|b"], 1, [["A", "l", (cell) => cell]])).toThrow(
      expect.objectContaining({ code: "INTERNAL" }),
    );
    expect(() => table(["a\nb"], 1, [["A", "l", (cell) => cell]])).toThrow(
      expect.objectContaining({ code: "INTERNAL" }),
    );
  });

  test("pieces that are absent leave no gap", () => {
    expect(blocks("a", null, "", "b")).toBe("a\n\nb");
    expect(details("Title", "body")).toBe(
      "<details>\n<summary>Title</summary>\n\nbody\n\n</details>",
    );
  });

  test("say how many they leave out, and render only what they show", () => {
    const never = (item: number): string => {
      expect(item).toBeLessThanOrEqual(2);
      return `${item}`;
    };
    expect(table([1, 2, 3], 2, [["A", "r", never]])).toBe(
      "| A |\n| -: |\n| 1 |\n| 2 |\n\nand 1 more, in `understudy-report.json`",
    );
    expect(each([1, 2, 3], 2, never)).toBe("1\n\n2\n\nand 1 more, in `understudy-report.json`");
    expect(bullets([1, 2], 2, never)).toBe("- 1\n- 2");
    expect([
      table([], 2, []),
      each([], 2, never),
      bullets([], 2, never),
      each([1], 2, () => null),
    ]).toEqual([null, null, null, null]);
  });
});
