import { observedIn } from "../../kstatus.ts";
import { join } from "node:path";
import type { KubeObject, PatchType } from "./api.ts";
import { type Harness, harness } from "./harness.ts";
import { sharedDir } from "./kubeBinary.ts";
import { logTail } from "./processes.ts";
import {
  eventLines,
  type EventView,
  keyframe,
  type ReplicaSetView,
  revisionOf,
  type RolloutView,
  type Scene,
  type ServiceView,
} from "./rolloutView.ts";

type Predicate = (rollout: RolloutView, scene: Scene) => boolean;

/** Longer than the fake kubelet's pods take to become ready and to terminate. */
const settledMs = 1800;

/** One namespace, and what a test can do and see in it. */
export interface World {
  readonly namespace: string;
  readonly harness: Harness;
  /** kubectl apply of an unmodified example file. */
  applyExample(file: string): Promise<void>;
  /** Creates an object (the namespace is filled in). */
  create(object: KubeObject): Promise<void>;
  scene(rollout: string): Promise<Scene>;
  patch(rollout: string, body: unknown, type?: PatchType): Promise<void>;
  /** Waits until `holds`; the error describes the world as it was instead. */
  waitFor(rollout: string, what: string, holds: Predicate, timeoutMs?: number): Promise<Scene>;
  /** Waits until `holds` and nothing of the Rollout changes any more for longer than a pod takes to become ready. */
  settle(rollout: string, what: string, holds: Predicate, timeoutMs?: number): Promise<Scene>;
  /** The keyframe (rolloutView.ts) once the Rollout has settled. */
  frame(rollout: string, what: string, holds: Predicate, timeoutMs?: number): Promise<string[]>;
  /** The events on the Rollout, once there are no new ones. */
  events(rollout: string): Promise<string[]>;
  path(resource: string, name?: string): string;
}

const rollouts = (namespace: string): string => `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/rollouts`;

const groups: Readonly<Record<string, string>> = {
  Rollout: "/apis/argoproj.io/v1alpha1",
  Experiment: "/apis/argoproj.io/v1alpha1",
  AnalysisRun: "/apis/argoproj.io/v1alpha1",
  AnalysisTemplate: "/apis/argoproj.io/v1alpha1",
  ReplicaSet: "/apis/apps/v1",
  Service: "/api/v1",
  Deployment: "/apis/apps/v1",
};

const observed = ({ metadata, status }: RolloutView): boolean =>
  (observedIn(status) ?? 0) >= (metadata.generation ?? 1);

/** Common predicates: a phase, with its message when one is given, for the generation that is stored. */
export const inPhase =
  (phase: string, message?: string): Predicate =>
  (rollout) =>
    observed(rollout) &&
    rollout.status?.phase === phase &&
    (message === undefined || rollout.status.message === message);

export const healthy: Predicate = (rollout) =>
  inPhase("Healthy")(rollout, { rollout, replicaSets: [], services: [] }) &&
  rollout.status?.stableRS === rollout.status?.currentPodHash;

export const healthyAt =
  (revision: number): Predicate =>
  (rollout, scene) =>
    healthy(rollout, scene) && revisionOf(rollout) === revision;

/** Paused at the canary step of this index (from 0). */
export const pausedAt =
  (index: number): Predicate =>
  (rollout, scene) =>
    inPhase("Paused", "CanaryPauseStep")(rollout, scene) && rollout.status?.currentStepIndex === index;

const controlledBy = (owner: KubeObject, { metadata }: KubeObject): boolean =>
  metadata.ownerReferences?.some(({ uid }) => uid === owner.metadata.uid) ?? false;

const versionsOf = ({ rollout, replicaSets, services }: Scene): string =>
  [rollout, ...replicaSets, ...services].map(({ metadata }) => metadata.resourceVersion).join(" ");

async function failureText(what: string, timeoutMs: number, scene: Scene | undefined, events: string[], log: string) {
  const seen = scene === undefined ? ["(no such Rollout)"] : keyframe(scene);
  const status = scene === undefined ? "" : JSON.stringify(scene.rollout.status);
  return `Not within ${timeoutMs} ms: ${what}\nseen instead:\n  ${seen.join("\n  ")}\nstatus: ${status}\nevents:\n  ${events.join("\n  ")}\n${log}`;
}

/** Reads objects of one namespace. */
function reader(namespace: string, { api }: Harness) {
  const scene = async (name: string): Promise<Scene> => {
    const [rollout, sets, services] = await Promise.all([
      api.get<RolloutView>(`${rollouts(namespace)}/${name}`),
      api.list<ReplicaSetView>(`/apis/apps/v1/namespaces/${namespace}/replicasets`),
      api.list<ServiceView>(`/api/v1/namespaces/${namespace}/services`),
    ]);
    const replicaSets = sets.items
      .filter((set) => controlledBy(rollout, set))
      .toSorted((a, b) => revisionOf(a) - revisionOf(b));
    return { rollout, replicaSets, services: services.items };
  };
  const listEvents = async () => (await api.list<EventView>(`/api/v1/namespaces/${namespace}/events`)).items;
  const events = async (name: string): Promise<string[]> => {
    let before = "";
    for (;;) {
      const lines = eventLines(await scene(name), await listEvents());
      if (before === lines.join("\n")) return lines;
      before = lines.join("\n");
      await Bun.sleep(400);
    }
  };
  return { scene, listEvents, events };
}

function waiter(current: Harness, read: ReturnType<typeof reader>): Pick<World, "waitFor" | "settle"> {
  const poll = async (
    name: string,
    what: string,
    holds: (scene: Scene) => boolean,
    timeoutMs: number,
  ): Promise<Scene> => {
    const end = Date.now() + timeoutMs;
    for (;;) {
      // It does not exist yet, or the API server does not answer: in both cases the test waits.
      const scene = await read.scene(name).catch(() => undefined);
      if (scene !== undefined && holds(scene)) return scene;
      if (Date.now() > end) {
        const seenEvents = scene === undefined ? [] : eventLines(scene, await read.listEvents().catch(() => []));
        const logs = current.controllers().map(({ child }) => logTail(child.logFile));
        throw new Error(await failureText(what, timeoutMs, scene, seenEvents, (await Promise.all(logs)).join("\n")));
      }
      await Promise.race([Bun.sleep(100), current.failure]);
    }
  };
  return {
    waitFor: (name, what, holds, timeoutMs = 60_000) =>
      poll(name, what, (scene) => holds(scene.rollout, scene), timeoutMs),
    settle: (name, what, holds, timeoutMs = 60_000) => {
      let versions = "";
      let since = 0;
      const settled = (scene: Scene): boolean => {
        if (versions !== versionsOf(scene)) {
          versions = versionsOf(scene);
          since = Date.now();
        }
        return holds(scene.rollout, scene) && Date.now() - since > settledMs;
      };
      return poll(name, `${what}, settled`, settled, timeoutMs);
    },
  };
}

/** A new namespace for a test, named after `topic`, on the shared cluster or another. */
export async function newWorld(topic: string, on?: Harness): Promise<World> {
  return worldIn(`${topic}-${crypto.randomUUID().slice(0, 6)}`, on ?? (await harness()));
}

/** A new namespace with exactly this name. */
export async function worldIn(namespace: string, current: Harness): Promise<World> {
  const { api } = current;
  await api.create("/api/v1/namespaces", { metadata: { name: namespace } });
  const read = reader(namespace, current);
  const wait = waiter(current, read);
  return {
    namespace,
    harness: current,
    ...wait,
    scene: read.scene,
    events: read.events,
    path: (kind, name) =>
      `${groups[kind]}/namespaces/${namespace}/${kind.toLowerCase()}s${name === undefined ? "" : `/${name}`}`,
    applyExample: async (file) => {
      const path = join(sharedDir(), "examples", file);
      const applied = await current.kubectl(["apply", "-n", namespace, "-f", path]);
      if (applied.code !== 0) throw new Error(`Cannot apply ${path}: ${applied.stderr}`);
    },
    create: async (object) => {
      await api.create(
        `${groups[object.kind ?? ""]}/namespaces/${namespace}/${(object.kind ?? "").toLowerCase()}s`,
        object,
      );
    },
    patch: async (name, body, type = "merge") => {
      await api.patch(`${rollouts(namespace)}/${name}`, type, body);
    },
    frame: async (...args) => keyframe(await wait.settle(...args)),
  };
}
