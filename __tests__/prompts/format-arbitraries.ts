/** Random prompts rendered into every format that holds text with tags, escapes or roles of its own. */

import fc from "fast-check";
import type { Message } from "../../src/domain.js";
import { chat, messageText, type PromptFile } from "./arbitraries.js";

/** A file with the messages that were written into one of its prompts. */
export interface RenderedPrompt extends PromptFile {
  readonly name: string | null;
  readonly messages: readonly Message[];
}

const INPUT = "Ticket: {{ticket}}";

/** What Jinja2 and Liquid would refuse, an `if` without an end, as they would take it. */
function balanced(text: string): string {
  return text.replaceAll("{% if x %}", "{% if x %}{% endif %}");
}

function asMessages(
  messages: readonly { readonly role: string; readonly content: string }[],
): Message[] {
  return messages.map(({ role, content }) => ({
    role: role === "system" || role === "assistant" ? role : "user",
    content,
  }));
}

/** Messages as formats with role markers keep them: without white space around. */
const trimmedChat = chat.map((messages) =>
  asMessages(messages).map(({ role, content }) => ({ role, content: balanced(content).trim() })),
);

const encoding = fc.record({ crlf: fc.boolean(), bom: fc.boolean() });

interface Encoding {
  readonly crlf: boolean;
  readonly bom: boolean;
}

function encoded(text: string, { crlf, bom }: Encoding): string {
  return (bom ? "\ufeff" : "") + (crlf ? text.replaceAll("\n", "\r\n") : text);
}

function verbatimIn(messages: readonly Message[], { crlf }: Encoding): Message[] {
  return messages.map(({ role, content }) => ({
    role,
    content: crlf ? content.replaceAll("\n", "\r\n") : content,
  }));
}

/** Prompty, Jinja2 chats and dotprompt: front matter or none, then messages under markers. */
export const sectionsFile: fc.Arbitrary<RenderedPrompt> = fc
  .record({
    messages: trimmedChat,
    encoding,
    format: fc.constantFrom("prompty", "prompt", "j2"),
    hash: fc.boolean(),
    blank: fc.constantFrom("\n", "\n\n"),
  })
  .map(({ messages, encoding: how, format, hash, blank }) => {
    const front = `---\nname: random\nmodel: some/model\nsample:\n  ticket: it crashes\n---\n`;
    const marker = (role: string): string =>
      format === "prompt"
        ? `{{role "${role === "assistant" ? "model" : role}"}}\n`
        : `${hash ? "# " : ""}${role}:\n`;
    const body = messages.map(({ role, content }) => `${marker(role)}${content}${blank}`).join("");
    const text = format === "j2" ? body : front + body;
    return {
      path: `prompts/random.${format}`,
      name: null,
      text: encoded(text, how),
      messages: verbatimIn(messages, how),
    };
  });

/** Templates that are one user message. */
export const templateFile: fc.Arbitrary<RenderedPrompt> = fc
  .record({
    text: messageText(INPUT).map(balanced),
    encoding,
    extension: fc.constantFrom("jinja2", "hbs", "mustache", "liquid"),
  })
  .map(({ text, encoding: how, extension }) => ({
    path: `prompts/random.${extension}`,
    name: null,
    text: encoded(text, how),
    messages: verbatimIn([{ role: "user", content: text }], how),
  }));

/** JSON with every unit that may be escaped as an escape, or none. */
function json(value: unknown, ascii: boolean): string {
  const text = JSON.stringify(value);
  return ascii
    ? text.replace(
        /[\u007f-\uffff]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
      )
    : text;
}

/** A message a line, or a prompt a line of which the second is meant. */
export const jsonlFile: fc.Arbitrary<RenderedPrompt> = fc
  .record({
    messages: chat.map(asMessages),
    ascii: fc.boolean(),
    crlf: fc.boolean(),
    several: fc.boolean(),
  })
  .map(({ messages, ascii, crlf, several }) => {
    const rows = several
      ? [[{ role: "user", content: "Another prompt." }], messages].map((list) => ({
          messages: list,
        }))
      : messages;
    const text = `${rows.map((row) => json(row, ascii)).join("\n")}\n`;
    return {
      path: "random.messages.jsonl",
      name: several ? "2" : null,
      text: encoded(text, { crlf, bom: false }),
      messages,
    };
  });

function indented(text: string, by: string): string {
  return text
    .split("\n")
    .map((row) => (row === "" ? "" : by + row))
    .join("\n");
}

/** promptfoo: text, JSON in a text, YAML in a text; literal blocks and double quotes. */
export const promptfooFile: fc.Arbitrary<RenderedPrompt> = fc
  .record({
    messages: trimmedChat,
    encoding,
    style: fc.constantFrom("text", "json", "indented json", "yaml"),
    quoted: fc.boolean(),
    labelled: fc.boolean(),
  })
  .map(({ messages, encoding: how, style, quoted, labelled }) => {
    const last = messages.slice(-1);
    const meant: readonly Message[] = style === "text" ? last : messages;
    const written =
      style === "text"
        ? (last[0]?.content ?? "")
        : style === "yaml"
          ? messages
              .map(({ role, content }) => `- role: ${role}\n  content: ${JSON.stringify(content)}`)
              .join("\n")
          : JSON.stringify(messages, null, style === "json" ? undefined : 2);
    const scalar =
      quoted || /^\s/.test(written)
        ? JSON.stringify(written)
        : `|-\n${indented(written, "      ")}`;
    const item = labelled ? `  - label: meant\n    raw: ${scalar}\n` : `  - ${scalar}\n`;
    const text = `description: random\nprompts:\n  - "One more {{ticket}}."\n${item}tests:\n  - vars:\n      ticket: it crashes\n    assert:\n      - type: equals\n        value: bug\n`;
    return {
      path: "a/promptfooconfig.yaml",
      name: labelled ? "meant" : "2",
      text: encoded(text, how),
      messages: meant,
    };
  });

type TomlStyle = "basic" | "multi-line basic" | "multi-line literal" | "folded";

function tomlString(text: string, style: TomlStyle): string {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll("\\/", "/");
  const lines = escaped.replaceAll("\\n", "\n").replaceAll("\\t", "\t");
  switch (style) {
    case "basic":
      return `"${escaped}"`;
    case "multi-line basic":
      return `"""\n${lines}"""`;
    case "folded":
      return `"""\\\n   ${escaped.replaceAll(/ (?=[A-Za-z])/g, " \\\n  ")}"""`;
    case "multi-line literal":
      return text.includes("'''") || /(?![\n\t])\p{Cc}/u.test(text) || text.endsWith("'")
        ? `"${escaped}"`
        : `'''\n${text}'''`;
  }
}

/** One value of a TOML, YAML or JSON file, beside others. */
export const namedValueFile: fc.Arbitrary<RenderedPrompt> = fc
  .record({
    text: messageText(INPUT),
    encoding,
    format: fc.constantFrom("toml", "yaml", "json"),
    style: fc.constantFrom<TomlStyle>("basic", "multi-line basic", "multi-line literal", "folded"),
    ascii: fc.boolean(),
  })
  .filter(({ text }) => !text.includes("\\ "))
  .map(({ text, encoding: how, format, style, ascii }) => {
    const files = {
      toml: `title = "random"\n\n[agent.templates]\nother = "Keep me."\nsystem = ${tomlString(text, style)}\n\n[[more]]\nx = 1\n`,
      yaml: `agent:\n  templates:\n    other: Keep me.\n    system: ${/^\s/.test(text) || style === "basic" ? JSON.stringify(text) : `|${text.endsWith("\n\n") ? "+" : text.endsWith("\n") ? "" : "-"}\n${indented(text, "      ").replace(/\n+$/, "")}${"\n".repeat(Math.max(1, text.length - text.replace(/\n+$/, "").length))}`}\nmore: 1\n`.replace(
        /\n\nmore/,
        text.endsWith("\n\n") ? "\nmore" : "\nmore",
      ),
      json: `{\n  "agent": { "templates": { "other": "Keep me.", "system": ${json(text, ascii)} } },\n  "more": [1, true, null]\n}\n`,
    };
    return {
      path: `config/random.${format}`,
      name: "agent.templates.system",
      text: encoded(
        format === "json" ? files.json : format === "toml" ? files.toml : files.yaml,
        how,
      ),
      messages: [{ role: "user", content: text }],
    };
  });

export const renderedPrompt: fc.Arbitrary<RenderedPrompt> = fc.oneof(
  { weight: 3, arbitrary: sectionsFile },
  { weight: 2, arbitrary: templateFile },
  { weight: 2, arbitrary: namedValueFile },
  { weight: 3, arbitrary: promptfooFile },
  jsonlFile,
);
