/**
 * `bun run release` makes dist/release, all that is published of a version; the same commit and the same Debian packages
 * make the same bytes (docs/release.md).
 * - `--no-image`: without the image, which takes minutes and needs Debian; to try the rest
 * - `--packages DIR`, `--mirror URL`: of Debian, as `bun run image` has them
 * - `--tag vX.Y.Z`: refuse unless this is the version of package.json, with a section in CHANGELOG.md
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildProgram, pathFor, type Platform, root, run } from "../image/buildProgram.ts";
import { notices } from "../image/notices.ts";
import { sbom } from "../image/sbom.ts";
import { builtFor } from "../image/shipped.ts";
import { tag, version } from "../text/manifestNames.ts";
import { type Ingredients, makeRelease } from "./artefacts.ts";
import { sectionOf } from "./changelog.ts";
import { demoScript } from "./demoScript.ts";
import { imageArchive } from "./names.ts";

const dist = join(root, "dist");
const text = (path: string): Promise<string> => Bun.file(join(root, path)).text();

async function program(platform: Platform): Promise<Uint8Array> {
  await buildProgram({ platform, outfile: pathFor(platform) });
  return Bun.file(pathFor(platform)).bytes();
}

/** The image, by `bun run image`, and the digest under which it is pulled. */
async function madeImage(flags: readonly string[]): Promise<Ingredients["image"]> {
  await run([process.execPath, "manifests/image/image.ts", ...flags], root);
  const archive = await Bun.file(join(dist, imageArchive)).bytes();
  const index = await new Bun.Archive(archive).files("index.json");
  const parsed = JSON.parse((await index.get("index.json")?.text()) ?? "") as {
    readonly manifests: readonly [{ readonly digest: string }];
  };
  return { archive, digest: parsed.manifests[0].digest };
}

async function manPages(): Promise<ReadonlyMap<string, string>> {
  const names = [...new Bun.Glob("*.1").scanSync(join(root, "docs/man"))].toSorted();
  return new Map(await Promise.all(names.map(async (name) => [name, await text(`docs/man/${name}`)] as const)));
}

/** @throws Error saying what to do before the tag is set */
function checkTag(given: string, changelog: string): void {
  if (given !== tag)
    throw new Error(`Cannot release ${given}: package.json has the version ${version}; change one of them`);
  if (sectionOf(changelog, version) === undefined) {
    throw new Error(`Cannot release ${tag}: CHANGELOG.md has no section "## [${version}]"; rename "## [Unreleased]"`);
  }
}

async function release(): Promise<void> {
  const { values } = parseArgs({
    allowNegative: true,
    options: {
      image: { type: "boolean", default: true },
      packages: { type: "string" },
      mirror: { type: "string" },
      tag: { type: "string" },
    },
  });
  const changelog = await text("CHANGELOG.md");
  if (values.tag !== undefined) checkTag(values.tag, changelog);
  const flags = (["packages", "mirror"] as const).flatMap((name) =>
    values[name] === undefined ? [] : [`--${name}`, values[name]],
  );
  const contents = await builtFor("linux-amd64");
  const from: Ingredients = {
    program,
    image: values.image ? await madeImage(flags) : undefined,
    documents: { licence: await text("LICENSE"), notices: notices(contents), manPages: await manPages() },
    demo: await demoScript(),
    changelog,
    sbom: sbom({ ...contents, version, arch: "any", debian: [] }),
  };
  const out = join(dist, "release");
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  await makeRelease(from, async (name, bytes) => {
    await Bun.write(join(out, name), bytes);
    console.log(`dist/release/${name}: ${(bytes.length / 1e6).toFixed(1)} MB`);
  });
}

try {
  await release();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
