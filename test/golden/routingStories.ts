/** Stories of traffic routers: objects in an in-memory API server, the wanted weights, and the objects afterwards. */
import { manualClock } from "../../kube/clock/clock.ts";
import type {
  ObjectList,
  ObjectRef,
  ReleaseWrite,
  RoutedObject,
  RoutedResource,
  RoutedWrite,
  Router,
  Traffic,
} from "../../providers/traffic/router.ts";
import type { RouterSettings } from "../../providers/traffic/settings.ts";
import { DRIVEN_ROUTERS } from "../../providers/traffic/routers.ts";
import { TRAFFIC_SPLIT_VERSIONS } from "../../providers/traffic/smi.ts";
import { resourceName } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { ApiObject, Draft } from "../../simulator/model/model.ts";
import { definition } from "../../simulator/simulate/routed/madeUp.ts";
import { createCore } from "../../simulator/server/objects/core.ts";
import { applyMergePatch } from "../../simulator/patch/applyMergePatch.ts";
import { canary, rolloutOf, setWeight } from "./edits.ts";

type Canary = Parameters<typeof canary>[1] & object;

export const byDefault: RouterSettings = {
  nginxIngressClasses: ["nginx"],
  albIngressClasses: ["alb"],
  trafficSplitVersion: "v1alpha1",
  istioVersion: "v1alpha3",
};

/** The Rollout `web` with the Services `web` (stable) and `web-next`. */
export function routedBy(trafficRouting: Canary["trafficRouting"] & object, more: Omit<Canary, "steps"> = {}): Rollout {
  const strategy = canary([setWeight(20)], {
    stableService: "web",
    canaryService: "web-next",
    trafficRouting,
    ...more,
  });
  const rollout = rolloutOf({ strategy });
  return { ...rollout, metadata: { ...rollout.metadata, uid: "uid-web" } };
}

export const wanting = (canaryWeight: number, more: Partial<Traffic> = {}): Traffic => ({
  canaryHash: "new",
  stableHash: "old",
  canaryWeight,
  total: 100,
  additional: [],
  routes: [],
  ...more,
});

export interface RoutingWorld {
  object(ref: ObjectRef): RoutedObject | undefined;
  objects(list: ObjectList): readonly RoutedObject[];
  carryOut(write: RoutedWrite | ReleaseWrite): void;
  /** Runs the router, carries out the writes that it returns, and @returns them. */
  route(router: Router, rollout: Rollout, traffic: Traffic): ReturnType<Router["route"]>;
}

/** Names of the simulator's collections. */
const collectionOf = ({ resource }: ObjectList): string => `${resource.plural}.${resource.group}`;

/** The kinds of all routers, each once. */
function kindsOf(settings: RouterSettings): readonly RoutedResource[] {
  const all = DRIVEN_ROUTERS.flatMap((router) => router.resources(settings));
  return [...new Map(all.map((resource) => [resourceName(resource), resource])).values()];
}

/** Those that the simulator knows by itself. */
const BUILT_IN = new Set(["networking.k8s.io"]);

/** `objects` may leave out their namespace, apiVersion and kind: they are Ingresses in "default". */
export function routingWorld(objects: readonly Draft[], settings: RouterSettings = byDefault): RoutingWorld {
  const core = createCore({ clock: manualClock() });
  const kinds = kindsOf(settings);
  for (const { group, kind, plural, version } of kinds) {
    if (BUILT_IN.has(group)) continue;
    const versions = kind === "TrafficSplit" ? TRAFFIC_SPLIT_VERSIONS : [version];
    core.create("customresourcedefinitions.apiextensions.k8s.io", definition(group, versions, kind, plural));
  }
  const namespaces = new Set(objects.map(({ metadata }) => metadata?.namespace ?? "default"));
  for (const name of namespaces) if (name !== "default") core.create("namespaces", { metadata: { name } });
  for (const object of objects) {
    const metadata = { namespace: "default", ...object.metadata };
    const { kind = "Ingress", apiVersion } = object;
    const resource = kinds.find(
      (one) => one.kind === kind && (apiVersion === undefined || apiVersion.startsWith(`${one.group}/`)),
    );
    core.create(resource === undefined ? "" : resourceName(resource), { ...object, metadata });
  }
  const place = (ref: ObjectRef) => ({ resource: collectionOf(ref), namespace: ref.namespace, name: ref.name });
  const world: RoutingWorld = {
    object: (ref) => core.get(place(ref)) as RoutedObject | undefined,
    // Every kind is namespaced here: a list of one that is not is that of all namespaces.
    objects: (list) =>
      core.list(
        collectionOf(list),
        list.namespace === "" ? {} : { namespace: list.namespace },
      ) as unknown as RoutedObject[],
    carryOut(write) {
      if (write.kind === "create") {
        core.create(collectionOf(write.ref), write.object as unknown as Draft, { fieldValidation: "Strict" });
        return;
      }
      if (write.kind === "delete") {
        core.delete(place(write.ref));
        return;
      }
      core.modify(
        place(write.ref),
        (object: ApiObject): Draft => {
          const { resourceVersion } = object.metadata;
          if (resourceVersion !== write.resourceVersion) throw new Error(`patch of an old ${write.ref.name}`);
          return applyMergePatch(object, write.patch);
        },
        { fieldValidation: "Strict" },
      );
    },
    route(router, rollout, traffic) {
      const { object, objects: all } = world;
      const plan = router.route({ rollout, traffic, settings, object, objects: all });
      plan.writes.forEach(world.carryOut);
      return plan;
    },
  };
  return world;
}

export interface RoutingStory {
  readonly sentence: string;
  readonly rollout: Rollout;
  readonly objects: readonly Draft[];
  readonly settings?: RouterSettings;
  /** The wanted traffic, routed one after the other. */
  readonly wants: readonly Traffic[];
}

/** What a router does in each world, write by write, and how the objects that it changed look in the end. */
export const routingStories = (router: Router, stories: readonly RoutingStory[]): string =>
  stories.map((story) => `${linesOf(router, story).join("\n")}\n`).join("\n");

function linesOf(router: Router, story: RoutingStory): string[] {
  const { sentence, rollout, objects, wants, settings = byDefault } = story;
  const world = routingWorld(objects, settings);
  const present = (): RoutedObject[] => [
    ...router.reads(rollout, settings).flatMap((ref) => world.object(ref) ?? []),
    ...(router.readsFurther?.({ rollout, settings, object: world.object }) ?? []).flatMap(
      (ref) => world.object(ref) ?? [],
    ),
    ...(router.lists?.(rollout) ?? []).flatMap(world.objects),
  ];
  const before = new Set(present());
  const lines = [`# ${sentence}`];
  for (const traffic of wants) {
    const plan = world.route(router, rollout, traffic);
    lines.push(`wants ${wish(traffic)}`, ...plan.writes.flatMap(lineOf));
    if (plan.kind === "fault") lines.push(`  fault${plan.missing ? ", missing" : ""}: ${plan.message}`);
    const again = world.route(router, rollout, traffic);
    if (again.writes.length > 0) lines.push("  NOT SETTLED:", ...again.writes.flatMap(lineOf));
  }
  const changed = present().filter((object) => !before.has(object));
  return [...lines, ...changed.map(picture)];
}

function wish({ canaryWeight, total, additional, routes, affinity }: Traffic): string {
  const others = additional.map(({ serviceName, weight }) => `, ${serviceName} ${weight}`).join("");
  const managed = routes.map(({ kind, name }) => `, ${kind} ${name}`).join("");
  const sessions = affinity === undefined ? "" : `, sessions of ${affinity.value}`;
  return `${canaryWeight}${others} of ${total}${managed}${sessions}`;
}

function lineOf(write: RoutedWrite): string[] {
  const { event, earlier = [] } = write;
  const patch = write.kind === "patch" ? ` ${JSON.stringify(write.patch)}` : "";
  const what = `${write.kind} ${write.ref.name}${patch}`;
  const events = [...earlier, ...(event === undefined ? [] : [event])];
  return [`  ${what}`, ...events.map(({ type, reason, message }) => `  ${type} ${reason}: ${message}`)];
}

/** Without what the API server fills in. */
function picture({ metadata, spec }: RoutedObject): string {
  const { name, labels, annotations = {}, ownerReferences } = metadata;
  return [
    name,
    ...(labels === undefined ? [] : [`  labels ${JSON.stringify(labels)}`]),
    ...Object.entries(annotations)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => `  ${key}: ${value}`),
    ...(ownerReferences ?? []).map((owner) => `  owner ${JSON.stringify(owner)}`),
    `  spec ${JSON.stringify(spec)}`,
  ].join("\n");
}
