/**
 * The only writer. Carries out a decision: its actions in order, then the events, the status last. Every write names
 * the version that it was decided on, and is sent only while the Lease outlives the request.
 */
import { ROLLOUTS } from "../../../kube/client/resources.ts";
import { mergePatch } from "../../../kube/object/mergePatch.ts";
import type { RolloutStatus } from "../../../schema/rollout.ts";
import type { Decision } from "../actions/action.ts";
import type { Snapshot } from "../model/model.ts";
import { perform } from "./perform.ts";
import { type Outcome, patchRollout, type Run, type Writer } from "./writer.ts";

/**
 * Carries out `decision` about the Rollout of `snapshot`.
 * @throws {ApiError} when a write failed: what came before it has been done, the rest not, and the next decision goes
 * on from there. Where only the Deployment could not be scaled, all else has been done.
 */
export async function apply(writer: Writer, snapshot: Snapshot, decision: Decision): Promise<Outcome> {
  const run: Run = { ...writer, snapshot, rollout: snapshot.rollout, versions: new Map() };
  let done = 0;
  let complete = false;
  let unscaled: Error | undefined;
  try {
    for (const action of decision.actions) {
      const outcome = await perform(run, action).catch((error: unknown) => {
        // Nothing depends on the Deployment's size: a quota or a policy that refuses it must not block the Rollout.
        if (action.kind !== "scaleWorkload") throw error;
        unscaled = error instanceof Error ? error : new Error(String(error));
      });
      if (outcome !== undefined) return outcome;
      done += 1;
    }
    complete = true;
  } finally {
    // A client that sees the new status may read its events at once: they are sent before it.
    for (const event of decision.events) {
      const due = event.after === "status" ? complete : event.after <= done;
      if (due) run.recordEvent(run.rollout, event);
    }
  }
  if (decision.status !== undefined) {
    // Clients that wait for Healthy read the events next; other statuses need no such order.
    if (decision.events.length > 0 && decision.status.phase === "Healthy") await run.eventsSent(run.rollout);
    await writeStatus(run, decision.status);
  }
  if (unscaled !== undefined) throw unscaled;
  return { kind: "done" };
}

async function writeStatus(run: Run, status: RolloutStatus): Promise<void> {
  const patch = mergePatch(run.rollout.status ?? {}, status);
  if (patch === undefined) return;
  const { name, resourceVersion = "" } = run.rollout.metadata;
  const body = { status: patch };
  await patchRollout(run, [{ verb: "patch", resource: ROLLOUTS, name, subresource: "status", resourceVersion, body }]);
}
