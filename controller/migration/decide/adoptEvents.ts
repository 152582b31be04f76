/** What is said of a takeover in mode adopt, to whom it concerns (docs/migration.md#mode-adopt). Pure. */
import { counted } from "../../../kube/object/counted.ts";
import { matchesSelector } from "../../../kube/object/selector.ts";
import { controllerOf } from "../../../kube/object/ownerReference.ts";
import { listed } from "../../../kube/validation/nearNames.ts";
import type { LabelSelector } from "../../../schema/kube.ts";
import { MIGRATED } from "../../../schema/labels.ts";
import type { AdoptionAction, Refused } from "../actions/adoption.ts";
import { objectAt } from "../convert/objects.ts";
import type { Follower } from "../plan/followers.ts";
import { type AdoptionFacts, isHeld, type Stored, wasItsOwn } from "./adopt.ts";
import { blocked, followed, inTheWay, type MigrationEvent } from "./decision.ts";

/** Beside what is decided from. */
export interface Audience {
  /** Who asks for it; undefined: nobody. */
  readonly from: "Deployment" | "Namespace" | undefined;
  /** What looks at the pods of the Deployment or names it. */
  readonly followers: readonly Follower[];
}

export interface AdoptionEvent extends MigrationEvent {
  readonly about: "Deployment" | "Rollout";
}

export function adoptionEvents(
  facts: AdoptionFacts & Audience,
  actions: readonly AdoptionAction[],
): readonly AdoptionEvent[] {
  const { deployment, rollout, obstacles, from, followers } = facts;
  if (rollout === undefined) {
    const begins = actions.some(({ kind }) => kind === "createHeldRollout");
    return about("Deployment", begins ? [begun, ...followed(followers)] : inTheWay(obstacles, from).events);
  }
  if (isHeld(rollout)) {
    if (actions.some(({ kind }) => kind === "unstampDeployment")) return about("Deployment", [reversed]);
    const isDone = actions.some(({ kind }) => kind === "handOver");
    return isDone ? about("Rollout", handedOver(facts, rollout)) : [];
  }
  if (deployment === undefined) return [];
  const name = rollout.metadata.name;
  const migrated = rollout.metadata.annotations?.[MIGRATED];
  if (migrated === "reference") return [];
  if (migrated !== "adopt") {
    const why = `Not migrated: a Rollout "${name}" that no migration made is there: delete it, or rename one`;
    return from === "Deployment" ? about("Deployment", blocked(why).events) : [];
  }
  return shareLabels(deployment, rollout) ? beside(name) : [];
}

const about = (whom: AdoptionEvent["about"], events: readonly MigrationEvent[]): AdoptionEvent[] =>
  events.map((event) => ({ ...event, about: whom }));

const reversed: MigrationEvent = {
  type: "Normal",
  reason: "MigrationReversed",
  message: "It is a Deployment like others again",
};

const begun: MigrationEvent = {
  type: "Normal",
  reason: "MigrationStarted",
  message: "A Rollout of its name takes over its ReplicaSets and pods as they run, and the Deployment goes",
};

/** What became of the autoscalers that were to be pointed at the Rollout. */
export function autoscalerEvents(
  actions: readonly AdoptionAction[],
  refused: readonly Refused[],
): readonly AdoptionEvent[] {
  return actions.flatMap((action) => {
    if (action.kind !== "retargetAutoscaler") return [];
    const { name } = action.seen;
    const no = refused.find((one) => one.name === name);
    const message =
      no === undefined
        ? `HorizontalPodAutoscaler "${name}" scales this Rollout now, and no Deployment any more`
        : `HorizontalPodAutoscaler "${name}" still names the Deployment, and scales nothing: point its ` +
          `spec.scaleTargetRef at this Rollout. ${no.why}`;
    return about("Rollout", [{ type: no === undefined ? "Normal" : "Warning", reason: "MigrationFollowUp", message }]);
  });
}

function handedOver({ replicaSets, pods }: AdoptionFacts, rollout: Stored): readonly MigrationEvent[] {
  const own = new Set(
    replicaSets.filter((rs) => controllerOf(rs)?.uid === rollout.metadata.uid).map(({ metadata }) => metadata.uid),
  );
  const count = pods.filter((pod) => own.has(controllerOf(pod)?.uid)).length;
  const message = `It has taken over ${counted(own.size, "ReplicaSet")} and ${counted(count, "pod")} of the Deployment of its name, as they run`;
  const foreign = replicaSets.filter((rs) => controllerOf(rs) === undefined && !wasItsOwn(rs, rollout));
  const names = foreign.map(({ metadata }) => `ReplicaSet "${metadata.name}"`);
  return [
    { type: "Normal", reason: "MigrationCompleted", message },
    ...(names.length === 0
      ? []
      : ([
          {
            type: "Warning",
            reason: "MigrationFollowUp",
            message: `${listed(names)} has its labels and no owner, was not the Deployment's, and is left as it is: delete what is not needed`,
          },
        ] as const)),
  ];
}

/** One that an owner has told apart may stay. */
function shareLabels(deployment: Stored, rollout: Stored): boolean {
  const selector = (of: Stored) => objectAt(of, "spec", "selector") as LabelSelector;
  const labels = (of: Stored) =>
    objectAt(of, "spec", "template", "metadata", "labels") as Readonly<Record<string, string>>;
  return (
    matchesSelector(selector(deployment), labels(rollout)) || matchesSelector(selector(rollout), labels(deployment))
  );
}

/** It was made while no webhook answered, or does not ask for anything. */
const beside = (name: string): readonly AdoptionEvent[] => [
  ...about(
    "Deployment",
    blocked(
      `Rollout "${name}" has taken over the pods of the Deployment of this name, and this one has made others beside them: ` +
        `delete it and change the Rollout instead, or give it a name and labels of its own`,
    ).events,
  ),
  ...about(
    "Rollout",
    blocked(
      `Deployment "${name}" was made again and has pods with the same labels, which Services may send requests to: ` +
        "delete it and change this Rollout instead. Nothing is done about it here",
    ).events,
  ),
];
