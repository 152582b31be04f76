/** What must hold in every world of migrations, at every change, and when nothing changes any more (docs/migration.md). */
import {
  ADOPTING,
  INSTANCE_LABEL,
  MANAGED_BY_ROLLOUT,
  PAUSED_FOR_ROLLOUT,
  REPLICAS_BEFORE,
  REPLICAS_LEFT,
  REPLICAS_WANTED,
} from "../../../schema/labels.ts";
import type { OwnerReference } from "../../../schema/kube.ts";
import { controllerOf } from "../../../kube/object/ownerReference.ts";
import { rolloutOfDeployment } from "../../../webhook/migration/objects.ts";
import type { ApiCore, ApiObject, Change } from "../../../simulator/model/model.ts";
import type { Violation } from "../judge/court.ts";
import type { Deed } from "./script.ts";
import { toolsProblem } from "./tools.ts";
import { DEPLOYMENT, isAdopted, type Meant, ROLLOUT, targetOf } from "./people.ts";

interface PodObject {
  readonly metadata: ApiObject["metadata"];
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const isReady = (pod: ApiObject): boolean => {
  const { metadata, status } = pod as unknown as PodObject;
  const ready = status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;
  return ready && metadata.deletionTimestamp === undefined;
};

const replicasOf = (object: ApiObject | undefined): number =>
  (object?.["spec"] as { readonly replicas?: number } | undefined)?.replicas ?? 0;

export interface MigrationJudge {
  /** Before a deed is carried out. */
  expect(deed: Deed): void;
  /** After it. */
  meant(): void;
  change(change: Change): void;
  /** Nothing changes any more. */
  rest(): void;
}

export interface JudgeOptions {
  readonly core: ApiCore;
  readonly meant: Meant;
  /** ReplicaSets may do later what Deployments have asked of them than Deployments ask for more. */
  readonly haveSlowSets: boolean;
}

interface Bounds {
  /** So many pods serve at least; undefined: not before it has come to rest. */
  low: number;
  high: number;
  /** Nothing but the migration goes on: no new size, no new template. */
  calm: boolean;
  /** It is only being adopted: no pod comes or goes. */
  still: boolean;
}

export function createMigrationJudge(
  { core, meant, haveSlowSets }: JudgeOptions,
  report: (violation: Violation) => void,
): MigrationJudge {
  const pods = new Map<string, boolean>();
  const bounds: Bounds = { low: 0, high: 0, calm: false, still: false };
  let resting = false;
  const sizes = (): number[] => [...meant.sizes];
  const widen = (): void => {
    bounds.low = Math.min(bounds.low, ...sizes());
    bounds.high = Math.max(bounds.high, ...sizes());
  };

  const judgePods = (): void => {
    const ready = [...pods.values()].filter(Boolean).length;
    const { low, high, calm } = bounds;
    // A rolling update of a Deployment takes more than its share where ReplicaSets are slow: so does Kubernetes itself.
    const least = calm ? low : haveSlowSets ? 0 : low - Math.floor(low / 4);
    if (ready < least) report({ rule: "capacity", what: `${ready} pods serve, fewer than ${least}` });
    const most = 2 * high + (calm ? 0 : 4 * Math.ceil(high / 4) + meant.extra);
    if (pods.size > most && !meant.doubled) report({ rule: "bound", what: `${pods.size} pods, more than ${most}` });
  };

  const takePod = ({ type, object }: Change): void => {
    const { name, deletionTimestamp } = object.metadata;
    const had = pods.has(name);
    if (type === "DELETED" || deletionTimestamp !== undefined) pods.delete(name);
    else pods.set(name, isReady(object));
    if (bounds.still && had !== pods.has(name))
      report({
        rule: "restart",
        what: `pod ${name} ${had ? "goes" : "comes"} while the Rollout takes over its ReplicaSet`,
      });
    judgePods();
  };

  /** A ReplicaSet is taken over when the Deployment is gone, and not before. */
  const judgeOwners = ({ object }: Change): void => {
    const owners = (object.metadata.ownerReferences ?? []) as readonly OwnerReference[];
    const owner = owners.find(({ controller }) => controller === true);
    if (owners.filter(({ controller }) => controller === true).length > 1)
      report({ rule: "owner", what: `ReplicaSet ${object.metadata.name} has two controllers` });
    const live = core.get(DEPLOYMENT);
    const isBeside = live !== undefined && live.metadata.deletionTimestamp === undefined;
    if (owner?.kind === "Rollout" && isBeside && !meant.doubled && isAdopted(core.get(ROLLOUT)))
      report({ rule: "owner", what: "a ReplicaSet is taken over while the Deployment is there" });
  };

  return {
    expect(deed) {
      const isQuiet = ["ask", "retract", "deleteRollout", "webhook"].includes(deed.kind);
      bounds.calm = isQuiet && (bounds.calm || resting);
      const isAlone = deed.kind === "webhook" || (deed.kind === "ask" && deed.mode === "adopt" && resting);
      bounds.still = isAlone && (bounds.still || resting) && meant.mode !== "reference";
      if (deed.kind === "deleteDeployment") bounds.low = 0;
      if (deed.kind !== "webhook") resting = false;
    },
    meant: widen,
    change(change) {
      if (change.resource === "pods") takePod(change);
      if (change.resource === "replicasets.apps" && change.type !== "DELETED") judgeOwners(change);
    },
    rest() {
      const what = problemAtRest(core, meant);
      if (what !== undefined) report({ rule: "end", what: `at rest ${what}` });
      resting = true;
      const size = meant.isGone ? 0 : sizeNow(core);
      // A size that the owner has set by hand, or that was lost with the webhook, is what counts from now on.
      Object.assign(bounds, { low: meant.doubled ? 0 : size, high: size, calm: true, still: false });
      if (!meant.doubled) meant.extra = 0;
      if (meant.sizes.has(size)) meant.sizes = new Set([size]);
    },
  };
}

/** The size of who has the pods. */
const sizeNow = (core: ApiCore): number => replicasOf(core.get(ROLLOUT) ?? core.get(DEPLOYMENT));

/** Who has the pods, how many, and what is left of the migration. */
function problemAtRest(core: ApiCore, meant: Meant): string | undefined {
  const [deployment, rollout] = [core.get(DEPLOYMENT), core.get(ROLLOUT)];
  if (meant.doubled) return deployment === undefined ? ownerProblem(core) : undefined;
  return (
    ownerProblem(core) ??
    sizeProblem(core, meant) ??
    (rollout?.metadata.labels?.[INSTANCE_LABEL] === ADOPTING ? "the Rollout is still held" : undefined) ??
    placeProblem(meant, deployment, rollout) ??
    autoscalerProblem(core, meant) ??
    (deployment === undefined ? undefined : toolsProblem(deployment, rollout))
  );
}

function ownerProblem(core: ApiCore): string | undefined {
  const alive = new Set([core.get(DEPLOYMENT), core.get(ROLLOUT)].map((object) => object?.metadata.uid));
  const sets = new Map(core.list("replicasets.apps").map((set) => [set.metadata.uid, set]));
  const owners = new Set<string>();
  for (const pod of core.list("pods")) {
    const set = sets.get(controllerOf(pod as never)?.uid ?? "");
    const owner = set === undefined ? undefined : controllerOf(set as never);
    if (owner === undefined || !alive.has(owner.uid)) return `nobody owns pod ${pod.metadata.name}`;
    owners.add(owner.kind);
  }
  return owners.size > 1 ? `pods have ${[...owners].join(" and ")}` : undefined;
}

function sizeProblem(core: ApiCore, { sizes, image, isGone }: Meant): string | undefined {
  const pods = core.list("pods");
  const ready = pods.filter(isReady);
  if (isGone) return pods.length === 0 ? undefined : `${pods.length} pods are left of what was deleted`;
  const allowed = [...sizes].join(" or ");
  if (!sizes.has(ready.length) || pods.length !== ready.length)
    return `${ready.length} of ${pods.length} pods serve, not ${allowed}`;
  const images = new Set(pods.map((pod) => imageOf(pod)));
  return images.size === 0 || (images.size === 1 && images.has(image))
    ? undefined
    : `the pods have ${[...images].join(", ")}, not ${image}`;
}

const imageOf = (pod: ApiObject): string | undefined =>
  (pod["spec"] as { readonly containers?: readonly { readonly image: string }[] }).containers?.[0]?.image;

const MARKS = [MANAGED_BY_ROLLOUT, REPLICAS_WANTED, REPLICAS_BEFORE, REPLICAS_LEFT, PAUSED_FOR_ROLLOUT];

function placeProblem(
  { mode, isGone }: Meant,
  deployment: ApiObject | undefined,
  rollout: ApiObject | undefined,
): string | undefined {
  if (isGone) return deployment === undefined && rollout === undefined ? undefined : "not all is gone that was deleted";
  if (deployment === undefined) return isAdopted(rollout) ? undefined : "there is neither a Deployment nor its Rollout";
  const has = `the Deployment has ${replicasOf(deployment)} replicas`;
  if (mode === "reference") {
    if (rollout === undefined) return `it asks for a Rollout, and there is none; ${has}`;
    if (replicasOf(deployment) > 0) return `${has} beside its Rollout`;
    return rolloutOfDeployment(deployment) === undefined ? "the Deployment is not stamped" : undefined;
  }
  if (mode === "adopt") return "it asks to be adopted, and is not";
  if (rollout !== undefined) return "nothing asks for the Rollout any more";
  const left = MARKS.filter((mark) => deployment.metadata.annotations?.[mark] !== undefined);
  return left.length === 0 ? undefined : `the Deployment still has ${left.join(", ")}`;
}

/** In mode adopt the loop points it at the Rollout; in mode reference the webhook does, when it is written. */
function autoscalerProblem(core: ApiCore, { isGone }: Meant): string | undefined {
  const target = targetOf(core);
  if (target === undefined || isGone || core.get(DEPLOYMENT) !== undefined) return undefined;
  return target === "Rollout, noted" ? undefined : `the autoscaler scales the ${target}, which is gone`;
}
