import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { checkPrompt, deleteSpans, maskableSpans, parsePrompt } from "../../src/prompts/index.js";
import type { PromptTemplate } from "../../src/domain.js";
import { readIncluded } from "../../src/pipeline/prompt-files.js";
import { resolvedPath } from "../../src/prompts/includes/resolve.js";
import { messageText } from "./arbitraries.js";

/** Reads a prompt with its includes from files by path. */
async function read(
  path: string,
  files: Readonly<Record<string, string>>,
): Promise<PromptTemplate> {
  const workspace = { read: async (one: string) => files[one] ?? null };
  const included = await readIncluded(workspace, path, files[path] ?? "", null);
  return parsePrompt(path, files[path] ?? "", { included });
}

const FILES = {
  "prompts/main.j2":
    "Read the rules first.\n{% include 'rules.md' %}\nThen sort {{ ticket }}.\nBe brief.\n",
  "prompts/rules.md": "\ufeffNever guess.\r\n\r\nAlways answer {{ name }}.\r\n",
};

describe("included files", () => {
  test("are read where they stand, with their own lines and columns", async () => {
    const template = await read("prompts/main.j2", FILES);
    expect(template.messages[0]?.content).toBe(
      "Read the rules first.\nNever guess.\r\n\r\nAlways answer {{ name }}.\nThen sort {{ ticket }}.\nBe brief.\n",
    );
    expect(
      template.spans.map(({ text, source, protection }) => [
        text.trim(),
        source.path,
        source.startLine,
        source.startColumn,
        protection,
      ]),
    ).toEqual([
      ["Read the rules first.", undefined, 1, 1, null],
      ["Never guess.", "prompts/rules.md", 1, 2, "included"],
      ["Always answer {{ name }}.", "prompts/rules.md", 3, 1, "included"],
      ["Then sort {{ ticket }}.", undefined, 3, 1, "query"],
      ["Be brief.", undefined, 4, 1, null],
    ]);
    expect(template.slots.map(({ name, source }) => [name, source.path, source.startLine])).toEqual(
      [
        ["name", "prompts/rules.md", 3],
        ["ticket", undefined, 3],
      ],
    );
    expect(checkPrompt(template, []).join("\n")).toMatch(
      /text of prompts\/rules\.md is included and kept whole/,
    );
  });

  test("stay whole when text around them is deleted, and the include stays an include", async () => {
    const template = await read("prompts/main.j2", FILES);
    const shorter = deleteSpans(template, maskableSpans(template)).text;
    expect(shorter).toBe("{% include 'rules.md' %}\nThen sort {{ ticket }}.\n");
    expect(() => deleteSpans(template, [1])).toThrow(/protected \(included\)/);
  });

  test("are put in whatever stands around and in them; deletions read again as the masked prompt", async () => {
    await fc.assert(
      fc.asyncProperty(
        messageText(null),
        messageText("{{ ticket }}"),
        messageText(null),
        fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
        async (before, inner, after, choices) => {
          const [head, body, tail] = [before, inner, after].map((text) =>
            text.replaceAll("{% if x %}", "{# x #}"),
          ) as [string, string, string];
          const files = { "a/m.j2": `${head}\n{% include "p.j2" %}\n${tail}`, "a/p.j2": body };
          const template = await read("a/m.j2", files);
          const content = template.messages[0]?.content ?? "";
          expect(content).toBe(`${head}\n${body.replace(/\n$/, "")}\n${tail}`);
          expect(template.spans.map((span) => span.text).join("")).toBe(content);
          for (const { source, text } of template.spans) {
            const own = source.path === undefined ? files["a/m.j2"] : files["a/p.j2"];
            expect(own.slice(source.startOffset, source.endOffset)).toBe(text.trim());
          }
          const deleted = maskableSpans(template).filter((_, index) => choices[index % 30]);
          expect(
            template.spans.filter((span) => span.source.path && span.protection !== "included"),
          ).toEqual([]);
          const shorter = deleteSpans(template, deleted).text;
          expect(shorter).toContain('{% include "p.j2" %}');
        },
      ),
      { numRuns: 60 },
    );
  });

  test("are found beside the file, then above it, as partials with their usual names", async () => {
    const files = {
      "app/prompts/a.prompt":
        '---\nmodel: m\n---\n{{role "system"}}\n{{> style}}\n{{role "user"}}\n{{q}}',
      "app/_style.prompt": "---\nx: 1\n---\nBe kind.\n",
    };
    const template = await read("app/prompts/a.prompt", files);
    expect(template.messages.map(({ content }) => content)).toEqual(["Be kind.", "{{q}}"]);
    expect(template.spans[0]?.source).toMatchObject({ path: "app/_style.prompt", startLine: 4 });
    const nested = await read("p/prompt.hbs", {
      "p/prompt.hbs": "Do it.\n{{> one}}\nAsk {{q}}.",
      "p/one.hbs": "One.\n{{> deep/two}}",
      "p/deep/two.hbs": "Two.",
    });
    expect(nested.messages[0]?.content).toBe("Do it.\nOne.\nTwo.\nAsk {{q}}.");
    expect(nested.spans.map((span) => span.source.path)).toEqual([
      undefined,
      "p/one.hbs",
      "p/deep/two.hbs",
      undefined,
    ]);
  });

  test("that are not there stay as they are, and that is said", async () => {
    const template = await read("prompts/a.j2", {
      "prompts/a.j2": "Hello there.\n{% include 'no.j2' %}\n{{ q }}",
    });
    expect(template.messages[0]?.content).toContain("{% include 'no.j2' %}");
    expect(template.notes.join()).toMatch(/line 2: "no\.j2" was not found/);
    expect(template.spans.find((span) => span.text.includes("include"))?.protection).toBe("slot");
  });

  test("that include themselves are refused with the chain, and nothing outside the repository is asked for", async () => {
    const circle = {
      "prompts/a.j2": "A {% include 'b.j2' %}",
      "prompts/b.j2": "B\n{% include 'a.j2' %}",
    };
    await expect(read("prompts/a.j2", circle)).rejects.toThrow(
      /prompts\/b\.j2:2: files include one another: prompts\/a\.j2 > prompts\/b\.j2 > prompts\/a\.j2[\s\S]*fix:/,
    );
    const asked: string[] = [];
    const workspace = {
      read: async (one: string) => {
        asked.push(one);
        return null;
      },
    };
    await readIncluded(
      workspace,
      "prompts/a.j2",
      "{% include '../../../etc/passwd' %}{{ q }}",
      null,
    );
    expect(asked).toEqual([]);
    expect(resolvedPath("a/b.j2", "../../x")).toBeNull();
    expect(resolvedPath("a/b.j2", "../x")).toBe("x");
  });

  test("deeper or longer than allowed are refused", async () => {
    const deep = Object.fromEntries(
      Array.from({ length: 12 }, (_, index) => [
        `prompts/${index}.j2`,
        `x {% include '${index + 1}.j2' %}`,
      ]),
    );
    await expect(read("prompts/0.j2", deep)).rejects.toThrow(/9 deep/);
    const long = {
      "prompts/a.j2": "{% include 'b.txt' %}",
      "prompts/b.txt": "word ".repeat(100_000),
    };
    await expect(read("prompts/a.j2", long)).rejects.toThrow(/characters together/);
  });
});
