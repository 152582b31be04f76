/** Evictions: a deletion that the disruption budget of the pod has to allow. */
import { answer, type Call, deleteOptionsOf, objectIn, type Outcome } from "../objects/call.ts";
import { foundSlot } from "../objects/core.ts";
import { deleteSlot } from "../objects/deletion.ts";
import type { ApiObject } from "../../model/model.ts";
import { badRequest, forbidden } from "../state/refusals.ts";
import type { Slot } from "../state/store.ts";
import { StatusError } from "../../model/statusError.ts";
import type { World } from "../state/state.ts";

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly [field: string]: unknown;
}

interface BudgetStatus {
  readonly observedGeneration?: number;
  readonly disruptionsAllowed?: number;
  readonly currentHealthy?: number;
  readonly desiredHealthy?: number;
  readonly disruptedPods?: Readonly<Record<string, string>>;
  readonly conditions?: readonly Condition[];
}

interface BudgetSpec {
  readonly selector?: {
    readonly matchLabels?: Readonly<Record<string, string>>;
    readonly matchExpressions?: readonly {
      readonly key: string;
      readonly operator: string;
      readonly values?: readonly string[];
    }[];
  };
  readonly unhealthyPodEvictionPolicy?: string;
}

interface PodStatus {
  readonly phase?: string;
  readonly conditions?: readonly Condition[];
}

const specOf = (budget: ApiObject): BudgetSpec => (budget["spec"] as BudgetSpec | undefined) ?? {};
const statusOf = (budget: ApiObject): BudgetStatus => (budget["status"] as BudgetStatus | undefined) ?? {};

const selects = ({ selector }: BudgetSpec, labels: Readonly<Record<string, string>>): boolean => {
  if (selector === undefined) return false;
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const fits = (key: string, operator: string, values: readonly string[]): boolean => {
    const value = labels[key];
    switch (operator) {
      case "In":
        return value !== undefined && values.includes(value);
      case "NotIn":
        return value === undefined || !values.includes(value);
      case "Exists":
        return value !== undefined;
      default:
        return value === undefined;
    }
  };
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => fits(key, operator, values))
  );
};

const tooMany = (why: string, retryAfterSeconds?: number): StatusError =>
  new StatusError(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: "DisruptionBudget", message: why, field: "" }],
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  });

const budgetsOf = ({ store }: World, { metadata }: ApiObject): readonly Slot[] => {
  const budgets = store.collection("poddisruptionbudgets.policy");
  if (budgets === undefined) return [];
  return store
    .slots(budgets, metadata.namespace)
    .filter(({ object }) => selects(specOf(object), metadata.labels ?? {}));
};

/** Budgets do not protect a pod that does not serve yet, or no longer does. */
const isFree = (pod: ApiObject): boolean => {
  const { phase = "" } = (pod["status"] as PodStatus | undefined) ?? {};
  return ["Pending", "Succeeded", "Failed"].includes(phase) || pod.metadata.deletionTimestamp !== undefined;
};

const isReady = (pod: ApiObject): boolean =>
  ((pod["status"] as PodStatus | undefined)?.conditions ?? []).some(
    ({ type, status }) => type === "Ready" && status === "True",
  );

/** A pod that is not healthy may go when that does no harm, or when its budget always allows it. */
const isUncounted = (budget: ApiObject, pod: ApiObject): boolean => {
  if (isReady(pod)) return false;
  if (specOf(budget).unhealthyPodEvictionPolicy === "AlwaysAllow") return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = statusOf(budget);
  return desiredHealthy > 0 && currentHealthy >= desiredHealthy;
};

/** Takes one of the disruptions that the budget allows. @throws {StatusError} 429 when it allows none */
const take = (world: World, slot: Slot, pod: string, dryRun: boolean): void => {
  const { metadata } = slot.object;
  const status = statusOf(slot.object);
  const { disruptionsAllowed = 0, currentHealthy = 0, desiredHealthy = 0 } = status;
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    throw tooMany(`The disruption budget ${metadata.name} is still being processed by the server.`, 10);
  }
  if (disruptionsAllowed < 0) {
    throw forbidden(slot.collection.kind.resource, metadata.name, "pdb disruptions allowed is negative");
  }
  if (disruptionsAllowed === 0) {
    throw tooMany(
      `The disruption budget ${metadata.name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
    );
  }
  if (dryRun) return;
  const left = disruptionsAllowed - 1;
  const conditions = status.conditions?.map((condition) =>
    left === 0 && condition.type === "DisruptionAllowed"
      ? { ...condition, status: "False", reason: "InsufficientPods", lastTransitionTime: world.now() }
      : condition,
  );
  const next: BudgetStatus = {
    ...status,
    disruptionsAllowed: left,
    disruptedPods: { ...status.disruptedPods, [pod]: world.now() },
    ...(conditions === undefined ? {} : { conditions }),
  };
  world.store.replace(slot, { ...slot.object, status: next });
};

const checkBudgets = (world: World, pod: ApiObject, dryRun: boolean): void => {
  if (isFree(pod)) return;
  const [budget, second] = budgetsOf(world, pod);
  if (second !== undefined) {
    const why = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
    throw new StatusError(500, "", why);
  }
  if (budget !== undefined && !isUncounted(budget.object, pod)) take(world, budget, pod.metadata.name, dryRun);
};

export const success = (code: number): object => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Success",
  code,
});

/** @throws {StatusError} 429 when the budget does not allow it */
export const evict = (call: Call, name: string): Outcome => {
  const { world, route, request } = call;
  const { metadata, deleteOptions } = objectIn(call);
  if ((metadata?.name ?? name) !== name) throw badRequest("name in URL does not match name in Eviction object");
  const options = deleteOptionsOf({
    ...call,
    request: { ...request, body: deleteOptions },
  });
  const slot = foundSlot(world, route.kind, route.namespace, name);
  checkBudgets(world, slot.object, options.dryRun);
  deleteSlot(world, route.kind, slot, options);
  return answer(201, success(201));
};
