/** Rotary position tables (Su et al. 2021). */

/** cos and sin of position * base^(-2i/headSize), row-major [positions, headSize / 2]. */
export function rotaryTables(options: {
  readonly positions: number;
  readonly headSize: number;
  readonly base: number;
}): { readonly cosines: Float32Array; readonly sines: Float32Array } {
  const half = options.headSize / 2;
  const cosines = new Float32Array(options.positions * half);
  const sines = new Float32Array(options.positions * half);
  for (let i = 0; i < half; i++) {
    const frequency = options.base ** ((-2 * i) / options.headSize);
    for (let position = 0; position < options.positions; position++) {
      cosines[position * half + i] = Math.cos(position * frequency);
      sines[position * half + i] = Math.sin(position * frequency);
    }
  }
  return { cosines, sines };
}
