/** What a router's row says to the stories of routers.cluster.ts, and how its objects are read. */
import type { KubeObject } from "./api.ts";
import type { Live } from "./recordedNamespace.ts";

/** The Rollout is called `web`, its Services are `web-stable` and `web-canary`. */
export interface RoutedRow {
  readonly title: string;
  /** As somebody has them in Git, in the order in which they are created. */
  readonly git: readonly KubeObject[];
  /** `trafficRouting`, without `managedRoutes`. */
  readonly routing: object;
  /** The Rollout names no Services. */
  readonly hasNoServices?: true;
  /** Which managed routes it can have: `beta` by a header, `copy` as a mirror. */
  readonly routes?: { readonly header: true; readonly mirror?: readonly object[] };
  /** A kind of which Sluice makes objects, where it is not one of Git's. */
  readonly made?: readonly [apiVersion: string, kind: string];
  /** What a condition says while nothing of Git is there. */
  readonly absent: { readonly condition: "InvalidSpec" | "TrafficRoutingFailure"; readonly says: string };
  /** Somebody else's, which is there instead at the beginning. */
  readonly obstacle?: KubeObject;
  /** `stable/canary`, once for all places that are equal: "80/20"; several, joined by a blank, where they are not. */
  weights(live: Live): string;
  /** The managed routes that are in force. */
  managed(live: Live): readonly string[];
  /** Somebody else's edit of an object, a merge patch, by its `Kind/name`; it stays. */
  readonly foreign: { readonly of: string; readonly patch: object };
  /** Somebody else's edit of a weight in the first pause, a JSON patch; it is put right. */
  readonly wrong: { readonly of: string; readonly at: string; readonly value: unknown };
  /** What the page of the router tells GitOps tools to ignore between two updates, and annotations that are not in Git. */
  readonly ignored?: (object: KubeObject) => KubeObject;
  /** Driven by the controller with `SECOND_FLAGS`. */
  readonly second?: true;
}

/** By which the controllers of the stories read kinds in the versions that are served. */
export const FIRST_FLAGS = "--traffic-split-api-version v1alpha4";
export const INSTANCE = "second";
export const SECOND_FLAGS = `--instance-id ${INSTANCE} --leader-elect=false --istio-api-version v1beta1 --ambassador-api-version getambassador.io/v3alpha1 --traffic-split-api-version v1alpha4`;

export const object = (
  apiVersion: string,
  kind: string,
  name: string,
  spec: object,
  annotations: Readonly<Record<string, string>> = {},
): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
  spec,
});

/** All arrays within a value. */
function arraysIn(value: unknown): readonly (readonly unknown[])[] {
  if (typeof value !== "object" || value === null) return [];
  return [...(Array.isArray(value) ? [value as readonly unknown[]] : []), ...Object.values(value).flatMap(arraysIn)];
}

interface Target {
  readonly weight?: number | string;
}

/** The weights wherever a list has both targets, which are told by a text that the other one lacks. */
export function weightsIn(value: unknown, stable = '"web-stable"', canary = '"web-canary"'): string {
  const found = arraysIn(value).flatMap((list) => {
    const only = (text: string, other: string): Target | undefined =>
      list.find((one): one is Target => {
        const shown = JSON.stringify(one);
        return shown.includes(text) && !shown.includes(other);
      });
    const [one, two] = [only(stable, canary), only(canary, stable)];
    return one === undefined || two === undefined ? [] : [`${one.weight ?? "none"}/${two.weight ?? "none"}`];
  });
  return [...new Set(found)].join(" ");
}

export const allOf = (live: Live, kind: string): readonly KubeObject[] =>
  Array.from(live)
    .filter(([key]) => key.startsWith(`${kind}/`))
    .map(([, one]) => one);

/** The names of a list of rules or routes that are those of managed routes. */
export function managedIn(rules: unknown): readonly string[] {
  const list = Array.isArray(rules) ? (rules as readonly { readonly name?: string }[]) : [];
  return list.flatMap(({ name = "" }) => (["beta", "copy"].includes(name) ? [name] : [])).toSorted();
}

/** A member of an object's spec. */
export const specOf = (one: KubeObject | undefined, member: string): unknown =>
  (one?.["spec"] as Readonly<Record<string, unknown>> | undefined)?.[member];

/** Without these annotations. */
export function withoutAnnotations(one: KubeObject, ...names: readonly string[]): KubeObject {
  const left = Object.entries(one.metadata.annotations ?? {}).filter(([name]) => !names.includes(name));
  const { annotations: _, ...metadata } = one.metadata;
  return { ...one, metadata: { ...metadata, ...(left.length === 0 ? {} : { annotations: Object.fromEntries(left) }) } };
}
