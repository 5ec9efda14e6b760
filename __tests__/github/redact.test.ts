import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { createRedactor } from "../../src/github/redact.js";
import { codeSpan, escapeMarkdown } from "../../src/report/markdown/escape.js";

const SECRET = 'sk_live-[a|b]&<"é>+/=';

describe("redaction", () => {
  test.each([
    ["as it is", (secret: string) => secret],
    ["in a JSON string", (secret: string) => JSON.stringify({ key: secret })],
    ["percent-encoded", encodeURIComponent],
    ["in base64", (secret: string) => Buffer.from(secret).toString("base64")],
    ["in base64 for addresses", (secret: string) => Buffer.from(secret).toString("base64url")],
    ["escaped as Markdown prose", (secret: string) => escapeMarkdown(`key ${secret}`)],
    ["in a Markdown code span", (secret: string) => codeSpan(`key ${secret}`)],
  ])("finds a secret %s", (_name, form) => {
    const text = createRedactor([SECRET])(`before ${form(SECRET)} after`);
    expect(text).toContain("***");
    expect(text).not.toMatch(/live|a\|b|\+\/=/);
    expect(text).toMatch(/^before .* after$/s);
  });

  test("takes the longer of two secrets that share a beginning", () => {
    expect(createRedactor(["abcdefgh", "abcdefghijkl"])("abcdefghijkl")).toBe("***");
  });

  test("takes each line of a key that has several", () => {
    expect(createRedactor(["-----BEGIN-----\r\nMIIEow\r\n"])("x MIIEow y")).toBe("x *** y");
  });

  test("leaves text alone without a secret worth the name", () => {
    expect(createRedactor(["", "true", "  "])("it is true")).toBe("it is true");
  });

  test("reads every secret literally, whatever characters it holds", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6, unit: "grapheme" }), fc.string(), (secret, other) => {
        fc.pre(secret.trim().length >= 6);
        expect(createRedactor([secret])(`${other} ${secret}`)).not.toContain(secret.trim());
      }),
    );
  });

  test("changes nothing where no secret occurs", () => {
    fc.assert(
      fc.property(
        fc.string(),
        (text) => createRedactor(["\u0001 no text has this"])(text) === text,
      ),
    );
  });
});
