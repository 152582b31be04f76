/** The controller with its own webhook on a cluster of its own, as an operator runs it. */
import { join, resolve } from "node:path";
import { type Api, connect, type KubeObject } from "./api.ts";
import { type CommandResult, type ControlPlane, startControlPlane } from "./controlPlane.ts";
import { applyCrds } from "./crds.ts";
import { rolloutOf } from "./plainRollout.ts";
import { freePort } from "./ports.ts";
import { type Child, logTail, newNursery } from "./processes.ts";

const repository = resolve(import.meta.dir, "../../..");

export interface OwnWebhook {
  readonly plane: ControlPlane;
  readonly api: Api;
  readonly pod: Child;
  readonly webhookPort: number;
  /** `kubectl apply` of one object, in the namespace "first" where none is named. */
  apply(object: unknown, flags?: readonly string[], namespace?: string): Promise<CommandResult>;
  /** Applies them one after the other. @throws Error with what kubectl says where one is refused */
  store(...objects: readonly object[]): Promise<void>;
  /** The lines of its metrics that begin so. */
  metrics(name: string): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** @param audit whether the API server records all writes; the controller's are those of the user "sluice-controller" */
export async function startOwnWebhook({ audit = false } = {}): Promise<OwnWebhook> {
  const nursery = newNursery();
  const [webhookPort, metricsPort] = [freePort(), freePort()];
  const plane = await startControlPlane({ audit: audit && "writes" });
  const api = await connect(await plane.identity("sluice-test"), "sluice-test");
  await applyCrds((args) => plane.kubectl(args), api);
  for (const name of ["argo-rollouts", "first"]) await api.create("/api/v1/namespaces", { metadata: { name } });
  const ports = ["--metricsPort", `${metricsPort}`, "--healthzPort", `${freePort()}`];
  const webhook = ["--webhook-port", `${webhookPort}`, "--webhook-url", `https://127.0.0.1:${webhookPort}`];
  const where = ["--kubeconfig", await plane.identity("sluice-controller")];
  const command = [process.execPath, "main.ts", "controller", ...where, ...ports, ...webhook];
  const pod = nursery.spawn("sluice", command, { logFile: join(plane.dir, "sluice.log"), cwd: repository });
  const apply: OwnWebhook["apply"] = (object, flags = [], namespace = "first") =>
    plane.kubectl(["apply", ...flags, "-n", namespace, "-f", "-"], { stdin: JSON.stringify(object) });
  const own: OwnWebhook = {
    plane,
    api,
    pod,
    webhookPort,
    apply,
    async store(...objects) {
      for (const object of objects) {
        const { code, stderr } = await apply(object);
        if (code !== 0) throw new Error(stderr);
      }
    },
    async metrics(name) {
      const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
      return text.split("\n").filter((line) => line.startsWith(name));
    },
    async stop() {
      await nursery.release();
      await plane.stop();
    },
  };
  // The API server uses the configuration a moment later.
  const end = Date.now() + 30_000;
  while (
    (await apply(rolloutOf("probe", { canary: { steps: [{ setWeight: 101 }] } }), ["--dry-run=server"])).code === 0
  ) {
    if (Date.now() > end) throw new Error(`Nothing was refused within 30 s\n${await logTail(pod.logFile)}`);
    await Bun.sleep(100);
  }
  return own;
}

/** The sum of the samples in these lines that match. */
export const counted = (lines: readonly string[], holds: RegExp): number =>
  lines.filter((line) => holds.test(line)).reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);

export const template = (name: string, spec: object, more: object = {}): KubeObject => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "AnalysisTemplate",
  metadata: { name },
  spec,
  ...more,
});

export const clusterTemplate = (name: string, spec: object): KubeObject =>
  template(name, spec, { kind: "ClusterAnalysisTemplate" });

export const metric = (name: string, more: object = {}) => ({
  name,
  provider: { web: { url: "http://10.255.255.1/x", jsonPath: "{$.ok}" } },
  ...more,
});
