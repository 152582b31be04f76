/** Reads the objects of files, folders and standard input. */
import { readStream } from "../convert/yaml.ts";
import type { CliPorts } from "../ports.ts";
import { filesOf, textOf, Unreadable } from "../yaml/files.ts";

const ignore = (): void => {};

/** The objects of all of them, in their order. @throws {Unreadable} */
export async function readObjects(
  files: readonly string[],
  { stdin }: Pick<CliPorts, "stdin">,
): Promise<readonly unknown[]> {
  const objects: unknown[] = [];
  for (const { path } of await filesOf({ files }, ignore)) {
    if (path === "-") objects.push(...objectsIn("standard input", await stdin()));
    else objects.push(...objectsIn(path, await textOf(path)));
  }
  return objects;
}

function objectsIn(name: string, text: string): readonly unknown[] {
  const read = readStream(text);
  if (read.kind === "refused") throw new Unreadable(`cannot read ${name}: ${read.problem}`);
  return read.stream.objects.map(({ object }) => object);
}
