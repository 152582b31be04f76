/** The verdict over a ConfigMap of profiles (docs/behaviour/admission.md#profiles). */
import type { ProfileReferences } from "../../controller/migration/convert/profileFindings.ts";
import { profileFindings } from "../../controller/migration/convert/profileFindings.ts";
import { placeOfProfile } from "../../controller/migration/convert/findProfile.ts";
import { placed } from "../../kube/validation/place.ts";
import { listed } from "../../kube/validation/nearNames.ts";
import { helped, invalid, type Violation } from "../../kube/validation/violation.ts";
import { PROFILES } from "../../schema/labels.ts";
import { record } from "./record.ts";
import type { Review } from "./review.ts";

/** What the cluster holds; what is absent is not known, and leads to no finding. */
export interface ProfileFacts {
  /** Throws Error with a sentence. */
  readonly parse: (text: string) => unknown;
  /** Of the namespace; absent for Sluice's own, whose profiles are for Deployments of any. */
  readonly references?: ProfileReferences | undefined;
  /** The other ConfigMaps of the namespace with a profile of this name, the one that comes first in front. */
  readonly twins: (name: string) => readonly string[];
  /** Whether Deployments that name this profile find one without this ConfigMap. */
  readonly remains: (name: string) => boolean;
  /** `Deployment "shop/web"`: those that are opted in and name one of these profiles, which are gone with this write. */
  readonly users: (gone: readonly string[]) => Promise<readonly ProfileUser[]>;
}

export interface ProfileUser {
  readonly deployment: string;
  readonly profile: string;
}

export interface ProfileFindings {
  readonly refuse: readonly Violation[];
  readonly warn: readonly Violation[];
}

/** Judging each takes some milliseconds, and the API server waits. */
const MOST_PROFILES = 50;

export const isProfileMap = ({ group, kind, subResource }: Review): boolean =>
  group === "" && kind === "ConfigMap" && subResource === "";

/** Of a ConfigMap that has the label, by name; of any other none. */
function profilesOf(object: unknown): Readonly<Record<string, string>> {
  const labels = record(record(record(object)?.["metadata"])?.["labels"]);
  if (labels?.[PROFILES] !== "true") return {};
  const data = Object.entries(record(record(object)?.["data"]) ?? {});
  return Object.fromEntries(data.map(([name, text]) => [name, typeof text === "string" ? text : ""]));
}

/** Only profiles that this write makes or changes are judged, so that a wrong one is in the way of no other edit. */
export async function judgeProfiles(
  { object, oldObject, operation }: Review,
  facts: ProfileFacts,
  pause: () => Promise<void>,
): Promise<ProfileFindings> {
  const before = profilesOf(oldObject);
  const after = operation === "DELETE" ? {} : profilesOf(object);
  const names = Object.keys(after).filter((name) => after[name] !== before[name] || !Object.hasOwn(before, name));
  const refuse: Violation[] = [...tooMany(after)];
  const warn: Violation[] = [];
  for (const name of names.slice(0, MOST_PROFILES)) {
    const found = oneProfile(name, after[name] ?? "", facts);
    refuse.push(...found.refuse);
    warn.push(...found.warn);
    await pause();
  }
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(after, name) && !facts.remains(name));
  if (gone.length > 0) warn.push(...goneWarnings(gone, await facts.users(gone)));
  return { refuse, warn };
}

function tooMany(after: Readonly<Record<string, string>>): readonly Violation[] {
  const count = Object.keys(after).length;
  if (count <= MOST_PROFILES) return [];
  const found = invalid(
    "profiles-too-many",
    placed("…", "data"),
    `has ${count} profiles, ${MOST_PROFILES} are allowed`,
  );
  return [helped(found, "Put the rest into another ConfigMap with this label")];
}

function oneProfile(name: string, text: string, { parse, references, twins }: ProfileFacts): ProfileFindings {
  const path = placeOfProfile(name);
  let strategy: unknown;
  try {
    strategy = parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { refuse: [invalid("profile-yaml", placed("…", path), why)], warn: [] };
  }
  const { refuse, warn } = profileFindings(strategy, path, references);
  return { refuse, warn: [...warn, ...twice(name, path, twins(name))] };
}

function twice(name: string, path: string, twins: readonly string[]): readonly Violation[] {
  const [first] = twins;
  if (first === undefined) return [];
  const found = invalid("profile-twice", placed(name, path), `${first} has a profile of this name, too`);
  return [helped(found, "The ConfigMap whose name comes first in the alphabet counts")];
}

function goneWarnings(gone: readonly string[], users: readonly ProfileUser[]): readonly Violation[] {
  return gone.flatMap((name) => {
    const deployments = users.filter(({ profile }) => profile === name).map(({ deployment }) => deployment);
    if (deployments.length === 0) return [];
    const detail = `${listed(deployments)} ${deployments.length === 1 ? "names" : "name"} it, and it is gone with this`;
    const found = invalid("profile-gone", placed(name, placeOfProfile(name)), detail);
    return [helped(found, "Their migration waits until there is a profile of this name again")];
  });
}
