/** What the rules for a ConfigMap of profiles need to know (webhook/review/profileReview.ts). */
import { CANARY } from "../../controller/migration/convert/profile.ts";
import type { ProfileReferences } from "../../controller/migration/convert/profileFindings.ts";
import { calledMap } from "../../controller/migration/convert/findProfile.ts";
import type { ProfileFacts } from "../review/profileReview.ts";
import type { Review } from "../review/review.ts";
import { profileUsers, type UserPorts } from "./profileUsers.ts";

/** The second half of a review's second is for the rules. */
const LONGEST_WAIT_MS = 500;

export async function profileFacts(
  ports: UserPorts & { readonly referencesIn: (namespace: string) => ProfileReferences },
  { namespace, name }: Review,
  untilMs: number,
): Promise<ProfileFacts> {
  const { profiles, clock } = ports;
  const [{ parseProfile }] = await Promise.all([
    import("../../controller/migration/facts/profileText.ts"),
    knownBy(ports, Math.min(LONGEST_WAIT_MS, untilMs - clock.now())),
  ]);
  const besides = (where: string, profile: string): readonly string[] =>
    (profiles.mapsIn(where) ?? [])
      .filter((map) => (where !== namespace || map.metadata.name !== name) && Object.hasOwn(map.data, profile))
      .map(calledMap)
      .toSorted();
  const isOwn = namespace === profiles.ownNamespace;
  return {
    parse: parseProfile,
    references: isOwn ? undefined : ports.referencesIn(namespace),
    twins: (profile) => besides(namespace, profile),
    remains: (profile) =>
      profile === CANARY.name || [namespace, profiles.ownNamespace].some((where) => besides(where, profile).length > 0),
    users: (gone) => profileUsers(ports, namespace, gone, untilMs),
  };
}

async function knownBy({ profiles, clock }: UserPorts, ms: number): Promise<void> {
  const soon = profiles.soon();
  if (soon === undefined) return;
  const late = Promise.withResolvers<void>();
  const cancel = clock.after(Math.max(0, ms), late.resolve);
  await Promise.race([soon, late.promise]).finally(cancel);
}
