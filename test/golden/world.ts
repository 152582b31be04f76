/**
 * A small world for the pure core: one Rollout, its ReplicaSets and Services, a ReplicaSet controller that makes pods
 * after a while, and a clock that jumps from one thing that happens to the next. Tests write down what the user does
 * and compare the story that comes out, line by line.
 */
import type { Service } from "../../schema/kube.ts";
import type { Rollout, RolloutStatus } from "../../schema/rollout.ts";
import { decide } from "../../controller/rollout/decide.ts";
import {
  HASH_LABEL,
  MANAGED_BY,
  REVISION,
  type Action,
  type Decision,
  type ReplicaSetFacts,
  type ServiceFacts,
  type Snapshot,
} from "../../controller/rollout/model.ts";
import { stepText } from "../../controller/rollout/canary.ts";
import { podTemplateHash, stepHash } from "../../controller/hash/podHash.ts";
import { templateDigest } from "../../controller/hash/templateDigest.ts";
import { replicaSetFacts } from "../../controller/snapshot/stores.ts";

const START = Date.parse("2026-01-01T00:00:00Z");

export interface WorldOptions {
  /** Milliseconds until a new pod is available; undefined for a pod that never is. */
  readonly readyAfterMs?: (image: string) => number | undefined;
  readonly services?: readonly string[];
}

interface Pod {
  readonly set: string;
  /** Absolute time; undefined: never. */
  readonly readyAt: number | undefined;
}

export interface World {
  readonly lines: string[];
  readonly now: number;
  readonly rollout: Rollout;
  readonly replicaSets: readonly ReplicaSetFacts[];
  readonly services: ReadonlyMap<string, ServiceFacts>;
  readonly events: readonly string[];
  /** Object writes since the world began. */
  readonly writes: number;
  /** The user changes the Rollout; a change of the spec raises its generation. */
  edit(what: string, change: (rollout: Rollout) => Rollout): void;
  /** Lets everything happen that falls due within `ms`. */
  pass(ms: number): void;
}

/** Builds a world around a Rollout that was just applied. */
export function createWorld(manifest: Rollout, options: WorldOptions = {}): World {
  const state = newState(manifest, options);
  settle(state, "apply");
  return {
    get lines() {
      return state.lines;
    },
    get now() {
      return state.now;
    },
    get rollout() {
      return state.rollout;
    },
    get replicaSets() {
      return [...state.sets.values()];
    },
    get services() {
      return state.services;
    },
    get events() {
      return state.events;
    },
    get writes() {
      return state.writes;
    },
    edit(what, change) {
      const before = state.rollout;
      const after = change(before);
      const specChanged = JSON.stringify(before.spec) !== JSON.stringify(after.spec);
      const generation = (before.metadata.generation ?? 0) + (specChanged ? 1 : 0);
      state.rollout = { ...after, metadata: { ...after.metadata, generation } };
      settle(state, `user: ${what}`);
    },
    pass: (ms) => run(state, state.now + ms),
  };
}

interface State {
  now: number;
  rollout: Rollout;
  readonly sets: Map<string, ReplicaSetFacts>;
  readonly images: Map<string, string>;
  pods: Pod[];
  readonly services: Map<string, ServiceFacts>;
  readonly options: WorldOptions;
  readonly lines: string[];
  readonly events: string[];
  writes: number;
  wakeAt: number | undefined;
}

function newState(manifest: Rollout, options: WorldOptions): State {
  const metadata = { ...manifest.metadata, namespace: "default", uid: "rollout-uid", generation: 1 };
  const services = (options.services ?? []).map((name): [string, ServiceFacts] => [
    name,
    { name, resourceVersion: "1", selector: { app: "web" }, annotations: {} },
  ]);
  return {
    now: START,
    rollout: { ...manifest, metadata, status: undefined as unknown as RolloutStatus },
    sets: new Map(),
    images: new Map(),
    pods: [],
    services: new Map(services),
    options,
    lines: [],
    events: [],
    writes: 0,
    wakeAt: undefined,
  };
}

function snapshotOf(state: State): Snapshot {
  const { template, strategy } = state.rollout.spec;
  return {
    rollout: state.rollout,
    replicaSets: [...state.sets.values()].toSorted((a, b) => a.createdAt - b.createdAt),
    services: state.services,
    podHash: podTemplateHash(template, state.rollout.status?.collisionCount),
    stepHash: strategy?.canary === undefined ? "" : stepHash(strategy.canary.steps),
    templateDigest: templateDigest(template),
    invalid: undefined,
    orphans: [],
    strays: [],
  };
}

/** Decides and carries out until the Rollout rests; `cause` heads the line of the first decision. */
function settle(state: State, cause: string): void {
  let told = cause;
  for (let n = 0; n < 50; n += 1) {
    const decision = decide(snapshotOf(state), state.now);
    state.wakeAt = decision.wakeAt;
    const changed = decision.actions.length > 0 || decision.status !== undefined;
    if (changed || told !== "") line(state, told, decision);
    if (!changed) return;
    for (const action of decision.actions) perform(state, action);
    state.writes += decision.actions.length + (decision.status === undefined ? 0 : 1);
    if (decision.status !== undefined) state.rollout = { ...state.rollout, status: decision.status };
    state.events.push(...decision.events.map((e) => `${e.reason}: ${e.message}`));
    syncPods(state);
    told = "";
  }
  throw new Error("the Rollout does not come to rest");
}

function perform(state: State, action: Action): void {
  switch (action.kind) {
    case "createReplicaSet": {
      const { metadata, spec } = action.manifest;
      const created = {
        ...metadata,
        uid: action.name,
        creationTimestamp: new Date(state.now - (state.now % 1000)).toISOString(),
      };
      state.sets.set(action.name, replicaSetFacts({ ...action.manifest, metadata: created }));
      const containers = (spec.template?.spec as { containers?: { image?: string }[] } | undefined)?.containers;
      state.images.set(action.name, containers?.[0]?.image ?? "");
      return;
    }
    case "updateReplicaSet": {
      const rs = state.sets.get(action.name);
      if (rs === undefined) return;
      const annotations: Record<string, string> = { ...rs.annotations };
      for (const [key, value] of Object.entries(action.annotations ?? {})) {
        if (value === null) delete annotations[key];
        else annotations[key] = value;
      }
      state.sets.set(action.name, { ...rs, replicas: action.replicas ?? rs.replicas, annotations });
      return;
    }
    case "deleteReplicaSet":
      state.sets.delete(action.name);
      return;
    case "switchService": {
      const service = state.services.get(action.name);
      if (service === undefined) return;
      const annotations = action.adopt ? { [MANAGED_BY]: state.rollout.metadata.name } : service.annotations;
      state.services.set(action.name, {
        ...service,
        annotations,
        selector: { ...service.selector, [HASH_LABEL]: action.hash },
      });
      return;
    }
    case "updateRollout": {
      const annotations = {
        ...state.rollout.metadata.annotations,
        ...(action.revision === undefined ? {} : { [REVISION]: action.revision }),
      };
      const spec =
        action.replicas === undefined ? state.rollout.spec : { ...state.rollout.spec, replicas: action.replicas };
      state.rollout = { ...state.rollout, metadata: { ...state.rollout.metadata, annotations }, spec };
      return;
    }
    case "adoptReplicaSet":
    case "releaseReplicaSet":
      return;
    default:
      action satisfies never;
  }
}

/** The ReplicaSet controller: pods as many as asked for, unready ones taken first; counts follow at once. */
function syncPods(state: State): void {
  for (const rs of state.sets.values()) {
    const own = state.pods
      .filter((pod) => pod.set === rs.name)
      .toSorted((a, b) => (a.readyAt ?? Infinity) - (b.readyAt ?? Infinity));
    const others = state.pods.filter((pod) => pod.set !== rs.name);
    const delay = (state.options.readyAfterMs ?? (() => 1_000))(state.images.get(rs.name) ?? "");
    while (own.length < rs.replicas)
      own.push({ set: rs.name, readyAt: delay === undefined ? undefined : state.now + delay });
    own.length = rs.replicas;
    state.pods = [...others, ...own];
    const available = own.filter((pod) => pod.readyAt !== undefined && pod.readyAt <= state.now).length;
    const status = { replicas: own.length, readyReplicas: available, availableReplicas: available };
    state.sets.set(rs.name, { ...rs, status, observed: true });
  }
}

function run(state: State, until: number): void {
  for (;;) {
    const due = state.pods.map((pod) => pod.readyAt).filter((at) => at !== undefined && at > state.now) as number[];
    const next = Math.min(
      until + 1,
      ...due,
      state.wakeAt !== undefined && state.wakeAt > state.now ? state.wakeAt : Infinity,
    );
    if (next > until) break;
    const pods = due.includes(next);
    state.now = next;
    syncPods(state);
    settle(state, pods ? "pods ready" : "time");
  }
  state.now = until;
}

const seconds = (state: State): string => `+${((state.now - START) / 1000).toFixed(state.now % 1000 === 0 ? 0 : 3)}s`;

/** One line a decision: when, why, what is done, and what the user sees afterwards. */
function line(state: State, cause: string, decision: Decision): void {
  const status = decision.status ?? state.rollout.status ?? {};
  const actions = decision.actions.map((action) => actionText(state, action)).join(", ");
  const steps = state.rollout.spec.strategy?.canary?.steps ?? [];
  const step = steps.length === 0 ? "" : ` step ${status.currentStepIndex ?? 0}/${steps.length}`;
  const message = (status.message ?? "") === "" ? "" : ` (${status.message})`;
  const sets = [...state.sets.values()]
    .map((rs) => `${imageOf(state, rs.name)} ${rs.status.availableReplicas}/${rs.replicas}`)
    .join(" ");
  state.lines.push(
    [seconds(state).padEnd(8), cause.padEnd(26), `${status.phase ?? "-"}${message}${step}`, `[${sets}]`, actions]
      .filter((part) => part !== "")
      .join("  "),
  );
}

const imageOf = (state: State, name: string): string => state.images.get(name) ?? name;

function actionText(state: State, action: Action): string {
  switch (action.kind) {
    case "createReplicaSet":
      return `create ReplicaSet of ${action.manifest.spec.replicas ?? 0}`;
    case "updateReplicaSet": {
      const size = action.replicas === undefined ? "" : ` to ${action.replicas}`;
      const deadline = action.annotations?.["scale-down-deadline"];
      const note =
        deadline === undefined ? "" : deadline === null ? " drop deadline" : ` deadline ${deadline.slice(11, 19)}`;
      return `${imageOf(state, action.name)}${size}${note}`;
    }
    case "deleteReplicaSet":
      return `delete ${imageOf(state, action.name)}`;
    case "switchService":
      return `${action.name} → ${[...state.sets.values()].find((rs) => rs.labels[HASH_LABEL] === action.hash)?.name === undefined ? "new" : imageOf(state, `${state.rollout.metadata.name}-${action.hash}`)}`;
    case "updateRollout":
      return action.revision === undefined ? `replicas ${action.replicas}` : `revision ${action.revision}`;
    default:
      return action.kind;
  }
}

/** A Rollout of pods with one container, `web:1`. */
export function rolloutOf(spec: Partial<Rollout["spec"]>, image = "web:1"): Rollout {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "web", namespace: "default" },
    spec: {
      replicas: 5,
      selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image }] } },
      ...spec,
    },
  };
}

/** Edits that users make, in the words of the command line. */
export const image =
  (name: string) =>
  (rollout: Rollout): Rollout => ({
    ...rollout,
    spec: {
      ...rollout.spec,
      template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: name }] } },
    },
  });
export const promote = (rollout: Rollout): Rollout => {
  const { pauseConditions: _, ...status } = rollout.status ?? {};
  return { ...rollout, status };
};
export const promoteFull = (rollout: Rollout): Rollout => ({
  ...rollout,
  status: { ...rollout.status, promoteFull: true },
});
export const abort = (rollout: Rollout): Rollout => ({ ...rollout, status: { ...rollout.status, abort: true } });
export const retry = (rollout: Rollout): Rollout => {
  const { abort: _, ...status } = rollout.status ?? {};
  return { ...rollout, status };
};
export const scale =
  (replicas: number) =>
  (rollout: Rollout): Rollout => ({ ...rollout, spec: { ...rollout.spec, replicas } });
export const paused =
  (value: boolean) =>
  (rollout: Rollout): Rollout => ({ ...rollout, spec: { ...rollout.spec, paused: value } });

export { stepText };
export type { Service };
