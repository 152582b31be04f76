/** What looks at the pods of a Deployment, or names it: one of each kind, all called as the Deployment. */
import type { World } from "./clusterWorld.ts";

const target = (name: string) => ({ apiVersion: "apps/v1", kind: "Deployment", name });

/** Needs the kinds of foreignKinds.ts. The autoscaler is one that KEDA makes for its ScaledObject. */
export async function createFollowers({ harness: { api }, namespace }: World, name: string): Promise<void> {
  const selector = { matchLabels: { app: name } };
  const objects: readonly (readonly [collection: string, spec: object])[] = [
    ["/apis/policy/v1/NS/poddisruptionbudgets", { maxUnavailable: 1, selector }],
    [
      "/apis/networking.k8s.io/v1/NS/networkpolicies",
      { podSelector: selector, policyTypes: ["Ingress"], ingress: [{}] },
    ],
    ["/apis/monitoring.coreos.com/v1/NS/podmonitors", { selector }],
    ["/apis/keda.sh/v1alpha1/NS/scaledobjects", { scaleTargetRef: { name } }],
    ["/apis/autoscaling.k8s.io/v1/NS/verticalpodautoscalers", { targetRef: target(name) }],
  ];
  for (const [collection, spec] of objects) {
    const path = collection.replace("NS", `namespaces/${namespace}`);
    const [, , group, version, , , plural] = path.split("/");
    const kind = Object.entries(KINDS).find(([of]) => of === plural)?.[1];
    const made = await api.create(path, { apiVersion: `${group}/${version}`, kind, metadata: { name }, spec });
    if (plural !== "scaledobjects") continue;
    const owner = {
      apiVersion: "keda.sh/v1alpha1",
      kind: "ScaledObject",
      name,
      uid: made.metadata.uid,
      controller: true,
    };
    await api.create(`/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`, {
      metadata: { name: `keda-hpa-${name}`, ownerReferences: [owner] },
      spec: { scaleTargetRef: target(name), minReplicas: 3, maxReplicas: 5 },
    });
  }
}

const KINDS = {
  poddisruptionbudgets: "PodDisruptionBudget",
  networkpolicies: "NetworkPolicy",
  podmonitors: "PodMonitor",
  scaledobjects: "ScaledObject",
  verticalpodautoscalers: "VerticalPodAutoscaler",
};

/** What is said of them, in the order of their kinds. */
export function wordsAboutFollowers({ namespace }: World, name: string): readonly string[] {
  const rollout = `{apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: ${name}}`;
  const of = `${namespace}/${name}`;
  return [
    `Warning MigrationFollowUp VerticalPodAutoscaler "${of}": it looks for pods of the Deployment, which has none then. Write spec.targetRef: ${rollout}`,
    `Warning MigrationFollowUp ScaledObject "${of}": it scales the Deployment, which has no pods then. Write spec.scaleTargetRef: ${rollout}`,
    `Normal MigrationFollowUp Go on with the pods as they are: HorizontalPodAutoscaler "${namespace}/keda-hpa-${name}", ` +
      `PodDisruptionBudget "${of}", NetworkPolicy "${of}", PodMonitor "${of}", Service "${of}"`,
  ];
}
