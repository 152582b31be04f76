import { expect, test } from "bun:test";
import { Glob } from "bun";
import { join } from "node:path";

const root = join(import.meta.dir, "../..");
/** In what a controller runs, names of variables are read as texts, or as members of `env`. */
const READ = /(?:"|\benv\.)((?:ARGO_ROLLOUTS|AWS|DD|OTEL|POD|GOOGLE|GCE|KUBERNETES)_[A-Z0-9_]+)\b/g;
/** Handed to credential plugins, not read. */
const WRITTEN = ["KUBERNETES_EXEC_INFO"];

test("docs/controller.md has every variable of the environment that a controller reads", async () => {
  const paths = ["controller", "providers", "webhook", "kube/client", "cli/controller"].flatMap((folder) =>
    [...new Glob(`${folder}/**/*.ts`).scanSync(root)].filter((path) => !path.endsWith(".test.ts")),
  );
  const texts = await Promise.all(paths.map((path) => Bun.file(join(root, path)).text()));
  const names = new Set(texts.flatMap((text) => Array.from(text.matchAll(READ), ([, name = ""]) => name)));
  expect(names.size).toBeGreaterThan(30);
  const [, section = ""] = (await Bun.file(join(root, "docs/controller.md")).text()).split("\n## Environment\n");
  const missing = [...names].filter((name) => !WRITTEN.includes(name) && !section.includes(`\`${name}\``));
  expect(missing, "add rows for these to the table of docs/controller.md#environment").toEqual([]);
});
