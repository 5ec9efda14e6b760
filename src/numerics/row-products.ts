/** The inner loops of dense linear algebra: products of rows that run along memory, in 2 x 4 register tiles. */

export interface RowProducts {
  /** Rows of the target that are changed. */
  readonly targetStart: number;
  readonly targetEnd: number;
  /** Rows of the right matrix, which are the target's columns. */
  readonly rowStart: number;
  readonly rowEnd: number;
  /** Columns the dot products run over. */
  readonly from: number;
  readonly to: number;
  /** Where the left rows come from; the target itself by default. */
  readonly left?: Float64Array;
}

/** target[i][j] -= sum_k left[i][k] right[j][k] for the rows and columns given; all matrices have `size` columns. */
export function subtractRowProducts(
  target: Float64Array,
  right: Float64Array,
  size: number,
  range: RowProducts,
): void {
  const { rowStart, rowEnd, from, to, targetEnd } = range;
  const left = range.left ?? target;
  if (from >= to) return;
  let i = range.targetStart;
  for (; i + 1 < targetEnd; i += 2) {
    let j = rowStart;
    for (; j + 3 < rowEnd; j += 4) subtractTile(target, left, right, { size, i, j, from, to });
    for (; j < rowEnd; j++) {
      subtractDot(target, left, right, { size, i, j, from, to });
      subtractDot(target, left, right, { size, i: i + 1, j, from, to });
    }
  }
  if (i < targetEnd)
    for (let j = rowStart; j < rowEnd; j++)
      subtractDot(target, left, right, { size, i, j, from, to });
}

interface Tile {
  readonly size: number;
  readonly i: number;
  readonly j: number;
  readonly from: number;
  readonly to: number;
}

/** Rows i, i + 1 against rows j .. j + 3: eight sums held in registers while both matrices are read once. */
function subtractTile(
  target: Float64Array,
  left: Float64Array,
  right: Float64Array,
  tile: Tile,
): void {
  const { size, i, j, from, to } = tile;
  const a0 = i * size;
  const a1 = a0 + size;
  const b0 = j * size;
  const b1 = b0 + size;
  const b2 = b1 + size;
  const b3 = b2 + size;
  let s00 = 0;
  let s01 = 0;
  let s02 = 0;
  let s03 = 0;
  let s10 = 0;
  let s11 = 0;
  let s12 = 0;
  let s13 = 0;
  for (let k = from; k < to; k++) {
    const x0 = left[a0 + k] as number;
    const x1 = left[a1 + k] as number;
    const y0 = right[b0 + k] as number;
    const y1 = right[b1 + k] as number;
    const y2 = right[b2 + k] as number;
    const y3 = right[b3 + k] as number;
    s00 += x0 * y0;
    s01 += x0 * y1;
    s02 += x0 * y2;
    s03 += x0 * y3;
    s10 += x1 * y0;
    s11 += x1 * y1;
    s12 += x1 * y2;
    s13 += x1 * y3;
  }
  const t0 = a0 + j;
  const t1 = a1 + j;
  target[t0] = (target[t0] as number) - s00;
  target[t0 + 1] = (target[t0 + 1] as number) - s01;
  target[t0 + 2] = (target[t0 + 2] as number) - s02;
  target[t0 + 3] = (target[t0 + 3] as number) - s03;
  target[t1] = (target[t1] as number) - s10;
  target[t1 + 1] = (target[t1 + 1] as number) - s11;
  target[t1 + 2] = (target[t1 + 2] as number) - s12;
  target[t1 + 3] = (target[t1 + 3] as number) - s13;
}

function subtractDot(
  target: Float64Array,
  left: Float64Array,
  right: Float64Array,
  tile: Tile,
): void {
  const { size, i, j, from, to } = tile;
  let sum = 0;
  for (let k = from; k < to; k++)
    sum += (left[i * size + k] as number) * (right[j * size + k] as number);
  target[i * size + j] = (target[i * size + j] as number) - sum;
}
