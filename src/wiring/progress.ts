import type { CommandContext } from "./context.js";

/** On a terminal one line that is overwritten; in a log a line every tenth of the way. */
export function progressLine(
  context: Pick<CommandContext, "say" | "quiet" | "interactive">,
): (line: string) => void {
  if (context.quiet) return () => {};
  let last = "";
  return (line) => {
    const step = stepOf(line);
    if (context.interactive) context.say(`\r\u001b[2K${line}${step === "done" ? "\n" : ""}`);
    else if (step !== last) context.say(`${line}\n`);
    last = step;
  };
}

/** `masks: 37/320` -> the tenth it is in; other lines are their own step. */
function stepOf(line: string): string {
  const counted = /^(.*): (\d+)\/(\d+)$/.exec(line);
  if (!counted) return line;
  const [done, total] = [Number(counted[2]), Number(counted[3])];
  return done === total ? "done" : `${counted[1]} ${Math.floor((10 * done) / Math.max(1, total))}`;
}
