/**
 * Autoscalers that name a Rollout which has gone, since its Deployment does not migrate any more, would scale nothing
 * (docs/migration.md#mode-reference). Pure.
 */
import { isObject, type Json } from "../../../kube/object/json.ts";
import { controllerOf } from "../../../kube/object/ownerReference.ts";
import { SCALE_TARGET_BEFORE } from "../../../schema/labels.ts";
import type { MigrationAction } from "../actions/action.ts";
import type { Autoscaler } from "../facts/autoscalers.ts";
import type { MigrationEvent } from "./decision.ts";

/** Those that the migration has pointed at the Rollout are pointed back; of the others their owners are told. */
export function autoscalersBack(
  autoscalers: readonly Autoscaler[],
  deployment: string,
): { readonly actions: readonly MigrationAction[]; readonly events: readonly MigrationEvent[] } {
  const found = autoscalers.map((autoscaler) => ({ autoscaler, before: targetBefore(autoscaler, deployment) }));
  return {
    actions: found.flatMap(({ autoscaler: { metadata }, before }): MigrationAction[] => {
      const { name, uid, resourceVersion } = metadata;
      return before === undefined
        ? []
        : [{ kind: "pointBackAutoscaler", seen: { name, uid, resourceVersion }, before }];
    }),
    events: found
      .filter(({ before }) => before === undefined)
      .map(({ autoscaler }) => scalesNothing(autoscaler.metadata.name, deployment, whatToDo(autoscaler, deployment))),
  };
}

/** Says of one that somebody does not let us point back. */
export const stillAway = (name: string, deployment: string, why: string): MigrationEvent =>
  scalesNothing(name, deployment, `point its spec.scaleTargetRef at this Deployment. ${why}`);

const scalesNothing = (name: string, deployment: string, next: string): MigrationEvent => ({
  type: "Warning",
  reason: "MigrationFollowUp",
  message: `HorizontalPodAutoscaler "${name}" names Rollout "${deployment}", which is gone, and scales nothing: ${next}`,
});

function whatToDo(autoscaler: Autoscaler, deployment: string): string {
  const owner = controllerOf(autoscaler);
  return owner === undefined
    ? `kubectl patch hpa ${autoscaler.metadata.name} --type merge -p ` +
        `'{"spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"${deployment}"}}}'`
    : `name the Deployment in spec.scaleTargetRef of ${owner.kind} "${owner.name}", which makes it`;
}

/** Undefined: we did not change it, or it named something else. */
function targetBefore({ metadata }: Autoscaler, deployment: string): Json | undefined {
  const before = parsed(metadata.annotations?.[SCALE_TARGET_BEFORE]);
  if (!isObject(before) || before["kind"] !== "Deployment" || before["name"] !== deployment) return undefined;
  return { apiVersion: "apps/v1", kind: "Deployment", name: deployment };
}

function parsed(json: string | undefined): unknown {
  try {
    return json === undefined ? undefined : JSON.parse(json);
  } catch {
    return undefined;
  }
}
