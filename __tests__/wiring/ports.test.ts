import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { fromStrings } from "../../src/config.js";
import { settingsOf, type CommandContext } from "../../src/wiring/context.js";
import { openJob } from "../../src/wiring/ports.js";
import { randomModel, writeModel } from "../surrogate/random-model.js";

const root = mkdtempSync(join(tmpdir(), "understudy-ports-"));
for (const side of ["base", "head"]) mkdirSync(join(root, side));
const model = writeModel(join(root, "model.gguf"), randomModel("llama", 51));

afterAll(() => rmSync(root, { recursive: true, force: true }));

const context: CommandContext = {
  caller: fromStrings(
    {
      base: join(root, "base"),
      head: join(root, "head"),
      precision: "fp32",
      "surrogate-workers": "1",
    },
    "--",
  ),
  operands: [],
  json: false,
  quiet: true,
  raw: false,
  prompt: null,
  response: null,
  model,
  masks: null,
  values: null,
  perInput: false,
  root,
  environment: {},
  print: () => undefined,
  say: () => undefined,
  interactive: false,
};

test("whatever the surrogate is asked counts as surrogate time, also what fails", async () => {
  const { ports, surrogateSeconds } = await openJob(context, await settingsOf(context));
  const { surrogate } = ports;
  const messages = [{ role: "user" as const, content: "Hi" }];
  const seconds = [surrogateSeconds()];
  await surrogate.score([{ messages, response: "Ok" }]);
  seconds.push(surrogateSeconds());
  const labels = await surrogate.scoreLabels([messages], ["a", "b"]);
  seconds.push(surrogateSeconds());
  const embedded = await surrogate.embedPrompt(messages);
  seconds.push(surrogateSeconds());
  await expect(surrogate.scoreLabels([messages], [])).rejects.toMatchObject({ code: "INPUTS" });
  seconds.push(surrogateSeconds());
  await surrogate.close();
  expect([labels.logProbabilities[0]?.length, embedded.tokens.length]).toEqual([2, 22]);
  expect(seconds[0]).toBe(0);
  seconds.slice(1).forEach((value, i) => expect(value).toBeGreaterThan(seconds[i] ?? Number.NaN));
});
