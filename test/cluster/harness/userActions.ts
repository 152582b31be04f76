/**
 * What users do to a Rollout: by the patches that the kubectl plugin sends, or by the plugin itself when
 * $SLUICE_KUBECTL_ARGO names its binary.
 */
import * as aborting from "../../../controller/rollout/verbs/abort.ts";
import * as pausing from "../../../controller/rollout/verbs/pause.ts";
import * as promoting from "../../../controller/rollout/verbs/promote.ts";
import { setImage as setImageOf } from "../../../controller/rollout/verbs/setImage.ts";
import { undo as undoOf } from "../../../controller/rollout/verbs/undo.ts";
import type { VerbOutcome } from "../../../controller/rollout/verbs/verb.ts";
import type { ReplicaSet } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { run } from "./controlPlane.ts";
import type { World } from "./clusterWorld.ts";

/** Whether the plugin is used; tests then check a command's output too. */
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

const mergeOrJson = { "application/merge-patch+json": "merge", "application/json-patch+json": "json" } as const;

/** Runs the plugin's command, or sends the verb's patches one after the other. */
async function perform(
  world: World,
  name: string,
  command: readonly string[] | undefined,
  verb: (rollout: Rollout, replicaSets: readonly ReplicaSet[]) => VerbOutcome,
): Promise<void> {
  if (command !== undefined && (await byPlugin(world, command))) return;
  const { rollout, replicaSets } = await world.scene(name);
  const outcome = verb(rollout as unknown as Rollout, replicaSets as unknown as readonly ReplicaSet[]);
  if (outcome.kind === "impossible") throw new Error(`Cannot ${command?.join(" ") ?? "do this"}: ${outcome.why}`);
  if (outcome.kind === "nothing") return;
  for (const { subresource, to, contentType, body } of outcome.patches) {
    const path = world.path(to?.kind ?? "Rollout", to?.name ?? name);
    await world.harness.api.patch(
      `${path}${subresource === undefined ? "" : "/status"}`,
      mergeOrJson[contentType],
      body,
    );
  }
}

/** Sets the image of every container. */
export const setImage = (world: World, name: string, image: string): Promise<void> =>
  perform(world, name, ["set", "image", name, `*=${image}`], (rollout) => setImageOf(rollout, "*", image));

/** Ends the present pause, or skips the present step. */
export const promote = (world: World, name: string): Promise<void> =>
  perform(world, name, ["promote", name], promoting.promote);

/** Skips everything that is left of the update. */
export const promoteFull = (world: World, name: string): Promise<void> =>
  perform(world, name, ["promote", name, "--full"], promoting.promoteFull);

export const abort = (world: World, name: string): Promise<void> =>
  perform(world, name, ["abort", name], aborting.abort);

export const retry = (world: World, name: string): Promise<void> =>
  perform(world, name, ["retry", "rollout", name], aborting.retry);

export const pause = (world: World, name: string): Promise<void> =>
  perform(world, name, ["pause", name], pausing.pause);

/** The plugin has no such command: its promote ends this pause together with those of steps. */
export const resume = (world: World, name: string): Promise<void> => perform(world, name, undefined, pausing.resume);

/** Has every pod replaced that is older than `at` (ms since the epoch); the plugin always uses the present time. */
export const restart = (world: World, name: string, at = Date.now()): Promise<void> =>
  perform(world, name, ["restart", name], () => pausing.restart(at));

/** Back to the template of an earlier revision (by default the one before the latest). */
export const undo = (world: World, name: string, revision = 0): Promise<void> =>
  perform(world, name, ["undo", name, `--to-revision=${revision}`], (rollout, replicaSets) =>
    undoOf(rollout, replicaSets, revision),
  );

export async function scale(world: World, name: string, replicas: number): Promise<void> {
  // Through the scale subresource, as `kubectl scale` and the horizontal autoscaler do.
  await world.harness.api.patch(`${world.path("Rollout", name)}/scale`, "merge", { spec: { replicas } });
}
