import picomatch from "picomatch";

/** Whether a path of the repository matches one of the globs. */
export function matchesAny(globs: readonly string[], path: string): boolean {
  return globs.length > 0 && picomatch([...globs], { dot: true })(path);
}
