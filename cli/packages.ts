/**
 * `bun cli/packages.ts`, before `bun run demo` and `bun run dev`: installs the packages that the program runs with. Those
 * for developing stay as they are. Imports none of them, since they may not be there yet.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const repository = resolve(import.meta.dir, "..");
const { dependencies } = (await Bun.file(join(repository, "package.json")).json()) as { dependencies: object };

/** Whether there is something to wait for; `bun install` itself looks at versions and at packages of packages. */
const isMissing = Object.keys(dependencies).some(
  (name) => !existsSync(join(repository, "node_modules", name, "package.json")),
);
if (isMissing) console.error("Installing the packages that Sluice runs with; this happens once …");

const install = Bun.spawn([process.execPath, "install", "--production", "--frozen-lockfile", "--no-summary"], {
  cwd: repository,
  // What is printed for a command that asks for it belongs to that command.
  stdio: ["ignore", "ignore", "inherit"],
});
const code = await install.exited;
if (code !== 0) {
  console.error(
    `Error: Cannot install the packages of package.json into ${join(repository, "node_modules")}: ` +
      `bun install ended with exit code ${code}; it says above why. ` +
      "Where the registry cannot be reached: is there a network, and does it need a proxy (HTTPS_PROXY) or a registry " +
      "of its own (registry=URL in ~/.npmrc)?",
  );
}
process.exit(code);
