/** Plays one scenario in a namespace of its own and takes its keyframes. */
import * as actions from "../cluster/harness/userActions.ts";
import type { KubeObject } from "../cluster/harness/api.ts";
import type { Harness } from "../cluster/harness/harness.ts";
import { type World, worldIn } from "../cluster/harness/clusterWorld.ts";
import { revisionOf } from "../cluster/harness/rolloutView.ts";
import { courseFacts } from "./course.ts";
import { type Facts, factsOf, hashFacts } from "./facts.ts";
import { newNaming } from "./naming.ts";
import { type Change, type Objects, type Observer, routedPaths } from "./observe.ts";
import { type Edit, editsOf, type Goal, goalOf, isExample, type Scenario, titleOf, type Until } from "./scenario.ts";

export interface Keyframe {
  readonly title: string;
  readonly facts: Facts;
}

/** The keyframes of scenarios by name. */
export type Trace = ReadonlyMap<string, readonly Keyframe[]>;

export interface Stage {
  readonly harness: Harness;
  readonly observer: Observer;
}

/** Longer than pods take to become ready and to terminate, and than a status lags behind. */
const settledMs = 2_000;
const patienceMs = 45_000;

const paths: Readonly<Record<string, string>> = {
  Service: "/api/v1/namespaces/NS/services",
  Pod: "/api/v1/namespaces/NS/pods",
  ResourceQuota: "/api/v1/namespaces/NS/resourcequotas",
  ReplicaSet: "/apis/apps/v1/namespaces/NS/replicasets",
  Deployment: "/apis/apps/v1/namespaces/NS/deployments",
  Ingress: "/apis/networking.k8s.io/v1/namespaces/NS/ingresses",
  PodTemplate: "/api/v1/namespaces/NS/podtemplates",
  PodDisruptionBudget: "/apis/policy/v1/namespaces/NS/poddisruptionbudgets",
  Rollout: "/apis/argoproj.io/v1alpha1/namespaces/NS/rollouts",
  MeshService: "/apis/appmesh.k8s.aws/v1beta2/namespaces/NS/virtualservices",
  ...Object.fromEntries(
    Object.entries(routedPaths).map(([kind, path]) => [kind, path.replace(/\/(\w+)$/, "/namespaces/NS/$1")]),
  ),
};

function pathOf(namespace: string, kind: string, name = ""): string {
  const path = paths[kind];
  if (path === undefined) throw new Error(`Cannot find the path of a ${kind}: add it to paths in test/trace/play.ts`);
  return path.replace("NS", namespace) + (name === "" ? "" : `/${name}`);
}

const create = async (world: World, object: KubeObject): Promise<void> => {
  // Istio and App Mesh have a kind of the same name; of App Mesh's only the scenario writes it.
  const isMesh = object.apiVersion === "appmesh.k8s.aws/v1beta2" && object.kind === "VirtualService";
  await world.harness.api.create(pathOf(world.namespace, isMesh ? "MeshService" : (object.kind ?? "")), object);
};

/** `ReplicaSet/2` is that of revision 2; other names are taken as they are. */
async function named(world: World, rollout: string, target: string): Promise<string> {
  const [kind = "", name = ""] = target.split("/");
  if (kind !== "ReplicaSet" || !/^\d+$/.test(name)) return pathOf(world.namespace, kind, name);
  const { replicaSets } = await world.scene(rollout);
  const found = replicaSets.find((set) => revisionOf(set) === Number(name));
  if (found === undefined) throw new Error(`There is no ReplicaSet of revision ${name}`);
  return pathOf(world.namespace, kind, found.metadata.name);
}

const words: Readonly<Record<Extract<Edit, string>, (world: World, name: string) => Promise<void>>> = {
  promote: actions.promote,
  "promote --full": actions.promoteFull,
  abort: actions.abort,
  retry: actions.retry,
  pause: actions.pause,
  resume: actions.resume,
  restart: actions.restart,
  undo: (world, name) => actions.undo(world, name),
  wait: () => Promise.resolve(),
};

async function perform(world: World, name: string, edit: Edit): Promise<void> {
  const { api } = world.harness;
  if (typeof edit === "string") return words[edit](world, name);
  if ("image" in edit) return actions.setImage(world, name, edit.image);
  if ("undo" in edit) return actions.undo(world, name, edit.undo);
  if ("scale" in edit) return actions.scale(world, name, edit.scale);
  if ("spec" in edit) return world.patch(name, { spec: edit.spec });
  if ("create" in edit) return create(world, edit.create);
  if ("remove" in edit) return api.delete(await named(world, name, edit.remove), { propagationPolicy: "Background" });
  await api.patch(await named(world, name, edit.of ?? `Rollout/${name}`), "merge", edit.patch);
}

const fields = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? { ...value } : {};

/** Whether the Rollout has reached the goal of an edit. */
function isReached(goal: Goal, objects: Objects): boolean {
  const [rollout] = objects.Rollout;
  if (rollout === undefined) return false;
  const { phase, message, currentStepIndex, observedGeneration } = fields(rollout["status"]);
  const sizes = objects.ReplicaSet.filter(({ metadata }) => metadata.ownerReferences?.[0]?.kind === "Rollout")
    .toSorted((a, b) => orderOf(a) - orderOf(b) || revisionOf(a) - revisionOf(b))
    .map(({ spec, status }) => [fields(spec)["replicas"], fields(status)["replicas"] ?? 0]);
  return (
    objects.Pod.every(({ metadata }) => metadata.deletionTimestamp === undefined) &&
    Number(observedGeneration ?? 0) >= (rollout.metadata.generation ?? 1) &&
    (goal.phase === "Any" || phase === goal.phase) &&
    (goal.step === undefined || goal.step === currentStepIndex) &&
    (goal.message === undefined || (typeof message === "string" && message.includes(goal.message))) &&
    (goal.sizes === undefined ||
      (goal.sizes.length === sizes.length &&
        goal.sizes.every((size, index) => sizes[index]?.every((found) => found === size))))
  );
}

const orderOf = ({ metadata }: KubeObject): number => Date.parse(metadata.creationTimestamp ?? "") || 0;

/**
 * Takes the keyframe once the goal is reached and nothing has changed for a while; a goal that is not reached becomes a
 * fact, too.
 */
function photographer({ harness, observer }: Stage, namespace: string, tellsCourse: boolean) {
  const naming = newNaming(namespace);
  const hashes = new Map<string, string>();
  let from = 0;
  const take = (): Facts => {
    const nowMs = Date.now();
    const named = <T>(seen: T): T => JSON.parse(naming.named(JSON.stringify(seen), nowMs)) as T;
    return new Map<string, string>([
      ...hashFacts(hashes),
      ...factsOf(named<Objects>(observer.objects(namespace))),
      ...(tellsCourse ? courseFacts(named<readonly Change[]>(observer.changes(namespace)), from) : []),
    ]);
  };
  const settle = async (title: string, until: Until): Promise<Keyframe> => {
    const goal = goalOf(until);
    const beganMs = Date.now();
    let version = -1;
    let facts = take();
    let since = beganMs;
    for (;;) {
      await Promise.race([Bun.sleep(100), harness.failure, observer.failure]);
      if (observer.version(namespace) !== version) {
        version = observer.version(namespace);
        for (const [letter, hash] of naming.learn(observer.objects(namespace).ReplicaSet)) hashes.set(letter, hash);
        const before = facts;
        facts = take();
        if (!Bun.deepEquals(before, facts)) since = Date.now();
      }
      const quietMs = Date.now() - since;
      const tookMs = Date.now() - beganMs;
      const isThere = isReached(goal, observer.objects(namespace)) && tookMs >= goal.afterMs;
      if (isThere && quietMs >= settledMs) return { title, facts: take() };
      if (tookMs > goal.afterMs + patienceMs)
        return { title, facts: new Map([["not reached", until] as const, ...take()]) };
    }
  };
  const beginChapter = (): void => {
    naming.beginChapter(Date.now());
    from = observer.changes(namespace).length;
  };
  return { settle, beginChapter };
}

export const namespaceOf = ({ name }: Scenario): string => `trace-${name}`;

/** @returns the keyframes, the first that of the installation. @throws when an edit cannot be made. */
export async function play(scenario: Scenario, stage: Stage): Promise<Keyframe[]> {
  const { rollout, objects = [], first = "Healthy", story } = scenario;
  // Not a random name: a template that names its namespace would have another hash each time.
  const world = await worldIn(namespaceOf(scenario), stage.harness);
  const { settle, beginChapter } = photographer(stage, world.namespace, scenario.tellsCourse === true);
  beginChapter();
  for (const object of objects) await create(world, object);
  const name = isExample(rollout) ? rollout.name : rollout.metadata.name;
  if (isExample(rollout)) await world.applyExample(rollout.example);
  else await create(world, rollout);
  const frames = [await settle(`installed → ${first}`, first)];
  for (const chapter of story) {
    beginChapter();
    for (const edit of editsOf(chapter)) await perform(world, name, edit);
    frames.push(await settle(titleOf(chapter), chapter[1]));
  }
  // Makes room for other pods, and stops a controller that would not come to rest with it.
  await stage.harness.api.delete(pathOf(world.namespace, "Rollout", name), { propagationPolicy: "Background" });
  return frames;
}
