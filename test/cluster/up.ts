/**
 * Starts a control plane with fake nodes and keeps it running until Ctrl-C:
 * `bun test/cluster/up.ts [--dir D] [--ready-after 1.2s] [--gone-after 0.7s] [--nodes 3] [--no-audit]`
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startKubelet } from "../../simulator/kubelet/kubelet.ts";
import { goDurationMs } from "../../kube/object/goDuration.ts";
import { connect } from "./harness/api.ts";
import { startControlPlane } from "./harness/controlPlane.ts";
import { kubeletPort } from "./harness/kubeletPort.ts";

const { values } = parseArgs({
  options: {
    dir: { type: "string" },
    "ready-after": { type: "string", default: "1200ms" },
    "gone-after": { type: "string", default: "700ms" },
    nodes: { type: "string", default: "3" },
    "no-audit": { type: "boolean", default: false },
  },
});

function duration(flag: "ready-after" | "gone-after"): number {
  const ms = goDurationMs(values[flag]);
  if (ms === undefined) throw new Error(`Cannot use --${flag} ${values[flag]}: it takes a duration such as 1.2s`);
  return ms;
}

const settings = { readyAfterMs: duration("ready-after"), goneAfterMs: duration("gone-after") };
const plane = await startControlPlane({
  audit: values["no-audit"] ? false : "writes",
  ...(values.dir === undefined ? {} : { dir: values.dir }),
});
const api = await connect(await plane.identity("sluice-kubelet"), "sluice-kubelet");
const kubelet = await startKubelet(kubeletPort(api), { settings, nodes: Number(values.nodes), onError: console.error });

const exportLine = `export KUBECONFIG=${plane.kubeconfig}`;
await Bun.write(join(plane.dir, "env"), `${exportLine}\n`);
console.log(`${exportLine}
# ${plane.server}, ${kubelet.nodes.length} fake nodes, data and logs in ${plane.dir} (the line above is in ${plane.dir}/env)
# Ctrl-C ends it.`);

const asked = Promise.withResolvers<void>();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => asked.resolve());
try {
  await Promise.race([asked.promise, plane.failure]);
} finally {
  await kubelet.stop();
  await plane.stop();
}
process.exit(0);
