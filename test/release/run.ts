/**
 * `bun run test:release` makes two releases without the image and tries their files (release.release.ts); two minutes.
 * SLUICE_RELEASE_DIR: keep data there (by default a temporary folder, kept only after a failure).
 */
import { join } from "node:path";
import { play } from "../suite.ts";

const file = join(import.meta.dir, "release.release.ts");
process.exit(await play({ files: [file], flags: [], dirVariable: "SLUICE_RELEASE_DIR" }));
