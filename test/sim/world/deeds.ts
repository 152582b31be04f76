/**
 * Carrying out a script's deeds in a world: through the API, in one instant, as people and machines do with kubectl.
 */
import type { ApiCore, ApiObject, ApiServer, Draft } from "../../../simulator/model/model.ts";
import { HASH_LABEL, KSTATUS, RESTORE_WORKLOAD } from "../../../schema/labels.ts";
import { timestamp } from "../../../kube/object/time.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { both, type Edit, restart } from "../../golden/edits.ts";
import {
  createDeployment,
  deploymentIn,
  resolvedIn,
  sizeDeployment,
  storeTemplate,
} from "../script/deploymentWorlds.ts";
import type { RouterKind } from "../../../schema/trafficRouting.ts";
import { changeRouted, type Given, introduce } from "./routedWorld.ts";
import type { Deed, Script } from "../script/script.ts";
import type { Truth } from "./truth.ts";

export interface Stage {
  readonly server: ApiServer;
  readonly core: ApiCore;
  readonly truth: Truth;
  readonly readyMs: Script["readyMs"];
  readonly deployment: Script["deployment"];
  readonly given: Given;
  /** The API server refuses our writes of a router's objects for so long. */
  readonly refuse: (router: RouterKind, ms: number) => void;
  /** The Rollout as users last wanted it, from which it is created again. */
  meant: Rollout;
}

const ROLLOUT = { resource: "rollouts.argoproj.io", namespace: "default", name: "web" } as const;

/** An annotation of the pod template determines how long pods take to become ready. */
function timed(rollout: Rollout, readyMs: Script["readyMs"]): Rollout {
  const { template } = rollout.spec;
  const pod = template?.spec as { containers?: { image?: string }[] } | undefined;
  const ms = readyMs(pod?.containers?.[0]?.image ?? "");
  const annotations: Record<string, string> =
    ms === undefined ? { "sim.sluice.dev/never-ready": "true" } : { "sim.sluice.dev/ready-after": `${ms}ms` };
  const metadata = { ...template?.metadata, annotations };
  return { ...rollout, spec: { ...rollout.spec, template: { ...template, metadata } } };
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** A change of the Rollout: its status through the status subresource, all else through the object. */
export function editRollout(stage: Stage, change: Edit): void {
  const { core, readyMs } = stage;
  const live = core.get(ROLLOUT) as unknown as Rollout | undefined;
  stage.meant = timed(change(live === undefined ? stage.meant : resolvedIn(core, live)), readyMs);
  const next = storeTemplate(core, stage.meant);
  introduce(core, stage.given, next);
  if (live === undefined) return;
  if (!same(live.status, next.status))
    core.modify(ROLLOUT, (object) => ({ ...object, status: next.status }), { subresource: "status" });
  if (!same(live.spec, next.spec) || !same(live.metadata, next.metadata))
    core.modify(ROLLOUT, (object) => ({
      ...object,
      metadata: { ...object.metadata, ...annotationsOf(next) },
      spec: next.spec,
    }));
}

/** As a horizontal autoscaler sets a size: without a webhook the server has done it when this returns. */
function autoscale(stage: Stage, replicas: number): void {
  stage.meant = { ...stage.meant, spec: { ...stage.meant.spec, replicas } };
  const path = `/apis/argoproj.io/v1alpha1/namespaces/${ROLLOUT.namespace}/rollouts/${ROLLOUT.name}/scale`;
  const body = { spec: { replicas } };
  void stage.server.handle({ method: "PATCH", path, query: {}, body, contentType: "application/merge-patch+json" });
}

const annotationsOf = ({ metadata: { annotations } }: Rollout): object =>
  annotations === undefined ? {} : { annotations };

/** Creates it, with its Deployment where the world has one. */
export function createRollout({ core, meant, readyMs, deployment }: Stage): void {
  const rollout = timed(meant, readyMs);
  if (deployment !== undefined && deploymentIn(core) === undefined)
    createDeployment(core, rollout, deployment.replicas);
  const { spec, metadata } = storeTemplate(core, rollout);
  const { name, namespace } = metadata;
  // What users write, and not what controllers add.
  const own = Object.entries(metadata.annotations ?? {}).filter(([key]) => [RESTORE_WORKLOAD, KSTATUS].includes(key));
  const given = { name, namespace, ...(own.length === 0 ? {} : { annotations: Object.fromEntries(own) }) };
  core.create(ROLLOUT.resource, { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", metadata: given, spec });
}

export function createService({ core }: Stage, name: string): void {
  const spec = { selector: { app: "web" }, ports: [{ port: 80 }] };
  core.create("services", { apiVersion: "v1", kind: "Service", metadata: { name, namespace: "default" }, spec });
}

type Condition = { readonly type: string; readonly status: string; readonly lastTransitionTime?: string };

/** Sets a pod's readiness, as its kubelet would report it. */
function setReady({ core }: Stage, name: string, uid: string, ready: boolean): void {
  const ref = { resource: "pods", namespace: "default", name };
  if (core.get(ref)?.metadata.uid !== uid) return;
  const lastTransitionTime = timestamp(core.clock.now());
  core.modify(
    ref,
    (object) => {
      const status = object["status"] as { conditions?: readonly Condition[] };
      const conditions = (status.conditions ?? []).map((condition) =>
        condition.type === "Ready" || condition.type === "ContainersReady"
          ? { ...condition, status: ready ? "True" : "False", lastTransitionTime }
          : condition,
      );
      return { ...object, status: { ...status, conditions } };
    },
    { subresource: "status" },
  );
}

/** Ready pods of an image, the oldest first. */
function podsOfImage({ core, truth }: Stage, image: string, count: number): readonly ApiObject[] {
  const set = truth.setOfImage(image);
  if (set === undefined) return [];
  const ready = new Set(truth.podsOf(set.uid).flatMap(({ name, readyMs }) => (readyMs === undefined ? [] : [name])));
  return core
    .list("pods", { namespace: "default" })
    .filter(({ metadata }) => ready.has(metadata.name) && metadata.deletionTimestamp === undefined)
    .slice(0, count);
}

const hashless = (object: ApiObject): Draft => {
  const { [HASH_LABEL]: _, ...selector } = (object["spec"] as { selector: Record<string, string> }).selector;
  return { ...object, spec: { ...(object["spec"] as object), selector } };
};

export function perform(stage: Stage, deed: Deed): void {
  const { core, truth } = stage;
  switch (deed.kind) {
    case "edit":
      return editRollout(stage, deed.edit);
    case "scale":
      return autoscale(stage, deed.replicas);
    case "restart":
      return editRollout(stage, both(restart(core.clock.now() + (deed.laterMs ?? 0)), deed.edit ?? ((same) => same)));
    case "failPods":
      for (const { metadata } of podsOfImage(stage, deed.image, deed.count)) {
        setReady(stage, metadata.name, metadata.uid, false);
        core.clock.after(deed.ms, () => setReady(stage, metadata.name, metadata.uid, true));
      }
      return;
    case "deletePods":
      for (const { metadata } of podsOfImage(stage, deed.image, deed.count))
        core.delete({ resource: "pods", namespace: "default", name: metadata.name });
      return;
    case "deleteSet":
    case "changeSet":
    case "resizeSet": {
      const set = truth.setOfImage(deed.image);
      if (set === undefined) return;
      const ref = { resource: "replicasets.apps", namespace: "default", name: set.name };
      if (deed.kind === "deleteSet") core.delete(ref, { propagationPolicy: "Background" });
      else if (deed.kind === "changeSet")
        core.modify(ref, (object) => ({
          ...object,
          metadata: { ...object.metadata, ...deed.change(object.metadata) },
        }));
      else
        core.modify(ref, (object) => ({ ...object, spec: { ...(object["spec"] as object), replicas: deed.replicas } }));
      return;
    }
    case "deleteRollout":
      if (core.get(ROLLOUT) !== undefined)
        core.delete(ROLLOUT, { propagationPolicy: deed.orphan === true ? "Orphan" : "Background" });
      return;
    case "createRollout":
      if (core.get(ROLLOUT) === undefined) createRollout(stage);
      return;
    case "sizeDeployment":
      return sizeDeployment(core, deed.replicas);
    case "routed":
      return changeRouted(core, stage.given, deed.change, deed.which);
    case "refuse":
      return stage.refuse(deed.router, deed.ms);
    case "service":
      return changeService(stage, deed);
    default:
      return deed satisfies never;
  }
}

function changeService(stage: Stage, { name, change }: Extract<Deed, { kind: "service" }>): void {
  const { core } = stage;
  const ref = { resource: "services", namespace: "default", name };
  const exists = core.get(ref) !== undefined;
  if (change === "create") {
    if (!exists) createService(stage, name);
  } else if (exists) {
    if (change === "delete") core.delete(ref);
    else core.modify(ref, hashless);
  }
}
