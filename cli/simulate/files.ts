/** Reads the objects of files, folders and standard input. */
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { codeOf, messageOf } from "../../kube/object/errors.ts";
import { readStream } from "../convert/yaml.ts";
import type { CliPorts } from "../ports.ts";

/** A file cannot be read: a sentence. */
export class Unreadable extends Error {}

const isManifest = (name: string): boolean =>
  /\.(ya?ml|json)$/.test(name) && !/^kustomization\.ya?ml$/.test(basename(name));

/** The objects of all of them, in their order. @throws {Unreadable} */
export async function readObjects(
  paths: readonly string[],
  { stdin }: Pick<CliPorts, "stdin">,
): Promise<readonly unknown[]> {
  const objects: unknown[] = [];
  for (const path of paths) {
    if (path === "-") objects.push(...objectsIn("standard input", await stdin()));
    else for (const file of await filesAt(path)) objects.push(...objectsIn(file, await textOf(file)));
  }
  return objects;
}

async function filesAt(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = (await readdir(path)).filter(isManifest).toSorted();
    if (names.length === 0) throw new Unreadable(`${path} has no .yaml, .yml or .json file`);
    return names.map((name) => join(path, name));
  } catch (error) {
    throw cannotRead(path, error);
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await Bun.file(path).text();
  } catch (error) {
    throw cannotRead(path, error);
  }
}

function cannotRead(path: string, error: unknown): Unreadable {
  if (error instanceof Unreadable) return error;
  const why = codeOf(error) === "ENOENT" ? "there is no such file" : messageOf(error);
  return new Unreadable(`cannot read ${path}: ${why}`, { cause: error });
}

function objectsIn(name: string, text: string): readonly unknown[] {
  const read = readStream(text);
  if (read.kind === "refused") throw new Unreadable(`cannot read ${name}: ${read.problem}`);
  return read.stream.objects.map(({ object }) => object);
}
