/** A ValidatingAdmissionPolicy that refuses changes of some objects of one namespace. */
import type { World } from "./clusterWorld.ts";
import { until } from "./until.ts";

export interface Refusal {
  /** Changes are taken again. */
  end(): Promise<void>;
}

interface Refused {
  readonly apiGroup: string;
  readonly apiVersion: string;
  readonly resource: string;
  /** One that exists, of these: tried until the policy is in force. */
  readonly name: string;
}

/** Resolves once changes are refused with this message. */
export async function refuseChanges(
  { harness: { api }, namespace }: World,
  { apiGroup, apiVersion, resource, name: one }: Refused,
  message: string,
): Promise<Refusal> {
  const policies = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
  const bindings = policies.replace("policies", "policybindings");
  const name = `no-${resource}-${namespace}`;
  const rule = { apiGroups: [apiGroup], apiVersions: [apiVersion], resources: [resource], operations: ["UPDATE"] };
  await api.create(policies, {
    metadata: { name },
    spec: { matchConstraints: { resourceRules: [rule] }, validations: [{ expression: "false", message }] },
  });
  const matchResources = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } } };
  await api.create(bindings, {
    metadata: { name },
    spec: { policyName: name, validationActions: ["Deny"], matchResources },
  });
  const path = `/apis/${apiGroup}/${apiVersion}/namespaces/${namespace}/${resource}/${one}?dryRun=All`;
  const isRefused = (): Promise<boolean> =>
    api.patch(path, "merge", { metadata: { labels: { tried: String(Math.random()) } } }).then(
      () => false,
      () => true,
    );
  await until("the policy is in force", isRefused, 20_000);
  return {
    end: async () => {
      await api.delete(`${bindings}/${name}`);
      await api.delete(`${policies}/${name}`);
    },
  };
}
