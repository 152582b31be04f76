/**
 * Kinds of which objects are cached only while some Rollout refers to them: Deployments, say. Most clusters need none of
 * them, and nobody should pay for a copy of all Deployments because one Rollout names one. So a kind is watched from the
 * first Rollout on that needs it (controller/rollout/facts/optionalWatch.ts), and only objects that are referred to are kept.
 */
import type { Resource } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { Store, Stored } from "../../../kube/runtime/cache.ts";
import { heldBack, tooLong, whyHeldBack } from "../../../kube/validation/size.ts";
import { createRoom, type Room, roomy, weightOf } from "./room.ts";
import { whyNot } from "./slim.ts";

/** A row for each kind. `Raw`: as the API server sends it; `T`: what is kept. */
export interface OptionalKind<T extends Stored = Stored, Raw extends Stored = Stored> {
  readonly api: Resource;
  /** `resourceName` of it, for people, metrics and the index: "deployments.apps". */
  readonly resource: string;
  /** "namespace/name" of the objects that a Rollout refers to; "name" where the kind is cluster-scoped. */
  neededBy(rollout: Rollout): readonly string[];
  /** Drops what nobody reads. Never mutates `raw`. */
  slim(raw: Raw): T;
  /** Of an object that is too large to be held: what tells it from others. */
  restOf(object: T): T;
  /** Whether a change is news for the Rollouts that refer to the object; what only moves the version is none. */
  heeds(old: T, next: T): boolean;
}

/** What is known of an object at this moment. */
export type Known<T> =
  | { readonly kind: "found"; readonly object: T }
  | { readonly kind: "absent" }
  /** It has not been looked for yet: nothing may be decided. Who asked is told when it has. */
  | { readonly kind: "waiting" }
  /** The API server does not serve the kind, or does not let us read it; looked for again in a while. */
  | { readonly kind: "refused"; readonly why: string };

export interface OptionalStore<T extends Stored = Stored, Raw extends Stored = Stored> {
  readonly kind: OptionalKind<T, Raw>;
  readonly objects: Store<T, never, Raw>;
  /** For the watch alone: keys whose object, were there one, would be in `objects`. */
  readonly seen: Set<string>;
  /** For the watch alone: why the kind cannot be read. */
  refused: string | undefined;
  /** `key`: "namespace/name", of an object that some Rollout refers to. */
  look(key: string): Known<T>;
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
    refused: undefined,
    look(key) {
      const object = objects.get(key);
      if (object !== undefined) return { kind: "found", object };
      if (this.refused !== undefined) return { kind: "refused", why: this.refused };
      return { kind: seen.has(key) ? "absent" : "waiting" };
    },
  };
}

/** Under which values the cache of Rollouts finds those that need a kind, or one object of it. */
export const needOf = ({ resource }: OptionalKind, key?: string): string =>
  key === undefined ? resource : `${resource} ${key}`;

/** All needs of a Rollout, for that index. */
export function needsOf(kinds: readonly OptionalKind[], rollout: Rollout): string[] {
  return kinds.flatMap((kind) => {
    const keys = kind.neededBy(rollout);
    return keys.length === 0 ? [] : [needOf(kind), ...keys.map((key) => needOf(kind, key))];
  });
}
