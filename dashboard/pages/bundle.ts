/**
 * The pages made of their sources: one script, one style sheet, an icon, and the page that loads them. A build puts what
 * this makes into the program in the place of this file (manifests/image/pagesInProgram.ts).
 */
import { join } from "node:path";

export interface PageText {
  /** Under the root path of the dashboard. */
  readonly path: string;
  readonly type: string;
  readonly text: string;
}

export interface Bundle {
  readonly files: readonly PageText[];
  /** What the bundler says of where the script comes from: packages whose licences are to be named. */
  readonly metafile: Bun.BuildMetafile | undefined;
}

const app = join(import.meta.dir, "app");
const named = (name: string, text: string, ending: string): string => {
  const hash = new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, 10);
  return `assets/${name}-${hash}.${ending}`;
};

/** @throws {AggregateError} with the bundler's messages */
export async function bundlePages(): Promise<Bundle> {
  const built = await Bun.build({
    entrypoints: [join(app, "main.tsx"), join(app, "styles/all.css")],
    target: "browser",
    format: "esm",
    minify: true,
    metafile: true,
    define: { "process.env.NODE_ENV": '"production"' },
    jsx: { runtime: "automatic", importSource: "preact", development: false },
  });
  const textOf = async (ending: string): Promise<string> =>
    (await Promise.all(built.outputs.filter(({ path }) => path.endsWith(ending)).map((output) => output.text()))).join(
      "",
    );
  const [script, style] = await Promise.all([textOf(".js"), textOf(".css")]);
  const icon = await Bun.file(join(app, "favicon.svg")).text();
  const paths = { script: named("app", script, "js"), style: named("app", style, "css") };
  const page = (await Bun.file(join(app, "index.html")).text())
    .replace("app.js", paths.script)
    .replace("app.css", paths.style)
    .replaceAll(/\n\s*/g, "");
  return {
    files: [
      { path: "index.html", type: "text/html; charset=utf-8", text: page },
      { path: paths.script, type: "text/javascript; charset=utf-8", text: script },
      { path: paths.style, type: "text/css; charset=utf-8", text: style },
      { path: "favicon.svg", type: "image/svg+xml", text: icon.trim() },
    ],
    metafile: built.metafile,
  };
}
