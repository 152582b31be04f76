/** A Rollout that is routed as a row says, what is seen of it, and what it must leave behind. */
import { expect } from "bun:test";
import { patched } from "../../../kube/object/mergePatch.ts";
import { INSTANCE_LABEL } from "../../../schema/labels.ts";
import type { KubeObject } from "./api.ts";
import { newWorld, type World } from "./clusterWorld.ts";
import type { Harness } from "./harness.ts";
import { rolloutOf } from "./plainRollout.ts";
import { collectionOf, keyOf, type Live, pathOf, type Recorded, recordNamespace } from "./recordedNamespace.ts";
import type { ReplicaSetView, RolloutView } from "./rolloutView.ts";
import { INSTANCE, type RoutedRow } from "./routedRow.ts";

export interface Played {
  readonly row: RoutedRow;
  readonly world: World;
  readonly seen: Recorded;
}

export const rolloutIn = (live: Live): RolloutView | undefined => live.get("Rollout/web") as RolloutView | undefined;

/** The message of a condition that is True; "" where it is not. */
export const condition = (live: Live, type: string): string =>
  rolloutIn(live)?.status?.conditions?.find((one) => one.type === type && one.status === "True")?.message ?? "";

const isObserved = (rollout: RolloutView | undefined): boolean =>
  Number(rollout?.status?.observedGeneration ?? 0) >= (rollout?.metadata.generation ?? 1);

export const isHealthy = (live: Live): boolean => {
  const rollout = rolloutIn(live);
  const { phase, stableRS, currentPodHash } = rollout?.status ?? {};
  return isObserved(rollout) && phase === "Healthy" && stableRS === currentPodHash;
};

/** At the pause that is the step of this index (from 0). */
export const isPausedAt =
  (index: number) =>
  (live: Live): boolean => {
    const rollout = rolloutIn(live);
    const { phase, message, currentStepIndex } = rollout?.status ?? {};
    return isObserved(rollout) && phase === "Paused" && message === "CanaryPauseStep" && currentStepIndex === index;
  };

/** The size of the ReplicaSet of this image. */
export const sizeOf = (live: Live, image: string): number =>
  Array.from(live)
    .filter(([key]) => key.startsWith("ReplicaSet/"))
    .map(([, one]) => one as ReplicaSetView)
    .find(({ spec }) => spec.template.spec.containers[0]?.image === image)?.spec.replicas ?? 0;

const kindOf = ({ apiVersion = "", kind = "" }: KubeObject): readonly [string, string] => [apiVersion, kind];

/** Those of the router's objects, each once. */
export const kindsOf = ({ git, made }: RoutedRow): readonly (readonly [apiVersion: string, kind: string])[] => [
  ...new Map([...git.map(kindOf), ...(made === undefined ? [] : [made])].map((kind) => [kind.join(), kind])).values(),
];

/** Steps that set the managed routes that the row can have. */
export function routesOf({ routes }: RoutedRow): readonly object[] {
  if (routes === undefined) return [];
  const match = [{ headerName: "x-beta", headerValue: { exact: "yes" } }];
  const { mirror } = routes;
  return [
    { setHeaderRoute: { name: "beta", match } },
    ...(mirror === undefined ? [] : [{ setMirrorRoute: { name: "copy", match: mirror, percentage: 50 } }]),
  ];
}

export const routesInForce = ({ routes }: RoutedRow): readonly string[] =>
  routes === undefined ? [] : ["beta", ...(routes.mirror === undefined ? [] : ["copy"])];

export interface Beginning {
  readonly topic: string;
  readonly steps: readonly object[];
  /** Which objects are there first; by default those of Git. */
  readonly objects?: readonly KubeObject[];
  /** More members of the canary strategy. */
  readonly canary?: object;
  /** The kinds of the router are not served yet: its objects are not followed. */
  readonly isUnserved?: true;
}

/** A namespace with Services, the objects and then the Rollout, all of which are followed. */
export async function begin(cluster: Harness, row: RoutedRow, beginning: Beginning): Promise<Played> {
  const { topic, steps, objects = row.git, canary = {}, isUnserved } = beginning;
  const name = row.title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const world = await newWorld(`${topic}-${name}`.slice(0, 50), cluster);
  for (const service of ["web", "web-stable", "web-canary", "docs"]) {
    const spec = { selector: { app: service === "docs" ? "docs" : "web" }, ports: [{ port: 80 }] };
    await world.create({ apiVersion: "v1", kind: "Service", metadata: { name: service }, spec });
  }
  const seen = await recordNamespace(world, [
    ["argoproj.io/v1alpha1", "Rollout"],
    ["apps/v1", "ReplicaSet"],
    ...(isUnserved === true ? [] : kindsOf(row)),
  ]);
  const played: Played = { row, world, seen };
  await apply(played, objects);
  const managedRoutes = routesInForce(row).map((route) => ({ name: route }));
  const strategy = {
    canary: {
      ...(row.hasNoServices === true ? {} : { stableService: "web-stable", canaryService: "web-canary" }),
      trafficRouting: { ...row.routing, ...(managedRoutes.length === 0 ? {} : { managedRoutes }) },
      steps,
      ...canary,
    },
  };
  const rollout = rolloutOf("web", strategy, { replicas: 5 });
  const labels = row.second === true ? { labels: { [INSTANCE_LABEL]: INSTANCE } } : {};
  await world.create({ ...rollout, metadata: { ...rollout.metadata, ...labels } });
  return played;
}

export async function apply({ world: { harness, namespace } }: Played, objects: readonly KubeObject[]): Promise<void> {
  for (const one of objects) {
    await harness.api.create(collectionOf(one.apiVersion ?? "", one.kind ?? "", namespace), one);
  }
}

/** The objects of Git, as the API server has them. */
export async function liveGit({
  row,
  world: { harness, namespace },
}: Played): Promise<ReadonlyMap<string, KubeObject>> {
  const read = row.git.map(async (one) => {
    const found = await harness.api.get(pathOf(one, namespace));
    return [keyOf(one), { ...found, kind: one.kind ?? "" }] as const;
  });
  return new Map(await Promise.all(read));
}

/** What GitOps tools compare. */
function compared({ row }: Played, one: KubeObject): object {
  const { metadata, ...rest } = row.ignored?.(one) ?? one;
  const { labels = {}, annotations = {} } = metadata;
  return { labels, annotations, spec: rest["spec"] };
}

/** They are what they were, but for somebody else's edit of one of them. */
export async function expectAsInGit(
  played: Played,
  before: ReadonlyMap<string, KubeObject>,
  edit?: RoutedRow["foreign"],
): Promise<void> {
  const after = await liveGit(played);
  const wanted = Array.from(before, ([key, one]) => [key, key === edit?.of ? patched(one, edit.patch) : one] as const);
  for (const [key, one] of wanted) {
    const left = after.get(key);
    expect([key, left === undefined ? undefined : compared(played, left)]).toEqual([key, compared(played, one)]);
  }
}

/** Every text of Git is still there, whatever has been added. */
export async function expectNothingLost(played: Played): Promise<void> {
  const textsOf = (value: unknown): string[] =>
    typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [String(value)];
  const now = await liveGit(played);
  for (const one of played.row.git) {
    const left = textsOf(now.get(keyOf(one))?.["spec"]);
    const lost = textsOf(one["spec"]).filter((text) => Number.isNaN(Number(text)) && !left.includes(text));
    expect([keyOf(one), lost]).toEqual([keyOf(one), []]);
  }
}

/** Whether the objects divide so, and have these managed routes. */
export const routed = (row: RoutedRow, weights: string, managed: readonly string[]) => (live: Live) =>
  row.weights(live) === weights && row.managed(live).join() === managed.join();

/** How the objects divide at the first moment at which this holds, and their managed routes. */
export function whenFirst({ row, seen }: Played, holds: (live: Live) => boolean): string {
  let found: string | undefined;
  seen.replay((live) => {
    if (found === undefined && holds(live)) found = [row.weights(live), ...row.managed(live)].join(" ");
  });
  return found ?? "never";
}

/**
 * When the pods of an image became fewer than what its weight needs, or none while a managed route led to them: with the
 * sizes, weights and routes.
 */
export function shrunkTooEarly({ row, seen }: Played, image: string): readonly string[] {
  const early: string[] = [];
  let [size, shrank] = [0, 0];
  seen.replay((live) => {
    const now = sizeOf(live, image);
    if (now < size) {
      shrank++;
      const [, canary = ""] = row.weights(live).split("/");
      const needed = Math.ceil((5 * Number(canary)) / 100);
      const routes = now === 0 ? row.managed(live) : [];
      if (!(needed <= now) || routes.length > 0) {
        early.push(`${size} -> ${now} pods at ${[row.weights(live), ...routes].join(" ")}`);
      }
    }
    size = now;
  });
  return shrank === 0 ? ["its pods have not become fewer"] : early;
}
