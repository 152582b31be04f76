/**
 * Takeovers in mode adopt as a row (docs/migration.md#mode-adopt). Keys are "namespace/name" of the Deployment and of its
 * Rollout: those that are held are watched, so a takeover goes on when its Deployment is gone.
 */
import { MIGRATED } from "../../schema/labels.ts";
import { ROLLOUT_KIND } from "../../schema/kinds.ts";
import { NotLeaderError } from "../../kube/runtime/notLeader.ts";
import { keyOf } from "../../kube/runtime/cache.ts";
import { type ControllerRow, keysIn, type Pass, watch } from "../../kube/runtime/runController.ts";
import type { Sources } from "../rollout/facts/cacheSources.ts";
import type { AdoptionAction, Refused } from "./actions/adoption.ts";
import { carryOutAdoption, readAdoption } from "./adoptions.ts";
import type { FoundProfile } from "./convert/findProfile.ts";
import { objectAt } from "./convert/objects.ts";
import { CANARY } from "./convert/profile.ts";
import { type AdoptionFacts, decideAdoption } from "./decide/adopt.ts";
import { type AdoptionEvent, adoptionEvents, type Audience, autoscalerEvents } from "./decide/adoptEvents.ts";
import { followersFor, obstaclesFor } from "./facts/beside.ts";
import type { DeploymentFacts } from "./facts/caches.ts";
import { isOffLimits, profileFor, usableProfile, watchOptIn, wishOf } from "./facts/optIn.ts";
import { AGAIN_MS, type MigrationPorts } from "./migrationsRow.ts";

const SOON_MS = 1_000;
/** A held Rollout may wait for what is not watched: that ReplicaSets are let go of. */
const LATER_MS = 10_000;
/** No write is sent when the Lease may end before its answer. */
const TIMEOUT_MS = 5_000;

type Facts = AdoptionFacts & Audience;

interface Decision {
  readonly actions: readonly AdoptionAction[];
  readonly events: readonly AdoptionEvent[];
}

export function adoptionsRow(
  ports: MigrationPorts,
  sources: Sources,
  instance: string,
): ControllerRow<Facts, Decision> {
  const { migrating, client, stores, validForMs } = ports;
  return {
    kind: "Adoptions",
    noun: "takeover of Deployment",
    watches: [
      ...watchOptIn(ports),
      // A Rollout that stood in the way goes, and its Deployment need not change for that.
      watch(sources.rollouts, (queue, old, next) => {
        if (old !== undefined && next === undefined && migrating.deployments.get(keyOf(old)) !== undefined)
          queue.add(keyOf(old));
      }),
    ],
    keys: () => [...keysIn(migrating.deployments), ...keysIn(migrating.held)],
    gather: (key) => gather(ports, key, instance),
    decide(facts) {
      const actions = decideAdoption(facts);
      return { actions, events: adoptionEvents(facts, actions) };
    },
    async apply({ key, facts, decision: { actions, events } }, queue) {
      if (actions.length > 0 && validForMs() <= TIMEOUT_MS)
        throw new NotLeaderError(`Not sent: taking over Deployment "${key}", because the leader Lease may run out`);
      const refused = await carryOutAdoption(client, actions, (replicaSet) => stores.replicaSets.upsert(replicaSet));
      report(ports, facts, { actions, events }, refused);
      if (actions.length > 0) queue.addAfter(key, SOON_MS);
      else if (facts.obstacles.length > 0) queue.addAfter(key, AGAIN_MS);
      else if (migrating.held.get(key) !== undefined) queue.addAfter(key, LATER_MS);
    },
  };
}

const BUILT_IN: FoundProfile = { kind: "found", profile: CANARY, from: "" };

async function gather(ports: MigrationPorts, key: string, instance: string): Promise<Facts | undefined> {
  const { migrating, client, stores } = ports;
  const [namespace = "", name = ""] = key.split("/");
  const deployment = migrating.deployments.get(key);
  const from = askedBy(ports, deployment);
  const isAdopted = stores.rollouts.get(key)?.metadata.annotations?.[MIGRATED] === "adopt";
  const isBeside = deployment !== undefined && isAdopted;
  if (from === undefined && migrating.held.get(key) === undefined && !isBeside) return undefined;
  const needsProfile = deployment !== undefined && from !== undefined && !isAdopted;
  const found = needsProfile ? await profileFor(ports, namespace, deployment) : BUILT_IN;
  const usable = usableProfile(found);
  // A profile that cannot be used begins nothing.
  const given = "problem" in usable ? { asks: false, profile: CANARY } : { asks: from !== undefined, profile: usable };
  const facts = await readAdoption(client, { namespace, name }, { ...given, instance });
  const { deployment: whole, rollout, settled } = facts;
  const isPaused = objectAt(whole, "spec")["paused"] === true;
  const isToBegin = from !== undefined && whole !== undefined && rollout === undefined && (settled || isPaused);
  if (!isToBegin) return { ...facts, from, followers: [] };
  const obstacles = await obstaclesFor(ports, whole, found, "adopt");
  return { ...facts, from, obstacles, followers: await followersFor(ports, whole) };
}

/** Undefined: nobody asks for mode adopt, or nothing migrates there. */
function askedBy(ports: MigrationPorts, deployment: DeploymentFacts | undefined): Audience["from"] {
  if (deployment === undefined || isOffLimits(ports, deployment.metadata.namespace)) return undefined;
  const wish = wishOf(ports, deployment);
  return wish?.mode === "adopt" ? wish.from : undefined;
}

function report(
  { events: recorder }: MigrationPorts,
  { deployment, rollout }: Pass<Facts, Decision>["facts"],
  { actions, events }: Decision,
  refused: readonly Refused[],
): void {
  const say = ({ about, type, reason, message }: AdoptionEvent): void => {
    const object = about === "Deployment" ? deployment : rollout;
    const kind = about === "Deployment" ? { apiVersion: "apps/v1", kind: "Deployment" } : ROLLOUT_KIND;
    if (object === undefined) return;
    const { name, namespace, uid = "", resourceVersion } = object.metadata;
    recorder.record({ object: { ...kind, name, namespace, uid, resourceVersion }, type, reason, message });
  };
  for (const event of [...autoscalerEvents(actions, refused), ...events]) say(event);
}
