/** The wire format of protobuf: fields as number and value, one after the other. */

/** A varint or a fixed number as its unsigned bits; or bytes. */
export type Wire = bigint | Uint8Array;

export type Reader = Iterable<readonly [number: number, value: Wire]>;

/** Iterates over the fields of a message. @throws {Error} when it ends too early or is not protobuf */
export function* readerOf(bytes: Uint8Array): Generator<readonly [number, Wire]> {
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new Error("the protobuf ends too early");
    at += length;
    return bytes.subarray(at - length, at);
  };
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const [byte = 0] = take(1);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new Error("the protobuf has a number that does not end");
  };
  const fixed = (length: number): bigint => take(length).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
  while (at < bytes.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    switch (Number(tag & 7n)) {
      case 0:
        yield [number, varint()];
        break;
      case 1:
        yield [number, fixed(8)];
        break;
      case 2:
        yield [number, take(Number(varint()))];
        break;
      case 5:
        yield [number, fixed(4)];
        break;
      default:
        throw new Error("the protobuf has a field of no known type");
    }
  }
}
