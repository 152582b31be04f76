/** Who names a profile that a write takes away: read when that happens, which is seldom. */
import type { Profiles } from "../../controller/migration/facts/profiles.ts";
import { optInOf, profileNameOf } from "../../controller/migration/plan/optIn.ts";
import { CANARY } from "../../controller/migration/convert/profile.ts";
import { collectionPath, nameSelector } from "../../kube/client/path.ts";
import { DEPLOYMENTS, NAMESPACES } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import type { Resource } from "../../schema/kube.ts";
import { MIGRATE } from "../../schema/labels.ts";
import type { ProfileUser } from "../review/profileReview.ts";

export interface UserPorts {
  readonly client: Pick<KubeClient, "request">;
  readonly clock: Clock;
  readonly profiles: Profiles;
  /** The only namespace that is watched; undefined: all. */
  readonly watched: string | undefined;
}

interface Named {
  readonly metadata: {
    readonly name?: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** A warning names some of them, and the API server waits. */
const MOST_READ = 500;
const metadataOnly = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/** Never rejects; what cannot be read in time is not known, and nobody is named. */
export async function profileUsers(
  ports: UserPorts,
  namespace: string,
  gone: readonly string[],
  untilMs: number,
): Promise<readonly ProfileUser[]> {
  const { profiles, watched } = ports;
  const where = namespace === profiles.ownNamespace ? watched : namespace;
  const ofOne = where === undefined ? {} : { fieldSelector: nameSelector(where) };
  const [deployments, namespaces] = await Promise.all([
    read(ports, DEPLOYMENTS, where, {}, untilMs),
    read(ports, NAMESPACES, undefined, { labelSelector: MIGRATE, ...ofOne }, untilMs),
  ]);
  const byName = new Map(namespaces.map((each) => [each.metadata.name ?? "", each]));
  return deployments.flatMap((deployment): ProfileUser[] => {
    const { name = "", namespace: of = "" } = deployment.metadata;
    const home = byName.get(of);
    if (optInOf(deployment, home).kind !== "in") return [];
    const profile = profileNameOf(deployment, home) || CANARY.name;
    // Its own namespace has one.
    const hasOwn = of !== namespace && profiles.mapsIn(of)?.some(({ data }) => Object.hasOwn(data, profile)) === true;
    return gone.includes(profile) && !hasOwn ? [{ deployment: `Deployment "${of}/${name}"`, profile }] : [];
  });
}

async function read(
  { client, clock }: UserPorts,
  resource: Resource,
  namespace: string | undefined,
  query: Readonly<Record<string, string>>,
  untilMs: number,
): Promise<readonly Named[]> {
  try {
    const { items } = await client.request<{ readonly items?: readonly Named[] | null }>({
      method: "GET",
      path: collectionPath(resource, namespace),
      query: { ...query, limit: MOST_READ },
      accept: metadataOnly,
      timeoutMs: Math.max(1, untilMs - clock.now() - 100),
      retry: false,
      urgent: true,
    });
    return items ?? [];
  } catch {
    return [];
  }
}
