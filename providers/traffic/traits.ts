/**
 * What the API says of a router, whether this version drives it or not. Rules, metrics and the list of what is not driven
 * look it up here (docs/behaviour/validation.md#canary), so that none of them names a router.
 */
import { at, type Place, present } from "../../kube/validation/place.ts";
import type { Violation } from "../../kube/validation/violation.ts";

export interface RouterTraits<Kind extends string = string> {
  /** Its member of `trafficRouting`. */
  readonly kind: Kind;
  /** In sentences for users. */
  readonly title: string;
  /** In the label `traffic_router` of rollout_info. Of several routers the highest rank counts. */
  readonly metrics?: { readonly label: string; readonly rank: number };
  readonly abilities: Abilities;
  /** False where its settings name nobody who routes; absent: never false. */
  readonly counts?: (settings: Place) => boolean;
  /** Whether the Rollout has to name a stable and a canary Service. */
  readonly needsServices: (settings: Place, pingPong: boolean) => boolean;
  /** Settings that contradict each other (docs/behaviour/validation.md#settings-of-routers). */
  readonly violations?: (settings: Place) => readonly Violation[];
  /** What is wrong for a Rollout with ping-pong. */
  readonly pingPongViolations?: (settings: Place) => readonly Violation[];
  /** The Ingresses that it routes by (docs/behaviour/validation.md#ingresses). */
  readonly ingresses?: (settings: Place, stableService: string) => RoutedIngresses;
}

/** What a Rollout may ask of a router. */
export interface Abilities {
  readonly pingPong?: true;
  readonly maxTrafficWeight?: true;
  readonly headerRoutes?: "anyMatch" | "exactMatch";
  readonly mirrorRoutes?: true;
  readonly experimentWeights?: true;
}

export interface RoutedIngresses {
  readonly names: readonly Place[];
  /** Some rule of each has to lead to it. */
  readonly service: string;
}

export const always = (): boolean => true;
export const unlessPingPong = (_: Place, pingPong: boolean): boolean => !pingPong;

/** Those that a Rollout configures. `routing`: its `trafficRouting`. */
export function configuredIn<T extends RouterTraits>(routers: readonly T[], routing: Place): readonly T[] {
  return routers.filter(({ kind, counts }) => {
    const settings = at(routing, kind);
    return counts === undefined ? present(settings) : counts(settings);
  });
}
