/**
 * Mode reference (docs/migration.md#mode-reference): the Deployment stays the place where the template changes; a Rollout
 * with `workloadRef` has the pods. Who scales the Deployment down, and up again before the Rollout goes, is the Rollout's
 * own row (docs/behaviour/workload-reference.md).
 */
import { isObject, type Json } from "../../../kube/object/json.ts";
import {
  MANAGED_BY_ROLLOUT,
  MIGRATED,
  REPLICAS_BEFORE,
  REPLICAS_CARRIED,
  REPLICAS_WANTED,
  RESTORE_WORKLOAD,
} from "../../../schema/labels.ts";
import type { MigrationAction } from "../actions/action.ts";
import { objectAt } from "../convert/objects.ts";
import type { Profile } from "../convert/profile.ts";
import { toRollout } from "../convert/toRollout.ts";
import type { DeploymentFacts } from "../facts/caches.ts";
import type { MigrationFacts, RolloutFacts } from "../facts/facts.ts";
import { blocked, followed, inTheWay, type MigrationDecision, type MigrationEvent, nothing } from "./decision.ts";

/** Not begun yet: nothing of the Deployment has been touched. */
export function begin(facts: MigrationFacts): MigrationDecision {
  const { deployment, profile } = facts;
  if ("problem" in profile) return notMigrated(profile.problem);
  if (deployment.paused) return notMigrated("it is paused. Set spec.paused to false");
  // The pods that it has now are to be those of the template that the Rollout begins with.
  if (!deployment.settled) return nothing;
  if (facts.obstacles.length > 0) return inTheWay(facts.obstacles, facts.wish?.from);
  return withRollout(facts, profile, () => doing(mark(deployment, { [MANAGED_BY_ROLLOUT]: deployment.metadata.name })));
}

/** Begun, and still wanted. */
export function goOn(facts: MigrationFacts): MigrationDecision {
  const { deployment, rollout, profile } = facts;
  if (rollout === undefined) {
    if ("problem" in profile) return notMigrated(profile.problem);
    return withRollout(facts, profile, (made) =>
      doing({ kind: "createRollout", rollout: made }, [
        started(deployment),
        ...scaled(facts),
        ...followed(facts.followers),
      ]),
    );
  }
  if (rollout.migrated === undefined) return notMigrated("a Rollout of its name that no migration made is there");
  if (rollout.deleting) return nothing;
  const wanted = replicasIn(deployment.marks[REPLICAS_WANTED]);
  if (wanted !== undefined && rollout.carried !== String(wanted))
    return doing({ kind: "carryReplicas", resourceVersion: rollout.resourceVersion, replicas: wanted });
  return rollout.tookOver && isUnnoted(deployment) ? doing(noteSize(deployment, rollout)) : nothing;
}

/** Begun, and not wanted any more. The stamp goes last. */
export function reverse({ deployment, rollout }: MigrationFacts): MigrationDecision {
  if (rollout?.migrated !== undefined) {
    if (rollout.deleting) return nothing;
    if (isUnnoted(deployment)) return doing(noteSize(deployment, rollout));
    const message = `Rollout "${deployment.metadata.name}" goes once the Deployment's pods are available`;
    return doing({ kind: "deleteRollout", uid: rollout.uid }, [
      { type: "Normal", reason: "MigrationReversing", message },
    ]);
  }
  const wanted = replicasIn(deployment.marks[REPLICAS_WANTED]) ?? 0;
  // Its Rollout was never made, or its end was not seen: the size that the owner wants is written with the last mark.
  const lost = deployment.replicas === 0 && wanted > 0;
  const annotations = { [MANAGED_BY_ROLLOUT]: null, [REPLICAS_WANTED]: null, [REPLICAS_BEFORE]: null };
  return doing({ ...mark(deployment, annotations), ...(lost ? { replicas: wanted } : {}) }, [
    { type: "Normal", reason: "MigrationReversed", message: "It is a Deployment like others again" },
  ]);
}

const doing = (action: MigrationAction, events: readonly MigrationEvent[] = []): MigrationDecision => ({
  actions: [action],
  events,
});

const notMigrated = (why: string): MigrationDecision => blocked(`Not migrated: ${why}`);

/** What follows once it is known which Rollout can be made of it, and nothing before. */
function withRollout(
  facts: MigrationFacts,
  profile: Profile,
  then: (made: Json) => MigrationDecision,
): MigrationDecision {
  const made = rolloutOf(facts, profile);
  if (made === undefined) return nothing;
  return typeof made === "string" ? notMigrated(made) : then(made);
}

/** It was born with 0, and was never scaled down: its Rollout's end would leave it at 0. */
const isUnnoted = ({ replicas, marks }: DeploymentFacts): boolean =>
  replicas === 0 && marks[REPLICAS_BEFORE] === undefined;

const noteSize = (deployment: DeploymentFacts, { replicas = 1 }: RolloutFacts): MigrationAction =>
  mark(deployment, { [REPLICAS_BEFORE]: String(replicas) });

const mark = (
  { metadata: { resourceVersion } }: DeploymentFacts,
  annotations: Readonly<Record<string, string | null>>,
): MigrationAction => ({ kind: "markDeployment", resourceVersion, annotations });

const replicasIn = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;

/** The Rollout that takes the Deployment's place; a text: why there can be none; undefined: nothing was read yet. */
function rolloutOf({ whole, deployment }: MigrationFacts, profile: Profile): Json | string | undefined {
  if (whole === undefined) return undefined;
  const conversion = toRollout(whole, profile, "reference");
  if (conversion.kind === "refused") return conversion.notes.map(({ text }) => text).join("; ");
  const { marks, metadata, replicas } = deployment;
  const size = replicasIn(marks[REPLICAS_WANTED]) ?? Math.max(replicas, replicasIn(marks[REPLICAS_BEFORE]) ?? 0);
  const made = objectAt(conversion.object, "metadata");
  const annotations = {
    [MIGRATED]: "reference",
    [RESTORE_WORKLOAD]: "true",
    ...(marks[REPLICAS_WANTED] === undefined ? {} : { [REPLICAS_CARRIED]: String(size) }),
  };
  const owner = { apiVersion: "apps/v1", kind: "Deployment", name: metadata.name, uid: metadata.uid };
  const spec = conversion.object["spec"];
  return {
    ...conversion.object,
    metadata: { ...made, annotations, finalizers: [RESTORE_WORKLOAD], ownerReferences: [owner] },
    spec: { ...(isObject(spec) ? spec : {}), replicas: size },
  };
}

const started = ({ metadata: { name } }: DeploymentFacts): MigrationEvent => ({
  type: "Normal",
  reason: "MigrationStarted",
  message: `Rollout "${name}" takes over its pods, one by one; the template is still changed here`,
});

/** What scales the Deployment would scale nothing from then on. */
const scaled = ({ autoscalers, deployment }: MigrationFacts): MigrationEvent[] =>
  autoscalers.map((autoscaler) => ({
    type: "Warning",
    reason: "MigrationStarted",
    message:
      `HorizontalPodAutoscaler "${autoscaler}" scales this Deployment, which goes to 0: apply it again, or kubectl patch hpa ` +
      `${autoscaler} --type merge -p '{"spec":{"scaleTargetRef":{"apiVersion":"argoproj.io/v1alpha1","kind":"Rollout",` +
      `"name":"${deployment.metadata.name}"}}}'`,
  }));
