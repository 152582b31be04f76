/**
 * The next write that brings a Deployment at 0 to the form that tells of its Rollout (form.ts), or out of it
 * (docs/migration.md#what-other-tools-say). Pausing comes first, and conditions once the Deployment controller has seen
 * that: it overwrites a passed deadline of a Deployment that is not paused. A pause ends last: the webhook pauses one that
 * gets another template, which would be called a success until it is said that it is not.
 */
import { PAUSED_FOR_ROLLOUT } from "../../../schema/labels.ts";
import type { FormCondition, MigrationAction } from "../actions/action.ts";
import type { DeploymentFacts, ToldCondition } from "../facts/caches.ts";
import type { DeploymentForm } from "./form.ts";

/** A Deployment like others: what it is before the Rollout goes, and without one. */
export const PLAIN: DeploymentForm = { paused: false, conditions: [] };

/** Undefined: it has this form, or waits for its own controller. */
export function tellNext(deployment: DeploymentFacts, form: DeploymentForm): MigrationAction | undefined {
  const { marks, paused, observed, metadata } = deployment;
  const { resourceVersion } = metadata;
  const isOurs = marks[PAUSED_FOR_ROLLOUT] !== undefined;
  // A pause that its owner has set stays, and one of ours that its owner has ended is not set again for this failure.
  if (form.paused && !paused && !isOurs) return { kind: "pauseDeployment", resourceVersion, paused: true };
  const resumed: MigrationAction | undefined =
    !form.paused && isOurs ? { kind: "pauseDeployment", resourceVersion, paused: false } : undefined;
  // What takes pods again is not held up by what is said of it.
  if (form === PLAIN && resumed !== undefined) return resumed;
  if (!observed) return undefined;
  const wanted = form.conditions.filter(({ type }) => type !== "Progressing" || paused);
  const conditions = wanted.filter((each) => !isTold(deployment, each));
  const gone = deployment.conditions
    .filter((told) => isStale(deployment, told) && wanted.every(({ type }) => type !== told.type))
    .map(({ type }) => type);
  if (conditions.length === 0 && gone.length === 0) return resumed;
  const turning = conditions.map((each) => ({ ...each, turned: find(deployment, each.type)?.status !== each.status }));
  return { kind: "tellDeployment", resourceVersion, conditions: turning, gone };
}

const find = ({ conditions }: DeploymentFacts, type: string): ToldCondition | undefined =>
  conditions.find((told) => told.type === type);

function isTold(deployment: DeploymentFacts, { type, status, reason, message }: FormCondition): boolean {
  const told = find(deployment, type);
  return told?.status === status && told.reason === reason && told.message === message;
}

/** A deadline that a Deployment at 0 has passed is one that we wrote: it has no pods that could be late. */
const isStale = ({ replicas }: DeploymentFacts, { type, reason }: ToldCondition): boolean =>
  type !== "Progressing" || (reason === "ProgressDeadlineExceeded" && replicas === 0);
