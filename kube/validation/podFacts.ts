import { at, items, type Place } from "./place.ts";

/** The facts about a pod that the rules of one container need. */
export interface Pod {
  /** The volumes that are valid, by name. */
  readonly volumes: ReadonlyMap<string, Place>;
  /** Names in `resourceClaims`. */
  readonly claims: ReadonlySet<string>;
  readonly gracePeriodSeconds: number;
  /** False when the pod has a user namespace of its own. */
  readonly hostUsers: boolean;
  /** Operating system that the pod names, "" if it does not. */
  readonly os: string;
}

/** Every container, in the order in which Kubernetes visits them. */
export const allContainers = (spec: Place): readonly Place[] =>
  ["initContainers", "containers", "ephemeralContainers"].flatMap((list) => items(at(spec, list)));
