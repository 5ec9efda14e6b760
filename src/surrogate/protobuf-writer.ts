/**
 * Protocol-buffer wire format, writing side only (https://protobuf.dev/programming-guides/encoding).
 * A message is a list of chunks; payloads are kept by reference and copied once, when the whole message is laid out.
 */

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;
const text = new TextEncoder();

function varint(value: number | bigint): Uint8Array {
  // Negative int64 values take ten bytes: their two's complement.
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 128);
  } while (rest !== 0n);
  return Uint8Array.from(bytes);
}

/** One protobuf message under construction. Fields are written in the order of the calls. */
export class ProtobufMessage {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  /** Length of the encoded message in bytes. */
  get length(): number {
    return this.#length;
  }

  #append(chunk: Uint8Array): this {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    return this;
  }

  /** An int32, int64, bool or enum field. */
  integer(field: number, value: number | bigint): this {
    return this.#append(varint((field << 3) | VARINT)).#append(varint(value));
  }

  /** A float field (32 bits). */
  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.#append(varint((field << 3) | FIXED_32)).#append(bytes);
  }

  /** A bytes field; the array is kept by reference until `toBytes`. */
  bytes(field: number, value: Uint8Array): this {
    return this.#append(varint((field << 3) | LENGTH_DELIMITED))
      .#append(varint(value.length))
      .#append(value);
  }

  /** A string field, UTF-8. */
  string(field: number, value: string): this {
    return this.bytes(field, text.encode(value));
  }

  /** An embedded message. */
  message(field: number, value: ProtobufMessage): this {
    this.#append(varint((field << 3) | LENGTH_DELIMITED)).#append(varint(value.#length));
    for (const chunk of value.#chunks) this.#append(chunk);
    return this;
  }

  /** The encoded message. */
  toBytes(): Uint8Array {
    const all = new Uint8Array(this.#length);
    let offset = 0;
    for (const chunk of this.#chunks) {
      all.set(chunk, offset);
      offset += chunk.length;
    }
    return all;
  }
}
