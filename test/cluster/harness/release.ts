/** Programs to upgrade to and downgrade from. */
import { resolve } from "node:path";
import { run } from "./controlPlane.ts";

const repository = resolve(import.meta.dir, "../../..");

/** The program of this tree as `bun run build` makes it, with another version. */
export async function buildRelease(version: string, outfile: string): Promise<void> {
  const built = await Bun.build({
    entrypoints: [resolve(repository, "main.ts")],
    target: "bun",
    format: "esm",
    minify: true,
    bytecode: true,
    splitting: true,
    compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
    plugins: [
      {
        name: "another version",
        setup: (build) => {
          build.onLoad({ filter: /[/\\]package\.json$/ }, async ({ path }) => {
            const contents = (await Bun.file(path).json()) as object;
            const ours = path === resolve(repository, "package.json");
            return { contents: JSON.stringify(ours ? { ...contents, version } : contents), loader: "json" };
          });
        },
      },
    ],
  });
  if (!built.success) throw new Error(`Cannot build version ${version}`, { cause: built.logs });
}

/** As the program prints it; the user agent in the audit log has it, too. */
export async function versionOf(binary: string): Promise<string> {
  const { stdout } = await run([binary, "version"], {});
  return stdout.trim().replace(/^sluice: v/, "");
}
