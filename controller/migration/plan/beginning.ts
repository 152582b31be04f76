/** What the loop asks before a Deployment begins to become a Rollout (docs/migration.md#what-is-checked-before). Pure. */
import type { Json } from "../../../kube/object/json.ts";
import type { FoundProfile } from "../convert/findProfile.ts";
import { called, textAt } from "../convert/objects.ts";
import type { Mode } from "../convert/toRollout.ts";
import type { Follower } from "./followers.ts";
import { type Beside, driverOf, type Obstacle, obstaclesOf } from "./obstacles.ts";

export interface BeginningFacts extends Pick<
  Beside,
  "deployments" | "rollouts" | "quotas" | "services" | "ownNamespace"
> {
  readonly profile: FoundProfile;
}

/**
 * That it is being updated is not among them: the loop waits for its end without a word. What its Namespace asks for is
 * known to be right.
 */
export function obstaclesToBegin(deployment: Json, facts: BeginningFacts, mode: Mode): readonly Obstacle[] {
  const found = obstaclesOf(deployment, { ...facts, namespace: undefined });
  const driver = driverOf(deployment, facts.rollouts);
  const isOther = driver !== undefined && textAt(driver, "metadata", "name") !== textAt(deployment, "metadata", "name");
  const driven: readonly Obstacle[] = isOther
    ? [{ what: "driven", modes: [mode], passing: false, text: `${called(driver)} has its pods already` }]
    : [];
  return [...driven, ...found.filter(({ what, modes }) => what !== "updating" && modes.includes(mode))];
}

/** Of those, what is said where a whole Namespace asks: it asks for all that can. */
export const isWorthSaying = ({ what }: Obstacle, from: "Deployment" | "Namespace"): boolean =>
  from === "Deployment" || !["controlled", "driven", "rollout"].includes(what);

/** Sentences for people: one for each that has to be changed, and one for all that go on. */
export function wordsAboutFollowers(followers: readonly Follower[]): readonly { change: boolean; text: string }[] {
  const going = followers.filter(({ kind }) => kind === "goes-on").map(({ object }) => object);
  const changes = followers.filter(({ kind }) => kind === "change" || kind === "check");
  return [
    ...changes.map(({ object, text, line }) => ({
      change: true,
      text: `${object}: ${text}${line === undefined ? "" : `. Write ${line}`}`,
    })),
    ...(going.length === 0 ? [] : [{ change: false, text: `Go on with the pods as they are: ${going.join(", ")}` }]),
  ];
}
