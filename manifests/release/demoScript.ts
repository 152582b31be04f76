/** The demo as one file for Node, with the packages that are in it. */
import { join } from "node:path";
import { type BundledPackage, bundledPackages } from "../image/bundled.ts";
import { root } from "../image/buildProgram.ts";

export interface DemoScript {
  readonly text: string;
  readonly packages: readonly BundledPackage[];
}

/** @throws {AggregateError} with the bundler's messages */
export async function demoScript(): Promise<DemoScript> {
  const { outputs, metafile } = await Bun.build({
    entrypoints: [join(root, "cli/onNode/main.ts")],
    root,
    target: "node",
    format: "esm",
    minify: true,
    metafile: true,
    banner: "#!/usr/bin/env node",
    // Schemas are imported as text: in the file, as all else.
    loader: { ".txt": "text" },
  });
  const [script, ...more] = outputs;
  if (script === undefined || more.length > 0 || metafile === undefined) {
    const names = outputs.map(({ path }) => path).join(", ");
    throw new Error(`Cannot make the demo's package: the bundler made ${names || "nothing"}, and not one file`);
  }
  return { text: await script.text(), packages: await bundledPackages(metafile) };
}
