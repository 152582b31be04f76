/**
 * Signatures of macOS programs that name nobody ("ad hoc"): digests of the file's pages, which macOS compares before it
 * runs them. On arm64 it starts nothing without one. Pure; fields as in Apple's headers mach-o/loader.h and
 * kern/cs_blobs.h, the file's in little endian, the signature's in big endian.
 */
const HEADER = 32;
const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;
const PAGE = 4096;
const DIGEST = 32;
/** Of the superblob with one blob in it, and of a code directory of version 0x20400. */
const SUPERBLOB = 20;
const DIRECTORY = 88;
/** CS_ADHOC and CS_LINKER_SIGNED: whoever has an identity may sign over it. Without a hardened runtime a JIT is allowed. */
const FLAGS = 0x2_0002;
const identifier = Buffer.from("sluice\0");

interface Command {
  readonly type: number;
  readonly offset: number;
}

/** The load commands of a Mach-O file of 64 bits. @throws Error when it is none */
function commandsOf(bytes: Buffer): Command[] {
  if (bytes.readUInt32LE(0) !== 0xfeed_facf) throw new Error("Cannot sign: it is no Mach-O program of 64 bits");
  const commands: Command[] = [];
  let offset = HEADER;
  for (let left = bytes.readUInt32LE(16); left > 0; left--) {
    commands.push({ type: bytes.readUInt32LE(offset), offset });
    offset += bytes.readUInt32LE(offset + 4);
  }
  return commands;
}

const segment = (bytes: Buffer, name: string): number | undefined =>
  commandsOf(bytes).find(
    ({ type, offset }) =>
      type === LC_SEGMENT_64 && bytes.toString("latin1", offset + 8, offset + 24).replace(/\0.*/s, "") === name,
  )?.offset;

const digestOf = (bytes: Uint8Array): Buffer => new Bun.CryptoHasher("sha256").update(bytes).digest();

/** The pages up to the signature; the last one is as long as it is. */
function* pagesOf(bytes: Buffer, end: number): Generator<Uint8Array> {
  for (let start = 0; start < end; start += PAGE) yield bytes.subarray(start, Math.min(end, start + PAGE));
}

/**
 * The same program with a new signature in the place of its last part, the old one.
 * @throws Error when it has no room for one: it must have been signed before, as Bun's programs are
 */
export function signedAdHoc(program: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.from(program);
  const signature = commandsOf(bytes).find(({ type }) => type === LC_CODE_SIGNATURE)?.offset;
  const [text, link] = [segment(bytes, "__TEXT"), segment(bytes, "__LINKEDIT")];
  if (signature === undefined || text === undefined || link === undefined) {
    throw new Error("Cannot sign: the program has no place for a signature (LC_CODE_SIGNATURE, __TEXT, __LINKEDIT)");
  }
  const end = bytes.readUInt32LE(signature + 8);
  const pages = Math.ceil(end / PAGE);
  const hashes = DIRECTORY + identifier.length;
  const size = SUPERBLOB + hashes + pages * DIGEST;

  bytes.writeUInt32LE(size, signature + 12);
  const linkSize = end + size - Number(bytes.readBigUInt64LE(link + 40));
  bytes.writeBigUInt64LE(BigInt(linkSize), link + 48);
  // Memory is given in pages of 16 KiB on arm64.
  bytes.writeBigUInt64LE(BigInt(Math.ceil(linkSize / 0x4000) * 0x4000), link + 32);

  const blob = Buffer.alloc(size);
  [0xfade_0cc0, size, 1, 0, SUPERBLOB].forEach((value, at) => blob.writeUInt32BE(value, at * 4));
  const directory = blob.subarray(SUPERBLOB);
  [0xfade_0c02, size - SUPERBLOB, 0x2_0400, FLAGS, hashes, DIRECTORY, 0, pages, end].forEach((value, at) =>
    directory.writeUInt32BE(value, at * 4),
  );
  // Size and kind (SHA-256) of a digest, and the logarithm of a page.
  directory.set([DIGEST, 2, 0, 12], 36);
  directory.writeBigUInt64BE(bytes.readBigUInt64LE(text + 40), 64);
  directory.writeBigUInt64BE(bytes.readBigUInt64LE(text + 48), 72);
  // CS_EXECSEG_MAIN_BINARY
  directory.writeBigUInt64BE(1n, 80);
  directory.set(identifier, DIRECTORY);
  let at = hashes;
  for (const page of pagesOf(bytes, end)) {
    directory.set(digestOf(page), at);
    at += DIGEST;
  }
  return Buffer.concat([bytes.subarray(0, end), blob]);
}

/** What is wrong with the signature of a program, as `codesign --verify` checks it; undefined: it fits. */
export function signatureFault(program: Uint8Array): string | undefined {
  const bytes = Buffer.from(program.buffer, program.byteOffset, program.length);
  const command = commandsOf(bytes).find(({ type }) => type === LC_CODE_SIGNATURE)?.offset;
  if (command === undefined) return "there is no signature";
  const start = bytes.readUInt32LE(command + 8);
  if (start + bytes.readUInt32LE(command + 12) !== bytes.length) return "the signature does not end the file";
  const directory = bytes.subarray(start + bytes.readUInt32BE(start + 16));
  const [hashes, pages, end] = [16, 28, 32].map((offset) => directory.readUInt32BE(offset)) as [number, number, number];
  if (end !== start || pages !== Math.ceil(end / PAGE)) return `it covers ${end} of ${start} bytes`;
  let at = hashes;
  for (const page of pagesOf(bytes, end)) {
    const given = directory.subarray(at, at + DIGEST);
    if (!digestOf(page).equals(given)) return `the page at ${((at - hashes) / DIGEST) * PAGE} has another digest`;
    at += DIGEST;
  }
  return undefined;
}
