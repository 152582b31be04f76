import { describe, expect, test } from "bun:test";
import { signatureFault, signedAdHoc } from "./machO.ts";

const PAGE = 4096;

/** A program as a linker leaves it: header, two segments, and a signature of somebody that no longer fits. */
function program(): Buffer {
  const bytes = Buffer.alloc(3 * PAGE + 80);
  [0xfeed_facf, 0x100_000c, 0, 2, 3, 72 + 72 + 16].forEach((value, at) => bytes.writeUInt32LE(value, at * 4));
  const segment = (offset: number, name: string, start: number, size: number): void => {
    bytes.writeUInt32LE(0x19, offset);
    bytes.writeUInt32LE(72, offset + 4);
    bytes.write(name, offset + 8);
    bytes.writeBigUInt64LE(BigInt(start), offset + 40);
    bytes.writeBigUInt64LE(BigInt(size), offset + 48);
  };
  segment(32, "__TEXT", 0, 2 * PAGE);
  segment(104, "__LINKEDIT", 2 * PAGE, PAGE + 80);
  // The signature begins 32 bytes into the last page and has 48.
  [0x1d, 16, 3 * PAGE + 32, 48].forEach((value, at) => bytes.writeUInt32LE(value, 176 + at * 4));
  bytes.write("code", 5000);
  return bytes;
}

describe("a macOS program", () => {
  test("gets a signature that fits all its bytes, the last page as long as it is", () => {
    const signed = signedAdHoc(program());
    expect(signatureFault(signed)).toBeUndefined();
    const bytes = Buffer.from(signed);
    expect(Number(bytes.readBigUInt64LE(104 + 48))).toBe(signed.length - 2 * PAGE);
    expect(bytes.subarray(PAGE, 3 * PAGE + 32).equals(program().subarray(PAGE, 3 * PAGE + 32))).toBe(true);
  });

  test("that is signed again stays the same", () => {
    const signed = signedAdHoc(program());
    expect(signedAdHoc(signed)).toEqual(signed);
  });

  test("whose code was changed no longer fits its signature, nor does one that is longer", () => {
    const signed = signedAdHoc(program());
    expect(signatureFault(Buffer.concat([signed, Buffer.from("x")]))).toBe("the signature does not end the file");
    signed[5000] = 0;
    expect(signatureFault(signed)).toBe("the page at 4096 has another digest");
  });

  test("is none that has another header, or no place for a signature", () => {
    expect(() => signedAdHoc(Buffer.from("MZ".padEnd(200)))).toThrow("no Mach-O program");
    const bare = program();
    bare.writeUInt32LE(0x2a, 176);
    expect(() => signedAdHoc(bare)).toThrow("no place for a signature");
  });
});
