/**
 * `bun run test:cluster [-t TITLE] [--all] [words…]`: plays the files test/cluster/*.cluster.ts (those whose name holds
 * one of the words; with -t only the tests whose title matches that regular expression) against a real API server, and
 * prints one line, `N passed, N failed`. Without words and --all, those of `seldom` are left out. Environment:
 * - KUBECONFIG: use this cluster instead of starting one; SLUICE_FAKE_KUBELET=1 adds our fake nodes to it.
 * - SLUICE_CONTROLLER="/path args…": drive another controller; SLUICE_CRDS: apply the CRDs of this folder.
 * - SLUICE_KUBECTL_ARGO: the official kubectl plugin's binary, to act with it instead of with its patches, and to
 *   compare what it prints.
 * - SLUICE_REFERENCE: the binary of the reference's controller, for moving from it to ours and back (moving.cluster.ts).
 * - SLUICE_PREVIOUS_BINARY: an older release of ours, to upgrade from and go back to (upgrade.cluster.ts).
 * - SLUICE_TRAEFIK: the binary of Traefik 3, to send real requests through it (traefikDataPlane.cluster.ts; some minutes).
 *   `go build ./cmd/traefik` in a checkout makes it; pods get real addresses, which takes root and `ip`.
 * - SLUICE_RECORD=1: write the golden files from what is seen, instead of comparing with them.
 * - SLUICE_CLUSTER_DIR: keep data and logs there (by default a temporary folder, kept only after a failure).
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { play } from "../suite.ts";

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: { title: { type: "string", short: "t" }, all: { type: "boolean", default: false } },
});
/**
 * Minutes of stories that rarely fail: those compared with recordings, whose rules golden timelines show first; hostile
 * users by the hundred; migrations by the dozen, and their profiles, whose rules are shown on the simulated API server;
 * sizes, whose rules the simulated worlds judge; the tutorial, whose commands the shorter stories give, too; one release
 * after another.
 */
const seldom = [
  "abuse",
  "analysisRunLife",
  "experimentLife",
  "migrationMany",
  "migrationProfiles",
  "movingRecorded",
  "rolloutAnalysisLife",
  "sizes",
  "tutorial",
  "upgrade",
].map((name) => `${name}.cluster.ts`);
const files = Array.from(new Bun.Glob("*.cluster.ts").scanSync(import.meta.dir))
  .filter((name) =>
    words.length > 0 ? words.some((word) => name.includes(word)) : values.all || !seldom.includes(name),
  )
  .toSorted();
if (files.length === 0) {
  console.error(`No test/cluster/*.cluster.ts holds one of: ${words.join(", ")}`);
  process.exit(2);
}

const code = await play({
  files: files.map((name) => join(import.meta.dir, name)),
  flags: [
    `--preload=${join(import.meta.dir, "setup.ts")}`,
    ...(values.title === undefined ? [] : ["--test-name-pattern", values.title]),
  ],
  dirVariable: "SLUICE_CLUSTER_DIR",
});
process.exit(code);
