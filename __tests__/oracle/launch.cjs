// node launch.cjs BUNDLE CACHE ARGUMENTS...: calls `run` of a CommonJS bundle from compiled code, which the first run leaves in the cache.
// Two hundred lives of a process would otherwise spend most of their time on compiling the same modules.
const { existsSync, readFileSync, writeFileSync } = require("node:fs");
const { Module } = require("node:module");
const { dirname } = require("node:path");
const { Script } = require("node:vm");

const [bundle, cache, ...words] = process.argv.slice(2);
const cachedData = existsSync(cache) ? readFileSync(cache) : undefined;
const script = new Script(Module.wrap(readFileSync(bundle, "utf8")), {
  filename: bundle,
  cachedData,
});
const loaded = { exports: {} };
script.runInThisContext()(loaded.exports, require, loaded, bundle, dirname(bundle));
loaded.exports.run(words).then(
  () => cachedData ?? writeFileSync(cache, script.createCachedData()),
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
