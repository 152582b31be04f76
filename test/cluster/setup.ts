/** Preloaded by run.ts: a harness that cannot start ends the run at once, instead of failing every test for one reason. */
import { harness } from "./harness/harness.ts";

try {
  await harness();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(3);
}
