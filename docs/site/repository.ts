/** A checkout on disk, as the site reads it. */
import { readdirSync } from "node:fs";
import { join, posix } from "node:path";
import type { Repository } from "./build.ts";

/** Of these no page links a file, and they are large. */
const LEFT_OUT: readonly string[] = ["node_modules", "dist", ".git", ".cache"];

function filesIn(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (LEFT_OUT.includes(entry.name)) return [];
    return entry.isDirectory() ? filesIn(root, path) : entry.isFile() ? [path] : [];
  });
}

export function repositoryAt(root: string): Repository {
  return { files: filesIn(root, "").toSorted(), read: (path) => Bun.file(join(root, path)).bytes() };
}
