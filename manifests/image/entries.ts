/** The files of an image's layers, in memory: so they do not depend on a machine's clock, owner or umask. */
import { chmod, lutimes, mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";

/** Paths are relative and without a dot; folders come before what is in them. */
export type Entry = { readonly path: string } & (
  | { readonly kind: "folder"; readonly mode: number }
  | { readonly kind: "file"; readonly mode: number; readonly bytes: Uint8Array }
  | { readonly kind: "link"; readonly target: string }
);

export const folder = (path: string, mode = 0o755): Entry => ({ kind: "folder", path, mode });
export const link = (path: string, target: string): Entry => ({ kind: "link", path, target });
export const file = (path: string, contents: Uint8Array | string, mode = 0o644): Entry => ({
  kind: "file",
  path,
  mode,
  bytes: typeof contents === "string" ? new TextEncoder().encode(contents) : contents,
});

/** Sorted, with the parent folders of each. */
export function complete(entries: readonly Entry[]): Entry[] {
  const all = new Map<string, Entry>();
  for (const { path } of entries) {
    const names = path.split("/");
    for (let count = 1; count < names.length; count++) {
      const parent = names.slice(0, count).join("/");
      all.set(parent, folder(parent));
    }
  }
  for (const entry of entries) all.set(entry.path, entry);
  return [...all.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Writes them below `dir`, which is emptied first; all times are 1970. */
export async function writeTree(dir: string, entries: readonly Entry[]): Promise<void> {
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  for (const entry of entries) {
    const path = join(dir, entry.path);
    if (entry.kind === "link") await symlink(entry.target, path);
    else {
      if (entry.kind === "folder") await mkdir(path);
      else await Bun.write(path, entry.bytes);
      await chmod(path, entry.mode);
    }
  }
  // Last, and from the inside out: putting a file into a folder changes the folder's time.
  for (const { path } of entries.toReversed()) await lutimes(join(dir, path), 0, 0);
}

const BLOCK = 512;

/** A tar file (ustar) of the entries: everything belongs to root and has a time of 1970. */
export function tar(entries: readonly Entry[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  for (const entry of entries) {
    const bytes = entry.kind === "file" ? entry.bytes : new Uint8Array();
    parts.push(header(entry, bytes.length), bytes, new Uint8Array(-bytes.length & (BLOCK - 1)));
  }
  parts.push(new Uint8Array(2 * BLOCK));
  return Buffer.concat(parts);
}

/** Offsets of fields by POSIX.1-1988; numbers are octal and end with NUL. */
function header(entry: Entry, size: number): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  const name = entry.kind === "folder" ? `${entry.path}/` : entry.path;
  const target = entry.kind === "link" ? entry.target : "";
  // Longer ones would need extensions of the format, which are not written here.
  if (Buffer.byteLength(name) > 100 || Buffer.byteLength(target) > 100)
    throw new Error(`Path too long for tar: ${name}`);
  const octal = (value: number, offset: number, digits: number): void => {
    block.write(value.toString(8).padStart(digits, "0"), offset);
  };
  block.write(name, 0);
  octal(entry.kind === "link" ? 0o777 : entry.mode, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(size, 124, 11);
  octal(0, 136, 11);
  block.write("        ", 148);
  block.write({ file: "0", link: "2", folder: "5" }[entry.kind], 156);
  block.write(target, 157);
  block.write("ustar\x0000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}
