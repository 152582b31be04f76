/**
 * A real Traefik 3 as the data plane of a test's cluster: it reads IngressRoutes, TraefikServices and the Gateway API from
 * the API server, finds pods in EndpointSlices, and divides real requests. $SLUICE_TRAEFIK is its binary. All of its
 * settings that have to do with time, such as providersThrottleDuration (2 s), are as it ships.
 */
import { join } from "node:path";
import type { KubeObject } from "../../cluster/harness/api.ts";
import type { StartedHarness } from "../../cluster/harness/harness.ts";
import { freePort } from "../../cluster/harness/ports.ts";
import { type Child, logTail, newNursery } from "../../cluster/harness/processes.ts";
import { until } from "../../cluster/harness/until.ts";
import { defineKinds } from "./kinds.ts";

export const GATEWAY_CLASS = "traefik";
/** The port of its entry point `web`, as in the chart that k3s installs: a Gateway's listener names it. */
export const WEB_PORT = 8000;

/** What its API tells. */
interface Loaded {
  /** By their names, with the provider: "default-web-stable-80@kubernetescrd". */
  readonly services: ReadonlyMap<string, ServiceView>;
  readonly routers: readonly string[];
}

interface ServiceView {
  readonly weighted?: { readonly services: readonly { readonly name: string; readonly weight?: number }[] };
  readonly loadBalancer?: { readonly servers?: readonly { readonly url: string; readonly fenced?: boolean }[] };
}

export interface Traefik {
  /** Where its entry point `web` listens. */
  readonly url: string;
  readonly child: Child;
  loaded(): Promise<Loaded>;
  stop(): Promise<void>;
}

/** Undefined: there is none, and its stories cannot be played. */
export const traefikBinary = (): string | undefined => {
  const given = Bun.env.SLUICE_TRAEFIK;
  return given === undefined || given === "" ? undefined : given;
};

/** The kinds, a GatewayClass, and Traefik itself. Several may run: each has an address of loopback of its own. */
export async function startTraefik(harness: StartedHarness, binary: string): Promise<Traefik> {
  const { api, plane, logs } = harness;
  if (plane === undefined)
    throw new Error("Cannot start Traefik on a cluster that is given: it needs a kubeconfig of its own");
  await defineKinds(harness);
  await api.create("/apis/gateway.networking.k8s.io/v1/gatewayclasses", {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "GatewayClass",
    metadata: { name: GATEWAY_CLASS },
    spec: { controllerName: "traefik.io/gateway-controller" },
  });
  const host = `127.${random()}.${random()}.${random()}`;
  const ownApi = `127.0.0.1:${freePort()}`;
  const nursery = newNursery();
  const logFile = join(logs, "traefik.log");
  const flags = [
    "--global.checkNewVersion=false",
    "--global.sendAnonymousUsage=false",
    `--entryPoints.web.address=${host}:${WEB_PORT}`,
    `--entryPoints.traefik.address=${ownApi}`,
    "--api.insecure=true",
    "--providers.kubernetesCRD=true",
    "--providers.kubernetesGateway=true",
    "--log.level=INFO",
    "--accessLog=true",
    "--accessLog.filters.statusCodes=500-599",
  ];
  const env = { KUBECONFIG: await plane.identity("traefik"), KUBERNETES_SERVICE_HOST: "", KUBERNETES_SERVICE_PORT: "" };
  const child = nursery.spawn("traefik", [binary, ...flags], { logFile, env });
  const tell = async (): Promise<string> => `\n${await logTail(logFile)}`;
  const read = async (): Promise<Response | undefined> => {
    if (!child.running()) throw new Error(`traefik ended by itself${await tell()}`);
    return fetch(`http://${ownApi}/api/rawdata`, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
  };
  await until("Traefik's API answers", async () => (await read())?.ok === true, 60_000, tell);
  return {
    url: `http://${host}:${WEB_PORT}/`,
    child,
    async loaded() {
      const response = await read();
      const { services = {}, routers = {} } = ((await response?.json()) ?? {}) as {
        services?: Record<string, ServiceView>;
        routers?: Record<string, unknown>;
      };
      return { services: new Map(Object.entries(services)), routers: Object.keys(routers) };
    },
    stop: () => nursery.release(),
  };
}

const random = (): number => 2 + Math.floor(Math.random() * 250);

interface Slice extends KubeObject {
  readonly endpoints?: readonly {
    readonly addresses: readonly string[];
    readonly conditions?: { readonly ready?: boolean };
  }[];
}

/** Addresses of a Service's ready pods. */
async function readyPods({ api }: StartedHarness, namespace: string, service: string): Promise<readonly string[]> {
  const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`;
  const { items } = await api.list<Slice>(`${path}?labelSelector=kubernetes.io/service-name%3D${service}`);
  return items
    .flatMap(({ endpoints = [] }) => endpoints)
    .flatMap(({ addresses, conditions }) => (conditions?.ready === false ? [] : addresses))
    .toSorted();
}

interface Route extends KubeObject {
  readonly spec: { readonly rules: readonly { readonly matches?: readonly unknown[] }[] };
}

/** How many routers Traefik makes of the HTTPRoutes of a namespace: one for each match. */
async function wantedRouters({ api }: StartedHarness, namespace: string): Promise<number> {
  const { items } = await api.list<Route>(`/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes`);
  return items.flatMap(({ spec }) => spec.rules.flatMap(({ matches = [undefined] }) => matches)).length;
}

export interface Division {
  readonly namespace: string;
  readonly stable: string;
  readonly canary: string;
  readonly weight: number;
}

/** Of all that it has loaded: "stable 80, canary 20", and the pods of each; undefined where it divides nothing yet. */
function divisionsIn(services: ReadonlyMap<string, ServiceView>, { namespace, stable, canary }: Division) {
  const role = (name: string): "stable" | "canary" | undefined => {
    if (!name.includes(`${namespace}-`)) return undefined;
    if (name.includes(`-${canary}-`)) return "canary";
    return name.includes(`-${stable}-`) ? "stable" : undefined;
  };
  const podsOf = (name: string, provider: string): readonly string[] => {
    const { loadBalancer } = services.get(name) ?? services.get(`${name}@${provider}`) ?? {};
    const servers = (loadBalancer?.servers ?? []).filter(({ fenced }) => fenced !== true);
    return servers.map(({ url }) => new URL(url).hostname).toSorted();
  };
  return [...services].flatMap(([name, { weighted }]) => {
    const [, provider = ""] = name.split("@");
    const targets = (weighted?.services ?? []).flatMap((one) => {
      const which = role(one.name);
      return which === undefined ? [] : [{ which, weight: one.weight ?? 1, pods: podsOf(one.name, provider) }];
    });
    const stableTarget = targets.find(({ which }) => which === "stable");
    const canaryTarget = targets.find(({ which }) => which === "canary");
    return stableTarget === undefined || canaryTarget === undefined
      ? []
      : [{ stable: stableTarget, canary: canaryTarget }];
  });
}

/** Resolves once Traefik has loaded this division, the pods that are ready now, and header routes as they are now. */
export async function loaded(traefik: Traefik, harness: StartedHarness, division: Division): Promise<void> {
  let seen: unknown;
  const isLoaded = async (): Promise<boolean> => {
    const pods = {
      stable: await readyPods(harness, division.namespace, division.stable),
      canary: await readyPods(harness, division.namespace, division.canary),
    };
    const { services, routers } = await traefik.loaded();
    const divisions = divisionsIn(services, division);
    const count = routers.filter((router) => router.startsWith(`httproute-${division.namespace}-`)).length;
    const wanted = await wantedRouters(harness, division.namespace);
    seen = { pods, divisions, count, wanted };
    return (
      count === wanted &&
      divisions.length > 0 &&
      divisions.every(({ stable, canary }) => {
        const total = stable.weight + canary.weight;
        const isRight = total > 0 && (100 * canary.weight) / total === division.weight;
        return isRight && String(stable.pods) === String(pods.stable) && String(canary.pods) === String(pods.canary);
      })
    );
  };
  await until(`Traefik gives the canary ${division.weight} %`, isLoaded, 30_000, () => `: ${JSON.stringify(seen)}`);
  // Its API tells of a configuration a moment before the entry points use it.
  await Bun.sleep(200);
}
