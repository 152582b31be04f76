/** Looking a profile up by its name in ConfigMaps (docs/migration.md#profiles). Pure. */
import { nearest } from "../../../kube/validation/nearNames.ts";
import { textWithHelp } from "../../../kube/validation/violation.ts";
import { CANARY, type Profile } from "./profile.ts";
import { profileFindings } from "./profileFindings.ts";
import { isStrategy } from "./strategy.ts";

/** What a Deployment that names a profile, or none, gets. */
export type FoundProfile =
  /** @property from `ConfigMap "shop/rollout-profiles"`, or "" for the one that is built in */
  | { readonly kind: "found"; readonly profile: Profile; readonly from: string }
  /** @property known the names that there are; @property near the one that was probably meant */
  | { readonly kind: "missing"; readonly name: string; readonly known: readonly string[]; readonly near?: string }
  /** @property problems each with its place in the ConfigMap */
  | { readonly kind: "invalid"; readonly name: string; readonly from: string; readonly problems: readonly string[] };

/** A ConfigMap with the label. */
export interface ProfileMap {
  readonly metadata: { readonly name?: string | undefined; readonly namespace?: string | undefined };
  readonly data: Readonly<Record<string, string>>;
}

/** @throws Error with a sentence */
export type ParseProfile = (text: string) => unknown;

export interface ProfileSource {
  in(namespace: string): readonly ProfileMap[];
  /** Sluice's. */
  readonly ownNamespace: string;
}

export const calledMap = ({ metadata }: ProfileMap): string => `ConfigMap "${metadata.namespace}/${metadata.name}"`;

/** `data[careful]`: where the profile stands in its ConfigMap. */
export const placeOfProfile = (name: string): string => `data[${name}]`;

/**
 * `namespace` first, then Sluice's own; within a namespace the ConfigMap whose name comes first in the alphabet counts.
 * @param name "": none is named, which is the one called `canary`: built in, unless a ConfigMap has one
 */
export function lookUp(source: ProfileSource, namespace: string, name: string, parse: ParseProfile): FoundProfile {
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

const byName = (a: ProfileMap, b: ProfileMap): number => ((a.metadata.name ?? "") < (b.metadata.name ?? "") ? -1 : 1);

function judged(holder: ProfileMap, name: string, parse: ParseProfile): FoundProfile {
  const from = calledMap(holder);
  const invalid = (problems: readonly string[]): FoundProfile => ({ kind: "invalid", name, from, problems });
  let strategy: unknown;
  try {
    strategy = parse(holder.data[name] ?? "");
  } catch (error) {
    return invalid([`${placeOfProfile(name)}: ${error instanceof Error ? error.message : String(error)}`]);
  }
  const problems = profileFindings(strategy, placeOfProfile(name)).refuse.map(textWithHelp);
  if (problems.length > 0 || !isStrategy(strategy)) return invalid(problems);
  return { kind: "found", profile: { name, strategy }, from };
}
