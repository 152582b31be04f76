/** The CRDs, and what keeps them from being deleted by accident: with a CRD go all its objects, and their pods. */
import { explainedCrds } from "../schema/fieldSentences.ts";
import { labels, name } from "./text/manifestNames.ts";
import type { Manifest } from "./text/render.ts";

/** On a CRD or the namespace: deleting it is intended. */
export const ALLOW_DELETION = "sluice.dev/allow-deletion";

/** Tools that delete objects which are no longer in their sources leave these alone. */
const kept = {
  "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
  "helm.sh/resource-policy": "keep",
  "kustomize.toolkit.fluxcd.io/prune": "disabled",
};

/** With a sentence for each field, which `kubectl explain` shows; the schemas of the program have none. */
export const definitions: readonly Manifest[] = explainedCrds().map((crd) => ({
  ...crd,
  metadata: { name: crd.metadata.name, annotations: kept, labels: labels("api") },
}));

/**
 * On the guard itself, which no policy can guard (the API server exempts policies from policies): when the file that
 * it is in is deleted, it stays, and refuses, until the user removes this finalizer.
 */
const KEEP = "sluice.dev/keep";

const policyName = `${name}-keeps-rollouts`;
const api = "admissionregistration.k8s.io/v1";

/**
 * Refuses to delete the CRDs and the controller's namespace. They are named in an expression, because a request that
 * deletes a collection names no object that a rule could match. CEL cannot check whether there are Rollouts, so an
 * annotation has to state that the deletion is intended.
 */
export const guard = (namespace: string): Manifest[] => {
  const names = [...definitions.map(({ metadata }) => metadata.name), namespace];
  const metadata = { name: policyName, annotations: kept, finalizers: [KEEP], labels: labels("api") };
  const deletionOf = (apiGroup: string, resource: string): object => ({
    apiGroups: [apiGroup],
    apiVersions: ["v1"],
    operations: ["DELETE"],
    resources: [resource],
    scope: "*",
  });
  return [
    {
      apiVersion: api,
      kind: "ValidatingAdmissionPolicy",
      metadata,
      spec: {
        failurePolicy: "Fail",
        matchConstraints: {
          resourceRules: [
            deletionOf("apiextensions.k8s.io", "customresourcedefinitions"),
            deletionOf("", "namespaces"),
          ],
        },
        matchConditions: [{ name: "ours", expression: `oldObject.metadata.name in ${JSON.stringify(names)}` }],
        validations: [
          {
            expression: `oldObject.metadata.?annotations[?"${ALLOW_DELETION}"].orValue("") == "true"`,
            messageExpression: refusal,
            reason: "Forbidden",
          },
        ],
      },
    },
    {
      apiVersion: api,
      kind: "ValidatingAdmissionPolicyBinding",
      metadata,
      spec: { policyName, validationActions: ["Deny"] },
    },
  ];
};

const refusal =
  `"deleting " + oldObject.metadata.name + " would delete all that is in it, Rollouts and their pods too: see docs/uninstall.md ` +
  `of Sluice, and if it is meant, annotate it with ${ALLOW_DELETION}=true first"`;

export const namespaceObject = (namespace: string): Manifest => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: namespace, annotations: kept, labels: labels("namespace") },
});
