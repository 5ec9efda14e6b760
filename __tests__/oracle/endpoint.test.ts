import type { LookupAddress } from "node:dns";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { checkEndpoint, refuseAddress } from "../../src/oracle/endpoint.js";
import { startChatServer, type ChatServer } from "./chat-server.js";
import { brief, open, question } from "./opening.js";

const strict = { allowPrivate: false };
const allowing = { allowPrivate: true };

describe("base URLs", () => {
  test.each([
    ["https://api.example.com/v1/", "https://api.example.com/v1", "api.example.com", "public"],
    ["http://localhost:8080/v1", "http://localhost:8080/v1", "localhost:8080", "loopback"],
    ["http://127.9.9.9/v1", "http://127.9.9.9/v1", "127.9.9.9", "loopback"],
    ["http://[::1]:1/v1", "http://[::1]:1/v1", "[::1]:1", "loopback"],
    ["http://0x7f.1/v1", "http://127.0.0.1/v1", "127.0.0.1", "loopback"],
  ])("%s is taken", (baseUrl, url, host, scope) => {
    expect(checkEndpoint(baseUrl, strict)).toMatchObject({ url, host, scope });
  });

  test.each([
    "not a url",
    "ftp://host/v1",
    "file:///etc/passwd",
    "https://user:pass@host/v1",
    "https://key@host/v1",
    "https://host/v1?x=1",
    "https://host/v1#x",
    "http://api.example.com/v1",
    "http://localhost.example.com/v1",
    "http://10.0.0.5/v1",
    "https://10.0.0.5/v1",
    "https://0/v1",
    "https://192.168.1.1/v1",
    "https://172.31.255.255/v1",
    "https://169.254.10.10/v1",
    "https://169.254.169.254/v1",
    "https://2852039166/v1",
    "https://100.100.100.200/v1",
    "https://[fd00:ec2::254]/v1",
    "https://[fe80::1]/v1",
    "https://[::ffff:10.0.0.1]/v1",
    "https://[64:ff9b::a00:1]/v1",
    "https://[::]/v1",
  ])("%s is refused", (baseUrl) => {
    expect(() => checkEndpoint(baseUrl, strict)).toThrow(
      expect.objectContaining({ code: "ORACLE_ENDPOINT" }),
    );
  });

  test("a password is not repeated in the error", () => {
    for (const url of [
      "https://user:hunter2@host/v1",
      "https://user:hunter2@ho st/v1",
      "gopher://user:hunter2@host",
    ]) {
      expect(() => checkEndpoint(url, strict)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining("hunter2") }),
      );
    }
  });

  test("private addresses and http are taken when allowed; metadata addresses never", () => {
    for (const url of ["http://10.0.0.5/v1", "https://[fd12::1]/v1", "http://llm.internal:8000/v1"])
      expect(checkEndpoint(url, allowing).allowPrivate).toBe(true);
    for (const url of [
      "http://169.254.169.254/v1",
      "https://[::ffff:169.254.169.254]/v1",
      "http://100.100.100.200",
      "http://[fd00:ec2::254]",
    ]) {
      expect(() => checkEndpoint(url, allowing)).toThrow(
        expect.objectContaining({ code: "ORACLE_ENDPOINT" }),
      );
    }
  });
});

describe("addresses that a name resolves to", () => {
  const refused = (
    baseUrl: string,
    options: { readonly allowPrivate: boolean },
    address: string,
  ): boolean => refuseAddress(checkEndpoint(baseUrl, options), address) !== null;

  test.each([
    "93.184.216.34",
    "2606:2800:220:1::1",
    "172.32.0.1",
    "100.63.0.1",
    "64:ff9b::5db8:d822",
  ])("%s is public", (address) => {
    expect(refused("https://name/v1", strict, address)).toBe(false);
    expect(refused("http://name/v1", allowing, address)).toBe(true);
    expect(refused("http://localhost/v1", allowing, address)).toBe(true);
  });

  test.each([
    "127.0.0.1",
    "::1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.0.1",
    "100.64.0.1",
    "169.254.1.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::ffff:192.168.0.1",
    "::7f00:1",
    "fc00::1",
    "fe80::1%eth0",
    "ff02::1",
    "2002:a00:1::",
    "64:ff9b::a00:1",
    "64:ff9b::7f00:1",
  ])("%s is not", (address) => {
    expect(refused("https://name/v1", strict, address)).toBe(true);
    expect(refused("http://name/v1", allowing, address)).toBe(false);
  });

  test.each(["169.254.169.254", "::ffff:a9fe:a9fe", "64:ff9b::a9fe:a9fe", "fd00:ec2::254"])(
    "%s is refused to everybody",
    (address) => {
      expect(refused("https://name/v1", allowing, address)).toBe(true);
    },
  );

  test("localhost must be loopback", () => {
    expect(refused("http://localhost/v1", strict, "127.0.0.1")).toBe(false);
    expect(refused("http://localhost/v1", strict, "10.0.0.1")).toBe(true);
  });
});

describe("connections", () => {
  let server: ChatServer;
  beforeEach(async () => void (server = await startChatServer()));
  afterEach(() => server.close());
  const portOf = (): string => new URL(server.baseUrl).port;
  const resolvingTo =
    (...addresses: string[]) =>
    (_: string, done: (error: null, found: readonly LookupAddress[]) => void) =>
      done(
        null,
        addresses.map((address) => ({ address, family: 4 })),
      );

  test("go to the address that was checked", async () => {
    const oracle = open({
      baseUrl: `http://llm.internal:${portOf()}/v1`,
      allowPrivateEndpoint: true,
      resolve: resolvingTo("127.0.0.1"),
    });
    expect(brief(await oracle.ask([question("a")]))).toEqual(["A"]);
    expect(server.requests[0]?.headers.host).toBe(`llm.internal:${portOf()}`);
  });

  test("are not made where a public name resolves inwards, not even partly", async () => {
    for (const addresses of [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"]]) {
      const oracle = open({
        baseUrl: `https://api.example.com:${portOf()}/v1`,
        resolve: resolvingTo(...addresses),
      });
      const outcomes = await oracle.ask([question("a"), question("b")]);
      expect(brief(outcomes)).toEqual(["unavailable", "unavailable"]);
      expect(outcomes[0]).toMatchObject({
        message: expect.stringContaining("127.0.0.1 is a loopback address"),
      });
    }
    expect(server.requests).toEqual([]);
  });

  test("a name that does not resolve is unavailable", async () => {
    const oracle = open({
      baseUrl: "https://api.example.com/v1",
      retries: 0,
      resolve: (_, done) => done(new Error("ENOTFOUND api.example.com"), []),
    });
    const [outcome] = await oracle.ask([question("a")]);
    expect(outcome).toMatchObject({
      kind: "refused",
      cause: "unavailable",
      message: expect.stringContaining("ENOTFOUND"),
    });
  });

  test("a remote endpoint without a key is not asked, and says so", async () => {
    const oracle = open({
      baseUrl: "https://api.example.com/v1",
      apiKey: null,
      resolve: () => expect(true).toBe(false),
    });
    expect(brief(await oracle.ask([question("a")]))).toEqual(["not recorded"]);
    expect(oracle.host).toBe("recording");
    expect(oracle.facts().notices).toEqual([
      "no key is given for api.example.com: only recorded answers are used",
    ]);
  });

  test("settings of the environment that belong to another host are not sent", async () => {
    const names = {
      OPENAI_ORG_ID: "org-x",
      OPENAI_PROJECT_ID: "proj-x",
      OPENAI_API_KEY: "sk-env",
      OPENAI_BASE_URL: "https://elsewhere.example",
      OPENAI_CUSTOM_HEADERS: "x-custom: custom-x",
    };
    Object.assign(process.env, names);
    try {
      expect(
        brief(await open({ baseUrl: server.baseUrl, apiKey: null }).ask([question("a")])),
      ).toEqual(["A"]);
    } finally {
      for (const name of Object.keys(names)) delete process.env[name];
    }
    expect(JSON.stringify(server.requests[0]?.headers)).not.toMatch(
      /org-x|proj-x|sk-env|custom-x|stainless/,
    );
  });
});

test.each([
  ["maxTokens", 0],
  ["concurrency", 1.5],
  ["timeoutMs", 0],
  ["retries", -1],
  ["model", ""],
])("%s %j is wrong use", (name, value) => {
  expect(() => open({ [name]: value })).toThrow(expect.objectContaining({ code: "USAGE" }));
});
