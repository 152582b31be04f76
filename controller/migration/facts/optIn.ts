/** What asks for a migration, what the rows of both modes watch for it, and what is never touched (docs/migration.md). */
import { equal } from "../../../kube/object/equality.ts";
import { keyOf } from "../../../kube/runtime/cache.ts";
import { type Source, watch, type Watch } from "../../../kube/runtime/runController.ts";
import { DEPLOYMENTS, NAMESPACES, ROLLOUTS } from "../../../kube/client/resources.ts";
import type { WorkQueue } from "../../../kube/runtime/queue.ts";
import { ADOPTING, INSTANCE_LABEL, MIGRATE, PROFILE, PROFILES } from "../../../schema/labels.ts";
import type { FoundProfile } from "../convert/findProfile.ts";
import type { Profile } from "../convert/profile.ts";
import { profileProblem } from "../plan/obstacles.ts";
import type {
  DeploymentFacts,
  HeldRollout,
  MigrationStores,
  NamespaceFacts,
  RawDeployment,
  RawNamespace,
} from "./caches.ts";
import type { Profiles } from "./profiles.ts";
import type { Wish } from "./facts.ts";

export interface OptInPorts {
  readonly migrating: MigrationStores;
  readonly profiles: Profiles;
  /** The only namespace that is watched; undefined: all. Then no Namespace is read, and only annotations count. */
  readonly namespace: string | undefined;
  /** Sluice's own namespace, where nothing migrates. */
  readonly ownNamespace?: string | undefined;
  /** Nobody's wish counts any more (docs/uninstall.md). */
  readonly restoring?: boolean | undefined;
}

/** Where nothing is ever touched, beside the controller's own namespace. */
export const SYSTEM_NAMESPACES: readonly string[] = ["kube-system", "kube-public", "kube-node-lease"];

/** Nothing migrates there, whatever asks for it. */
export const isOffLimits = ({ ownNamespace }: Pick<OptInPorts, "ownNamespace">, namespace: string): boolean =>
  SYSTEM_NAMESPACES.includes(namespace) || namespace === ownNamespace;

export function wishOf(
  { migrating, restoring }: Pick<OptInPorts, "migrating" | "restoring">,
  { marks, metadata }: DeploymentFacts,
): Wish | undefined {
  if (restoring === true) return undefined;
  const own = marks[MIGRATE];
  if (own !== undefined) return { mode: own, from: "Deployment" };
  const mode = migrating.namespaces.get(metadata.namespace)?.mode;
  return mode === undefined ? undefined : { mode, from: "Namespace" };
}

/**
 * The strategy that a Deployment of this namespace gets, or why there is none.
 * @throws Error where ConfigMaps cannot be listed: what profiles there are is not known, and it is tried again
 */
export async function profileFor(
  { migrating, profiles }: OptInPorts,
  namespace: string,
  { marks }: DeploymentFacts,
): Promise<FoundProfile> {
  await profiles.soon();
  const name = (marks[PROFILE] ?? "") || (migrating.namespaces.get(namespace)?.profile ?? "");
  const found = profiles.findProfile(namespace, name);
  if (found === undefined)
    throw new Error(
      `Cannot tell which profiles there are, because ConfigMaps with the label ${PROFILES} are not listed yet`,
    );
  return found;
}

/** As a decision reads it. */
export const usableProfile = (found: FoundProfile): Profile | { readonly problem: string } =>
  found.kind === "found" ? found.profile : { problem: profileProblem(found) };

/** The Rollouts of mode adopt that nothing drives yet. */
const heldRollouts = ({ migrating }: Pick<OptInPorts, "migrating">): Source<HeldRollout, HeldRollout> => ({
  cache: migrating.held,
  resource: ROLLOUTS,
  labelSelector: `${INSTANCE_LABEL}=${ADOPTING}`,
});

/**
 * Puts a Deployment in line when it, its held Rollout, what its Namespace asks for, or a profile that it may get has
 * changed, or it is gone.
 */
export function watchOptIn(ports: OptInPorts): Watch[] {
  const { migrating, namespace, profiles } = ports;
  const deployments: Source<DeploymentFacts, RawDeployment> = { cache: migrating.watched, resource: DEPLOYMENTS };
  const namespaces: Source<NamespaceFacts, RawNamespace> = { cache: migrating.namespaces, resource: NAMESPACES };
  const changed = watch(deployments, (queue, old, next) => {
    if (!isSame(old, next)) queue.add(keyOf((next ?? old) as DeploymentFacts));
  });
  const asked = watch(namespaces, (queue, old, next) => {
    if (old?.mode === next?.mode && old?.profile === next?.profile) return;
    const name = (next ?? old)?.metadata.name ?? "";
    for (const each of migrating.deployments.by("namespace", name)) queue.add(keyOf(each));
  });
  const asking = (queue: WorkQueue, candidates: Iterable<DeploymentFacts>): void => {
    for (const each of candidates) if (wishOf(ports, each) !== undefined) queue.add(keyOf(each));
  };
  // Those of Sluice's own namespace are for all.
  const profiled = watch({ cache: profiles.maps }, (queue, old, next) => {
    const of = (next ?? old)?.metadata.namespace ?? "";
    const { deployments: all } = migrating;
    asking(queue, of === profiles.ownNamespace ? all.values() : all.by("namespace", of));
  });
  const held = watch(heldRollouts(ports), (queue, old, next) => queue.add(keyOf((next ?? old) as HeldRollout)));
  return [changed, profiled, held, ...(namespace === undefined ? [asked] : [])];
}

/** But for its version. */
const isSame = (old: DeploymentFacts | undefined, next: DeploymentFacts | undefined): boolean =>
  old !== undefined &&
  next !== undefined &&
  equal({ ...old, metadata: old.metadata.uid }, { ...next, metadata: next.metadata.uid });
