// Cuts the operations that the tests' fake of GitHub serves out of GitHub's own OpenAPI description.
//
//   npm pack @octokit/openapi@23.0.2        (MIT; the description itself is published by GitHub under MIT)
//   tar xzf octokit-openapi-23.0.2.tgz package/generated/api.github.com.json
//   node scripts/slice-github-openapi.mjs package/generated/api.github.com.json > __tests__/fixtures/github-api/openapi.json
//
// Descriptions, examples and extensions go: what is left is what requests and answers are checked against.
import { readFileSync } from "node:fs";

const OPERATIONS = [
  ["/repos/{owner}/{repo}/issues/{issue_number}/comments", ["get", "post"]],
  ["/repos/{owner}/{repo}/issues/comments/{comment_id}", ["get", "patch"]],
  ["/repos/{owner}/{repo}/pulls/{pull_number}/files", ["get"]],
  ["/repos/{owner}/{repo}/pulls/{pull_number}/comments", ["get"]],
  ["/repos/{owner}/{repo}/pulls/{pull_number}/reviews", ["post"]],
];

const PROSE = new Set([
  "description",
  "summary",
  "externalDocs",
  "example",
  "examples",
  "tags",
  "title",
]);

/** `names` is true where the keys are names of somebody's choice (properties, schemas), not words of OpenAPI. */
function withoutProse(value, names = false) {
  if (Array.isArray(value)) return value.map((item) => withoutProse(item));
  if (value === null || typeof value !== "object") return value;
  const kept = Object.entries(value).filter(
    ([key]) => names || !(PROSE.has(key) || key.startsWith("x-")),
  );
  return Object.fromEntries(
    kept.map(([key, item]) => [key, withoutProse(item, key === "properties" && !names)]),
  );
}

function references(value, found = new Set()) {
  if (value === null || typeof value !== "object") return found;
  if (typeof value.$ref === "string") found.add(value.$ref);
  for (const item of Object.values(value)) references(item, found);
  return found;
}

function resolve(document, reference) {
  return reference
    .slice(2)
    .split("/")
    .reduce((value, key) => value[key.replaceAll("~1", "/").replaceAll("~0", "~")], document);
}

/** Every component that the paths reach, directly or through other components. */
function componentsOf(document, paths) {
  const components = {};
  const pending = [...references(paths)];
  const seen = new Set();
  for (let reference = pending.pop(); reference !== undefined; reference = pending.pop()) {
    if (seen.has(reference)) continue;
    seen.add(reference);
    const [, , kind, name] = reference.split("/");
    const component = withoutProse(resolve(document, reference));
    (components[kind] ??= {})[name] = component;
    pending.push(...references(component));
  }
  return sorted(components);
}

function sorted(components) {
  const byName = ([a], [b]) => (a < b ? -1 : 1);
  return Object.fromEntries(
    Object.entries(components)
      .sort(byName)
      .map(([kind, members]) => [kind, Object.fromEntries(Object.entries(members).sort(byName))]),
  );
}

/** OpenAPI wants a description in every response. */
function withResponseDescriptions(document) {
  const responses = [
    ...Object.values(document.components.responses ?? {}),
    ...Object.values(document.paths).flatMap((path) =>
      Object.values(path).flatMap((operation) => Object.values(operation.responses ?? {})),
    ),
  ];
  for (const response of responses) if (!("$ref" in response)) response.description = "";
  return document;
}

const [source] = process.argv.slice(2);
if (source === undefined)
  throw new Error("usage: node scripts/slice-github-openapi.mjs api.github.com.json");
const full = JSON.parse(readFileSync(source, "utf8"));
const paths = Object.fromEntries(
  OPERATIONS.map(([path, methods]) => [
    path,
    Object.fromEntries(methods.map((method) => [method, withoutProse(full.paths[path][method])])),
  ]),
);
const slice = {
  openapi: full.openapi,
  info: {
    title: "GitHub REST API, a slice",
    version: full.info.version,
    license: full.info.license,
  },
  paths,
  components: componentsOf(full, paths),
};
process.stdout.write(`${JSON.stringify(withResponseDescriptions(slice))}\n`);
