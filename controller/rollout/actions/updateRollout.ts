/** Changes the Rollout itself: its size, annotations and finalizers. Writing its status is not an action. */
import { REVISION, WORKLOAD_GENERATION } from "../../../schema/labels.ts";
import { ROLLOUTS } from "../../../kube/client/resources.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { World } from "../model/model.ts";
import type { ActionRow, WriteRequest } from "./row.ts";
import { changesText, patchAnnotations } from "./worldChange.ts";

export interface UpdateRollout {
  readonly kind: "updateRollout";
  readonly replicas?: number;
  readonly revision?: string;
  /** null removes the annotation. */
  readonly workloadGeneration?: string | null;
  /** All finalizers that it is to have. */
  readonly finalizers?: readonly string[];
}

/** `template`: a merge patch of the stored template, where this write must remove something from it. */
interface Needs {
  readonly rollout: Rollout;
  readonly template?: object | undefined;
}

const notes = ({ revision, workloadGeneration }: UpdateRollout): Record<string, string | null> => ({
  ...(revision === undefined ? {} : { [REVISION]: revision }),
  ...(workloadGeneration === undefined ? {} : { [WORKLOAD_GENERATION]: workloadGeneration }),
});

function effect(world: World, action: UpdateRollout): World {
  const { replicas, finalizers } = action;
  const { metadata, spec } = world.rollout;
  const noted = notes(action);
  const isNoted = Object.keys(noted).length > 0;
  const rollout = {
    ...world.rollout,
    metadata: {
      ...metadata,
      // The API server counts the change of the spec.
      ...(replicas === undefined ? {} : { generation: (metadata.generation ?? 0) + 1 }),
      ...(isNoted ? { annotations: patchAnnotations(metadata.annotations ?? {}, noted) } : {}),
      ...(finalizers === undefined ? {} : { finalizers: [...finalizers] }),
    },
    spec: replicas === undefined ? spec : { ...spec, replicas },
  };
  return { ...world, rollout };
}

function request(action: UpdateRollout, { rollout, template }: Needs): WriteRequest {
  const { replicas, finalizers } = action;
  const { name, resourceVersion = "" } = rollout.metadata;
  const annotations = notes(action);
  const metadata = {
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    ...(finalizers === undefined ? {} : { finalizers }),
  };
  const spec = { ...(replicas === undefined ? {} : { replicas }), ...(template === undefined ? {} : { template }) };
  const body = { metadata, ...(Object.keys(spec).length === 0 ? {} : { spec }) };
  return { verb: "patch", resource: ROLLOUTS, name, resourceVersion, body };
}

function words(action: UpdateRollout): string {
  const { replicas, finalizers } = action;
  const annotations = notes(action);
  const changes = [
    ...(replicas === undefined ? [] : [`replicas=${replicas}`]),
    ...(Object.keys(annotations).length === 0 ? [] : [`annotations ${changesText(annotations)}`]),
    ...(finalizers === undefined ? [] : [`finalizers [${finalizers.join(", ")}]`]),
  ];
  return `update the Rollout: ${changes.join(", ")}`;
}

export const updateRollout = {
  effect,
  requests: (action, needs) => [request(action, needs)],
  words,
  target: () => "Rollout",
  join: (first, second) => (first.kind === "updateRollout" ? { ...first, ...second } : undefined),
} as const satisfies ActionRow<UpdateRollout, Needs>;
