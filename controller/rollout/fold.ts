/** Joins what several passes asked of the same object into one write. */
import type { Action, RolloutEvent } from "./model.ts";

type Update = Extract<Action, { kind: "updateReplicaSet" }>;
type Create = Extract<Action, { kind: "createReplicaSet" }>;

const target = (action: Action): string =>
  action.kind === "updateRollout"
    ? "Rollout"
    : `${action.kind === "switchService" ? "Service" : "ReplicaSet"}/${action.name}`;

function joinUpdates(first: Update, second: Update): Update {
  return { ...first, ...second, annotations: { ...first.annotations, ...second.annotations } };
}

/** A ReplicaSet that does not exist yet is created with its first size. */
function joinCreate(create: Create, update: Update): Create {
  const { metadata, spec } = create.manifest;
  const annotations = { ...metadata.annotations };
  for (const [key, value] of Object.entries(update.annotations ?? {})) {
    if (value === null) delete annotations[key];
    else annotations[key] = value;
  }
  const manifest = {
    ...create.manifest,
    metadata: { ...metadata, annotations },
    spec: { ...spec, replicas: update.replicas ?? spec.replicas },
  };
  return { ...create, manifest };
}

function join(first: Action, second: Action): Action | undefined {
  if (second.kind === "updateReplicaSet" && first.kind === "updateReplicaSet") return joinUpdates(first, second);
  if (second.kind === "updateReplicaSet" && first.kind === "createReplicaSet") return joinCreate(first, second);
  if (second.kind === "updateRollout" && first.kind === "updateRollout") return { ...first, ...second };
  if (second.kind === "switchService" && first.kind === "switchService")
    return { ...second, adopt: first.adopt || second.adopt };
  return undefined;
}

/** Folds later changes into the first one of the same object, unless that would move them before one they rely on. */
export function foldActions(
  actions: readonly Action[],
  events: readonly RolloutEvent[],
): { actions: Action[]; events: RolloutEvent[] } {
  const folded: Action[] = [];
  const position: number[] = [];
  for (const action of actions) {
    const at = folded.findLastIndex((other) => target(other) === target(action));
    const earlier = folded[at];
    const joined =
      earlier !== undefined && mayMove(action, earlier, folded.slice(at + 1)) ? join(earlier, action) : undefined;
    if (joined === undefined) folded.push(action);
    else folded[at] = joined;
    position.push(joined === undefined ? folded.length : at + 1);
  }
  const placed = events.map((e) =>
    e.after === "status" ? e : { ...e, after: e.after === 0 ? 0 : (position[e.after - 1] ?? 0) },
  );
  return { actions: folded, events: placed };
}

/** Taking pods away must stay behind a Service switch that precedes it; everything else, a first size too, may move up. */
function mayMove(action: Action, earlier: Action, between: readonly Action[]): boolean {
  if (action.kind !== "updateReplicaSet" || action.replicas === undefined || earlier.kind === "createReplicaSet")
    return true;
  return !between.some((a) => a.kind === "switchService");
}
