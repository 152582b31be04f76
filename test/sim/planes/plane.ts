/**
 * A router's data plane: where its own controller would send users' requests, read from the objects alone, so that a
 * mistake in the router's row (providers/traffic) is not repeated here. One file for each, one line in planes.ts.
 */
import { isList, isObject, type Json } from "../../../kube/object/json.ts";
import { HASH_LABEL } from "../../../schema/labels.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { ApiObject } from "../../../simulator/model/model.ts";

/** All routed objects: by resource and name. */
export interface Seen {
  object(resource: string, name: string): ApiObject | undefined;
  all(resource: string): readonly ApiObject[];
}

/** The pods that get requests: those of a Service, or of one revision, "" for all of them. */
export type Target =
  | { readonly kind: "service"; readonly name: string }
  | { readonly kind: "pods"; readonly name: string; readonly hash: string };

export interface Way {
  /** "weight": its part of the requests; "header" and "mirror": all that match, whatever the weights are. */
  readonly kind: "weight" | "header" | "mirror";
  /** The object, and the route in it: their weights make up the whole. */
  readonly of: string;
  readonly to: Target;
  /** Of `total`. */
  readonly weight: number;
  readonly total: number;
}

export interface PlaneInput {
  readonly seen: Seen;
  /** The router's member of `trafficRouting`. */
  readonly settings: Json;
  readonly rollout: Rollout;
}

export interface Plane {
  /** Of its objects, the user's and those that the controller makes. */
  readonly resources: readonly string[];
  /** None while the user's object is not there. */
  readonly ways: (input: PlaneInput) => readonly Way[];
  /** Services by which requests come whatever the weights are. */
  readonly entrances?: (input: Omit<PlaneInput, "seen">) => readonly string[];
  /** What may differ from what the user has written for as long as the Rollout routes by it, also between updates. */
  readonly lasts?: (resource: string, object: ApiObject) => boolean;
  /** Of an object that is not given back as it was: whether it is still marked. Undefined: it has to be as it was. */
  readonly isMarked?: (resource: string, object: ApiObject) => boolean | undefined;
  /** A part of `trafficRouting` for a random world. */
  readonly settingsFor: (pick: <T>(list: readonly [T, ...T[]]) => T) => Json;
}

export const service = (name: string): Target => ({ kind: "service", name });

export const listIn = (value: unknown, ...path: readonly string[]): readonly Json[] => {
  const found = path.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), value);
  return isList(found) ? found.filter(isObject) : [];
};

export const textIn = (value: unknown, ...path: readonly string[]): string => {
  const found = path.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), value);
  return typeof found === "string" ? found : "";
};

export const hashIn = (labels: unknown): string => textIn(labels, HASH_LABEL);

export interface Weighed {
  readonly to: Target;
  readonly weight: unknown;
}

/** The targets of one route, by their weights; one without a weight has `otherwise`. */
export function divided(of: string, targets: readonly Weighed[], otherwise = 1): readonly Way[] {
  const weights = targets.map(({ weight }) => (weight === undefined ? otherwise : Number(weight)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return targets.map(({ to }, index) => ({ kind: "weight", of, to, weight: weights[index] ?? 0, total }));
}

/** All requests of a route that match go there. */
export const whole = (kind: "header" | "mirror", of: string, to: Target): Way => ({
  kind,
  of,
  to,
  weight: 100,
  total: 100,
});

/** The canary's share of 100 beside the rest. */
export const shared = (of: string, canary: Target, stable: Target, weight: number, total = 100): readonly Way[] => [
  { kind: "weight", of, to: canary, weight, total },
  { kind: "weight", of, to: stable, weight: total - weight, total },
];
