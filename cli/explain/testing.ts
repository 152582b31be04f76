/** A whole cluster in this process, whose Rollouts are explained: the production loop drives them, on a clock moved by hand. */
import type { KubeClient } from "../../kube/client/transport.ts";
import { manualClock } from "../../kube/clock/clock.ts";
import type { Log } from "../../controller/process/log.ts";
import type { VerbOutcome } from "../../controller/rollout/verbs/verb.ts";
import type { SendHttp } from "../../providers/metrics/measuring/http.ts";
import type { CanaryStep, Rollout, RolloutStrategy } from "../../schema/rollout.ts";
import { randomOf } from "../../simulator/demo/random.ts";
import { startLocalCluster } from "../../simulator/local/localCluster.ts";
import type { Manifest } from "../../simulator/model/manifest.ts";
import { create, perform } from "../../simulator/simulate/requests.ts";
import type { CliPorts } from "../ports.ts";
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

/** Keeps so many pods of the app. */
export const budget = (minAvailable: number) => ({
  apiVersion: "policy/v1",
  kind: "PodDisruptionBudget",
  metadata: { name: "budget" },
  spec: { minAvailable, selector: { matchLabels: { app: "web" } } },
});

interface Told {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Shop {
  readonly create: (manifest: Manifest) => Promise<void>;
  /** Members of the spec of Rollout `web`, without admission. */
  readonly patchSpec: (spec: object) => void;
  readonly act: (verb: (rollout: Rollout) => VerbOutcome) => Promise<void>;
  readonly remove: () => void;
  /** Somebody renews a Lease now. */
  readonly lease: (name: string, holder: string) => void;
  readonly advance: (ms: number) => Promise<void>;
  /** Nobody drives Rollouts any more. */
  readonly stopLoop: () => void;
  /** Of `web` by default. */
  readonly explained: (...args: readonly (string | Partial<CliPorts>)[]) => Promise<Told>;
  /** Of all requests that commands have sent. */
  readonly methods: () => readonly string[];
  readonly now: () => number;
}

const sourceOf =
  (answer: () => number): SendHttp =>
  async () => ({ kind: "answered", status: 200, headers: {}, body: JSON.stringify({ value: answer() }) });

/** @param answer what the metric's source answers */
export async function shop(answer: () => number = () => 1): Promise<Shop> {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const cluster = await startLocalCluster({
    clock,
    log: SILENT,
    version: "0.0.0",
    random: randomOf(1),
    nodes: 3,
    kubelet: { readyAfterMs: 2_000 },
    source: () => sourceOf(answer),
  });
  const { server, core } = cluster;
  core.create("namespaces", { metadata: { name: "shop" } });
  await clock.advance(1_000);
  const client = cluster.clientFor("sluice");
  const methods = new Set<string>();
  const seen: KubeClient = {
    ...client,
    request(request) {
      methods.add(request.method);
      return client.request(request);
    },
    open(request) {
      methods.add(request.method);
      return client.open(request);
    },
  };
  const at = (name: string) => ({ resource: "rollouts.argoproj.io", namespace: "shop", name });
  return {
    now: () => clock.now(),
    async create(manifest) {
      await create(server, manifest, "shop");
      await clock.advance(0);
    },
    patchSpec: (spec) =>
      void core.modify(at("web"), (object) => ({ ...object, spec: { ...(object["spec"] as object), ...spec } })),
    remove: () => void core.delete(at("web")),
    lease(name, holder) {
      const renewTime = new Date(clock.now()).toISOString().replace("Z", "000Z");
      const spec = { holderIdentity: holder, leaseDurationSeconds: 15, renewTime };
      core.create("leases.coordination.k8s.io", { metadata: { name, namespace: "shop" }, spec });
    },
    act: async (verb) => {
      await perform(server, core.get(at("web")) as unknown as Rollout, verb);
    },
    async advance(ms) {
      for (let passed = 0; passed < ms; passed += 1_000) await clock.advance(1_000);
    },
    // Not awaited: it waits for timers of this clock.
    stopLoop: () => void cluster.stop(),
    methods: () => [...methods],
    async explained(...given) {
      const args = given.filter((each) => typeof each === "string");
      const ports = testPorts({
        clock,
        connect: async () => ({ client: seen, namespace: "shop", source: "test" }),
        ...given.find((each) => typeof each !== "string"),
      });
      let isOver = false;
      const ended = run(
        ["analysisrun", "experiment"].includes(args[0] ?? "")
          ? args
          : ["rollout", ...(args.length === 0 ? ["web"] : args)],
        ports,
      ).finally(() => (isOver = true));
      // Awaited below: an error that comes before that must not count as unhandled.
      ended.catch(ignore);
      while (!isOver) await clock.advance(100);
      return { code: await ended, ...ports.told };
    },
  };
}

export const canary = (steps: readonly object[], rest: object = {}): RolloutStrategy => ({
  canary: { steps: [...steps] as CanaryStep[], ...rest },
});
export const blueGreen = (rest: object = {}): RolloutStrategy => ({
  blueGreen: { activeService: "active", previewService: "preview", ...rest },
});

export const toPerson = canary([{ setWeight: 25 }, { pause: {} }]);
export const judged = { templates: [{ templateName: "errors" }] };
export const analysed = canary([{ setWeight: 25 }, { analysis: judged }]);

interface Update {
  readonly spec?: object;
  readonly image?: string;
  readonly pods?: object;
  /** Objects beside it. */
  readonly beside?: readonly Manifest[];
}

/** `web:1` serves, and half a minute ago an update began. */
export async function update(world: Shop, strategy: RolloutStrategy, { spec, image, pods, beside = [] }: Update = {}) {
  for (const object of beside) await world.create(object);
  await world.create(rollout(strategy, spec));
  await world.advance(20_000);
  world.patchSpec({ template: template(image ?? "web:2", pods) });
  await world.advance(30_000);
}

export const services = [service("active"), service("preview")];
