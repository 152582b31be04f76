/** What asks for a migration, what the rows of both modes watch for it, and what is never touched (docs/migration.md). */
import { equal } from "../../../kube/object/equality.ts";
import { keyOf } from "../../../kube/runtime/cache.ts";
import { type Source, watch, type Watch } from "../../../kube/runtime/runController.ts";
import { DEPLOYMENTS, NAMESPACES } from "../../../kube/client/resources.ts";
import { MIGRATE, PROFILE } from "../../../schema/labels.ts";
import { CANARY, type Profile } from "../convert/profile.ts";
import type { DeploymentFacts, MigrationStores, NamespaceFacts, RawDeployment, RawNamespace } from "./caches.ts";
import type { Wish } from "./facts.ts";

export interface OptInPorts {
  readonly migrating: MigrationStores;
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

export function wishOf({ migrating, restoring }: OptInPorts, { marks, metadata }: DeploymentFacts): Wish | undefined {
  if (restoring === true) return undefined;
  const own = marks[MIGRATE];
  if (own !== undefined) return { mode: own, from: "Deployment" };
  const mode = migrating.namespaces.get(metadata.namespace)?.mode;
  return mode === undefined ? undefined : { mode, from: "Namespace" };
}

/** The strategy that a Deployment of this namespace gets, or why there is none. `deployment` undefined: it is gone. */
export function profileFor(
  { migrating }: OptInPorts,
  namespace: string,
  deployment: DeploymentFacts | undefined,
): Profile | { readonly problem: string } {
  const name = deployment?.marks[PROFILE] ?? migrating.namespaces.get(namespace)?.profile;
  return name === undefined || name === CANARY.name ? CANARY : { problem: `there is no profile "${name}"` };
}

/** Puts a Deployment in line when it, or what its Namespace asks for, has changed, or it is gone. */
export function watchOptIn({ migrating, namespace }: OptInPorts): Watch[] {
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
  return namespace === undefined ? [changed, asked] : [changed];
}

/** But for its version. */
const isSame = (old: DeploymentFacts | undefined, next: DeploymentFacts | undefined): boolean =>
  old !== undefined &&
  next !== undefined &&
  equal({ ...old, metadata: old.metadata.uid }, { ...next, metadata: next.metadata.uid });
