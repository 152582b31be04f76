/**
 * Migrations as a row: Deployments become Rollouts, and Deployments again (docs/migration.md). Keys are "namespace/name" of
 * Deployments.
 */
import { ApiError, isAlreadyExists, isNotFound } from "../../kube/client/apiError.ts";
import { collectionPath, objectPath } from "../../kube/client/path.ts";
import { DEPLOYMENTS, HORIZONTAL_POD_AUTOSCALERS, NAMESPACES } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { equal } from "../../kube/object/equality.ts";
import type { Json } from "../../kube/object/json.ts";
import { keyOf } from "../../kube/runtime/cache.ts";
import { NotLeaderError } from "../../kube/runtime/notLeader.ts";
import type { EventRecorder } from "../../kube/runtime/recorder.ts";
import { type ControllerRow, keysIn, type Pass, type Source, watch } from "../../kube/runtime/runController.ts";
import { MANAGED_BY_ROLLOUT, MIGRATE, MIGRATED, PROFILE, REPLICAS_CARRIED } from "../../schema/labels.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { Sources } from "../rollout/facts/cacheSources.ts";
import type { Stores } from "../rollout/facts/stores.ts";
import { findCondition } from "../rollout/model/rolloutConditions.ts";
import { liveRollout } from "../services/serviceCleanup.ts";
import { type MigrationAction, migrationRequest, wordsOf } from "./actions/action.ts";
import { CANARY, type Profile } from "./convert/profile.ts";
import { decideMigration } from "./decide/decide.ts";
import type { MigrationDecision } from "./decide/decision.ts";
import type { DeploymentFacts, MigrationStores, NamespaceFacts, RawDeployment, RawNamespace } from "./facts/caches.ts";
import type { MigrationFacts, RolloutFacts, Wish } from "./facts/facts.ts";

export interface MigrationPorts {
  readonly client: KubeClient;
  readonly stores: Stores;
  readonly migrating: MigrationStores;
  readonly events: EventRecorder;
  readonly validForMs: () => number;
  /** The only namespace that is watched; undefined: all. Then no Namespace is read, and only annotations count. */
  readonly namespace: string | undefined;
  /** Sluice's own namespace, where nothing migrates. */
  readonly ownNamespace?: string | undefined;
  /** The strategy of this name, for a Deployment of this namespace. */
  readonly findProfile?: (namespace: string, name: string | undefined) => Profile | { readonly problem: string };
}

const TIMEOUT_MS = 5_000;
const SYSTEM = new Set(["kube-system", "kube-public", "kube-node-lease"]);

/** Nothing migrates there, whatever asks for it. */
export const isOffLimits = ({ ownNamespace }: Pick<MigrationPorts, "ownNamespace">, namespace: string): boolean =>
  SYSTEM.has(namespace) || namespace === ownNamespace;

type Row = ControllerRow<MigrationFacts, MigrationDecision>;

export function migrationsRow(ports: MigrationPorts, sources: Sources): Row {
  const { migrating } = ports;
  const deployments: Source<DeploymentFacts, RawDeployment> = { cache: migrating.deployments, resource: DEPLOYMENTS };
  const namespaces: Source<NamespaceFacts, RawNamespace> = { cache: migrating.namespaces, resource: NAMESPACES };
  return {
    kind: "Migrations",
    noun: "migration of Deployment",
    watches: [
      watch(deployments, (queue, old, next) => {
        if (next !== undefined && !sameBut(old, next)) queue.add(keyOf(next));
      }),
      watch(sources.rollouts, (queue, old, next) => {
        const key = keyOf((next ?? old) as Rollout);
        if (migrating.deployments.get(key) !== undefined) queue.add(key);
      }),
      ...(ports.namespace === undefined
        ? [
            watch(namespaces, (queue, old, next) => {
              if (old?.mode === next?.mode && old?.profile === next?.profile) return;
              const name = (next ?? old)?.metadata.name ?? "";
              for (const each of migrating.deployments.by("namespace", name)) queue.add(keyOf(each));
            }),
          ]
        : []),
    ],
    keys: () => keysIn(migrating.deployments),
    gather: (key) => gather(ports, key),
    decide: decideMigration,
    apply: (pass) => apply(ports, pass),
  };
}

const sameBut = (old: DeploymentFacts | undefined, next: DeploymentFacts): boolean =>
  old !== undefined && equal({ ...old, metadata: old.metadata.uid }, { ...next, metadata: next.metadata.uid });

function wishOf({ migrating }: MigrationPorts, { marks, metadata }: DeploymentFacts): Wish | undefined {
  const own = marks[MIGRATE];
  if (own !== undefined) return { mode: own, from: "Deployment" };
  const mode = migrating.namespaces.get(metadata.namespace)?.mode;
  return mode === undefined ? undefined : { mode, from: "Namespace" };
}

/** Undefined: it is no business of ours. @throws {ApiError} */
async function gather(ports: MigrationPorts, key: string): Promise<MigrationFacts | undefined> {
  const { client, migrating, stores, findProfile = builtIn } = ports;
  const deployment = migrating.deployments.get(key);
  if (deployment === undefined) return undefined;
  const { namespace, name } = deployment.metadata;
  const isStamped = deployment.marks[MANAGED_BY_ROLLOUT] !== undefined;
  const wish = wishOf(ports, deployment);
  if (!isStamped && (wish === undefined || isOffLimits(ports, namespace))) return undefined;
  // One of another instance, or one that our cache does not show yet, counts as well.
  const found = stores.rollouts.get(key) ?? (await liveRollout(client, namespace, name));
  const rollout = found === undefined ? undefined : rolloutFacts(found);
  const isToBeMade = rollout === undefined && (isStamped || deployment.settled);
  const named = deployment.marks[PROFILE] ?? migrating.namespaces.get(namespace)?.profile;
  return {
    deployment,
    wish,
    rollout,
    whole: isToBeMade ? await liveDeployment(client, namespace, name) : undefined,
    profile: findProfile(namespace, named),
    autoscalers: isToBeMade ? await autoscalersOf(client, namespace, name) : [],
  };
}

const builtIn = (_: string, name: string | undefined): Profile | { readonly problem: string } =>
  name === undefined || name === CANARY.name ? CANARY : { problem: `there is no profile "${name}"` };

function rolloutFacts({ metadata, spec, status }: Rollout): RolloutFacts {
  return {
    uid: metadata.uid ?? "",
    resourceVersion: metadata.resourceVersion ?? "",
    migrated: metadata.annotations?.[MIGRATED],
    deleting: metadata.deletionTimestamp !== undefined,
    replicas: spec.replicas,
    carried: metadata.annotations?.[REPLICAS_CARRIED],
    tookOver: status?.phase === "Healthy" && findCondition(status.conditions, "Healthy") !== undefined,
  };
}

async function liveDeployment(client: KubeClient, namespace: string, name: string): Promise<Json | undefined> {
  try {
    const path = objectPath(DEPLOYMENTS, { namespace, name });
    return await client.request<Json>({ method: "GET", path, timeoutMs: TIMEOUT_MS });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

interface Autoscalers {
  readonly items?: readonly {
    readonly metadata: { readonly name: string };
    readonly spec?: { readonly scaleTargetRef?: { readonly kind?: string; readonly name?: string } };
  }[];
}

/** They are only reported: where we may not read them, nothing is. */
async function autoscalersOf(client: KubeClient, namespace: string, name: string): Promise<readonly string[]> {
  try {
    const path = collectionPath(HORIZONTAL_POD_AUTOSCALERS, namespace);
    const { items = [] } = await client.request<Autoscalers>({ method: "GET", path, timeoutMs: TIMEOUT_MS });
    return items
      .filter(({ spec }) => spec?.scaleTargetRef?.kind === "Deployment" && spec.scaleTargetRef.name === name)
      .map(({ metadata }) => metadata.name);
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return [];
    throw error;
  }
}

async function apply(ports: MigrationPorts, pass: Pass<MigrationFacts, MigrationDecision>): Promise<void> {
  const { facts, decision } = pass;
  const { name, namespace, uid, resourceVersion } = facts.deployment.metadata;
  for (const action of decision.actions) await send(ports, action, { name, namespace });
  const object = { apiVersion: "apps/v1", kind: "Deployment", name, namespace, uid, resourceVersion };
  for (const event of decision.events) ports.events.record({ object, ...event });
}

/** @throws {ApiError} a conflict is one: what has changed meanwhile is decided about again */
async function send(
  { client, stores, migrating, validForMs }: MigrationPorts,
  action: MigrationAction,
  place: { readonly name: string; readonly namespace: string },
): Promise<void> {
  if (validForMs() <= TIMEOUT_MS)
    throw new NotLeaderError(`Not sent: to ${wordsOf(action, place)}, because the leader Lease may run out`);
  try {
    const request = { ...migrationRequest(action, place), timeoutMs: TIMEOUT_MS };
    if (action.kind === "markDeployment") migrating.deployments.upsert(await client.request<RawDeployment>(request));
    else if (action.kind === "deleteRollout") await client.request(request);
    else stores.rollouts.upsert(await client.request<Rollout>(request));
  } catch (error) {
    // The next pass sees the one that is there, whoever made it.
    const isThere = action.kind === "createRollout" && isAlreadyExists(error);
    const isGone = action.kind === "deleteRollout" && isNotFound(error);
    if (!isThere && !isGone) throw error;
  }
}
