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
import { nearest } from "../../../kube/validation/nearNames.ts";
import { textWithHelp } from "../../../kube/validation/violation.ts";
import { PROFILES } from "../../../schema/labels.ts";
import { profileFindings } from "../convert/profileFindings.ts";
import { CANARY, type Profile } from "../convert/profile.ts";
import { isStrategy } from "../convert/strategy.ts";

/** What a Deployment that names a profile, or none, gets. */
export type FoundProfile =
  /** @property from `ConfigMap "shop/rollout-profiles"`, or "" for the one that is built in */
  | { readonly kind: "found"; readonly profile: Profile; readonly from: string }
  /** @property known the names that there are; @property near the one that was probably meant */
  | { readonly kind: "missing"; readonly name: string; readonly known: readonly string[]; readonly near?: string }
  /** @property problems each with its place in the ConfigMap */
  | { readonly kind: "invalid"; readonly name: string; readonly from: string; readonly problems: readonly string[] };

/** A ConfigMap with the label. */
export interface ProfileMap extends Stored {
  readonly data: Readonly<Record<string, string>>;
}

export interface RawConfigMap extends Stored {
  readonly data?: Readonly<Record<string, string>> | null;
}

type Parse = (text: string) => unknown;

/** Of a text in characters: a longer one is refused by the parser (profileText.ts), and need not be in memory for that. */
const MOST_KEPT = 64 * 2 ** 10 + 1;

/** `namespace` first, then Sluice's own. Within a namespace the ConfigMap whose name comes first in the alphabet counts. */
export interface ProfileSource {
  in(namespace: string): readonly ProfileMap[];
  readonly ownNamespace: string;
}

export const calledMap = ({ metadata }: Stored): string => `ConfigMap "${metadata.namespace}/${metadata.name}"`;

/** `data[careful]`: where the profile stands in its ConfigMap. */
export const placeOfProfile = (name: string): string => `data[${name}]`;

/** One lookup. @param name "": none is named, which is the one called `canary`: built in, unless a ConfigMap has one */
export function lookUp(source: ProfileSource, namespace: string, name: string, parse: Parse): FoundProfile {
  const wanted = name === "" ? CANARY.name : name;
  const namespaces = new Set([namespace, source.ownNamespace]);
  const maps = [...namespaces].flatMap((each) => source.in(each).toSorted(byName));
  const holder = maps.find(({ data }) => Object.hasOwn(data, wanted));
  if (holder !== undefined) return judged(holder, wanted, parse);
  if (wanted === CANARY.name) return { kind: "found", profile: CANARY, from: "" };
  const known = [...new Set([...maps.flatMap(({ data }) => Object.keys(data)), CANARY.name])].toSorted();
  const near = nearest(wanted, known);
  return { kind: "missing", name: wanted, known, ...(near === undefined ? {} : { near }) };
}

const byName = (a: Stored, b: Stored): number => ((a.metadata.name ?? "") < (b.metadata.name ?? "") ? -1 : 1);

function judged(holder: ProfileMap, name: string, parse: Parse): FoundProfile {
  const from = calledMap(holder);
  const read = readProfile(holder.data[name] ?? "", name, parse);
  const problems =
    "problem" in read ? [read.problem] : profileFindings(read.value, placeOfProfile(name)).refuse.map(textWithHelp);
  if (problems.length > 0 || "problem" in read || !isStrategy(read.value))
    return { kind: "invalid", name, from, problems };
  return { kind: "found", profile: { name, strategy: read.value }, from };
}

/** The value of a key, or why it has none, with its place. */
export function readProfile(
  text: string,
  name: string,
  parse: Parse,
): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: parse(text) };
  } catch (error) {
    return { problem: `${placeOfProfile(name)}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

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
  const store = createStore<ProfileMap, "namespace", RawConfigMap>({
    transform: slimMap,
    indices: { namespace: ({ metadata }) => [metadata.namespace ?? ""] },
  });
  store.onChange((old, next) => {
    answers.clear();
    const namespace = (next ?? old)?.metadata.namespace ?? "";
    changed?.(namespace === ownNamespace ? "" : namespace);
  });
  const source: ProfileSource = { ownNamespace, in: (namespace) => store.by("namespace", namespace) };
  const known: { parse?: Parse; over?: boolean; begun?: Promise<void> } = {};
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
    const complete = Promise.all([import("./profileText.ts"), hasSynced]).then(([{ parseProfile }]) => {
      known.parse = parseProfile;
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
      const { parse } = known;
      if (parse === undefined) return undefined;
      const key = `${namespace}/${name}`;
      const answer = answers.get(key) ?? lookUp(source, namespace, name, parse);
      if (answer.kind !== "missing") answers.set(key, answer);
      return answer;
    },
    mapsIn(namespace) {
      void ready();
      return known.parse === undefined ? undefined : source.in(namespace);
    },
    soon: () => (known.over === true || signal.aborted ? undefined : ready()),
  };
}

export const slimMap = ({ metadata, data }: RawConfigMap): ProfileMap => {
  const { name, namespace, uid, resourceVersion } = metadata;
  const kept = Object.entries(data ?? {}).map(([key, text]) => [key, text.slice(0, MOST_KEPT)] as const);
  return { metadata: { name, namespace, uid, resourceVersion }, data: Object.fromEntries(kept) };
};
