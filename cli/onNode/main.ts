/**
 * The demo alone, for Node: one file without packages, so that `npx` downloads nothing else
 * (docs/release.md#the-demo-for-npx).
 */
import packageJson from "../../package.json" with { type: "json" };
import { giveBun } from "./bun.ts";
import { giveWhatIsNewer } from "./newer.ts";

/** What the demo is tried on; older ones lack too much. */
const OLDEST = 20;

async function run(): Promise<number> {
  const [major] = process.versions.node.split(".");
  if (Number(major) < OLDEST) {
    console.error(`Error: Cannot play the demo on Node ${process.versions.node}: it needs Node ${OLDEST} or later`);
    return 1;
  }
  giveWhatIsNewer();
  giveBun();
  // Only now: its modules use what was given.
  const { runDemo } = await import("../demo.ts");
  const { env, stdout } = process;
  const { version } = packageJson;
  return runDemo(process.argv.slice(2), {
    env,
    version,
    program: "sluice",
    called: "sluice",
    installing: `https://github.com/sluice-dev/sluice/blob/v${version}/docs/install.md#the-program-on-your-machine`,
    // By the name that npx and the package give it.
    out: (text) =>
      new Promise((resolve) => stdout.write(text.replaceAll("sluice demo", "sluice-demo"), () => resolve())),
    err: (line) => console.error(line.replaceAll("sluice demo", "sluice-demo")),
  });
}

void run().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
