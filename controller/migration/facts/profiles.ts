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
import { createStore, type Store, type Stored } from "../../../kube/runtime/cache.ts";
import { runReflector } from "../../../kube/runtime/watch.ts";
import { PROFILES } from "../../../schema/labels.ts";
import {
  type FoundProfile,
  lookUp,
  type ParseProfile,
  type ProfileMap,
  type ProfileSource,
} from "../convert/findProfile.ts";

/** A ConfigMap with the label. */
export interface StoredMap extends Stored, ProfileMap {
  readonly metadata: Stored["metadata"];
}

export interface RawConfigMap extends Stored {
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
}

export interface Profiles {
  readonly ownNamespace: string;
  /** The ConfigMaps, to listen to; filled from when somebody first asks. */
  readonly maps: Store<StoredMap, "namespace", RawConfigMap>;
  /** Undefined: not known yet, see `soon`. */
  findProfile(namespace: string, name: string): FoundProfile | undefined;
  /** The ConfigMaps of a namespace; undefined: not known yet. */
  mapsIn(namespace: string): readonly ProfileMap[] | undefined;
  /** Resolves when profiles are known, or cannot be; undefined: that is so. Asking begins the watch. */
  soon(): Promise<void> | undefined;
}

/** Where ConfigMaps may not be listed, profiles stay unknown, which the log says. */
export function watchProfiles(ports: ProfilePorts): Profiles {
  const { ownNamespace, signal, watched, ...watching } = ports;
  const answers = new Map<string, FoundProfile>();
  const store = createStore<StoredMap, "namespace", RawConfigMap>({
    transform: slimMap,
    indices: { namespace: ({ metadata }) => [metadata.namespace ?? ""] },
  });
  store.onChange(() => answers.clear());
  const source: ProfileSource = { ownNamespace, in: (namespace) => store.by("namespace", namespace) };
  const known: { parse?: ParseProfile; listed?: boolean; over?: boolean; begun?: Promise<void> } = {};
  // A parser of YAML takes memory that a controller without profiles need not have.
  const isReadable = (): boolean => store.size === 0 || known.parse !== undefined;
  const load = async (): Promise<void> => {
    const { parseProfile } = await import("./profileText.ts");
    known.parse = parseProfile;
  };
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
    const listed = hasSynced.then(async () => {
      known.listed = true;
      if (!isReadable()) await load();
    });
    await Promise.race([listed, failed.promise]);
    known.over = true;
  };
  const ready = async (): Promise<void> => {
    if (signal.aborted) return;
    await (known.begun ??= begin());
    if (!isReadable()) await load();
  };
  const isKnown = (): boolean => known.listed === true && isReadable();
  return {
    ownNamespace,
    maps: store,
    findProfile(namespace, name) {
      void ready();
      if (!isKnown()) return undefined;
      const key = `${namespace}/${name}`;
      const answer = answers.get(key) ?? lookUp(source, namespace, name, known.parse ?? unread);
      if (answer.kind !== "missing") answers.set(key, answer);
      return answer;
    },
    mapsIn(namespace) {
      void ready();
      return isKnown() ? source.in(namespace) : undefined;
    },
    soon: () => ((known.over === true && isReadable()) || signal.aborted ? undefined : ready()),
  };
}

/** Where there is no ConfigMap there is nothing to parse. */
const unread: ParseProfile = () => {
  throw new Error("its text is not read yet");
};

const slimMap = ({ metadata, data }: RawConfigMap): StoredMap => {
  const { name, namespace, uid, resourceVersion } = metadata;
  const kept = Object.entries(data ?? {}).map(([key, text]) => [key, text.slice(0, MOST_KEPT)] as const);
  return { metadata: { name, namespace, uid, resourceVersion }, data: Object.fromEntries(kept) };
};
