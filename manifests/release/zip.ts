/** Zip files of entries, in memory, as PKWARE's APPNOTE describes them: all times are the first that the format has. Pure. */
import type { Entry } from "../image/entries.ts";

/** 1 January 1980, 0:00. */
const DATE = 0x21;
/** Version 2.0 of the format, written on Unix: so the modes are read. */
const [NEEDED, UNIX] = [20, 0x0314];

/** Folders are left out: whoever unpacks makes them. @throws Error for links, and for files of 4 GiB or more */
export function zip(entries: readonly Entry[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const entry of entries) {
    if (entry.kind === "folder") continue;
    if (entry.kind === "link") throw new Error(`Cannot put the link ${entry.path} into a zip file`);
    const name = Buffer.from(entry.path);
    const packed = Bun.deflateSync(entry.bytes as Uint8Array<ArrayBuffer>, { level: 9, library: "libdeflate" });
    const common = Buffer.alloc(26);
    common.writeUInt16LE(NEEDED, 0);
    // Names are UTF-8; the contents are deflated.
    common.writeUInt16LE(0x800, 2);
    common.writeUInt16LE(8, 4);
    common.writeUInt16LE(DATE, 8);
    common.writeUInt32LE(Bun.hash.crc32(entry.bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(entry.bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = [Buffer.from("PK\x03\x04"), common, name, packed];
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(((0o100000 | entry.mode) << 16) >>> 0, 6);
    rest.writeUInt32LE(offset, 10);
    const made = Buffer.alloc(2);
    made.writeUInt16LE(UNIX);
    directory.push(Buffer.from("PK\x01\x02"), made, common, rest, name);
    parts.push(...local);
    offset += local.reduce((sum, { length }) => sum + length, 0);
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06");
  const count = directory.length / 5;
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}
