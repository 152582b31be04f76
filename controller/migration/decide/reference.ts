/**
 * Mode reference (docs/migration.md#mode-reference): the Deployment stays the place where the template changes; a Rollout
 * with `workloadRef` has the pods. Who scales the Deployment down, and up again before the Rollout goes, is the Rollout's
 * own row (docs/behaviour/workload-reference.md).
 */
import { isObject, type Json } from "../../../kube/object/json.ts";
import {
  MANAGED_BY_ROLLOUT,
  MIGRATED,
  PAUSED_FOR_ROLLOUT,
  REPLICAS_BEFORE,
  REPLICAS_CARRIED,
  REPLICAS_LEFT,
  REPLICAS_WANTED,
  RESTORE_WORKLOAD,
} from "../../../schema/labels.ts";
import type { MigrationAction } from "../actions/action.ts";
import { objectAt, without } from "../convert/objects.ts";
import type { Profile } from "../convert/profile.ts";
import { toRollout } from "../convert/toRollout.ts";
import type { DeploymentFacts } from "../facts/caches.ts";
import type { MigrationFacts, RolloutFacts } from "../facts/facts.ts";
import { ownsSize, withoutOurSize } from "../facts/managers.ts";
import { autoscalersBack } from "./autoscalersBack.ts";
import { blocked, followed, inTheWay, type MigrationDecision, type MigrationEvent, nothing } from "./decision.ts";
import { type DeploymentForm, deploymentForm } from "./form.ts";
import { PLAIN, tellNext } from "./tell.ts";

/** Not begun yet: nothing of the Deployment has been touched. */
export function begin(facts: MigrationFacts): MigrationDecision {
  const { deployment, profile } = facts;
  if ("problem" in profile) return notMigrated(profile.problem);
  if (deployment.paused && deployment.marks[PAUSED_FOR_ROLLOUT] === undefined)
    return notMigrated("it is paused. Set spec.paused to false");
  // The pods that it has now are to be those of the template that the Rollout begins with.
  if (!deployment.settled) return nothing;
  if (facts.obstacles.length > 0) return inTheWay(facts.obstacles, facts.wish?.from);
  return withRollout(facts, profile, () => doing(stamp(deployment)));
}

/** Begun, and still wanted. */
export function goOn(facts: MigrationFacts): MigrationDecision {
  const { deployment, rollout, profile } = facts;
  if (rollout === undefined) {
    const plain = deployment.replicas === 0 ? undefined : tellNext(deployment, PLAIN);
    if (plain !== undefined) return doing(plain);
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
  if (rollout.deleting) return told(deployment, PLAIN);
  const resized = carry(facts, rollout);
  if (resized !== undefined) return doing(resized);
  if (rollout.tookOver && isUnnoted(deployment)) return doing(noteSize(deployment, rollout));
  if (facts.claims !== undefined && ownsSize(facts.claims.entries)) {
    const { resourceVersion, entries } = facts.claims;
    return doing({ kind: "letGoOfSize", resourceVersion, entries: withoutOurSize(entries) });
  }
  return told(deployment, deploymentForm(rollout, deployment));
}

/** `form` undefined: it stays as it is. */
function told(deployment: DeploymentFacts, form: DeploymentForm | undefined): MigrationDecision {
  const next = form === undefined ? undefined : tellNext(deployment, form);
  return next === undefined ? nothing : doing(next);
}

/** Begun, and not wanted any more. The stamp goes last. */
export function reverse(facts: MigrationFacts): MigrationDecision {
  const { deployment, rollout } = facts;
  // Its pods come back in a Deployment that its controller drives, and of which tools say what is true.
  const plain = tellNext(deployment, PLAIN);
  if (plain !== undefined) return doing(plain);
  if (rollout?.migrated !== undefined) {
    if (rollout.deleting) return nothing;
    const resized = carry(facts, rollout) ?? ownSize(deployment, rollout);
    if (resized !== undefined) return doing(resized);
    if (isUnnoted(deployment)) return doing(noteSize(deployment, rollout));
    const message = `Rollout "${deployment.metadata.name}" goes once the Deployment's pods are available`;
    return doing({ kind: "deleteRollout", uid: rollout.uid }, [
      { type: "Normal", reason: "MigrationReversing", message },
    ]);
  }
  // Its Rollout was never made, or its end was not seen: the size that the owner wants is written with the last mark.
  const size = replicasIn(deployment.marks[REPLICAS_WANTED]) ?? sizeBefore(deployment);
  const back = autoscalersBack(facts.leftBehind, deployment.metadata.name);
  const annotations = {
    [MANAGED_BY_ROLLOUT]: null,
    [REPLICAS_WANTED]: null,
    [REPLICAS_BEFORE]: null,
    [REPLICAS_LEFT]: null,
  };
  const unmarked = { ...mark(deployment, annotations), ...(size === deployment.replicas ? {} : { replicas: size }) };
  return {
    actions: [...back.actions, unmarked],
    events: [
      { type: "Normal", reason: "MigrationReversed", message: "It is a Deployment like others again" },
      ...back.events,
    ],
  };
}

/** With the size that it has: another one that comes by without a review is its owner's word. */
const stamp = (deployment: DeploymentFacts): MigrationAction =>
  mark(deployment, {
    [MANAGED_BY_ROLLOUT]: deployment.metadata.name,
    [REPLICAS_LEFT]: String(deployment.replicas),
  });

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

const sizeBefore = ({ replicas, marks }: DeploymentFacts): number =>
  replicas === 0 ? (replicasIn(marks[REPLICAS_BEFORE]) ?? 0) : replicas;

/** It has its pods yet, and nothing will give it the size that was written to the Rollout meanwhile. */
function ownSize(deployment: DeploymentFacts, { replicas = 1 }: RolloutFacts): MigrationAction | undefined {
  const { marks, replicas: own } = deployment;
  if (own === 0 || own === replicas || marks[REPLICAS_BEFORE] !== undefined) return undefined;
  return { ...mark(deployment, {}), replicas };
}

/** It was born with 0, and was never scaled down: its Rollout's end would leave it at 0. */
const isUnnoted = ({ replicas, marks }: DeploymentFacts): boolean =>
  replicas === 0 && marks[REPLICAS_BEFORE] === undefined;

const noteSize = (deployment: DeploymentFacts, { replicas = 1 }: RolloutFacts): MigrationAction =>
  mark(deployment, { [REPLICAS_BEFORE]: String(replicas), [REPLICAS_LEFT]: "0" });

/** What the owner wants and the Rollout does not have yet. */
function carry({ deployment, autoscaled }: MigrationFacts, rollout: RolloutFacts): MigrationAction | undefined {
  const said = ownersWord(deployment);
  if (said !== undefined) return said;
  const wanted = uncarried(deployment, rollout);
  if (wanted === undefined) return undefined;
  // An autoscaler has the last word about every size but 0, as it has of a Deployment.
  const isScaled = autoscaled && wanted > 0 && rollout.replicas !== 0;
  return { kind: "carryReplicas", resourceVersion: rollout.resourceVersion, wanted, isSized: !isScaled };
}

/** The size that the owner of the Deployment wants, where that has not been carried to the Rollout; else undefined. */
export function uncarried(
  { marks }: Pick<DeploymentFacts, "marks">,
  { carried }: Pick<RolloutFacts, "carried">,
): number | undefined {
  const wanted = replicasIn(marks[REPLICAS_WANTED]);
  return carried === String(wanted) ? undefined : wanted;
}

/** Another size than the one that we gave it was written while the webhook was away: it is carried like any other. */
function ownersWord(deployment: DeploymentFacts): MigrationAction | undefined {
  const { replicas, marks } = deployment;
  const left = replicasIn(marks[REPLICAS_LEFT]);
  if (left === undefined || left === replicas) return undefined;
  return mark(deployment, { [REPLICAS_WANTED]: String(replicas), [REPLICAS_LEFT]: String(replicas) });
}

const mark = (
  { metadata: { resourceVersion } }: DeploymentFacts,
  annotations: Readonly<Record<string, string | null>>,
): Extract<MigrationAction, { readonly kind: "markDeployment" }> => ({
  kind: "markDeployment",
  resourceVersion,
  annotations,
});

/** Its Rollout is there and its stamp is not; its size is what the owner has replaced it with. */
export function stampAgain(deployment: DeploymentFacts): MigrationDecision {
  const { metadata, replicas } = deployment;
  const size = replicas === 0 ? {} : { [REPLICAS_WANTED]: String(replicas), [REPLICAS_LEFT]: String(replicas) };
  return doing(mark(deployment, { [MANAGED_BY_ROLLOUT]: metadata.name, ...size }));
}

/** It is held at 0, for nothing: it gets the pods that its owner wants. */
export function letGo(deployment: DeploymentFacts): MigrationAction {
  const { marks, metadata } = deployment;
  return (
    tellNext(deployment, PLAIN) ?? {
      kind: "markDeployment",
      resourceVersion: metadata.resourceVersion,
      annotations: { [REPLICAS_WANTED]: null },
      replicas: replicasIn(marks[REPLICAS_WANTED]) ?? 0,
    }
  );
}

const replicasIn = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;

/** The Rollout that takes the Deployment's place; a text: why there can be none; undefined: nothing was read yet. */
function rolloutOf({ whole, deployment }: MigrationFacts, profile: Profile): Json | string | undefined {
  if (whole === undefined) return undefined;
  const conversion = toRollout(withoutOurPause(whole, deployment), profile, "reference");
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

/** A Rollout takes over the pause of its Deployment, but not ours. */
const withoutOurPause = (whole: Json, { marks }: DeploymentFacts): Json =>
  marks[PAUSED_FOR_ROLLOUT] === undefined ? whole : { ...whole, spec: without(objectAt(whole, "spec"), ["paused"]) };

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
