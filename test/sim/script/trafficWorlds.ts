/**
 * Worlds in which a router splits the traffic: Ingresses in front of the Services, and people who change them. Where
 * users' requests go is read from the objects, as the router's own controller would do.
 */
import type { ServiceFacts } from "../../../controller/rollout/model/model.ts";
import { HASH_LABEL } from "../../../schema/labels.ts";
import type { CanaryStep, Rollout, RolloutStrategy } from "../../../schema/rollout.ts";
import type { ApiCore, ApiObject } from "../../../simulator/model/model.ts";
import * as user from "../../golden/edits.ts";
import type { Chance } from "./chance.ts";
import type { Milestone, Script, Step } from "./script.ts";

const RESOURCE = "ingresses.networking.k8s.io";
/** The Ingress in front of the stable Service. */
export const INGRESS = { resource: RESOURCE, namespace: "default", name: "web" } as const;
/** The canary Ingress, which Sluice makes. */
const CANARY_INGRESS = { ...INGRESS, name: "web-web-canary" } as const;

/** Keys of all Ingresses that may route a Rollout of these worlds. */
export const INGRESS_KEYS = [INGRESS, CANARY_INGRESS].map(({ namespace, name }) => `${namespace}/${name}`);

const NGINX = "nginx.ingress.kubernetes.io";
const MANAGED = "rollouts.argoproj.io/managed-alb-annotations";
const PREFIX = "alb.ingress.kubernetes.io";
const CONDITIONS = `${PREFIX}/conditions.`;
/** The rootService of a ping-pong, after which the ALB action is named. */
const ROOT = "root";
/** The share of canary scripts that have a router, in percent. */
const ROUTED = 45;

/** With a rule for the router that a Rollout names. */
export function createIngress(core: ApiCore, { spec }: Rollout): void {
  const { trafficRouting, stableService = "active" } = spec.strategy?.canary ?? {};
  const alb = trafficRouting?.alb !== undefined;
  const service = trafficRouting?.alb?.rootService ?? stableService;
  const path = { path: "/", pathType: "Prefix", backend: { service: { name: service, port: { number: 80 } } } };
  core.create(RESOURCE, {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name: INGRESS.name, namespace: INGRESS.namespace },
    spec: { ingressClassName: alb ? "alb" : "nginx", rules: [{ host: "web.test", http: { paths: [path] } }] },
  });
}

export function changeIngress(core: ApiCore, rollout: Rollout, change: "create" | "delete" | "reweigh"): void {
  const exists = core.get(INGRESS) !== undefined;
  if (change === "create" && !exists) createIngress(core, rollout);
  if (change === "delete" && exists) core.delete(INGRESS);
  if (change !== "reweigh" || core.get(CANARY_INGRESS) === undefined) return;
  core.modify(CANARY_INGRESS, (object) => {
    const annotations = { ...object.metadata.annotations, [`${NGINX}/canary-weight`]: "77" };
    return { ...object, metadata: { ...object.metadata, annotations } };
  });
}

/** Percent of the traffic by Service according to the objects; undefined where no router has weights. */
export function sharesIn(
  ingresses: ReadonlyMap<string, ApiObject>,
  { spec }: Rollout,
): ReadonlyMap<string, number> | undefined {
  const { canary } = spec.strategy ?? {};
  const { alb, nginx } = canary?.trafficRouting ?? {};
  if (alb !== undefined) return albShares(ingresses.get(INGRESS.name));
  if (nginx === undefined) return undefined;
  const { annotations = {} } = ingresses.get(CANARY_INGRESS.name)?.metadata ?? {};
  const annotated = (key: string, otherwise: number): number => Number(annotations[`${NGINX}/${key}`] ?? otherwise);
  const weight = (100 * annotated("canary-weight", 0)) / annotated("canary-weight-total", 100);
  return new Map([
    [canary?.canaryService ?? "", weight],
    [canary?.stableService ?? "", 100 - weight],
  ]);
}

interface Forward {
  readonly ForwardConfig: {
    readonly TargetGroups: readonly { readonly ServiceName: string; readonly Weight: number }[];
  };
}

export function albShares(ingress: ApiObject | undefined): ReadonlyMap<string, number> | undefined {
  const { annotations = {} } = ingress?.metadata ?? {};
  const action = annotations[`${PREFIX}/actions.${ROOT}`] ?? annotations[`${PREFIX}/actions.active`];
  if (action === undefined) return undefined;
  const { ForwardConfig } = JSON.parse(action) as Forward;
  return new Map(ForwardConfig.TargetGroups.map(({ ServiceName, Weight }) => [ServiceName, Weight]));
}

/** Services that get the requests of header routes, whatever the weights are. */
const routedTo = (ingress: ApiObject | undefined): readonly string[] => {
  const { annotations = {} } = ingress?.metadata ?? {};
  return Object.keys(annotations)
    .filter((key) => key.startsWith(CONDITIONS))
    .flatMap((key) => {
      const action = annotations[key.replace(CONDITIONS, `${PREFIX}/actions.`)];
      return action === undefined ? [] : (JSON.parse(action) as Forward).ForwardConfig.TargetGroups;
    })
    .map(({ ServiceName }) => ServiceName);
};

/** How many header routes lead to a Service without a pod. */
export const routesToNobody = (
  ingresses: ReadonlyMap<string, ApiObject>,
  services: ReadonlyMap<string, Pick<ServiceFacts, "selector">>,
  sets: readonly Serving[],
): number =>
  routedTo(ingresses.get(INGRESS.name)).filter((name) => {
    const hash = services.get(name)?.selector[HASH_LABEL];
    return hash !== undefined && !sets.some((set) => set.hash === hash && set.pods > 0);
  }).length;

/** Sizes and serving pods by the hash of their revision. */
export interface Serving {
  readonly hash: string;
  readonly pods: number;
}

/** How many pods are missing for the traffic: each Service should have its part of the Rollout's size. */
export function missingPods(
  shares: ReadonlyMap<string, number>,
  services: ReadonlyMap<string, Pick<ServiceFacts, "selector" | "experiment">>,
  sets: readonly Serving[],
  size: number,
): number {
  return [...shares].reduce((sum, [name, weight]) => {
    const service = services.get(name);
    // A user has deleted it: no size of ours makes up for that.
    if (service === undefined) return sum;
    // It has pods of its own (test/sim/judge/experiments.ts).
    if (service.experiment !== undefined) return sum;
    const hash = service.selector[HASH_LABEL];
    const serving = sets.filter((set) => hash === undefined || set.hash === hash);
    const pods = serving.reduce((total, set) => total + set.pods, 0);
    return sum + Math.max(0, Math.floor((weight * size) / 100) - pods);
  }, 0);
}

/**
 * True where the user wants other numbers of pods than fit the traffic: sizes of his own, or a part that is enough
 * (replicaProgressThreshold).
 */
export const namesSizes = ({ spec }: Rollout): boolean =>
  spec.strategy?.canary?.replicaProgressThreshold !== undefined ||
  (spec.strategy?.canary?.steps ?? []).some(({ setCanaryScale }) => setCanaryScale !== undefined);

/** Some scripts of canaries get a router, and people who change its Ingress. */
export function routed(script: Script, chance: Chance): Script {
  const { canary } = script.manifest.spec.strategy ?? {};
  if (canary === undefined || !chance.percent(ROUTED)) return script;
  const { stableService: _s, canaryService: _c, steps: given = [], ...rest } = canary;
  const steps = chance.percent(50) ? rising(chance) : given;
  const scaled = chance.percent(25) ? steps.flatMap((step) => withScale(chance, step)) : steps;
  // The two together are invalid.
  const dynamic = chance.percent(50);
  const own = managed(routing(chance), scaled, chance.fork("routes"));
  const strategy = user.canary(own.steps, {
    ...rest,
    ...own.routing,
    dynamicStableScale: dynamic,
    ...(chance.percent(25) ? { minPodsPerReplicaSet: 2 } : {}),
    abortScaleDownDelaySeconds: chance.pick([30, 30, 0, 5]),
    ...(dynamic ? {} : { scaleDownDelaySeconds: chance.pick([30, 5, 0]) }),
  });
  // Several pods: with one, parts of the traffic cannot be distinguished.
  const replicas = 2 + chance.below(5);
  const manifest = { ...script.manifest, spec: { ...script.manifest.spec, replicas, strategy } };
  const nginx = strategy.canary?.trafficRouting?.nginx !== undefined;
  const meddling = chance.percent(30) ? meddle(chance, nginx) : [];
  const story = [...script.steps, ...meddling];
  return { ...script, manifest, steps: ending(story, steps, chance.fork("ending")) };
}

/** In some worlds the routing ends, in the middle of the first update or later. */
function ending(story: readonly Step[], steps: readonly CanaryStep[], chance: Chance): readonly Step[] {
  if (!chance.percent(30)) return story;
  const services = { stableService: "active", canaryService: "preview" };
  const alb = { ingress: INGRESS.name, servicePort: 80 };
  const [what, strategy] = chance.pick<readonly [string, RolloutStrategy]>([
    ["trafficRouting is taken out", user.canary(steps, services)],
    ["trafficRouting names no router", user.canary(steps, { ...services, trafficRouting: {} })],
    ["to blue-green, without a router", user.blueGreen({})],
    ["to another router", user.canary(steps, { ...services, trafficRouting: { alb } })],
  ]);
  const at = 1 + chance.below(story.length);
  const when: Milestone = at === 1 && chance.percent(70) ? { kind: "pause", image: "web:2" } : { kind: "rest" };
  const step: Step = { when, what, deed: { kind: "edit", edit: user.strategy(strategy) } };
  return [...story.slice(0, at), step, ...story.slice(at)];
}

/**
 * Objects that still divide the traffic though the Rollout's spec does not name them, or have header routes though no
 * update goes on; `rollout` undefined: there is none.
 */
export function splitsLeft(ingresses: Iterable<ApiObject>, rollout: Rollout | undefined): readonly string[] {
  const { alb, nginx } = rollout?.spec.strategy?.canary?.trafficRouting ?? {};
  const { abort, currentPodHash, stableRS } = rollout?.status ?? {};
  const isUpdating = abort !== true && currentPodHash !== stableRS;
  return [...ingresses].flatMap(({ metadata: { name, annotations = {} } }) => {
    const isCanary = annotations[`${NGINX}/canary`] === "true" && nginx === undefined;
    const isDivided = annotations[MANAGED] !== undefined && alb === undefined;
    const isRouted = !isUpdating && Object.keys(annotations).some((key) => key.startsWith(CONDITIONS));
    return isCanary || isDivided || isRouted ? [name] : [];
  });
}

/** Weights that grow by more than one pod's share. */
const rising = (chance: Chance): CanaryStep[] => [
  user.setWeight(chance.pick([20, 40])),
  ...(chance.percent(50) ? [user.pause(chance.pick([undefined, 3]))] : []),
  user.setWeight(chance.pick([60, 80])),
  user.pause(3),
];

type Routing = Pick<
  NonNullable<Parameters<typeof user.canary>[1]>,
  "trafficRouting" | "pingPong" | "stableService" | "canaryService"
>;

const routing = (chance: Chance): Routing =>
  chance.percent(30)
    ? {
        pingPong: { pingService: "active", pongService: "preview" },
        trafficRouting: { alb: { ingress: INGRESS.name, servicePort: 80, rootService: ROOT } },
      }
    : {
        stableService: "active",
        canaryService: "preview",
        trafficRouting: { nginx: { stableIngress: INGRESS.name } },
      };

/** Some worlds by ALB have header routes among their steps. */
function managed(
  routing: Routing,
  steps: readonly CanaryStep[],
  chance: Chance,
): { readonly routing: Routing; readonly steps: readonly CanaryStep[] } {
  const { trafficRouting } = routing;
  if (trafficRouting?.alb === undefined || !chance.percent(60)) return { routing, steps };
  const match = [{ headerName: "x-beta", headerValue: { exact: "yes" } }];
  const route = (name: string): CanaryStep => ({
    setHeaderRoute: { name, ...(chance.percent(80) ? { match } : {}) },
  });
  const managedRoutes = [{ name: "beta" }, { name: "team" }];
  return {
    routing: { ...routing, trafficRouting: { ...trafficRouting, managedRoutes } },
    steps: steps.flatMap((step) => (chance.percent(60) ? [step, route(chance.pick(["beta", "team"]))] : [step])),
  };
}

const withScale = (chance: Chance, step: CanaryStep): CanaryStep[] => {
  if (!chance.percent(40)) return [step];
  const scale = chance.pick<Parameters<typeof user.setCanaryScale>[0]>([
    { replicas: 2 },
    { weight: 60 },
    { matchTrafficWeight: true },
  ]);
  return [user.setCanaryScale(scale), step];
};

function meddle(chance: Chance, nginx: boolean): Step[] {
  const rest = { kind: "rest" } as const;
  if (nginx && chance.percent(50))
    return [{ when: rest, what: "somebody sets the canary's weight", deed: { kind: "ingress", change: "reweigh" } }];
  return [
    { when: rest, what: "the Ingress is deleted", deed: { kind: "ingress", change: "delete" } },
    { when: rest, what: "the Ingress is created again", deed: { kind: "ingress", change: "create" } },
  ];
}
