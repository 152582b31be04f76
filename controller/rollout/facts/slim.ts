/** What the caches hold of objects that may be large. */
import type { Rollout, RolloutSpec, RolloutStatus } from "../../../schema/rollout.ts";
import { heldBack, tooLarge, tooLong } from "../../../kube/validation/size.ts";
import type { Stored } from "../../../kube/runtime/cache.ts";
import { type Room, type Waiting, weightOf } from "./room.ts";

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** What objects are called where room is taken for them. */
export const ROLLOUT = "Rollout";
export const TEMPLATE = "Template";

/** Of a part that is kept though the whole is not. */
const MOST_OF_A_PART = 16 * 2 ** 10;

/**
 * Rollouts are held whole, but for bookkeeping that nothing here reads and that is often larger than the rest. Of those that
 * are too large, or find no `room`, no more is held than keeps things as they are: what they name, and their status.
 */
export function slimRollout(raw: Rollout, room: Room): Rollout {
  const { managedFields: _, labels: __, ...all } = raw.metadata as Kept;
  const metadata =
    all.annotations?.[LAST_APPLIED] === undefined ? all : { ...all, annotations: withoutLastApplied(all) };
  const rollout = { ...raw, metadata };
  const { uid = "", namespace, name } = metadata;
  const tooMuch = tooLarge(raw.spec) ?? tooLong([metadata, raw.status], "its metadata and status have");
  const why = whyNot(uid, { kind: ROLLOUT, namespace, name, bytes: weightOf(rollout) }, tooMuch, room);
  return why === undefined ? rollout : heldBack(restOf(rollout), why);
}

type Kept = Rollout["metadata"] & { readonly managedFields?: unknown; readonly labels?: unknown };

function withoutLastApplied({ annotations = {} }: Rollout["metadata"]): Readonly<Record<string, string>> {
  const { [LAST_APPLIED]: _, ...others } = annotations;
  return others;
}

/** Services, workload and routers stay named: what a Rollout names no longer would be let go of. */
function restOf({ apiVersion, kind, metadata, spec, status }: Rollout): Rollout {
  const { replicas, paused, workloadRef, strategy } = spec;
  const { canary, blueGreen } = strategy ?? {};
  const routes = canary && {
    stableService: canary.stableService,
    canaryService: canary.canaryService,
    pingPong: canary.pingPong,
    trafficRouting: canary.trafficRouting,
  };
  const services = blueGreen && {
    activeService: blueGreen.activeService,
    previewService: blueGreen.previewService,
  };
  const rest: RolloutSpec = {
    ...smallOf({ replicas, paused, workloadRef }),
    ...(strategy && {
      strategy: {
        ...(routes && { canary: smallOf(routes) }),
        ...(services && { blueGreen: smallOf(services) as typeof services }),
      },
    }),
  };
  return {
    apiVersion,
    kind,
    metadata: restOfMetadata(metadata),
    spec: rest,
    ...(status && { status: restOfStatus(status) }),
  };
}

function restOfMetadata(metadata: Rollout["metadata"]): Rollout["metadata"] {
  const { name, namespace } = metadata;
  return { ...smallOf(metadata), name, namespace, annotations: {} };
}

/** The condition that says why is among those that are kept, so that it is written once. */
function restOfStatus({ conditions, ...status }: RolloutStatus): RolloutStatus {
  const kept = conditions?.filter((condition) => weightOf(condition) <= MOST_OF_A_PART).slice(0, MOST_CONDITIONS);
  return { ...smallOf(status), ...(kept && { conditions: kept }) };
}

/** There are ten types of them. */
const MOST_CONDITIONS = 20;

/** An AnalysisTemplate or ClusterAnalysisTemplate, of which only the spec is held. */
export interface Template extends Stored {
  readonly spec: unknown;
}

/** Of one that is too large, or finds no `room`, only that it is there. */
export function slimTemplate(raw: Template, room: Room): Template {
  const { name = "", namespace = "", uid = "", resourceVersion } = raw.metadata;
  const why = whyNot(uid, { kind: TEMPLATE, namespace, name, bytes: weightOf(raw.spec) }, tooLarge(raw.spec), room);
  const metadata = { name, namespace, uid, resourceVersion };
  return { metadata, spec: why === undefined ? raw.spec : heldBack({}, why) };
}

/** Takes room for an object, unless it is `tooMuch` anyway. @returns why it is not to be held */
export function whyNot(uid: string, object: Waiting, tooMuch: string | undefined, room: Room): string | undefined {
  if (tooMuch === undefined) return room.take(uid, object);
  room.release(uid);
  return tooMuch;
}

/** The members that take no more than a part may. */
function smallOf<T extends object>(parts: T): Partial<T> {
  const small = Object.entries(parts).filter(([, part]) => part !== undefined && weightOf(part) <= MOST_OF_A_PART);
  return Object.fromEntries(small) as Partial<T>;
}
