/** The few parts of Debian that the program needs: its C library, and which certificate authorities to trust. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Entry, file, link } from "./entries.ts";
import { type Arch, run } from "./buildProgram.ts";

/** Debian's stable release. */
const suite = "trixie";

/** Each with the licence of the files that are taken from it. */
const packages: Readonly<Record<string, string>> = {
  libc6: "LGPL-2.1-or-later",
  "ca-certificates": "MPL-2.0",
  "base-files": "GPL-2.0-or-later",
};

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  /** Debian's name for the architecture, or "all". */
  readonly architecture: string;
  /** Of the .deb file, in hexadecimal. */
  readonly sha256: string;
}

export interface Debian {
  readonly packages: readonly DebianPackage[];
  readonly entries: readonly Entry[];
}

const triplets: Readonly<Record<Arch, string>> = { amd64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu" };

/**
 * Gets the newest packages for `arch` into `dir`, through the Debian mirror that this machine's apt uses, or `mirror`;
 * apt checks their signatures. Nothing of this machine's apt is changed.
 * @throws Error when the machine has no apt or apt has no Debian repository, or with apt's own message
 */
export async function downloadPackages(arch: Arch, dir: string, mirror?: string): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), "sluice-apt-"));
  try {
    await mkdir(join(home, "lists/partial"), { recursive: true });
    await mkdir(join(home, "archives/partial"), { recursive: true });
    await Bun.write(join(home, "status"), "");
    await Bun.write(join(home, "sources.list"), await sources(mirror));
    const options = {
      Dir: `${home}/`,
      "Dir::State": home,
      "Dir::State::lists": "lists",
      "Dir::State::status": join(home, "status"),
      "Dir::Cache": home,
      "Dir::Etc": "/etc/apt",
      "Dir::Etc::sourcelist": join(home, "sources.list"),
      "Dir::Etc::sourceparts": "/dev/null",
      "Dir::Etc::preferences": "/dev/null",
      "Dir::Etc::preferencesparts": "/dev/null",
      "APT::Architecture": arch,
      "APT::Architectures": arch,
      // The user that apt becomes could not write into our folder.
      "APT::Sandbox::User": "root",
      "Acquire::Languages": "none",
      "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
      "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled": "false",
      "Acquire::Retries": "3",
    };
    const apt = ["apt-get", "-qq", ...Object.entries(options).map(([name, value]) => `-o${name}=${value}`)];
    await run([...apt, "update"], home);
    await rm(dir, { recursive: true, force: true });
    await mkdir(dir, { recursive: true });
    await run([...apt, "download", ...Object.keys(packages)], dir);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** apt's sources.list: our release, from `mirror` or from the mirror that this machine uses. */
async function sources(mirror: string | undefined): Promise<string> {
  const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";
  const missing = ["apt-get", "dpkg-deb"].filter((name) => Bun.which(name) === null);
  if (!existsSync(keyring)) missing.push("the package debian-archive-keyring");
  if (missing.length > 0)
    throw new Error(`Cannot get the C library for the image without ${missing.join(", ")}. ${instead}`);
  const [main, security] =
    mirror === undefined ? await ownRepositories() : [`${mirror}/debian`, `${mirror}/debian-security`];
  return [
    [main, suite],
    [main, `${suite}-updates`],
    [security, `${suite}-security`],
  ]
    .map(([url, release]) => `deb [signed-by=${keyring}] ${url} ${release} main\n`)
    .join("");
}

const instead =
  "Run it in a Debian container, or let --packages name a folder with the .deb files (docs/install.md says more).";

/** The addresses of Debian's main and security repositories in this machine's apt. */
async function ownRepositories(): Promise<[string, string]> {
  const release = Bun.file("/etc/os-release");
  const format = ["--no-release-info", "--format", "$(RELEASE) $(REPO_URI)", "Created-By: Packages"];
  const known = (await run(["apt-get", "indextargets", ...format], "/")).split("\n").map((line) => line.split(" "));
  const urlOf = (pattern: RegExp): string | undefined => known.find(([name = ""]) => pattern.test(name))?.[1];
  const [main, security] = [urlOf(/^[a-z]+$/), urlOf(/^[a-z]+-security$/)];
  const isDebian = (await release.exists()) && /^ID=debian$/m.test(await release.text());
  if (isDebian && main !== undefined && security !== undefined) return [main, security];
  throw new Error(
    "Cannot get the C library for the image: this machine's apt knows no Debian repository with security updates. " +
      `Give --mirror the address of one, without /debian. ${instead}`,
  );
}

/** @param dir the .deb files for `arch`, one of each package */
export async function readPackages(arch: Arch, dir: string): Promise<Debian> {
  const unpacked = await mkdtemp(join(tmpdir(), "sluice-debian-"));
  try {
    const found: DebianPackage[] = [];
    const entries: Entry[] = [];
    for (const [name, licence] of Object.entries(packages)) {
      const deb = await debOf(name, arch, dir);
      await run(["dpkg-deb", "--extract", deb, unpacked], dir);
      const control = await run(["dpkg-deb", "--field", deb], dir);
      found.push({
        name,
        licence,
        version: /^Version: (.+)$/m.exec(control)?.[1] ?? "",
        architecture: /^Architecture: (.+)$/m.exec(control)?.[1] ?? "",
        sha256: new Bun.CryptoHasher("sha256").update(await Bun.file(deb).bytes()).digest("hex"),
      });
      // Scanners read these, as in other images without a package manager, to find what is installed.
      entries.push(file(`var/lib/dpkg/status.d/${name}`, control));
      const copyright = `usr/share/doc/${name}/copyright`;
      entries.push(file(copyright, await Bun.file(join(unpacked, copyright)).bytes()));
    }
    return { packages: found, entries: [...entries, ...(await chosen(arch, unpacked))] };
  } finally {
    await rm(unpacked, { recursive: true, force: true });
  }
}

async function debOf(name: string, arch: Arch, dir: string): Promise<string> {
  const found = [...new Bun.Glob(`${name}_*_{${arch},all}.deb`).scanSync(dir)];
  const [deb] = found;
  if (deb !== undefined && found.length === 1) return join(dir, deb);
  throw new Error(
    `Cannot tell which is ${name} for ${arch}: ${dir} has ${found.length === 0 ? "none" : found.join(", ")}`,
  );
}

/** The files that the program links against, and those that its licences refer to. */
async function chosen(arch: Arch, unpacked: string): Promise<Entry[]> {
  const taken = async (path: string, mode?: number): Promise<Entry> =>
    file(path, await Bun.file(join(unpacked, path)).bytes(), mode);
  const triplet = triplets[arch];
  const libraries = ["libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0"];
  const loader = arch === "amd64" ? "ld-linux-x86-64.so.2" : "ld-linux-aarch64.so.1";
  const licences = ["Apache-2.0", "GPL-2", "LGPL-2", "LGPL-2.1", "MPL-2.0"];
  return [
    await taken(`usr/lib/${triplet}/${loader}`, 0o755),
    arch === "amd64"
      ? link(`usr/lib64/${loader}`, `../lib/${triplet}/${loader}`)
      : link(`usr/lib/${loader}`, `${triplet}/${loader}`),
    ...(arch === "amd64" ? [link("lib64", "usr/lib64")] : []),
    link("lib", "usr/lib"),
    ...(await Promise.all(libraries.map((name) => taken(`usr/lib/${triplet}/${name}`)))),
    ...(await Promise.all(licences.map((name) => taken(`usr/share/common-licenses/${name}`)))),
    await taken("usr/lib/os-release"),
    link("etc/os-release", "../usr/lib/os-release"),
    file("etc/ssl/certs/ca-certificates.crt", await authorities(unpacked)),
  ];
}

/** All authorities in one file, as the package's own script writes it during an installation. */
async function authorities(unpacked: string): Promise<string> {
  const dir = join(unpacked, "usr/share/ca-certificates/mozilla");
  const names = [...new Bun.Glob("*.crt").scanSync(dir)].toSorted();
  const texts = await Promise.all(names.map((name) => Bun.file(join(dir, name)).text()));
  return texts.map((text) => `${text.trimEnd()}\n`).join("");
}
