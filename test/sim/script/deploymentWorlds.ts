/**
 * Worlds in which the Rollout replaces a Deployment. The Deployment has no pods here, only a size: all its replicas
 * count as serving. An edit of the Rollout's template goes to the Deployment's.
 */
import type { Rollout } from "../../../schema/rollout.ts";
import { RESTORE_WORKLOAD } from "../../../schema/labels.ts";
import type { ApiCore, ApiObject } from "../../../simulator/model/model.ts";
import type { Chance } from "./chance.ts";
import type { Script, Step } from "./script.ts";

export const DEPLOYMENT = { resource: "deployments.apps", namespace: "default", name: "web" } as const;

/** The share of scripts that have one, in percent. */
const REFERRING = 15;
/** The Deployment's controller reacts after so long, ms. */
const ANSWERS_MS = 20;

interface Deployment {
  readonly metadata: ApiObject["metadata"];
  readonly spec: { readonly replicas: number; readonly template: NonNullable<Rollout["spec"]["template"]> };
}

export const deploymentIn = (core: ApiCore): Deployment | undefined =>
  core.get(DEPLOYMENT) as unknown as Deployment | undefined;

/** The Rollout with the template that is in the Deployment. */
export function resolvedIn(core: ApiCore, rollout: Rollout): Rollout {
  const template = deploymentIn(core)?.spec.template;
  if (rollout.spec.workloadRef === undefined || template === undefined) return rollout;
  return { ...rollout, spec: { ...rollout.spec, template } };
}

/** The Rollout as it is stored: its template goes into the Deployment. */
export function storeTemplate(core: ApiCore, rollout: Rollout): Rollout {
  const { template, ...spec } = rollout.spec;
  if (spec.workloadRef === undefined) return rollout;
  const old = deploymentIn(core)?.spec.template;
  if (old !== undefined && JSON.stringify(old) !== JSON.stringify(template))
    core.modify(DEPLOYMENT, (object) => ({ ...object, spec: { ...(object["spec"] as object), template } }));
  return { ...rollout, spec };
}

export function createDeployment(core: ApiCore, { spec }: Rollout, replicas: number): void {
  const { selector, template } = spec;
  const { name, namespace } = DEPLOYMENT;
  core.create(DEPLOYMENT.resource, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: { replicas, selector, template },
  });
}

export const sizeDeployment = (core: ApiCore, replicas: number): void =>
  void core.modify(DEPLOYMENT, (object) => ({ ...object, spec: { ...(object["spec"] as object), replicas } }));

/** Replaces the Deployment's controller: the status has as many pods as the spec. */
export function answerDeployment(core: ApiCore): void {
  core.onChange(({ resource, type, object }) => {
    if (resource !== DEPLOYMENT.resource || type === "DELETED") return;
    const { generation } = object.metadata;
    if ((object["status"] as { observedGeneration?: number } | undefined)?.observedGeneration === generation) return;
    core.clock.after(ANSWERS_MS, () => {
      const live = deploymentIn(core);
      if (live === undefined || live.metadata.generation !== generation) return;
      const status = { observedGeneration: generation, availableReplicas: live.spec.replicas };
      core.modify(DEPLOYMENT, (stored) => ({ ...stored, status }), { subresource: "status" });
    });
  });
}

/** In some scripts the Rollout replaces a Deployment, which is applied again and again. */
export function takingPlace(script: Script, chance: Chance): Script {
  if (!chance.percent(REFERRING)) return script;
  const { manifest } = script;
  const scaleDown = chance.pick(["onsuccess", "progressively", "progressively", "onsuccess", "never"]);
  const held = chance.percent(50);
  const metadata = held ? { ...manifest.metadata, annotations: { [RESTORE_WORKLOAD]: "true" } } : manifest.metadata;
  const workloadRef = { apiVersion: "apps/v1", kind: "Deployment", name: DEPLOYMENT.name, scaleDown };
  const replicas = chance.pick([manifest.spec.replicas ?? 1, manifest.spec.replicas ?? 1, 1 + chance.below(6)]);
  const steps = script.steps.flatMap((step): Step[] => {
    // Its deletion may wait for a finalizer: it cannot be created again before it is gone.
    const after: Step = held && step.deed.kind === "createRollout" ? { ...step, when: { kind: "rest" } } : step;
    return after.when.kind === "rest" && chance.percent(40) ? [appliedAgain(chance, replicas), after] : [after];
  });
  // Where both have the same size, some Rollouts leave theirs out.
  const { replicas: size, ...unsized } = manifest.spec;
  const spec = size === replicas && size > 0 && steps.length % 2 === 0 ? unsized : manifest.spec;
  return {
    ...script,
    manifest: { ...manifest, metadata, spec: { ...spec, workloadRef } },
    steps: [...(chance.percent(40) ? [failingAtFirst(chance)] : []), ...steps, appliedAgain(chance, replicas)],
    deployment: { replicas },
  };
}

/** Some of the first pods become ready and unready while the Deployment is scaled down. */
const failingAtFirst = (chance: Chance): Step => {
  const [count, ms] = [1 + chance.below(2), chance.pick([500, 5_000, 20_000])];
  return {
    when: { kind: "soon", ms: chance.pick([2_050, 2_300, 2_800]) },
    what: `${count} of the first pods fail for ${ms} ms`,
    deed: { kind: "failPods", image: "web:1", count, ms },
  };
};

const appliedAgain = (chance: Chance, replicas: number): Step => ({
  when: chance.percent(60) ? { kind: "rest" } : { kind: "soon", ms: chance.pick([0, 3, 200, 2_500]) },
  what: `the Deployment is applied again with ${replicas}`,
  deed: { kind: "sizeDeployment", replicas },
});
