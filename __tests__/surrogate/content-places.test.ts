import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Message, PromptToken } from "../../src/domain.js";
import { byteCharacter } from "../../src/surrogate/byte-level.js";
import { createChat } from "../../src/surrogate/chat.js";
import { createGgufMetadata } from "../../src/surrogate/gguf-metadata.js";
import { openGguf } from "../../src/surrogate/gguf.js";
import { createTokenizer } from "../../src/surrogate/tokenizer.js";
import { embeddedModel } from "./embedded-model.js";

const MARKERS = ["<|im_start|>", "<|im_end|>"];

/** A vocabulary of bytes, a few merges across words and line ends, and two markers. */
function chatOf(template: string) {
  const bytes = Array.from({ length: 256 }, (_, byte) => byteCharacter(byte));
  const merges = ["Ċ Ċ", "Ġ a", "a b", "ab c"];
  const plain = [...bytes, ...merges.map((merge) => merge.replace(" ", ""))];
  const metadata = createGgufMetadata(
    "chat.gguf",
    new Map<string, unknown>([
      ["tokenizer.ggml.model", "gpt2"],
      ["tokenizer.ggml.pre", "qwen2"],
      ["tokenizer.ggml.tokens", [...plain, ...MARKERS]],
      ["tokenizer.ggml.token_type", [...plain.map(() => 1), 3, 3]],
      ["tokenizer.ggml.merges", merges],
      ["tokenizer.chat_template", template],
    ]),
  );
  const source = { path: "chat.gguf", metadata };
  const tokenizer = createTokenizer(source);
  const chat = createChat(source, tokenizer);
  const options = { addGenerationPrompt: true };
  return {
    tokenizer,
    encode: (messages: readonly Message[]) => [...chat.encode(messages, options)],
    place: (messages: readonly Message[]) => chat.place(messages, options),
  };
}

const END = "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
const TEMPLATES = {
  plain: `{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}${END}`,
  trimming: `{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content | trim }}\n{% endfor %}${END}`,
  joining: `{% for m in messages %}{{ m.content.strip() }}{% endfor %}<|im_end|>`,
  "with the system message last": `{% for m in messages if m.role != 'system' %}{{ m.content }}<|im_end|>{% endfor %}{% for m in messages if m.role == 'system' %}{{ m.content }}{% endfor %}`,
} as const;

const user = (content: string): Message => ({ role: "user", content });

/** The pieces of the contents that tokens stand for, in the order of the tokens. */
function pieces(tokens: readonly PromptToken[], messages: readonly Message[]) {
  return tokens.map(({ message, start, end }) =>
    message === null ? null : `${message}:${messages[message]?.content.slice(start, end)}`,
  );
}

const piece = fc.constantFrom(
  "abc",
  " a",
  " ",
  "\n",
  "\n\n",
  "\u2003",
  "é漢😀",
  "\ue000",
  "\ue000\ue001",
  "0\ue002",
  "<|im_end|>",
  "user\n",
  "assistant",
  "12",
);
const messages = fc.array(
  fc.record({
    role: fc.constantFrom<Message["role"]>("system", "user", "assistant"),
    content: fc.array(piece, { maxLength: 6 }).map((parts) => parts.join("")),
  }),
  { minLength: 1, maxLength: 4 },
);

/** Whether the template puts contents side by side, with nothing of its own between them. */
function contentsTouch(template: string, chat: readonly Message[]): boolean {
  const systems = chat.filter(({ role }) => role === "system").length;
  return (
    template === TEMPLATES.joining ||
    (template === TEMPLATES["with the system message last"] && systems > 1)
  );
}

describe.each(Object.entries(TEMPLATES))("a chat, %s", (_, template) => {
  const { encode, place } = chatOf(template);

  test("has the tokens of its encoding, and every content's text is covered once, in order", () => {
    fc.assert(
      fc.property(messages, (chat) => {
        const tokens = place(chat);
        expect(tokens.map(({ id }) => id)).toEqual(encode(chat));
        chat.forEach(({ content }, message) => {
          const own = tokens.filter((token) => token.message === message);
          const core = content.trim();
          const covered = own.map(({ start, end }) => content.slice(start, end)).join("");
          // A token that joins the ends of two contents counts as the first one's alone.
          if (!contentsTouch(template, chat)) expect(covered.trim()).toBe(core);
          own.forEach(({ start, end }, i) => {
            expect(start).toBeLessThanOrEqual(end);
            expect(start).toBeGreaterThanOrEqual(own[i - 1]?.end ?? 0);
          });
        });
      }),
      {
        numRuns: 150,
        examples: [
          [
            [
              { role: "system", content: "abc " },
              { role: "system", content: "abc" },
            ],
          ],
        ],
      },
    );
  });
});

describe("tokens of contents", () => {
  test("are told apart where the same content occurs twice, also as a role's name", () => {
    const { place } = chatOf(TEMPLATES.plain);
    const chat = [user("user"), user("user")];
    const tokens = pieces(place(chat), chat).filter((text) => text !== null);
    expect(tokens).toEqual(
      [..."user"].map((c) => `0:${c}`).concat([..."user"].map((c) => `1:${c}`)),
    );
  });

  test("follow a content that the template moves", () => {
    const chat: Message[] = [{ role: "system", content: "ab" }, user("12")];
    const { place } = chatOf(TEMPLATES["with the system message last"]);
    expect(pieces(place(chat), chat)).toEqual(["1:1", "1:2", null, "0:ab"]);
  });

  test("stand for white space at a content's end only where the template keeps it", () => {
    const chat = [user(" \nabc \n")];
    const kept = pieces(chatOf(TEMPLATES.plain).place(chat), chat);
    expect(kept.filter((text) => text !== null).join("|")).toBe("0: |0:\n|0:abc|0: |0:\n");
    const trimmed = chatOf(TEMPLATES.trimming).place(chat);
    expect(pieces(trimmed, chat).filter((text) => text !== null)).toEqual(["0:abc"]);
  });

  test("do not take the template's own white space for a content's, however rare it is", () => {
    const { place } = chatOf(
      "{% for m in messages %}<|im_start|>{{ m.content | trim }}\u2003<|im_end|>{% endfor %}",
    );
    const chat = [user("abc\u2003")];
    expect(pieces(place(chat), chat).filter((text) => text !== null)).toEqual(["0:abc"]);
  });

  test("take the markup into the piece where one token holds both, as a line end does here", () => {
    const chat = [user("\nabc")];
    const { place } = chatOf(TEMPLATES.plain);
    const tokens = place(chat);
    const first = tokens.find((token) => token.message === 0);
    expect(first).toMatchObject({ message: 0, start: 0, end: 1 });
    expect(pieces(tokens, chat).filter((text) => text !== null)).toEqual(["0:\n", "0:abc"]);
  });

  test("stay where a content spells the template's markers", () => {
    const chat = [user("a<|im_end|>\n<|im_start|>b")];
    const { place, tokenizer } = chatOf(TEMPLATES.plain);
    const tokens = place(chat).filter((token) => token.message === 0);
    expect(tokenizer.decode(tokens.map(({ id }) => id))).toBe("a<|im_end|>\n<|im_start|>b");
  });

  test("that share one character are empty but for the last", () => {
    const chat = [user("é")];
    const own = chatOf(TEMPLATES.plain)
      .place(chat)
      .filter((token) => token.message === 0);
    expect(own.map(({ start, end }) => [start, end])).toEqual([
      [0, 0],
      [0, 1],
    ]);
  });

  test("are found where the template treats white space at the ends in its own way", () => {
    const { place } = chatOf(
      "{% for m in messages %}<|im_start|>{% if m.content.startswith('\n') %}line{% endif %}{{ m.content }}<|im_end|>{% endfor %}",
    );
    const chat = [user("\nabc ")];
    expect(pieces(place(chat), chat).filter((text) => text !== null)).toEqual(["0:abc"]);
  });

  test("cannot be placed where the template rewrites contents: an error, not a guess", () => {
    const { place } = chatOf("{% for m in messages %}{{ m.content | upper }}{% endfor %}");
    expect(() => place([user("abc")])).toThrow(
      expect.objectContaining({ code: "MODEL_UNSUPPORTED" }),
    );
    const cut = chatOf("{% for m in messages %}{{ m.content[0:2] }}{% endfor %}");
    expect(() => cut.place([user("abc")])).toThrow(
      expect.objectContaining({ code: "MODEL_UNSUPPORTED" }),
    );
  });
});

test("the embedded model's own template keeps contents in place, and adds its system message as markup", async () => {
  const gguf = await openGguf(embeddedModel);
  const tokenizer = createTokenizer(gguf);
  const chat = createChat(gguf, tokenizer);
  gguf.close();
  const options = { addGenerationPrompt: true };
  const prompt = [
    user("Sort the letter. "),
    { role: "assistant" as const, content: "Lights" },
    user("You"),
  ];
  const tokens = chat.place(prompt, options);
  expect(tokens.map(({ id }) => id)).toEqual([...chat.encode(prompt, options)]);
  const found = pieces(tokens, prompt);
  expect(found.filter((text) => text !== null)).toEqual([
    "0:Sort",
    "0: the",
    "0: letter",
    "0:.",
    "0: ",
    "1:L",
    "1:ights",
    "2:You",
  ]);
  // "You are a helpful AI assistant" stands before: another "You".
  expect(found.indexOf("0:Sort")).toBeGreaterThan(10);
});
