/** Checks what this machine has for the tests of the image. */
import { existsSync } from "node:fs";

/** Syscalls that container runtimes allow; the file comes with Debian's buildah. */
export const seccompProfile = "/usr/share/containers/seccomp.json";

/** @returns what is missing, as a sentence; undefined when everything is there */
export function lacks(what: string, programs: readonly string[]): string | undefined {
  const missing = programs.filter((name) => (name.startsWith("/") ? !existsSync(name) : Bun.which(name) === null));
  if (process.getuid?.() !== 0) missing.push("root's rights");
  if (missing.length === 0) return undefined;
  const reason = `image: skipping ${what}, for want of ${missing.join(", ")}`;
  console.log(reason);
  return reason;
}
