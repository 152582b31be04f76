/** A whole cluster in this process, whose Rollouts are explained: the production loop drives them, on a clock moved by hand. */
import { manualClock } from "../../kube/clock/clock.ts";
import type { Log } from "../../controller/process/log.ts";
import type { VerbOutcome } from "../../controller/rollout/verbs/verb.ts";
import type { SendHttp } from "../../providers/metrics/measuring/http.ts";
import type { Rollout, RolloutStrategy } from "../../schema/rollout.ts";
import { randomOf } from "../../simulator/demo/random.ts";
import { startLocalCluster } from "../../simulator/local/localCluster.ts";
import type { Draft } from "../../simulator/model/model.ts";
import { create, perform } from "../../simulator/simulate/requests.ts";
import { testPorts } from "../testing.ts";
import { run } from "./command.ts";

const ignore = (): void => {};
const SILENT: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

export const template = (image: string, spec: object = {}) => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image }], ...spec },
});

export const rollout = (strategy: RolloutStrategy, spec: object = {}) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "web" },
  spec: {
    replicas: 4,
    selector: { matchLabels: { app: "web" } },
    template: template("web:1"),
    strategy,
    ...spec,
  },
});

export const service = (name: string) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
});

/** Of one metric, by a web request; a condition over what `answer` returns. */
export const analysisTemplate = (metric: object = {}) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "AnalysisTemplate",
  metadata: { name: "errors" },
  spec: {
    metrics: [
      {
        name: "errors",
        interval: "30s",
        count: 5,
        successCondition: "result < 5",
        failureLimit: 2,
        provider: { web: { url: "http://metrics/errors", jsonPath: "{$.value}" } },
        ...metric,
      },
    ],
  },
});

export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
};

export interface Shop {
  readonly create: (manifest: Manifest & object) => Promise<void>;
  readonly patch: (kind: string, name: string, change: (object: Draft) => object) => void;
  readonly act: (verb: (rollout: Rollout) => VerbOutcome) => Promise<void>;
  readonly advance: (ms: number) => Promise<void>;
  readonly stopLoop: () => Promise<void>;
  readonly explained: (
    args?: readonly string[],
  ) => Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
  readonly now: () => number;
}

/** @param answer what the metric's source answers */
export async function shop(answer: () => number = () => 1): Promise<Shop> {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const http: SendHttp = async () =>
    ({
      kind: "answered",
      status: 200,
      headers: {},
      body: JSON.stringify({ value: answer() }),
    }) as never;
  const cluster = await startLocalCluster({
    clock,
    log: SILENT,
    version: "0.0.0",
    random: randomOf(1),
    nodes: 3,
    kubelet: { readyAfterMs: 2_000 },
    source: () => http,
  });
  const { server, core } = cluster;
  core.create("namespaces", { metadata: { name: "shop" } });
  await clock.advance(1_000);
  const client = cluster.clientFor("sluice");
  return {
    now: () => clock.now(),
    async create(manifest) {
      await create(server, manifest as never, "shop");
      await clock.advance(0);
    },
    patch: (resource, name, change) => void core.modify({ resource, namespace: "shop", name }, change as never),
    act: async (verb) => {
      const found = core.get({ resource: "rollouts.argoproj.io", namespace: "shop", name: "web" });
      await perform(server, found as unknown as Rollout, verb);
    },
    async advance(ms) {
      for (let passed = 0; passed < ms; passed += 1_000) await clock.advance(1_000);
    },
    stopLoop: async () => void cluster.stop(),
    async explained(args = ["rollout", "web"]) {
      const ports = testPorts({ clock, connect: async () => ({ client, namespace: "shop", source: "test" }) });
      let isOver = false;
      const ended = run(args, ports).finally(() => (isOver = true));
      ended.catch(ignore);
      while (!isOver) await clock.advance(100);
      return { code: await ended, ...ports.told };
    },
  };
}
