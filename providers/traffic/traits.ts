/**
 * A router's traits in the API, whether this version drives it or not. Rules, metrics and the list of what is not
 * driven read them here (docs/behaviour/validation.md#canary), so that none of them names a router.
 */
import { at, type Place, present } from "../../kube/validation/place.ts";
import type { Findings } from "../../kube/validation/findings.ts";
import type { Lookup } from "../../kube/validation/lookup.ts";
import type { Violation } from "../../kube/validation/violation.ts";
import type { Resource } from "../../schema/kube.ts";
import type { RouterSettings } from "./settings.ts";

export interface RouterTraits<Kind extends string = string> {
  /** The name of its member in `trafficRouting`. */
  readonly kind: Kind;
  /** In sentences for users. */
  readonly title: string;
  /** In the label `traffic_router` of rollout_info. Of several routers the highest rank counts. */
  readonly metrics?: { readonly label: string; readonly rank: number };
  readonly abilities: Abilities;
  /** False where its settings name nothing that could route; absent: never false. */
  readonly counts?: (settings: Place) => boolean;
  /** Whether the Rollout has to name a stable and a canary Service. */
  readonly needsServices: (settings: Place, pingPong: boolean) => boolean;
  /** Settings that contradict each other (docs/behaviour/validation.md#settings-of-routers). */
  readonly violations?: (settings: Place) => readonly Violation[];
  /** What is wrong for a Rollout with ping-pong. */
  readonly pingPongViolations?: (settings: Place) => readonly Violation[];
  /** The objects that its settings name, and what must stand in them (docs/behaviour/validation.md#ingresses). */
  readonly named?: NamedObjects;
}

/** What a Rollout may ask of a router. */
export interface Abilities {
  readonly pingPong?: true;
  readonly maxTrafficWeight?: true;
  readonly headerRoutes?: "anyMatch" | "exactMatch";
  readonly mirrorRoutes?: true;
  readonly experimentWeights?: true;
  /** Why it cannot with these settings, in words that follow a colon; undefined: it can. Absent: it never can. */
  readonly sessionAffinity?: (settings: Place) => string | undefined;
}

export interface NamedObjects {
  readonly resource: Resource;
  /** Where an object of such a name is, for a Rollout of a namespace; absent: in that namespace, by its plain name. */
  readonly placeOf?: (name: string, namespace: string) => { readonly namespace: string; readonly name: string };
  /** Where a Rollout names them, of which one router alone may be in charge; absent: others may share them. */
  readonly owned?: (rollout: unknown) => readonly Place[];
  /**
   * Of a Rollout that configures the router. An object that is missing warns, since it may be on its way.
   * @param settings the controller's; undefined: they are not known, and lead to no finding
   */
  readonly findings: (rollout: unknown, objects: Lookup<unknown>, settings?: RouterSettings) => Findings;
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
