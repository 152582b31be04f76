/** What the caches hold of objects that may be large. */
import type { Rollout, RolloutSpec, RolloutStatus } from "../../../schema/rollout.ts";
import { heldBack, tooLarge, tooLong } from "../../../kube/validation/size.ts";
import type { Stored } from "../../../kube/runtime/cache.ts";
import { SUBSCRIBE, SUBSCRIPTIONS } from "../../../schema/labels.ts";
import { withoutBookkeeping } from "./bookkeeping.ts";
import { type Room, type Waiting, weightOf } from "./room.ts";

/** The kinds under which room is taken for objects. */
export const ROLLOUT = "Rollout";
export const TEMPLATE = "Template";

/** Bytes of a part that is kept although the whole is not. */
const MOST_OF_A_PART = 16 * 2 ** 10;

/**
 * Rollouts are held whole, except for bookkeeping that nothing here reads and that is often larger than the rest. Of a
 * Rollout that is too large, or finds no `room`, only what keeps things as they are is held: what it names, and its
 * status.
 */
export function slimRollout(raw: Rollout, room: Room): Rollout {
  const { labels, ...others } = withoutBookkeeping(raw.metadata);
  const metadata = labels !== undefined && keepsLabels(raw) ? { ...others, labels } : others;
  const rollout = { ...raw, metadata };
  const { uid = "", namespace, name } = metadata;
  const tooMuch = tooLarge(raw.spec) ?? tooLong([metadata, raw.status], "its metadata and status have");
  const why = whyNot(uid, { kind: ROLLOUT, namespace, name, bytes: weightOf(rollout) }, tooMuch, room);
  return why === undefined ? rollout : heldBack(restOf(rollout), why);
}

/** What it makes from templates may have its labels, too, and notifications may name them. */
export const keepsLabels = (rollout: Rollout): boolean =>
  makesRuns(rollout) ||
  Object.keys(rollout.metadata.annotations ?? {}).some(
    (name) => name.startsWith(SUBSCRIBE) || name.startsWith(SUBSCRIPTIONS),
  );

function makesRuns({ spec }: Rollout): boolean {
  const { canary, blueGreen } = spec?.strategy ?? {};
  const steps = Array.isArray(canary?.steps) ? canary.steps : [];
  return (
    canary?.analysis !== undefined ||
    blueGreen?.prePromotionAnalysis !== undefined ||
    blueGreen?.postPromotionAnalysis !== undefined ||
    steps.some((step) => step?.analysis !== undefined || step?.experiment !== undefined)
  );
}

/** Services, workload and routers stay named: what a Rollout no longer names would be released. */
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

/** The condition with the reason is among those that are kept, so that it is written only once. */
function restOfStatus({ conditions, ...status }: RolloutStatus): RolloutStatus {
  const kept = conditions?.filter((condition) => weightOf(condition) <= MOST_OF_A_PART).slice(0, MOST_CONDITIONS);
  return { ...smallOf(status), ...(kept && { conditions: kept }) };
}

/** There are ten types of conditions. */
const MOST_CONDITIONS = 20;

/** An AnalysisTemplate or ClusterAnalysisTemplate, of which only the spec is held. */
export interface Template extends Stored {
  readonly spec: unknown;
}

/** Of a template that is too large, or finds no `room`, only that it exists. */
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

/** The members that are no larger than a kept part may be. */
function smallOf<T extends object>(parts: T): Partial<T> {
  const small = Object.entries(parts).filter(([, part]) => part !== undefined && weightOf(part) <= MOST_OF_A_PART);
  return Object.fromEntries(small) as Partial<T>;
}
