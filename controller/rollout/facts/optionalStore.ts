/**
 * Kinds whose objects are cached only while some Rollout refers to them: Deployments, for example. Most clusters need
 * no such kind, and one Rollout that names a Deployment should not cost a copy of all of them. So a kind is watched as
 * soon as a Rollout needs it (controller/rollout/facts/optionalWatch.ts), and only objects that are referred to are
 * kept.
 */
import type { Resource } from "../../../schema/kube.ts";
import type { Experiment } from "../../../schema/experiment.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { keyOf, type Store, type Stored } from "../../../kube/runtime/cache.ts";
import { heldBack, tooLong, whyHeldBack } from "../../../kube/validation/size.ts";
import { createRoom, type Room, roomy, weightOf } from "./room.ts";
import { whyNot } from "./slim.ts";
import type { Stores } from "./stores.ts";

/** A row for each kind. `Raw`: as the API server sends it; `T`: what is kept. */
export interface OptionalKind<T extends Stored = Stored, Raw extends Stored = Stored> {
  readonly api: Resource;
  /** Its `resourceName`, for messages, metrics and the index: "deployments.apps". */
  readonly resource: string;
  /** As long as one is needed all are held: objects of the kind refer to others of it. */
  readonly isWhole?: boolean;
  readonly isClusterScoped?: boolean;
  /** Another kind may stand in for it: nothing is wrong where it is not served. */
  readonly isAlternative?: boolean;
  /** Somebody may need all objects of a namespace. */
  readonly hasLists?: boolean;
  /**
   * "namespace/name" of the objects that a Rollout refers to; "name" where the kind is cluster-scoped; "namespace/" for
   * all of a namespace.
   */
  neededBy(rollout: Rollout): readonly string[];
  /** The same of an Experiment; absent: none needs any. */
  neededByExperiment?(experiment: Experiment): readonly string[];
  /** Drops what is not read. Never mutates `raw`. */
  slim(raw: Raw): T;
  /** Of an object that is too large to be held: what identifies it. */
  restOf(object: T): T;
  /** Whether a change matters to the Rollouts that refer to the object; a new version alone does not. */
  heeds(old: T, next: T): boolean;
}

/** What is known of an object at this moment. */
export type Known<T> =
  | { readonly kind: "found"; readonly object: T }
  | { readonly kind: "absent" }
  /** It has not been read yet: nothing may be decided. The Rollouts that need it are queued once it has. */
  | { readonly kind: "waiting" }
  /** The API server does not serve the kind, or does not let us read it; tried again after a while. */
  | { readonly kind: "refused"; readonly why: string };

export interface OptionalStore<T extends Stored = Stored, Raw extends Stored = Stored> {
  readonly kind: OptionalKind<T, Raw>;
  readonly objects: Store<T, never, Raw>;
  /** For the watch alone: keys that have been read; one without an object in `objects` is absent. */
  readonly seen: Set<string>;
  /** For the watch alone: all objects of a whole kind have been read. */
  complete: boolean;
  /** For the watch alone: why the kind cannot be read. */
  refused: string | undefined;
  /** `key`: "namespace/name", of an object that some Rollout refers to. */
  find(key: string): Known<T>;
}

export function createOptionalStore<T extends Stored, Raw extends Stored>(
  kind: OptionalKind<T, Raw>,
  room: Room = createRoom(),
): OptionalStore<T, Raw> {
  const objects = roomy<T, never, Raw>(room, {
    transform(raw) {
      const object = kind.slim(raw);
      const { uid = "", namespace = "", name = "" } = object.metadata;
      const why = whyNot(uid, { kind: kind.resource, namespace, name, bytes: weightOf(object) }, tooLong(object), room);
      return why === undefined ? object : heldBack(kind.restOf(object), why);
    },
    isPartial: (held) => whyHeldBack(held) !== undefined,
  });
  const seen = new Set<string>();
  return {
    kind,
    objects,
    seen,
    complete: false,
    refused: undefined,
    find(key) {
      const object = objects.get(key);
      if (object !== undefined) return { kind: "found", object };
      if (this.refused !== undefined) return { kind: "refused", why: this.refused };
      return { kind: seen.has(key) || this.complete ? "absent" : "waiting" };
    },
  };
}

/** The index value under which the cache of Rollouts finds those that need a kind, or one object of it. */
export const needOf = ({ resource }: OptionalKind, key?: string): string =>
  key === undefined ? resource : `${resource} ${key}`;

/** The key under which all objects of its namespace are needed. */
const allKey = (namespace = ""): string => `${namespace}/`;

/** Names are as they are written in Rollouts, so that a key without one need not mean all. */
export const isAllKey = ({ hasLists }: OptionalKind, key: string): boolean =>
  hasLists === true && key.indexOf("/") === key.length - 1;

/** The keys under which an object is needed: its own, and that of its namespace. */
export const keysOfObject = ({ hasLists }: OptionalKind, object: Stored): readonly string[] =>
  hasLists === true ? [keyOf(object), allKey(object.metadata.namespace)] : [keyOf(object)];

/** Keys of all objects of a kind that Rollouts and Experiments need. */
export const neededOf = (
  kind: OptionalKind,
  { rollouts, experiments }: Pick<Stores, "rollouts" | "experiments">,
): Set<string> =>
  new Set([
    ...rollouts.by("need", needOf(kind)).flatMap((rollout) => kind.neededBy(rollout)),
    ...experiments.by("need", needOf(kind)).flatMap((experiment) => kind.neededByExperiment?.(experiment) ?? []),
  ]);

/** All needs of a Rollout, for that index. */
export const needsOf = (kinds: readonly OptionalKind[], rollout: Rollout): string[] =>
  needs(kinds, (kind) => kind.neededBy(rollout));

/** All needs of an Experiment. */
export const needsOfExperiment = (kinds: readonly OptionalKind[], experiment: Experiment): string[] =>
  needs(kinds, (kind) => kind.neededByExperiment?.(experiment) ?? []);

function needs(kinds: readonly OptionalKind[], keysOf: (kind: OptionalKind) => readonly string[]): string[] {
  return kinds.flatMap((kind) => {
    const keys = keysOf(kind);
    return keys.length === 0 ? [] : [needOf(kind), ...keys.map((key) => needOf(kind, key))];
  });
}
