#!/usr/bin/env bash
# Runs dist/ from an empty folder, without node_modules beside it: smoke.sh REPOSITORY SCRATCH NODE...
# native: onnxruntime-node is linked next to dist; wasm: nothing is, so the build inside dist runs (three masks: it is slow).
set -euo pipefail
repository=$1 scratch=$2
shift 2

check_score() { # backend
  "$node" -e '
    const score = JSON.parse(require("node:fs").readFileSync("score.json", "utf8"));
    const sum = score.tokens.reduce((total, token) => total + token.logProbability, 0);
    console.log(process.version, process.argv[1], "model score", sum.toFixed(4));
    if (!(score.tokens.length > 0 && sum < 0 && sum > -20)) process.exit(1);' "$1"
}

check_review() {
  "$node" -e '
    const { prompts, data, complete } = JSON.parse(require("node:fs").readFileSync("out/understudy-report.json", "utf8"));
    const found = [complete, prompts[0].demonstrations.length, data[0].suspicious.length, prompts[0].removable.certificate !== null];
    console.log(process.version, "review", JSON.stringify(found));
    if (JSON.stringify(found) !== "[true,2,12,true]") process.exit(1);'
}

for node in "$@"; do
  version=$("$node" --version)
  for backend in native wasm; do
    folder="$scratch/$version-$backend"
    mkdir -p "$folder/app" "$folder/work"
    cp -R "$repository/dist" "$folder/app/"
    ln -s "$repository/models" "$folder/app/models"
    if [ "$backend" = native ]; then
      mkdir -p "$folder/app/node_modules"
      for package in onnxruntime-node onnxruntime-common; do
        ln -s "$repository/node_modules/$package" "$folder/app/node_modules/$package"
      done
    fi
    cd "$folder/work"
    printf 'Name the capital of France.' > prompt.txt
    printf 'Paris' > response.txt
    "$node" ../app/dist/cli/index.js --version
    "$node" ../app/dist/cli/index.js model score --prompt prompt.txt --response response.txt --runtime "$backend" --json > score.json
    check_score "$backend"
    if [ "$backend" = native ]; then
      cp -R "$repository/examples/ticket-triage" example
      "$node" ../app/dist/cli/index.js review --base example/base --head example/head --output-folder out --quiet > comment.md
      check_review
    else
      "$node" ../app/dist/cli/index.js model bench --runtime wasm --surrogate-workers 1 --masks 3
    fi
    cd "$repository"
  done
done
echo "smoke: all runs passed"
