/** Which packages of the npm registry are in the program, as the bundler reports. */
import { join, resolve } from "node:path";
import { root } from "./buildProgram.ts";

export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. */
  readonly licence: string;
  readonly licenceText: string;
  /** Of the package's archive in the registry, from bun.lock: "sha512-" and base64. */
  readonly integrity: string;
}

/** The part of the bundler's metafile that we read: what each file of the program was made of. */
export interface Metafile {
  readonly outputs: Readonly<
    Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>
  >;
}

/** The folders of packages of which some code is left after bundling, sorted; `…/node_modules/@scope/name`. */
export function packageFolders({ outputs }: Metafile): string[] {
  const folders = Object.values(outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path]) => /^(.*\bnode_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1])
    .filter((path) => path !== undefined);
  return [...new Set(folders)].toSorted();
}

/** @throws Error naming a package without a licence, or one that is not in bun.lock */
export async function bundledPackages(metafile: Metafile): Promise<BundledPackage[]> {
  const integrities = integritiesIn(await Bun.file(join(root, "bun.lock")).text());
  const packages = await Promise.all(
    packageFolders(metafile).map(async (folder) => {
      const dir = resolve(root, folder);
      const { name, version, license } = (await Bun.file(join(dir, "package.json")).json()) as Manifest;
      const [licenceFile] = [...new Bun.Glob("{LICENSE,LICENCE,license,licence}*").scanSync(dir)].toSorted();
      if (license === undefined || licenceFile === undefined) {
        throw new Error(`Cannot say what the licence of ${name} ${version} is: ${folder} has none. May we ship it?`);
      }
      const integrity = integrities.get(`${name}@${version}`);
      if (integrity === undefined) throw new Error(`${name} ${version} is not in bun.lock: run bun install`);
      const licenceText = await Bun.file(join(dir, licenceFile)).text();
      return { name, version, licence: license, licenceText, integrity };
    }),
  );
  return packages.toSorted((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/** "name@version" → integrity, for the packages of a registry. */
export function integritiesIn(lock: string): ReadonlyMap<string, string> {
  const { packages } = Bun.JSONC.parse(lock) as { packages: Readonly<Record<string, readonly unknown[]>> };
  return new Map(
    Object.values(packages).flatMap((entry) => {
      const [id, integrity] = [entry[0], entry.at(-1)];
      return typeof id === "string" && typeof integrity === "string" ? [[id, integrity] as const] : [];
    }),
  );
}
