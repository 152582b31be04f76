/** What the webhook adds to writes at a real API server: with it and without, in turns, on the same cluster. */
import { rolloutObject } from "../../webhook/http/testing.ts";
import { type Api, connect } from "../cluster/harness/api.ts";
import { type ControlPlane, startControlPlane } from "../cluster/harness/controlPlane.ts";
import { applyCrds } from "../cluster/harness/crds.ts";
import { quantile } from "./subject.ts";
import type { WebhookFigure } from "./webhookBench.ts";
import { startServer } from "./webhookProcess.ts";

/** One namespace for each mode; its webhook selects it by a label. */
const modes = ["off", "empty answer", "rules only", "rules and dry run"] as const;
type Mode = (typeof modes)[number];
const namespaceOf = (mode: Mode): string => `bench-${mode.replaceAll(" ", "-")}`;
const rollouts = (mode: Mode): string => `/apis/argoproj.io/v1alpha1/namespaces/${namespaceOf(mode)}/rollouts`;

async function register(api: Api, mode: Mode, { port, ca }: { port: number; ca: string }): Promise<void> {
  await api.create("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", {
    metadata: { name: namespaceOf(mode) },
    webhooks: [
      {
        name: "bench.sluice.dev",
        clientConfig: { url: `https://127.0.0.1:${port}/validate`, caBundle: new TextEncoder().encode(ca).toBase64() },
        rules: [
          {
            apiGroups: ["argoproj.io"],
            apiVersions: ["v1alpha1"],
            operations: ["CREATE", "UPDATE"],
            resources: ["rollouts"],
          },
        ],
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespaceOf(mode) } },
        failurePolicy: "Fail",
        sideEffects: "None",
        timeoutSeconds: 2,
        admissionReviewVersions: ["v1"],
      },
    ],
  });
}

let images = 0;

/** Every write changes the pod template, so that each one makes the webhook ask the API server for its opinion. */
async function write(api: Api, mode: Mode): Promise<number> {
  const value = `registry.example.com/team/web:${++images}`;
  const patch = [{ op: "replace", path: "/spec/template/spec/containers/0/image", value }];
  const start = performance.now();
  await api.patch(`${rollouts(mode)}/web`, "json", patch);
  return performance.now() - start;
}

async function inTurns(api: Api, times: number): Promise<Map<Mode, number[]>> {
  const latencies = new Map<Mode, number[]>(modes.map((mode) => [mode, []]));
  for (let round = 0; round < times; round++) {
    // The order changes, so that none is always first.
    for (const index of modes.keys()) {
      const mode = modes[(index + round) % modes.length] ?? "off";
      latencies.get(mode)?.push(await write(api, mode));
    }
  }
  return latencies;
}

type Server = ReturnType<typeof startServer>;

async function setUp(plane: ControlPlane, api: Api, servers: ReadonlyMap<Mode, Server>): Promise<void> {
  await applyCrds((args) => plane.kubectl(args), api);
  for (const mode of modes) {
    await api.create("/api/v1/namespaces", { metadata: { name: namespaceOf(mode) } });
    const ready = await servers.get(mode)?.ready;
    if (ready?.kind === "ready") await register(api, mode, ready);
  }
  await Bun.sleep(2_000);
  for (const mode of modes)
    await api.create(rollouts(mode), rolloutObject({}, { namespace: namespaceOf(mode), uid: undefined }));
}

function rows(
  latencies: ReadonlyMap<Mode, readonly number[]>,
  inside: ReadonlyMap<Mode, readonly number[]>,
): WebhookFigure[] {
  const of = (mode: Mode, q: number): number => quantile(latencies.get(mode) ?? [], q);
  return modes.flatMap((mode) => {
    const [p50, p99] = [of(mode, 0.5), of(mode, 0.99)];
    const added = `, added ${(p50 - of("off", 0.5)).toFixed(2)} and ${(p99 - of("off", 0.99)).toFixed(2)} ms`;
    const write: WebhookFigure = {
      name: `write, webhook: ${mode}`,
      value: `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms${mode === "off" ? "" : added}`,
      target: mode === "rules and dry run" ? "p50 ≤ 3 ms, p99 ≤ 5 ms added" : "",
    };
    const durations = inside.get(mode);
    if (durations === undefined) return [write];
    const value = `p50 ${quantile(durations, 0.5).toFixed(2)} ms, p99 ${quantile(durations, 0.99).toFixed(2)} ms`;
    return [write, { name: `… of that in the handler: ${mode}`, value, target: "" }];
  });
}

/** @param program the compiled webhook */
export async function clusterFigures(program: string, writes: number): Promise<WebhookFigure[]> {
  const plane = await startControlPlane({ audit: false });
  const servers = new Map<Mode, Server>();
  try {
    const kubeconfig = await plane.identity("sluice-webhook");
    servers.set("empty answer", startServer(program, { empty: true }));
    servers.set("rules only", startServer(program, {}));
    servers.set("rules and dry run", startServer(program, { kubeconfig }));
    const api = await connect(await plane.identity("bench"), "sluice-bench");
    await setUp(plane, api, servers);
    await inTurns(api, Math.ceil(writes / 2));
    for (const server of servers.values()) await server.durations();
    const latencies = await inTurns(api, writes);
    const inside = new Map<Mode, readonly number[]>();
    for (const [mode, server] of servers) inside.set(mode, await server.durations());
    const missing = [...inside].filter(([, durations]) => durations.length < writes);
    if (missing.length > 0)
      throw new Error(
        `The API server did not call for all of ${writes} writes: ${missing.map(([mode]) => mode).join()}`,
      );
    return rows(latencies, inside);
  } finally {
    await Promise.all([...servers.values()].map((server) => server.stop()));
    await plane.stop();
  }
}
