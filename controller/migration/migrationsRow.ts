/**
 * Migrations as a row: Deployments become Rollouts, and Deployments again (docs/migration.md). Keys are "namespace/name" of
 * Deployments.
 */
import { ApiError, isAlreadyExists, isNotFound } from "../../kube/client/apiError.ts";
import { type ApiPath, objectPath } from "../../kube/client/path.ts";
import { readIfThere } from "../../kube/client/readIfThere.ts";
import { DEPLOYMENTS } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import type { Json } from "../../kube/object/json.ts";
import { keyOf } from "../../kube/runtime/cache.ts";
import { NotLeaderError } from "../../kube/runtime/notLeader.ts";
import type { EventRecorder } from "../../kube/runtime/recorder.ts";
import { type ControllerRow, keysIn, type Pass, watch } from "../../kube/runtime/runController.ts";
import { MANAGED_BY_ROLLOUT, MIGRATED, REPLICAS_CARRIED } from "../../schema/labels.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { Sources } from "../rollout/facts/cacheSources.ts";
import type { Stores } from "../rollout/facts/stores.ts";
import { findCondition } from "../rollout/model/rolloutConditions.ts";
import { liveRollout } from "../services/serviceCleanup.ts";
import { isRefusal } from "./adoptions.ts";
import { type MigrationAction, migrationRequest, wordsOf } from "./actions/action.ts";
import { CANARY } from "./convert/profile.ts";
import { stillAway } from "./decide/autoscalersBack.ts";
import { decideMigration } from "./decide/decide.ts";
import type { MigrationDecision } from "./decide/decision.ts";
import { uncarried } from "./decide/reference.ts";
import { type Autoscaler, autoscalersOf } from "./facts/autoscalers.ts";
import { type BesidePorts, followersFor, obstaclesFor } from "./facts/beside.ts";
import { isHeldAtBirth, type RawDeployment } from "./facts/caches.ts";
import type { MigrationFacts, RolloutFacts } from "./facts/facts.ts";
import { isOffLimits, type OptInPorts, profileFor, usableProfile, watchOptIn, wishOf } from "./facts/optIn.ts";

export interface MigrationPorts extends OptInPorts, BesidePorts {
  readonly client: KubeClient;
  readonly stores: Stores;
  readonly events: EventRecorder;
  readonly validForMs: () => number;
}

const TIMEOUT_MS = 5_000;
/** What stands in the way may go without a change of anything that is watched. */
export const AGAIN_MS = 60_000;

type Row = ControllerRow<MigrationFacts, MigrationDecision>;

export function migrationsRow(ports: MigrationPorts, sources: Sources): Row {
  const { migrating } = ports;
  return {
    kind: "Migrations",
    noun: "migration of Deployment",
    watches: [
      ...watchOptIn(ports),
      watch(sources.rollouts, (queue, old, next) => {
        const key = keyOf((next ?? old) as Rollout);
        if (migrating.deployments.get(key) !== undefined) queue.add(key);
      }),
    ],
    keys: () => keysIn(migrating.deployments),
    gather: (key) => gather(ports, key),
    decide: decideMigration,
    async apply(pass, queue) {
      await apply(ports, pass);
      if (pass.facts.obstacles.length > 0) queue.addAfter(pass.key, AGAIN_MS);
    },
  };
}

/** Undefined: it is no business of ours. @throws {ApiError} */
async function gather(ports: MigrationPorts, key: string): Promise<MigrationFacts | undefined> {
  const { client, migrating, stores } = ports;
  const deployment = migrating.deployments.get(key);
  if (deployment === undefined) return undefined;
  const { namespace, name } = deployment.metadata;
  const isStamped = deployment.marks[MANAGED_BY_ROLLOUT] !== undefined;
  const wish = wishOf(ports, deployment);
  const isMeant = wish !== undefined || isHeldAtBirth(deployment) || isMade(stores.rollouts.get(key));
  if (!isStamped && (!isMeant || isOffLimits(ports, namespace))) return undefined;
  // One of another instance, or one that our cache does not show yet, counts as well.
  const found = stores.rollouts.get(key) ?? (await liveRollout(client, namespace, name));
  const rollout = found === undefined ? undefined : rolloutFacts(found);
  // What nothing is made of is not read: a Deployment that is being updated changes all the time.
  const isToBeMade = rollout === undefined && wish?.mode === "reference" && (isStamped || deployment.settled);
  const path = objectPath(DEPLOYMENTS, { namespace, name });
  const autoscaled =
    rollout !== undefined &&
    uncarried(deployment, rollout) !== undefined &&
    (await autoscalersIn(client, { namespace, name }, "Rollout")).length > 0;
  const claims = deployment.ownsSize && deployment.replicas === 0 ? await claimsOf(client, path) : undefined;
  const isOver = isStamped && rollout === undefined && wish?.mode !== "reference";
  const leftBehind = isOver ? await autoscalersIn(client, { namespace, name }, "Rollout") : [];
  const seen = { deployment, wish, rollout, autoscaled, claims, leftBehind };
  if (!isToBeMade) return { ...seen, whole: undefined, profile: CANARY, autoscalers: [], obstacles: [], followers: [] };
  const profile = await profileFor(ports, namespace, deployment);
  const whole = await readIfThere<Json>(client, path, { timeoutMs: TIMEOUT_MS });
  return {
    ...seen,
    whole,
    profile: usableProfile(profile),
    autoscalers: isStamped ? namesOf(await autoscalersIn(client, { namespace, name }, "Deployment")) : [],
    obstacles: whole === undefined || isStamped ? [] : await obstaclesFor(ports, whole, profile, "reference"),
    followers: whole === undefined || !isStamped ? [] : await followersFor(ports, whole),
  };
}

async function claimsOf(client: KubeClient, path: ApiPath): Promise<MigrationFacts["claims"]> {
  const live = await readIfThere<RawDeployment>(client, path, { timeoutMs: TIMEOUT_MS });
  if (live === undefined) return undefined;
  const { resourceVersion, managedFields = [] } = live.metadata;
  return { resourceVersion, entries: managedFields };
}

const isMade = (rollout: Rollout | undefined): boolean => rollout?.metadata.annotations?.[MIGRATED] === "reference";

function rolloutFacts({ metadata, spec, status }: Rollout): RolloutFacts {
  return {
    uid: metadata.uid ?? "",
    resourceVersion: metadata.resourceVersion ?? "",
    migrated: metadata.annotations?.[MIGRATED],
    deleting: metadata.deletionTimestamp !== undefined,
    replicas: spec.replicas,
    carried: metadata.annotations?.[REPLICAS_CARRIED],
    tookOver: status?.phase === "Healthy" && findCondition(status.conditions, "Healthy") !== undefined,
    status,
  };
}

const namesOf = (objects: readonly Autoscaler[]): string[] => objects.map(({ metadata }) => metadata.name);

/** Where we may not read them there are none. */
async function autoscalersIn(
  client: KubeClient,
  place: { readonly namespace: string; readonly name: string },
  kind: "Deployment" | "Rollout",
): Promise<readonly Autoscaler[]> {
  try {
    return await autoscalersOf(client, place, TIMEOUT_MS, kind);
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return [];
    throw error;
  }
}

async function apply(ports: MigrationPorts, pass: Pass<MigrationFacts, MigrationDecision>): Promise<void> {
  const { facts, decision } = pass;
  const { name, namespace, uid, resourceVersion } = facts.deployment.metadata;
  const events = [...decision.events];
  for (const action of decision.actions) {
    const refusal = await send(ports, action, { name, namespace }, pass.now);
    if (refusal !== undefined && action.kind === "pointBackAutoscaler")
      events.push(stillAway(action.seen.name, name, refusal));
  }
  const object = { apiVersion: "apps/v1", kind: "Deployment", name, namespace, uid, resourceVersion };
  for (const event of events) ports.events.record({ object, ...event });
}

const WRITES_DEPLOYMENT: ReadonlySet<MigrationAction["kind"]> = new Set([
  "markDeployment",
  "pauseDeployment",
  "tellDeployment",
  "letGoOfSize",
]);

/**
 * @returns why an autoscaler may not be changed: the Deployment does not wait for it
 * @throws {ApiError} a conflict is one: what has changed meanwhile is decided about again
 */
async function send(
  { client, stores, migrating, validForMs }: MigrationPorts,
  action: MigrationAction,
  place: { readonly name: string; readonly namespace: string },
  now: number,
): Promise<string | undefined> {
  if (validForMs() <= TIMEOUT_MS)
    throw new NotLeaderError(`Not sent: to ${wordsOf(action, place)}, because the leader Lease may run out`);
  try {
    const request = { ...migrationRequest(action, place, now), timeoutMs: TIMEOUT_MS };
    if (WRITES_DEPLOYMENT.has(action.kind)) migrating.deployments.upsert(await client.request<RawDeployment>(request));
    else if (action.kind === "deleteRollout" || action.kind === "pointBackAutoscaler") await client.request(request);
    else stores.rollouts.upsert(await client.request<Rollout>(request));
    return undefined;
  } catch (error) {
    if (action.kind === "pointBackAutoscaler" && isRefusal(error)) return error.message;
    // The next pass sees the one that is there, whoever made it.
    const isThere = action.kind === "createRollout" && isAlreadyExists(error);
    const isGone = (action.kind === "deleteRollout" || action.kind === "pointBackAutoscaler") && isNotFound(error);
    if (!isThere && !isGone) throw error;
    return undefined;
  }
}
