/** Which right each verb needs, and whether a user has it: the API server answers, for the dashboard as for kubectl. */
import type { KubeClient } from "../../../kube/client/transport.ts";
import { collectionPath } from "../../../kube/client/path.ts";
import {
  ANALYSIS_RUNS,
  EXPERIMENTS,
  REPLICA_SETS,
  DEPLOYMENTS,
  POD_TEMPLATES,
  ROLLOUTS,
} from "../../../kube/client/resources.ts";
import type { Clock } from "../../../kube/clock/clock.ts";
import type { Resource } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { May, ObjectVerb, RolloutVerb, Verb } from "../../model.ts";
import type { User } from "./user.ts";

export interface Right {
  readonly resource: Resource;
  readonly verb: "get" | "list" | "watch" | "patch";
  readonly subresource?: string;
  /** "": all namespaces. */
  readonly namespace: string;
  /** Absent: whatever its name is. */
  readonly name?: string;
}

export interface Access {
  /** @throws {ApiError} when the API server cannot be asked */
  allowed(right: Right): Promise<boolean>;
}

type Wanted = Pick<Right, "resource" | "subresource">;

const STATUS: Wanted = { resource: ROLLOUTS, subresource: "status" };
const SPEC: Wanted = { resource: ROLLOUTS };

const NEEDED: Readonly<Record<Verb, Wanted>> = {
  promote: STATUS,
  "promote-full": STATUS,
  abort: STATUS,
  retry: STATUS,
  restart: SPEC,
  pause: SPEC,
  resume: SPEC,
  undo: SPEC,
  "set-image": SPEC,
  "terminate-run": { resource: ANALYSIS_RUNS },
  "terminate-experiment": { resource: EXPERIMENTS },
  "retry-experiment": { resource: EXPERIMENTS },
};

export const isVerb = (text: string): text is Verb => Object.hasOwn(NEEDED, text);

export const ROLLOUT_VERBS: readonly RolloutVerb[] = [
  "promote",
  "promote-full",
  "abort",
  "retry",
  "restart",
  "undo",
  "set-image",
  "pause",
  "resume",
];

export const OBJECT_VERBS: readonly ObjectVerb[] = ["terminate-run", "terminate-experiment", "retry-experiment"];

const WORKLOADS: Readonly<Record<string, Resource>> = {
  Deployment: DEPLOYMENTS,
  ReplicaSet: REPLICA_SETS,
  PodTemplate: POD_TEMPLATES,
};

/** These change the pod template, which may be a workload's. */
const OF_TEMPLATE: readonly Verb[] = ["undo", "set-image"];

/** @param rollout the one that the verb is about, where it is known: its pod template may be another object's */
export function rightFor(verb: Verb, namespace: string, name?: string, rollout?: Rollout): Right {
  const ref = rollout?.spec.workloadRef;
  const workload = ref === undefined || !OF_TEMPLATE.includes(verb) ? undefined : WORKLOADS[ref.kind ?? ""];
  if (workload !== undefined) return { resource: workload, verb: "patch", namespace, name: ref?.name ?? "" };
  return { ...NEEDED[verb], verb: "patch", namespace, ...(name === undefined ? {} : { name }) };
}

/** What a user may do, of these verbs. */
export async function mayOf(
  access: Access,
  verbs: readonly (RolloutVerb | ObjectVerb)[],
  { namespace, name, rollout }: { readonly namespace: string; readonly name?: string; readonly rollout?: Rollout },
): Promise<May> {
  const answers = await Promise.all(
    verbs.map(async (verb) => [verb, await access.allowed(rightFor(verb, namespace, name, rollout))] as const),
  );
  return Object.fromEntries(answers.filter(([, allowed]) => allowed));
}

const reviews = (plural: string): Resource => ({ group: "authorization.k8s.io", version: "v1", plural });

/** An answer is good for so long: a right that is taken away shows within this time. */
const KEPT_MS = 10_000;

/**
 * @param user undefined: the client's own (SelfSubjectAccessReview)
 * @param client whose rights are used to ask
 */
export function accessOf(client: KubeClient, clock: Clock, user: User | undefined): Access {
  const known = new Map<string, { readonly at: number; readonly answer: Promise<boolean> }>();
  const ask = async (right: Right): Promise<boolean> => {
    const { resource, verb, subresource, namespace, name } = right;
    const resourceAttributes = {
      group: resource.group,
      resource: resource.plural,
      verb,
      namespace,
      ...(subresource === undefined ? {} : { subresource }),
      ...(name === undefined ? {} : { name }),
    };
    const kind = user === undefined ? "SelfSubjectAccessReview" : "SubjectAccessReview";
    const who = user === undefined ? {} : { user: user.name, uid: user.uid, groups: user.groups, extra: user.extra };
    const review = await client.request<{ readonly status?: { readonly allowed?: boolean } }>({
      method: "POST",
      path: collectionPath(reviews(`${kind.toLowerCase()}s`)),
      body: { apiVersion: "authorization.k8s.io/v1", kind, spec: { ...who, resourceAttributes } },
    });
    return review.status?.allowed === true;
  };
  return {
    allowed(right) {
      const key = JSON.stringify(right);
      const now = clock.now();
      const before = known.get(key);
      if (before !== undefined && now - before.at < KEPT_MS) return before.answer;
      if (known.size >= 5_000) known.clear();
      const answer = ask(right);
      known.set(key, { at: now, answer });
      answer.catch(() => known.delete(key));
      return answer;
    },
  };
}
