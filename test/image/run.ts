/**
 * `bun run test:image` builds the image twice and runs it as a node does (image.image.ts). Needs root on a Debian
 * machine with the packages that .ci/run installs; tests whose packages are missing are skipped, with a line about it.
 * SLUICE_IMAGE_DIR: keep data and logs there (by default a temporary folder, kept only after a failure).
 */
import { join } from "node:path";
import { play } from "../suite.ts";

const file = join(import.meta.dir, "image.image.ts");
process.exit(await play({ files: [file], flags: [], dirVariable: "SLUICE_IMAGE_DIR" }));
