/**
 * The profiles that ConfigMaps hold, by name (docs/migration.md#profiles). They are watched from when somebody first asks,
 * and only those with the label; a profile is parsed and judged when it is asked for, once for each version.
 */
import { createComplaints, logWatchError } from "../../process/complaints.ts";
import type { Log } from "../../process/log.ts";
import { CONFIG_MAPS } from "../../../kube/client/resources.ts";
import { collectionPath } from "../../../kube/client/path.ts";
import type { KubeClient } from "../../../kube/client/transport.ts";
import type { Clock } from "../../../kube/clock/clock.ts";
import { createStore, type Stored } from "../../../kube/runtime/cache.ts";
import { runReflector } from "../../../kube/runtime/watch.ts";
import { PROFILES } from "../../../schema/labels.ts";
import type { FoundProfile, ProfileMap, ProfileSource } from "../convert/findProfile.ts";

interface StoredMap extends Stored, ProfileMap {
  readonly metadata: Stored["metadata"];
}

interface RawConfigMap extends Stored {
  readonly data?: Readonly<Record<string, string>> | null;
}

/** Of a text in characters: a longer one is refused by the parser (profileText.ts), and need not be in memory for that. */
const MOST_KEPT = 64 * 2 ** 10 + 1;

export interface ProfilePorts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  /** The only namespace that is watched; undefined: all. */
  readonly watched: string | undefined;
  readonly ownNamespace: string;
  readonly signal: AbortSignal;
  /** Called when profiles of a namespace have changed; "": of all, since Sluice's own namespace serves all. */
  readonly changed?: (namespace: string) => void;
}

export interface Profiles {
  readonly ownNamespace: string;
  /** Undefined: not known yet, see `soon`. */
  findProfile(namespace: string, name: string): FoundProfile | undefined;
  /** The ConfigMaps of a namespace; undefined: not known yet. */
  mapsIn(namespace: string): readonly ProfileMap[] | undefined;
  /** Resolves when profiles are known, or cannot be; undefined: that is so. Asking begins the watch. */
  soon(): Promise<void> | undefined;
}

/** Where ConfigMaps may not be listed, profiles stay unknown, which the log says. */
export function watchProfiles(ports: ProfilePorts): Profiles {
  const { ownNamespace, signal, changed, watched, ...watching } = ports;
  const answers = new Map<string, FoundProfile>();
  const store = createStore<StoredMap, "namespace", RawConfigMap>({
    transform: slimMap,
    indices: { namespace: ({ metadata }) => [metadata.namespace ?? ""] },
  });
  store.onChange((old, next) => {
    answers.clear();
    const namespace = (next ?? old)?.metadata.namespace ?? "";
    changed?.(namespace === ownNamespace ? "" : namespace);
  });
  const source: ProfileSource = { ownNamespace, in: (namespace) => store.by("namespace", namespace) };
  const known: { find?: (namespace: string, name: string) => FoundProfile; over?: boolean; begun?: Promise<void> } = {};
  const begin = async (): Promise<void> => {
    const complaints = createComplaints(watching);
    const failed = Promise.withResolvers<void>();
    const { hasSynced } = runReflector<RawConfigMap>({
      ...watching,
      path: collectionPath(CONFIG_MAPS, watched),
      query: { labelSelector: `${PROFILES}=true` },
      sink: store,
      signal,
      onError(error, failures) {
        logWatchError(complaints, CONFIG_MAPS.plural, error, failures);
        if (failures > 0) failed.resolve();
      },
    });
    // The parser and the rules of admission take memory that a controller without profiles need not have.
    const code = Promise.all([import("./profileText.ts"), import("../convert/findProfile.ts")]);
    const complete = Promise.all([code, hasSynced]).then(([[{ parseProfile }, { lookUp }]]) => {
      known.find = (namespace, name) => lookUp(source, namespace, name, parseProfile);
    });
    await Promise.race([complete, failed.promise]);
    known.over = true;
  };
  const ready = async (): Promise<void> => {
    if (!signal.aborted) await (known.begun ??= begin());
  };
  return {
    ownNamespace,
    findProfile(namespace, name) {
      void ready();
      const { find } = known;
      if (find === undefined) return undefined;
      const key = `${namespace}/${name}`;
      const answer = answers.get(key) ?? find(namespace, name);
      if (answer.kind !== "missing") answers.set(key, answer);
      return answer;
    },
    mapsIn(namespace) {
      void ready();
      return known.find === undefined ? undefined : source.in(namespace);
    },
    soon: () => (known.over === true || signal.aborted ? undefined : ready()),
  };
}

const slimMap = ({ metadata, data }: RawConfigMap): StoredMap => {
  const { name, namespace, uid, resourceVersion } = metadata;
  const kept = Object.entries(data ?? {}).map(([key, text]) => [key, text.slice(0, MOST_KEPT)] as const);
  return { metadata: { name, namespace, uid, resourceVersion }, data: Object.fromEntries(kept) };
};
