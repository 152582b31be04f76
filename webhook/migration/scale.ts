/** Reviews of `deployments/scale` (docs/behaviour/admission.md#deployments-that-migrate). */
import type { Answer, Review } from "../review/review.ts";
import { record } from "../review/record.ts";
import { type Migrations, refused, untouched } from "./migrations.ts";

/** A Scale has no annotations: only the index knows whose pods the Deployment has. */
export function reviewScale({ namespace, name, object, oldObject }: Review, migrations: Migrations): Answer {
  const rollout = migrations.rolloutOf(namespace, name);
  // In a Scale, 0 is left out.
  const replicas = countIn(object);
  if (rollout === undefined || replicas === countIn(oldObject)) return untouched;
  return refused(
    "spec.replicas",
    `Rollout "${rollout}" has the pods of Deployment "${name}"; scale that instead: ` +
      `kubectl scale rollout/${rollout} --replicas=${replicas} -n ${namespace}`,
  );
}

function countIn(scale: unknown): number {
  const replicas = record(record(scale)?.["spec"])?.["replicas"];
  return typeof replicas === "number" ? replicas : 0;
}
