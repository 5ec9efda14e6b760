/** Random prompt files in every format, made of the things that prompts are made of. */

import fc from "fast-check";

/** A prompt file and its name. */
export interface PromptFile {
  readonly path: string;
  readonly text: string;
}

const SENTENCES = [
  "You are a support assistant.",
  "Never guess!",
  "Answer with one word, e.g. billing.",
  "See Dr. Smith.",
  "Be brief.",
  "OK.",
  "Step 1. Read the ticket twice.",
  "请只回答一个词。",
  "Use 😀 sparingly, please.",
  'It\'s a "quoted" word: yes.',
  "a \\ backslash # no comment",
  'Return {"label": "x"}.',
];
const LINES = [
  "# Rules",
  "## Format",
  "RULES:",
  "---",
  "- Billing: charges and invoices.",
  "  - nested item",
  "1. First rule.",
  "* star item",
  "<rules>",
  "</rules>",
  "| a | b |",
  "```",
  "```json",
  "Title\n=====",
  "  indented line",
  "\tline with a tab",
  "Keep this. <!-- understudy: keep -->",
  "# understudy: keep",
  "Input: my card was charged\nOutput: billing",
  "Q: one?\nA: two",
  "<example>\ninput text\n</example>",
  "trailing spaces  ",
  "and goes on in lower case",
  "wait",
  "{% if x %}",
];

const line = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .array(fc.constantFrom(...SENTENCES), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join(" ")),
  },
  { weight: 3, arbitrary: fc.constantFrom(...LINES) },
  { weight: 2, arbitrary: fc.constant("") },
);

/** Text of one message, never only white space; `slot` puts one somewhere. */
export function messageText(slot: string | null): fc.Arbitrary<string> {
  return fc
    .record({
      lines: fc.array(line, { minLength: 1, maxLength: 12 }),
      end: fc.constantFrom("", "\n", "\n\n"),
      at: fc.nat({ max: 12 }),
    })
    .map(({ lines, end, at }) => {
      const all = slot === null ? lines : lines.toSpliced(Math.min(at, lines.length), 0, slot);
      return all.join("\n") + end;
    })
    .filter((text) => text.trim() !== "");
}

interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

/** Chat messages: perhaps a system message, pairs of user and assistant, a turn that asks. */
export const chat: fc.Arbitrary<readonly ChatMessage[]> = fc
  .record({
    system: fc.option(messageText(null)),
    pairs: fc.array(fc.tuple(messageText(null), messageText(null)), { maxLength: 3 }),
    query: messageText("Ticket: {{ticket}}"),
  })
  .map(({ system, pairs, query }) => [
    ...(system === null ? [] : [{ role: "system", content: system }]),
    ...pairs.flatMap(([user, assistant]) => [
      { role: "user", content: user },
      { role: "assistant", content: assistant },
    ]),
    { role: "user", content: query },
  ]);

type YamlStyle = "|" | "|-" | "|+" | ">" | ">-" | "double" | "folded double" | "single" | "comment";
const yamlStyle = fc.constantFrom<YamlStyle>(
  "|",
  "|-",
  "|+",
  ">",
  ">-",
  "double",
  "folded double",
  "single",
  "comment",
);

/** A text as a YAML scalar in a style; where the style cannot hold it, in double quotes. */
function yamlScalar(text: string, style: YamlStyle, indent: string): string {
  const block = (header: string): string =>
    `${header}\n${text
      .split("\n")
      .map((row) => (row.trim() === "" ? "" : indent + row))
      .join("\n")}\n`;
  const startsFlat = !/^\s/.test(text);
  if (style === "single" && !text.includes("\n")) return `'${text.replaceAll("'", "''")}'\n`;
  if (style === "folded double")
    return `${JSON.stringify(text).replaceAll(/ (?=[A-Za-z])/g, `\n${indent}`)}\n`;
  if (style === "double" || style === "single" || !startsFlat) return `${JSON.stringify(text)}\n`;
  return style === "comment" ? block("| # a comment") : block(style);
}

function yamlFile(
  messages: readonly ChatMessage[],
  layout: {
    readonly styles: readonly YamlStyle[];
    readonly indent: number;
    readonly crlf: boolean;
    readonly bom: boolean;
    readonly dashAlone: boolean;
  },
): string {
  const inner = " ".repeat(layout.indent + 2);
  const items = messages.map((message, index) => {
    const scalar = yamlScalar(
      message.content,
      layout.styles[index % layout.styles.length] ?? "|",
      `${inner}  `,
    );
    const opening = layout.dashAlone ? `-\n${inner}` : "- ";
    return `${" ".repeat(layout.indent)}${index % 3 === 2 ? `# about message ${index}\n${" ".repeat(layout.indent)}` : ""}${opening}role: ${message.role}\n${inner}content: ${scalar}`;
  });
  const text = `name: random\nmodel: some/model\nmessages:\n${items.join("")}testData:\n  - ticket: it crashes\n    expected: bug\n`;
  return (layout.bom ? "\ufeff" : "") + (layout.crlf ? text.replaceAll("\n", "\r\n") : text);
}

const yamlPrompt: fc.Arbitrary<PromptFile> = fc
  .record({
    messages: chat,
    styles: fc.array(yamlStyle, { minLength: 1, maxLength: 4 }),
    indent: fc.constantFrom(0, 2, 4),
    crlf: fc.boolean(),
    bom: fc.boolean(),
    dashAlone: fc.boolean(),
  })
  .map(({ messages, ...layout }) => ({
    path: "a/random.prompt.yml",
    text: yamlFile(messages, layout),
  }));

const jsonPrompt: fc.Arbitrary<PromptFile> = fc
  .record({
    messages: chat,
    space: fc.constantFrom(0, 2, "\t"),
    wrapped: fc.boolean(),
    ascii: fc.boolean(),
  })
  .map(({ messages, space, wrapped, ascii }) => {
    const text = JSON.stringify(wrapped ? { model: "m", messages } : messages, null, space);
    return {
      path: "a/random.prompt.json",
      text: ascii
        ? text.replace(
            /[\u007f-\uffff]/g,
            (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
          )
        : text,
    };
  });

const textPrompt: fc.Arbitrary<PromptFile> = fc
  .record({
    text: messageText("Ticket: {{ticket}}"),
    crlf: fc.boolean(),
    bom: fc.boolean(),
    path: fc.constantFrom("prompts/a.txt", "prompts/a.md"),
  })
  .map(({ text, crlf, bom, path }) => ({
    path,
    text: (bom ? "\ufeff" : "") + (crlf ? text.replaceAll("\n", "\r\n") : text),
  }));

/** Prompt files of all formats that parse. */
export const promptFile: fc.Arbitrary<PromptFile> = fc.oneof(
  { weight: 3, arbitrary: yamlPrompt },
  jsonPrompt,
  textPrompt,
);
