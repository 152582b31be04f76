/** Rules about routers broken on purpose (mutations.ts): each is to be noticed whichever router it strikes. */
import type { KubeClient, KubeRequest } from "../../../kube/client/transport.ts";
import { isObject, type Json } from "../../../kube/object/json.ts";
import type { Traffic } from "../../../providers/traffic/router.ts";
import { ROUTED } from "../planes/planes.ts";
import { resourceOf } from "../world/past.ts";
import { sound, type Breakage } from "../world/process.ts";
import type { Mutation } from "./mutations.ts";

type Ask = <T>(request: KubeRequest) => Promise<T>;
type Change = (real: KubeClient, now: () => number) => Ask;

const isPatch = ({ method, path }: KubeRequest): boolean => method === "PATCH" && ROUTED.has(resourceOf(path));

const requesting = (name: string, change: Change): Mutation => ({
  name,
  breakage: { ...sound, client: (real, clock) => ({ ...real, request: change(real, () => clock.now()) }) },
});

/** Header and mirror routes of an update stay as long as the process lives. */
const clinging: Breakage["decide"] = (real) => {
  const kept = new Map<string, Traffic["routes"][number]>();
  return (snapshot, now) => {
    const decision = real(snapshot, now);
    const actions = decision.actions.map((action) => {
      if (action.kind !== "routeTraffic") return action;
      for (const route of action.traffic.routes) kept.set(route.name, route);
      return { ...action, traffic: { ...action.traffic, routes: [...kept.values()] } };
    });
    return { ...decision, actions };
  };
};

/** After an abort requests stay where they are. */
const stubborn: Breakage["decide"] = (real) => (snapshot, now) => {
  const decision = real(snapshot, now);
  if (snapshot.rollout.status?.abort !== true) return decision;
  return { ...decision, actions: decision.actions.filter(({ kind }) => kind !== "routeTraffic") };
};

/** Where one object cannot be written, no other one is for a while. */
const discouraged: Change = (real, now) => {
  let failedMs = Number.NEGATIVE_INFINITY;
  let why: unknown;
  return async (request) => {
    if (!isPatch(request)) return real.request(request);
    if (now() - failedMs < 2_000) throw why;
    try {
      return await real.request(request);
    } catch (error) {
      [failedMs, why] = [now(), error];
      throw error;
    }
  };
};

/** The mark that a router has left on an object of the user's stays. */
const untidy: Change = (real) => (request) => {
  const { metadata } = (isObject(request.body) ? request.body : {}) as { metadata?: Json };
  if (!isPatch(request) || !isObject(metadata?.["annotations"])) return real.request(request);
  const annotations = Object.fromEntries(Object.entries(metadata["annotations"]).filter(([, value]) => value !== null));
  return real.request({ ...request, body: { ...(request.body as Json), metadata: { ...metadata, annotations } } });
};

/** What has been written is written once more. */
const restless: Change =
  (real) =>
  async <T>(request: KubeRequest): Promise<T> => {
    const written = await real.request<T>(request);
    if (!isPatch(request) || !isObject(request.body)) return written;
    const { resourceVersion } = (written as { metadata: { resourceVersion: string } }).metadata;
    const metadata = { ...(request.body["metadata"] as Json), resourceVersion };
    return real.request({ ...request, body: { ...request.body, metadata } });
  };

const SELECTING = new Set(["destinationrules.networking.istio.io", "virtualnodes.appmesh.k8s.aws"]);

/** Subsets and VirtualNodes keep the pods that were written first. */
const lagging: Change = (real) => {
  const bound = new Set<string>();
  return (request) => {
    const { path } = request;
    if (!isPatch(request) || !SELECTING.has(resourceOf(path))) return real.request(request);
    if (bound.has(path)) return real.request({ method: "GET", path });
    bound.add(path);
    return real.request(request);
  };
};

export const routerMutations: readonly Mutation[] = [
  { name: "header and mirror routes outlive their update", breakage: { ...sound, decide: clinging } },
  { name: "an abort moves no traffic", breakage: { ...sound, decide: stubborn } },
  {
    ...requesting("a router that cannot be written keeps others from an abort", discouraged),
    isCalm: true,
    from: 5_570,
  },
  requesting("an object of the user's is not given back", untidy),
  requesting("a routed object is written without a change", restless),
  requesting("a subset keeps the pods of the version before", lagging),
];
