/** The program with its licences and man pages, as one file to download. Pure. */
import { gzip } from "../image/archive.ts";
import { type Platform, fileFor } from "../image/buildProgram.ts";
import { complete, type Entry, file, tar } from "../image/entries.ts";
import { zip } from "./zip.ts";

/** What every archive holds beside the program. */
export interface Documents {
  readonly licence: string;
  /** The licences of what others made (manifests/image/notices.ts). */
  readonly notices: string;
  /** File name → page. */
  readonly manPages: ReadonlyMap<string, string>;
}

/** Files without a folder around them, so that `tar -xzf FILE sluice` unpacks the program alone. */
export function programArchive(
  platform: Platform,
  program: Uint8Array,
  { licence, notices, manPages }: Documents,
): Uint8Array<ArrayBuffer> {
  const documents: readonly Entry[] = [file("LICENSE", licence), file("THIRD_PARTY", notices)];
  const start = file(fileFor(platform), program, 0o755);
  if (platform.startsWith("windows-")) return zip(complete([start, ...documents]));
  const pages = [...manPages].map(([name, text]) => file(`man/${name}`, text));
  return gzip(tar(complete([start, ...documents, ...pages])));
}
