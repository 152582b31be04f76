/**
 * `bun run test:release` makes two releases without the image and tries their files (release.release.ts), and the demo
 * as `npx` gets it (demo.release.ts); three minutes.
 * SLUICE_RELEASE_DIR: keep data there (by default a temporary folder, kept only after a failure).
 */
import { join } from "node:path";
import { play } from "../suite.ts";

const files = ["demo", "release"].map((name) => join(import.meta.dir, `${name}.release.ts`));
process.exit(await play({ files, flags: [], dirVariable: "SLUICE_RELEASE_DIR" }));
