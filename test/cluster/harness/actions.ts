/**
 * What users do to a Rollout: by the patches that the kubectl plugin sends, or by the plugin itself when
 * $SLUICE_KUBECTL_ARGO names its binary.
 */
import { run } from "./controlPlane.ts";
import { hashLabel, revisionOf, type RolloutView } from "./rolloutView.ts";
import type { World } from "./world.ts";

/** Whether the plugin acts; tests then check a command's output too. */
const plugin = (): string | undefined => {
  const path = Bun.env.SLUICE_KUBECTL_ARGO;
  return path === undefined || path === "" ? undefined : path;
};

async function byPlugin(world: World, args: readonly string[]): Promise<boolean> {
  const binary = plugin();
  if (binary === undefined) return false;
  const command = [binary, "--kubeconfig", world.harness.kubeconfig, "-n", world.namespace, ...args];
  const { code, stdout, stderr } = await run(command, {});
  if (code !== 0)
    throw new Error(`Cannot ${args.join(" ")} with the kubectl plugin: exit code ${code}\n${stdout}${stderr}`);
  return true;
}

/** Sets the image of every container. */
export async function setImage(world: World, name: string, image: string): Promise<void> {
  if (await byPlugin(world, ["set", "image", name, `*=${image}`])) return;
  const { rollout } = await world.scene(name);
  const body = rollout.spec.template.spec.containers.map((_, index) => ({
    op: "replace",
    path: `/spec/template/spec/containers/${index}/image`,
    value: image,
  }));
  await world.patch(name, body, "json");
}

/** What an unqualified `promote` patches in the status. */
function promotion({ spec, status = {} }: RolloutView): Record<string, unknown> | undefined {
  if ((status.pauseConditions ?? []).length > 0) return { pauseConditions: null };
  const steps = spec.strategy.canary?.steps?.length ?? 0;
  if (steps === 0) return undefined;
  return { pauseConditions: null, currentStepIndex: Math.min((status.currentStepIndex ?? 0) + 1, steps) };
}

async function unpause(world: World, name: string, { spec }: RolloutView): Promise<void> {
  if (spec.paused === true) await world.patch(name, { spec: { paused: false } });
}

/** Ends the present pause, or skips the present step. */
export async function promote(world: World, name: string): Promise<void> {
  if (await byPlugin(world, ["promote", name])) return;
  const { rollout } = await world.scene(name);
  const status = promotion(rollout);
  if (status !== undefined) await world.patchStatus(name, status);
  await unpause(world, name, rollout);
}

/** Skips everything that is left of the update. */
export async function promoteFull(world: World, name: string): Promise<void> {
  if (await byPlugin(world, ["promote", name, "--full"])) return;
  const { rollout } = await world.scene(name);
  if (rollout.status?.currentPodHash !== rollout.status?.stableRS) await world.patchStatus(name, { promoteFull: true });
  await unpause(world, name, rollout);
}

export async function abort(world: World, name: string): Promise<void> {
  if (!(await byPlugin(world, ["abort", name]))) await world.patchStatus(name, { abort: true });
}

export async function retry(world: World, name: string): Promise<void> {
  if (!(await byPlugin(world, ["retry", "rollout", name]))) await world.patchStatus(name, { abort: false });
}

export async function pause(world: World, name: string): Promise<void> {
  if (!(await byPlugin(world, ["pause", name]))) await world.patch(name, { spec: { paused: true } });
}

export async function resume(world: World, name: string): Promise<void> {
  await world.patch(name, { spec: { paused: false } });
}

/** Has every pod replaced that is older than now. */
export async function restart(world: World, name: string): Promise<void> {
  const now = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  if (!(await byPlugin(world, ["restart", name]))) await world.patch(name, { spec: { restartAt: now } });
}

/** Back to the template of an earlier revision (by default the one before the latest). */
export async function undo(world: World, name: string, revision?: number): Promise<void> {
  const wanted = revision === undefined ? [] : [`--to-revision=${revision}`];
  if (await byPlugin(world, ["undo", name, ...wanted])) return;
  const { replicaSets } = await world.scene(name);
  const target = revision === undefined ? replicaSets.at(-2) : replicaSets.find((set) => revisionOf(set) === revision);
  if (target === undefined)
    throw new Error(`Cannot undo ${name}: no ReplicaSet of revision ${revision ?? "before the latest"}`);
  const { [hashLabel]: _, ...labels } = target.spec.template.metadata?.labels ?? {};
  const value = { ...target.spec.template, metadata: { ...target.spec.template.metadata, labels } };
  await world.patch(name, [{ op: "replace", path: "/spec/template", value }], "json");
}

export async function scale(world: World, name: string, replicas: number): Promise<void> {
  // By the scale subresource, as `kubectl scale` and the horizontal autoscaler do.
  await world.harness.api.patch(`${world.path("Rollout", name)}/scale`, "merge", { spec: { replicas } });
}
