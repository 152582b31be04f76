/**
 * A program of Linux, as Bun compiles it, made smaller: without the compiled code of files that are seldom used, and
 * without the zeros that stand for memory which only has to be cleared. Pure; fields as in elf(5), in little endian, and
 * as Bun 1.4.5 lays out its section: a length, the files one after the other, a table of them, a trailer.
 */
const ELF = 0x7f45_4c46;
const SECTION_HEADER = 64;
const SEGMENT_HEADER = 56;
const LOAD = 1;
const NOTE = 4;
/** Nothing writes into Bun's section, so a process at rest may drop its pages. */
const READ_ONLY = 4;
const PAGE = 4096;
const LENGTH = 8;
const TRAILER = "\n---- Bun! ----\n";
/** Before the trailer: the length of all before it, where the table is and how long, what starts, arguments, flags. */
const SUMMARY = 32;
/** Of the table: where six things are and how long each is (the name, the text, …, compiled code, …), and four bytes. */
const ROW = 52;
const PLACES = [0, 8, 16, 24, 32, 40] as const;
const CODE = 24;
/** Compiled code stands at multiples of it. */
const ALIGNMENT = 128;

interface Section {
  /** Where its header is. */
  readonly header: number;
  readonly address: number;
  /** In the file. */
  readonly start: number;
  readonly size: number;
}

/** Bytes that are taken out. */
interface Cut {
  readonly start: number;
  readonly size: number;
}

const longAt = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64LE(at));
const setLong = (bytes: Buffer, at: number, value: number): number => bytes.writeBigUInt64LE(BigInt(value), at);
const roundedUp = (value: number, to: number): number => Math.ceil(value / to) * to;

function sectionsOf(bytes: Buffer): ReadonlyMap<string, Section> {
  if (bytes.readUInt32BE(0) !== ELF) throw new Error("Cannot make the program smaller: it is no ELF file");
  const first = longAt(bytes, 0x28);
  const headers = Array.from({ length: bytes.readUInt16LE(0x3c) }, (_, index) => first + SECTION_HEADER * index);
  const names = longAt(bytes, (headers[bytes.readUInt16LE(0x3e)] ?? first) + 24);
  return new Map(
    headers.map((header) => {
      const name = names + bytes.readUInt32LE(header);
      const [address, start, size] = [16, 24, 32].map((member) => longAt(bytes, header + member));
      return [
        bytes.toString("latin1", name, bytes.indexOf(0, name)),
        { header, address: address ?? 0, start: start ?? 0, size: size ?? 0 },
      ];
    }),
  );
}

/** Where the segments' headers are. */
const segmentsOf = (bytes: Buffer): readonly number[] =>
  Array.from({ length: bytes.readUInt16LE(0x38) }, (_, index) => longAt(bytes, 0x20) + SEGMENT_HEADER * index);

/** Where the table's rows are in Bun's section. @throws Error when the section is none that we know */
function rowsOf(section: Buffer): readonly number[] {
  const trailer = section.length - TRAILER.length;
  const table = LENGTH + section.readUInt32LE(trailer - SUMMARY + 8);
  const size = section.readUInt32LE(trailer - SUMMARY + 12);
  const isKnown = section.toString("latin1", trailer) === TRAILER && size % ROW === 0;
  if (!isKnown) throw new Error("Cannot make the program smaller: it has no files of Bun's, or another Bun's");
  return Array.from({ length: size / ROW }, (_, index) => table + ROW * index);
}

const nameOf = (section: Buffer, row: number): string => {
  const start = LENGTH + section.readUInt32LE(row);
  return section.toString("utf8", start, start + section.readUInt32LE(row + 4));
};

/** Where the code of some files is; what is left of each keeps its alignment. */
const codeOf = (section: Buffer, rows: readonly number[]): readonly Cut[] =>
  rows
    .map((row) => ({ start: section.readUInt32LE(row + CODE), size: section.readUInt32LE(row + CODE + 4) }))
    .map(({ start, size }) => ({ start, size: Math.floor(size / ALIGNMENT) * ALIGNMENT }))
    .toSorted((a, b) => a.start - b.start);

/**
 * Bun's section without the compiled code of the files that `isSeldom` names: they are compiled when they are loaded. The
 * file with which the program starts keeps its own: Bun ends with an abort without it.
 */
function withoutCode(section: Buffer, isSeldom: (file: string) => boolean): Buffer {
  const rows = rowsOf(section);
  const summary = section.length - TRAILER.length - SUMMARY;
  const entry = rows[section.readUInt32LE(summary + 16)];
  const seldom = rows.filter((row) => row !== entry && isSeldom(nameOf(section, row)));
  const cuts = codeOf(section, seldom);
  const moved = (place: number): number =>
    cuts.reduce((left, { start, size }) => (start < place ? left - Math.min(size, place - start) : left), place);

  const edited = Buffer.from(section);
  for (const row of seldom) edited.fill(0, row + CODE, row + CODE + 8);
  for (const row of rows) {
    for (const place of PLACES) edited.writeUInt32LE(moved(edited.readUInt32LE(row + place)), row + place);
  }
  setLong(edited, summary, moved(longAt(edited, summary)));
  for (const place of [summary + 8, summary + 20]) edited.writeUInt32LE(moved(edited.readUInt32LE(place)), place);
  setLong(edited, 0, moved(longAt(edited, 0)));

  const ends = [...cuts.map(({ start }) => start + LENGTH), section.length];
  const starts = [0, ...cuts.map(({ start, size }) => start + size + LENGTH)];
  return Buffer.concat(starts.map((start, index) => edited.subarray(start, ends[index])));
}

/** The segment that holds Bun's section after memory to be cleared, and one that nothing needs at run time. */
function segmentsToEdit(bytes: Buffer, { address }: Section): { readonly data: number; readonly spare: number } {
  const segments = segmentsOf(bytes);
  const holds = (at: number): boolean =>
    bytes.readUInt32LE(at) === LOAD &&
    longAt(bytes, at + 16) <= address &&
    address < longAt(bytes, at + 16) + longAt(bytes, at + 40);
  const data = segments.find(holds);
  const spare = segments.findLast((at) => bytes.readUInt32LE(at) === NOTE);
  if (data === undefined || spare === undefined || spare < data) {
    throw new Error("Cannot make the program smaller: its segments are not as Bun has them (LOAD, NOTE)");
  }
  return { data, spare };
}

/**
 * The same program, smaller.
 *
 * @param isSeldom whether a file of the program (`/$bunfs/root/NAME.js`) is seldom loaded
 * @throws Error when the program is not laid out as those of Bun 1.4.5 are
 */
export function trimmed(program: Uint8Array, isSeldom: (file: string) => boolean): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.from(program);
  const sections = sectionsOf(bytes);
  const [own, cleared] = [sections.get(".bun"), sections.get(".bss")];
  if (own === undefined || cleared === undefined) {
    throw new Error("Cannot make the program smaller: it has no sections .bun and .bss");
  }
  const files = withoutCode(bytes.subarray(own.start, own.start + own.size), isSeldom);
  const start = roundedUp(cleared.start, PAGE);
  const rest = roundedUp(start + files.length, PAGE);
  const after = own.start + own.size;
  const gone = roundedUp(after, PAGE) - rest;

  const { data, spare } = segmentsToEdit(bytes, own);
  setLong(bytes, data + 32, cleared.start - longAt(bytes, data + 8));
  setLong(bytes, data + 40, cleared.address + cleared.size - longAt(bytes, data + 16));
  bytes.writeUInt32LE(LOAD, spare);
  bytes.writeUInt32LE(READ_ONLY, spare + 4);
  const segment = [start, own.address, own.address, files.length, files.length, PAGE];
  segment.forEach((value, index) => setLong(bytes, spare + 8 + 8 * index, value));
  for (const section of sections.values()) {
    if (section.start >= after) setLong(bytes, section.header + 24, section.start - gone);
  }
  setLong(bytes, own.header + 24, start);
  setLong(bytes, own.header + 32, files.length);
  setLong(bytes, 0x28, longAt(bytes, 0x28) - gone);

  const trimmedBytes = Buffer.alloc(bytes.length - gone);
  bytes.copy(trimmedBytes, 0, 0, cleared.start);
  files.copy(trimmedBytes, start);
  bytes.copy(trimmedBytes, rest, rest + gone);
  return trimmedBytes;
}
