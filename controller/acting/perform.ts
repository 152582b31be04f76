/** Sends what a verb asks for, and looks whether the controller has taken it. */
import { type Fate, fateOf, type Sent } from "../rollout/verbs/fate.ts";
import type { VerbOutcome, VerbPatch } from "../rollout/verbs/verb.ts";
import { ApiError, isConflict, isNotFound } from "../../kube/client/apiError.ts";
import { pause } from "../../kube/clock/sleep.ts";
import type { Json } from "../../kube/object/json.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { type Cluster, pathIn, watchOne } from "./cluster.ts";
import { Refused } from "./failure.ts";
import { ROLLOUT, type TargetKind } from "./targets.ts";
import { type Reads, readScene, type Scene, workloadResource } from "./scene.ts";

/** Rules of GitOps tools that leave the plugin's changes alone name it. */
export const FIELD_MANAGER = "kubectl-argo-rollouts";

/** As often as the plugin tries to set an image. */
const MOST_TRIES = 5;
/** How often it is sent when something writes over it. */
const MOST_SENDS = 3;
/** How long to wait for a controller to have seen it. Where none runs, it is stored all the same. */
const CHECK_MS = 2_000;
/** Without the right to watch: after which time to look once. */
const LOOK_MS = 1_000;

export interface Task {
  readonly kind: TargetKind;
  readonly name: string;
  readonly reads: Reads;
  readonly verb: (scene: Scene) => VerbOutcome;
  /** What a person calls it: `promote`. */
  readonly word: string;
}

export type Performed =
  | {
      readonly kind: "done";
      /** The last object that was changed, as the API server answered. */
      readonly object: Json;
      /** Where it is not the one that was named: the workload. */
      readonly to: VerbPatch["to"];
    }
  /** Nothing had to change. @see VerbOutcome */
  | { readonly kind: "nothing"; readonly why: string; readonly object: Json };

/**
 * @throws {ApiError}
 * @throws {Refused} when the verb does not apply, or something wrote over it each time
 */
export async function perform(cluster: Cluster, task: Task): Promise<Performed> {
  let sends = 0;
  for (let tries = 1; ; tries += 1) {
    const scene = await readScene(cluster, task.kind, task.name, task.reads);
    const outcome = task.verb(scene);
    if (outcome.kind === "impossible") throw new Refused(outcome.why);
    if (outcome.kind === "nothing") return { kind: "nothing", why: outcome.why, object: scene.stored ?? {} };
    let last: Json;
    try {
      last = await sendAll(cluster, task, outcome.patches);
    } catch (error) {
      if (!isOvertaken(error) || tries >= MOST_TRIES) throw error;
      continue;
    }
    sends += 1;
    if ((await fate(cluster, task, scene, outcome.patches, last)) !== "lost")
      return { kind: "done", object: last, to: outcome.patches.at(-1)?.to };
    if (sends >= MOST_SENDS) throw new Refused(lostText(task, sends));
  }
}

const lostText = ({ word, name, kind }: Task, sends: number): string =>
  `${kind.word} '${name}': the controller has written over the ${word} ${sends} times: run the command again`;

/** Somebody changed it since it was read; for a `test` of a JSON patch that fails there is no reason of its own. */
const isOvertaken = (error: unknown): boolean =>
  isConflict(error) || (error instanceof ApiError && error.status === 422 && error.message.includes(UNTRUE));

const UNTRUE = "the server rejected our request due to an error in our request";

async function sendAll(cluster: Cluster, { kind, name }: Task, all: readonly VerbPatch[]): Promise<Json> {
  let last: Json = {};
  for (const [index, patch] of all.entries()) {
    try {
      last = await send(cluster, kind, name, patch);
    } catch (error) {
      if (patch.subresource === undefined || !isNotFound(error)) throw error;
      // Where the status is no subresource, all of it goes to the object itself.
      return send(cluster, kind, name, joined(all.slice(index)));
    }
  }
  return last;
}

const send = (cluster: Cluster, kind: TargetKind, name: string, patch: VerbPatch): Promise<Json> => {
  const { to, subresource, contentType, body } = patch;
  const resource = to === undefined ? kind.resource : workloadResource(to.kind);
  const path = pathIn(cluster, resource, to?.name ?? name, subresource);
  const { client, signal } = cluster;
  const query = { fieldManager: FIELD_MANAGER };
  return client.request<Json>({ method: "PATCH", path, query, contentType, body, signal });
};

function joined(all: readonly VerbPatch[]): VerbPatch {
  const contentType = "application/merge-patch+json";
  const bodies = all.flatMap((patch) => (patch.contentType === contentType ? [patch.body] : []));
  return { contentType, body: Object.assign({}, ...bodies) as Json };
}

/** Waits until the controller has seen what was sent, or something has written over it; not for ever. */
async function fate(
  cluster: Cluster,
  { kind, name }: Task,
  { stored }: Scene,
  patches: readonly VerbPatch[],
  last: Json,
): Promise<Fate> {
  const statuses = patches.flatMap(({ subresource, body }) => (subresource === "status" ? [body as Json] : []));
  if (kind !== ROLLOUT || statuses.length === 0) return "open";
  const status = Object.assign({}, ...statuses.map((body) => body["status"])) as Json;
  const patched = last as Rollout;
  // It changed nothing, so nobody has to see it.
  if (stored?.metadata.resourceVersion === patched.metadata.resourceVersion) return "open";
  return seenFate(cluster, name, { status, before: stored ?? patched, patched });
}

async function seenFate(cluster: Cluster, name: string, sent: Sent): Promise<Fate> {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  const signal = AbortSignal.any([cluster.signal, ending.signal]);
  let found: Fate = "open";
  let isBlind = false;
  const watched = [ROLLOUT.resource, name] as const;
  const seen = (now: Rollout): void => {
    found = fateOf(sent, now);
    if (found !== "open") end();
  };
  const gone = (): void => {
    found = "taken";
    end();
  };
  const failed = (): void => {
    isBlind = true;
    end();
  };
  watchOne<Rollout>(cluster, watched, { seen, gone, failed }, signal);
  await pause(cluster.clock, CHECK_MS, signal);
  end();
  if (!isBlind || cluster.signal.aborted) return found;
  await pause(cluster.clock, LOOK_MS, cluster.signal);
  const path = pathIn(cluster, ROLLOUT.resource, name);
  // What cannot be read cannot be judged: the patch itself has succeeded.
  return cluster.client.request<Rollout>({ method: "GET", path }).then(
    (now) => fateOf(sent, now),
    () => "open" as const,
  );
}
