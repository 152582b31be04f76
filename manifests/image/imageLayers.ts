/** What is in the image: only the program, the C library that it links against, and the documents that list both. */
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { type layerNames, programPath, user } from "./config.ts";
import { readPackages } from "./debian.ts";
import { complete, type Entry, file, folder, link } from "./entries.ts";
import { notices } from "./notices.ts";
import { type Arch, pathFor, root } from "./buildProgram.ts";
import { sbom } from "./sbom.ts";
import { builtFor } from "./shipped.ts";

export type Layers = Readonly<Record<(typeof layerNames)[number], readonly Entry[]>>;

/**
 * Builds the program for `arch` and puts the image together.
 * @param packages folder with the Debian packages for `arch`
 */
export async function layersFor(arch: Arch, packages: string): Promise<Layers> {
  const shipped = await builtFor(`linux-${arch}`);
  const debian = await readPackages(arch, packages);
  const documents = "usr/share/doc/sluice";
  return {
    base: complete([...skeleton, ...debian.entries]),
    program: complete([
      file(programPath, await Bun.file(pathFor(`linux-${arch}`)).bytes(), 0o755),
      file(`${documents}/LICENSE`, await Bun.file(join(root, "LICENSE")).bytes()),
      file(`${documents}/THIRD_PARTY`, notices(shipped)),
      file(
        `${documents}/sbom.cdx.json`,
        sbom({ ...shipped, version: packageJson.version, arch, debian: debian.packages }),
      ),
    ]),
  };
}

/** The folders where a container's runtime mounts things, and the list of users. */
const skeleton: readonly Entry[] = [
  ...["dev", "proc", "run", "sys"].map((path) => folder(path)),
  folder("tmp", 0o1777),
  link("var/run", "../run"),
  file(
    "etc/passwd",
    `root:x:0:0:root:/:/usr/sbin/nologin\n${user.name}:x:${user.id}:${user.id}:${user.name}:/nonexistent:/usr/sbin/nologin\n`,
  ),
  file("etc/group", `root:x:0:\n${user.name}:x:${user.id}:\n`),
  file("etc/nsswitch.conf", "hosts: files dns\n"),
];
