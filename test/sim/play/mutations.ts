/** Rules broken on purpose, each by a wrapper: proof that the judges notice it. */
import type { Clock } from "../../../kube/clock/clock.ts";
import type { Decide } from "../../../controller/rollout/apply/carryOut.ts";
import type { Action } from "../../../controller/rollout/actions/action.ts";
import type { Snapshot } from "../../../controller/rollout/model/model.ts";
import type { KubeClient, KubeRequest } from "../../../kube/client/transport.ts";
import type { Rollout, RolloutStrategy } from "../../../schema/rollout.ts";
import { sound, type Breakage } from "../world/process.ts";

export interface Mutation {
  readonly name: string;
  readonly breakage: Breakage;
  /** Seeds before this one (by default 1) are known not to show it, and are skipped to save time. */
  readonly from?: number;
  /** It shows only where nothing else goes wrong. */
  readonly isCalm?: true;
  /** Whether it can show only with two controllers. */
  readonly leases?: boolean;
}

const deciding = (name: string, decide: Breakage["decide"]): Mutation => ({ name, breakage: { ...sound, decide } });

/** As if every pod in the spec's size were available. */
const allAvailable = (snapshot: Snapshot): Snapshot => ({
  ...snapshot,
  replicaSets: snapshot.replicaSets.map((set) => ({
    ...set,
    status: { replicas: set.replicas, readyReplicas: set.replicas, availableReplicas: set.replicas },
  })),
});

/** As if every analysis and every Experiment had succeeded as soon as it runs. */
const allSuccessful = (snapshot: Snapshot): Snapshot => ({
  ...snapshot,
  ...(snapshot.analysisRuns === undefined
    ? {}
    : { analysisRuns: snapshot.analysisRuns.map((run) => ({ ...run, phase: "Successful" })) }),
  ...(snapshot.experiments === undefined
    ? {}
    : { experiments: snapshot.experiments.map((experiment) => ({ ...experiment, phase: "Successful" })) }),
});

/** As if every Experiment ran as soon as its Services are there. */
const allRunning = (snapshot: Snapshot): Snapshot =>
  snapshot.experiments === undefined
    ? snapshot
    : {
        ...snapshot,
        experiments: snapshot.experiments.map((each) =>
          each.phase === "" || each.phase === "Pending" ? { ...each, phase: "Running" } : each,
        ),
      };

/** As if every router did at once what it is asked. */
const allConfirmed = (snapshot: Snapshot): Snapshot => {
  const { routing } = snapshot;
  if (routing === undefined) return snapshot;
  const confirmed: typeof routing = (traffic) => {
    const state = routing(traffic);
    return state.kind === "pending" ? { kind: state.open ? "open" : "settled" } : state;
  };
  return { ...snapshot, routing: confirmed };
};

const withStrategy = (snapshot: Snapshot, change: (strategy: RolloutStrategy) => RolloutStrategy): Snapshot => {
  const { strategy } = snapshot.rollout.spec;
  if (strategy === undefined) return snapshot;
  const rollout: Rollout = { ...snapshot.rollout, spec: { ...snapshot.rollout.spec, strategy: change(strategy) } };
  return { ...snapshot, rollout };
};

const shrinks = (action: Action, snapshot: Snapshot): boolean =>
  action.kind === "updateReplicaSet" &&
  action.replicas !== undefined &&
  action.replicas < (snapshot.replicaSets.find(({ name }) => name === action.name)?.replicas ?? 0);

/** Sizes go down as if all pods were available. */
const careless: Breakage["decide"] = (real) => (snapshot, now) => {
  const decision = real(snapshot, now);
  const eager = real(allAvailable(snapshot), now).actions.filter((action) => shrinks(action, snapshot));
  const names = new Set(eager.map((action) => (action.kind === "updateReplicaSet" ? action.name : "")));
  const rest = decision.actions.filter((action) => action.kind !== "updateReplicaSet" || !names.has(action.name));
  return { ...decision, actions: [...rest, ...eager] };
};

/** Services move as if all pods were available. */
const hasty: Breakage["decide"] = (real) => (snapshot, now) => {
  const decision = real(snapshot, now);
  const eager = real(allAvailable(snapshot), now).actions.filter(({ kind }) => kind === "switchService");
  return { ...decision, actions: [...decision.actions.filter(({ kind }) => kind !== "switchService"), ...eager] };
};

/** With each completed step the next one is skipped. */
const skipping: Breakage["decide"] = (real) => (snapshot, now) => {
  const decision = real(snapshot, now);
  const steps = snapshot.rollout.spec.strategy?.canary?.steps?.length ?? 0;
  const [from, to] = [snapshot.rollout.status?.currentStepIndex ?? 0, decision.status?.currentStepIndex ?? 0];
  if (decision.status === undefined || to <= from || to >= steps) return decision;
  return { ...decision, status: { ...decision.status, currentStepIndex: to + 1 } };
};

/** The status is stored first, and most actions are dropped with it. */
const boastful: Breakage["decide"] = (real) => (snapshot, now) => {
  const decision = real(snapshot, now);
  if (decision.status === undefined) return decision;
  const actions = decision.actions.filter(({ kind }) => kind === "createReplicaSet" || kind === "updateRollout");
  return { ...decision, actions };
};

/** Never wakes up by time. */
const forgetful: Breakage["decide"] = (real) => (snapshot, now) => ({ ...real(snapshot, now), wakeAt: undefined });

/** Percentages of maxUnavailable are rounded up. */
const generous: Breakage["decide"] = (real) => (snapshot, now) => {
  const total = snapshot.rollout.spec.replicas ?? 1;
  return real(
    withStrategy(snapshot, (strategy) => {
      const { canary } = strategy;
      const unavailable = canary?.maxUnavailable ?? "25%";
      if (canary === undefined || typeof unavailable === "number") return strategy;
      const maxUnavailable = Math.ceil((Number.parseInt(unavailable, 10) * total) / 100);
      return { canary: { ...canary, maxUnavailable } };
    }),
    now,
  );
};

/** Blue-green's old pods go at the cutover. */
const impatient: Breakage["decide"] = (real) => (snapshot, now) =>
  real(
    withStrategy(snapshot, (strategy) => {
      const { blueGreen } = strategy;
      return blueGreen === undefined ? strategy : { blueGreen: { ...blueGreen, scaleDownDelaySeconds: 0 } };
    }),
    now,
  );

/** Promoted as soon as the new ReplicaSet is there. */
const trusting: Breakage["decide"] = (real: Decide) => (snapshot, now) => {
  const decision = real(snapshot, now);
  const { status } = decision;
  const wanted = snapshot.rollout.spec.strategy?.blueGreen === undefined && status?.abort !== true;
  if (status === undefined || !wanted || status.phase !== "Paused") return decision;
  const { pauseConditions: _, controllerPause: __, ...rest } = status;
  return { ...decision, status: { ...rest, currentStepIndex: (status.currentStepIndex ?? 0) + 1 } };
};

/** The Deployment goes as if the Rollout's pods were all available. */
const ousting: Breakage["decide"] = (real) => (snapshot, now) => {
  const decision = real(snapshot, now);
  const eager = real(allAvailable(snapshot), now).actions.filter(({ kind }) => kind === "scaleWorkload");
  return { ...decision, actions: [...decision.actions.filter(({ kind }) => kind !== "scaleWorkload"), ...eager] };
};

/** Traffic moves as if all pods were available. */
const rash: Breakage["decide"] = (real) => (snapshot, now) => {
  const decision = real(snapshot, now);
  const eager = real(allAvailable(snapshot), now).actions.filter(({ kind }) => kind === "routeTraffic");
  return { ...decision, actions: [...decision.actions.filter(({ kind }) => kind !== "routeTraffic"), ...eager] };
};

const patching = (name: string, change: (request: KubeRequest) => KubeRequest): Mutation => ({
  name,
  breakage: {
    ...sound,
    client: (real) => ({
      ...real,
      request: (request) => real.request(request.method === "PATCH" ? change(request) : request),
    }),
  },
});

/** No write has the resourceVersion on which it was decided. */
const withoutVersion = (request: KubeRequest): KubeRequest => {
  const body = request.body as { metadata?: { resourceVersion?: string } } | undefined;
  if (body?.metadata?.resourceVersion === undefined) return request;
  const { resourceVersion: _, ...metadata } = body.metadata;
  return { ...request, body: { ...body, metadata } };
};

const decoder = new TextDecoder();
const encoder = new TextEncoder();

interface Versioned {
  readonly type: string;
  readonly object: { readonly metadata: { readonly name?: string; readonly resourceVersion: string } };
}

/** What comes later counts as newer, whatever its version: old events overwrite new ones. */
const gullible = (real: KubeClient, _clock: Clock): KubeClient => ({
  ...real,
  async open(request) {
    const stream = await real.open(request);
    let newest = 0;
    const renumber = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        const lines = decoder
          .decode(chunk)
          .split("\n")
          .filter((line) => line !== "");
        for (const line of lines) {
          const event = JSON.parse(line) as Versioned;
          const version = Number(event.object.metadata?.resourceVersion);
          const isOld = version < newest && event.type === "MODIFIED";
          newest = Math.max(newest, Number.isNaN(version) ? 0 : version);
          const changed = isOld
            ? {
                ...event,
                object: { ...event.object, metadata: { ...event.object.metadata, resourceVersion: `${newest}` } },
              }
            : event;
          controller.enqueue(encoder.encode(`${JSON.stringify(changed)}\n`));
        }
      },
    });
    return stream.pipeThrough(renumber);
  },
});

/** What is deleted stays. */
const keeping =
  (plural: string): Breakage["client"] =>
  (real) => ({
    ...real,
    request: <T>(request: KubeRequest) =>
      request.method === "DELETE" && request.path.includes(`/${plural}/`)
        ? // Nothing reads the answer.
          Promise.resolve({} as T)
        : real.request<T>(request),
  });

const hopeful: Breakage["decide"] = (decide) => (snapshot, now) => {
  const decision = decide(snapshot, now);
  const { status } = decision;
  if (status === undefined) return decision;
  const conditions = status.conditions?.map((one) => (one.type === "Ready" ? { ...one, status: "True" } : one)) ?? [];
  const waiting = conditions.filter(({ type }) => type !== "Reconciling");
  return { ...decision, status: { ...status, conditions: waiting } };
};

export const mutations: readonly Mutation[] = [
  deciding("scaling down does not look at what is available", careless),
  deciding("a Service is switched before the pods are ready", hasty),
  deciding("a step is skipped", skipping),
  deciding("a pause is passed by", trusting),
  deciding(
    "an analysis or an Experiment counts before it has ended",
    (real) => (snapshot, now) => real(allSuccessful(snapshot), now),
  ),
  {
    ...deciding(
      "an Experiment gets requests before its pods are there",
      (real) => (snapshot, now) => real(allRunning(snapshot), now),
    ),
    from: 552,
  },
  deciding("a status is written instead of what it tells of", boastful),
  deciding("the loop forgets to wake up", forgetful),
  deciding("the floor is rounded the wrong way", generous),
  deciding("a Deployment's pods go before the Rollout's are there", ousting),
  deciding("traffic goes where no pods are yet", rash),
  {
    ...deciding(
      "pods do not wait for a router that is a plugin",
      (real) => (snapshot, now) => real(allConfirmed(snapshot), now),
    ),
    from: 500,
  },
  deciding("generic tools take an update that waits for done", hopeful),
  { ...deciding("the scale-down delay is ignored", impatient), from: 120 },
  { ...patching("writes do not name the version that they rest on", withoutVersion), from: 100 },
  { name: "a canary Ingress outlives its routing", breakage: { ...sound, client: keeping("ingresses") } },
  { name: "an old event overwrites a newer one", breakage: { ...sound, client: gullible } },
  {
    name: "a Lease that has run out does not matter",
    leases: true,
    breakage: {
      ...sound,
      validForMs: (real) => {
        let led = false;
        return () => {
          led ||= real() > 0;
          return led ? Number.POSITIVE_INFINITY : 0;
        };
      },
    },
  },
];
