/** Fresh copies of the repository, as from a new clone. */
import { cp, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { root, run } from "../../manifests/image/buildProgram.ts";

/** Copies the files that git would commit to `dir`, and installs the packages. */
export async function checkOut(dir: string): Promise<void> {
  const listed = await run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], root);
  for (const path of listed.split("\0")) {
    if (path === "" || path === "node_modules" || !(await Bun.file(join(root, path)).exists())) continue;
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await cp(join(root, path), join(dir, path));
  }
  await run([process.execPath, "install", "--frozen-lockfile"], dir);
}
