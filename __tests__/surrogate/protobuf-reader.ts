/** Reads protobuf wire format without knowing the schema: the tests' independent view of what the engine writes. */

export type Field = { readonly field: number; readonly value: bigint | Uint8Array };

/** Fields of a message in order: varints as bigint, everything else as its bytes. Throws RangeError where the bytes do not fit. */
export function readMessage(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new RangeError("varint beyond the end");
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, value);
    }
  };
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError("field beyond the end");
    return bytes.subarray(at, (at += length));
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const wireType = key & 7;
    if (wireType !== 0 && wireType !== 2 && wireType !== 5)
      throw new RangeError(`wire type ${wireType}`);
    fields.push({
      field: key >> 3,
      value: wireType === 0 ? varint() : take(wireType === 5 ? 4 : Number(varint())),
    });
  }
  return fields;
}

/** All embedded messages of a field. */
export function messages(fields: readonly Field[], field: number): Field[][] {
  return fields
    .filter((entry) => entry.field === field)
    .map(({ value }) => readMessage(asBytes(value)));
}

/** All strings of a field. */
export function strings(fields: readonly Field[], field: number): string[] {
  return fields
    .filter((entry) => entry.field === field)
    .map(({ value }) => Buffer.from(asBytes(value)).toString("utf8"));
}

/** All integers of a field. */
export function integers(fields: readonly Field[], field: number): number[] {
  return fields.filter((entry) => entry.field === field).map(({ value }) => Number(value));
}

function asBytes(value: bigint | Uint8Array): Uint8Array {
  if (typeof value === "bigint") throw new TypeError("a number where bytes were expected");
  return value;
}
