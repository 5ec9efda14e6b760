/** Inner products of rows in single precision, summed in double, in 2 x 4 register tiles. */

/** Row-major matrices with `columns` columns each; `rows` of them. */
export interface Rows {
  readonly values: Float32Array;
  readonly rows: number;
}

/** [left.rows, right.rows], row-major: sum over the columns of left[i] right[j]. Cost: one pass of multiply-adds. */
export function innerProducts(left: Rows, right: Rows, columns: number): Float32Array {
  const products = new Float32Array(left.rows * right.rows);
  const sizes = { columns, width: right.rows };
  let i = 0;
  for (; i + 1 < left.rows; i += 2) {
    let j = 0;
    for (; j + 3 < right.rows; j += 4)
      multiplyTile(products, left.values, right.values, { ...sizes, i, j });
    for (; j < right.rows; j++) {
      multiplyOne(products, left.values, right.values, { ...sizes, i, j });
      multiplyOne(products, left.values, right.values, { ...sizes, i: i + 1, j });
    }
  }
  for (let j = 0; i < left.rows && j < right.rows; j++)
    multiplyOne(products, left.values, right.values, { ...sizes, i, j });
  return products;
}

interface Tile {
  readonly columns: number;
  /** Columns of the products. */
  readonly width: number;
  readonly i: number;
  readonly j: number;
}

/** Rows i, i + 1 against rows j .. j + 3: eight sums held in registers while both matrices are read once. */
function multiplyTile(
  products: Float32Array,
  left: Float32Array,
  right: Float32Array,
  { columns, width, i, j }: Tile,
): void {
  const a0 = i * columns;
  const a1 = a0 + columns;
  const b0 = j * columns;
  const b1 = b0 + columns;
  const b2 = b1 + columns;
  const b3 = b2 + columns;
  let s00 = 0;
  let s01 = 0;
  let s02 = 0;
  let s03 = 0;
  let s10 = 0;
  let s11 = 0;
  let s12 = 0;
  let s13 = 0;
  for (let k = 0; k < columns; k++) {
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
  const t0 = i * width + j;
  const t1 = t0 + width;
  products[t0] = s00;
  products[t0 + 1] = s01;
  products[t0 + 2] = s02;
  products[t0 + 3] = s03;
  products[t1] = s10;
  products[t1 + 1] = s11;
  products[t1 + 2] = s12;
  products[t1 + 3] = s13;
}

function multiplyOne(
  products: Float32Array,
  left: Float32Array,
  right: Float32Array,
  { columns, width, i, j }: Tile,
): void {
  let sum = 0;
  for (let k = 0; k < columns; k++)
    sum += (left[i * columns + k] as number) * (right[j * columns + k] as number);
  products[i * width + j] = sum;
}
