/** The cluster of the pictures and of the tests of the pages: real but for its pods, in a time of its own. */
import type { Log } from "../../controller/process/log.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { type ManualClock, manualClock } from "../../kube/clock/clock.ts";
import type { SendHttp } from "../../providers/metrics/measuring/http.ts";
import { randomOf } from "../../simulator/demo/random.ts";
import { startLocalCluster } from "../../simulator/local/localCluster.ts";
import type { ApiCore, Draft } from "../../simulator/model/model.ts";
import { type Applied, FIRST, MINUTES, UPDATES } from "./manifests.ts";

const STARTS_AT = Date.parse("2026-03-02T09:00:00Z");
const MINUTE_MS = 60_000;

const ignore = (): void => {};
export const onlyErrors: Log = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: (message, fields) =>
    void process.stderr.write(
      `${message} ${JSON.stringify(typeof fields === "function" ? fields() : (fields ?? ""))}\n`,
    ),
};

/** Success rates: those of the ledger are bad, those of the others wander. */
const prometheus =
  (clock: ManualClock): SendHttp =>
  async ({ body }) => {
    const app = /app="(\w+)"/.exec(new URLSearchParams(body).get("query") ?? "")?.[1] ?? "";
    const minute = Math.floor((clock.now() - STARTS_AT) / MINUTE_MS);
    const good = 0.978 + 0.009 * Math.sin(minute * 2.1) + 0.005 * Math.sin(minute * 0.7);
    const rate = app === "ledger" ? 0.985 - 0.02 * Math.max(0, minute - 50) : good;
    const data = { resultType: "vector", result: [{ metric: {}, value: [0, rate.toFixed(4)] }] };
    return { kind: "answered", status: 200, headers: {}, body: JSON.stringify({ status: "success", data }) };
  };

function apply(core: ApiCore, { namespace, text }: Applied): void {
  const manifest = Bun.YAML.parse(text) as Draft & { readonly apiVersion: string; readonly kind: string };
  const [group] = manifest.apiVersion.includes("/") ? manifest.apiVersion.split("/") : [undefined];
  const plural = `${manifest.kind.toLowerCase()}${manifest.kind === "Ingress" ? "es" : "s"}`;
  core.create(group === undefined ? plural : `${plural}.${group}`, {
    ...manifest,
    metadata: { ...manifest.metadata, namespace },
  });
}

interface Templated {
  readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
}

/** As `kubectl set image` of the only container. */
export function setTag(core: ApiCore, namespace: string, name: string, tag: string): void {
  core.modify({ resource: "rollouts.argoproj.io", namespace, name }, (rollout) => {
    const spec = rollout["spec"] as Templated;
    const containers = spec.template.spec.containers.map((each) => ({
      ...each,
      image: each.image.replace(/:[^:]*$/, `:${tag}`),
    }));
    const template = { ...spec.template, spec: { ...spec.template.spec, containers } };
    return { ...rollout, spec: { ...spec, template } };
  });
}

export interface World {
  readonly core: ApiCore;
  readonly client: KubeClient;
  readonly clock: ManualClock;
  /** From then on time goes by as it does for people. */
  run(): void;
  stop(): void;
}

const TICK_MS = 50;

/** An hour of a working day, after which every page has something to show. */
export async function startWorld(): Promise<World> {
  const clock = manualClock(STARTS_AT);
  const cluster = await startLocalCluster({
    clock,
    log: onlyErrors,
    version: "0.0.0",
    random: randomOf(7),
    nodes: 6,
    source: () => prometheus(clock),
  });
  const { core } = cluster;
  for (const name of new Set(FIRST.map(({ namespace }) => namespace)))
    core.create("namespaces", { metadata: { name } });
  for (const applied of FIRST) apply(core, applied);
  let minute = 0;
  for (const [at, namespace, name, tag] of UPDATES) {
    await clock.advance((at - minute) * MINUTE_MS);
    minute = at;
    setTag(core, namespace, name, tag);
  }
  await clock.advance((MINUTES - minute) * MINUTE_MS);
  let timer: ReturnType<typeof setInterval> | undefined;
  let isMoving = false;
  const move = async (): Promise<void> => {
    if (isMoving) return;
    isMoving = true;
    await clock.advance(TICK_MS);
    isMoving = false;
  };
  return {
    core,
    clock,
    client: cluster.clientFor("sluice-dashboard"),
    run: () => void (timer ??= setInterval(() => void move(), TICK_MS)),
    stop() {
      clearInterval(timer);
      // Not awaited: the loop waits for timers of a clock that does not advance any more.
      void cluster.stop();
    },
  };
}
