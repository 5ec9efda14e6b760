/** One bundle for both doors: dist/main/index.js; dist/cli and dist/action are two lines each. */
export { runCommandLine } from "./cli.js";
export { runAction } from "./action.js";
