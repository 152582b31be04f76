/** The files and folders that a command was given to read, and their text. */
import { readdir, stat } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { codeOf, messageOf } from "../../kube/object/errors.ts";

/** What was given cannot be read, or what was made not be written: a sentence for the user. */
export class Unreadable extends Error {}

/** Text as it is written to the byte. UTF-16 is what older shells of Windows write into files. @throws {Unreadable} */
export function decoded(bytes: Uint8Array, name: string): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  try {
    return new TextDecoder(isUtf16 ? "utf-16le" : "utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new Unreadable(`cannot read ${name}: it is not UTF-8: save it as that`, { cause: error });
  }
}

/** Files that a folder is read for; a kustomization is no object of a cluster. */
const isManifest = (name: string): boolean =>
  /\.(ya?ml|json)$/.test(name) && !/^kustomization\.ya?ml$/.test(basename(name));

export interface FoundFile {
  /** `-`: standard input. */
  readonly path: string;
  /** Named itself, not found in a folder. */
  readonly isNamed: boolean;
}

/**
 * The files that were given, and the manifests in the folders that were.
 * @param recursive undefined: the command has no -R
 * @param note told what is passed over: a line for people
 * @throws {Unreadable}
 */
export async function filesOf(
  { files, recursive }: { readonly files: readonly string[]; readonly recursive?: boolean },
  note: (line: string) => void,
): Promise<readonly FoundFile[]> {
  const found: FoundFile[] = [];
  for (const file of files) {
    if (file === "-" || !(await isFolder(file))) {
      found.push({ path: file, isNamed: true });
      continue;
    }
    const names = await namesIn(file, recursive === true);
    if (names.some((name) => /^kustomization\.ya?ml$/.test(basename(name))))
      note(`${file}: its kustomization is not followed: give what \`kustomize build ${file}\` prints for that`);
    const manifests = names.filter(isManifest);
    if (manifests.length === 0)
      throw new Unreadable(
        `${file} has no .yaml, .yml or .json file${recursive === false ? ": to look in its folders, give -R" : ""}`,
      );
    found.push(...manifests.map((name) => ({ path: join(file, name), isNamed: false })));
  }
  return found;
}

/** What is in a folder, but for the folders: a folder may be named `shop.yaml`, too. */
async function namesIn(folder: string, recursive: boolean): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { recursive, withFileTypes: true });
    const files = entries.filter((entry) => !entry.isDirectory());
    return files.map(({ parentPath, name }) => relative(folder, join(parentPath, name))).toSorted();
  } catch (error) {
    throw cannotRead(folder, error);
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw cannotRead(path, error);
  }
}

function cannotRead(path: string, error: unknown): Unreadable {
  if (error instanceof Unreadable) return error;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: "there is no such file",
    EACCES: "permission denied",
    EISDIR: "it is a folder",
  };
  const why = reasons[codeOf(error)] ?? messageOf(error);
  return new Unreadable(`cannot read ${path}: ${why}`, { cause: error });
}

/** The text of a file. @throws {Unreadable} */
export async function textOf(path: string): Promise<string> {
  try {
    return decoded(await Bun.file(path).bytes(), path);
  } catch (error) {
    throw cannotRead(path, error);
  }
}
