import { describe, expect, test } from "@jest/globals";
import {
  deleteSpans,
  lockedSpans,
  parseLockPatterns,
  parsePrompt,
  sectionHeadings,
} from "../../src/prompts/index.js";

const TEXT = `# Task
You sort mail. Be quick.

## Rules
- First rule here.
- Second rule here.

## Output format
Reply with JSON only.
Use short keys.

<policy>
Opening hours are nine to five.
</policy>

Look at these:
- One thing.
- Another thing.

Never share passwords with anybody.

Mail: {{mail}}
`;
const template = parsePrompt("a.prompt.md", TEXT);
const textOf = (span: number): string => template.spans[span]?.text.trim() ?? "";

describe("headings", () => {
  const sections = new Map(
    sectionHeadings(template).map(({ span, under }) => [textOf(span), under.map(textOf)]),
  );

  test("have all under them, up to the next of their level", () => {
    expect(sections.get("## Rules")).toEqual(["- First rule here.", "- Second rule here."]);
    // The slot under it must stay, and so does the heading.
    expect(sections.get("# Task")).toEqual([]);
  });

  test("tags go together, lead-ins with their list", () => {
    const policy = ["Opening hours are nine to five."];
    expect(sections.get("<policy>")).toEqual(policy);
    expect(sections.get("</policy>")).toEqual(policy);
    expect(sections.get("Look at these:")).toEqual(["- One thing.", "- Another thing."]);
  });

  test("go from the file with their section", () => {
    const rules = sectionHeadings(template).find(({ span }) => textOf(span) === "## Rules");
    const { text } = deleteSpans(template, rules?.under ?? [], [rules?.span ?? -1]);
    expect(text).not.toMatch(/Rules|rule here/);
    expect(text).toContain("## Output format");
  });
});

describe("locked spans", () => {
  test("are those right under the heading, not what other headings and tags behind it hold", () => {
    const text =
      "## Safety\nBe careful with knives.\n<notes>\nWe are open.\n</notes>\nHello {{mail}}\n";
    const other = parsePrompt("b.prompt.md", text);
    const found = [...lockedSpans(other, { sections: true, patterns: [] })];
    expect(found.map((span) => other.spans[span]?.text.trim())).toEqual([
      "Be careful with knives.",
    ]);
  });

  const locked = (given: Parameters<typeof lockedSpans>[1]): string[] =>
    [...lockedSpans(template, given)].map(textOf).sort();

  test("are those under headings and tags about format, policy and safety, and sentences about them", () => {
    expect(locked({ sections: true, patterns: [] })).toEqual(
      [
        "Reply with JSON only.",
        "Use short keys.",
        "Opening hours are nine to five.",
        "Never share passwords with anybody.",
      ].sort(),
    );
  });

  test("are none, or what a pattern of the user's names", () => {
    expect(locked({ sections: false, patterns: [] })).toEqual([]);
    expect(locked({ sections: false, patterns: parseLockPatterns(["second RULE"]) })).toEqual([
      "- Second rule here.",
    ]);
    expect(() => parseLockPatterns(["("])).toThrow(/lock-patterns/);
  });
});
