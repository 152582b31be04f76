/** Objects with a mistake, and what their authors read. For tests. */
import { textWithHelp } from "../../../kube/validation/violation.ts";
import { type AdmissionContext, admissionFindings, type AdmittedKind, type References } from "./admissionFindings.ts";

/** A mistake by itself is in a Rollout, and nothing is known of the cluster. */
export interface Given {
  readonly kind?: AdmittedKind;
  readonly context?: AdmissionContext;
}

/** What was written, and all messages about it; in `kubectl` the name of the object stands before them. */
export type Mistakes = readonly (readonly [
  mistake: string,
  object: unknown,
  given: Given,
  ...messages: readonly string[],
])[];

/** Rows for `test.each`. */
export const rowsOf = (mistakes: Mistakes) =>
  mistakes.map(([mistake, object, given, ...messages]) => ({ mistake, object, given, messages }));

/** Everything that refuses, then everything that warns, apart from features that are not driven yet. */
export function shown(object: unknown, { kind = "Rollout", context = {} }: Given): readonly string[] {
  const { refuse, warn } = admissionFindings(object, kind, context);
  return [...refuse, ...warn.filter(({ rule }) => rule !== "unsupported-feature")].map(textWithHelp);
}

export const pods = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:1" }] } };

export const rollout = (spec: object, name = "web") => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name, namespace: "shop" },
  spec: { replicas: 3, selector: { matchLabels: { app: "web" } }, template: pods, ...spec },
});

export const canary = (given: object) => rollout({ strategy: { canary: given } });
export const steps = (...given: readonly unknown[]) => canary({ steps: given });

const services = { stableService: "stable", canaryService: "canary" };

/** A canary with two Services and this `trafficRouting`. */
export const routed = (trafficRouting: object, more: object = {}) => canary({ ...services, trafficRouting, ...more });
export const nginx = { nginx: { stableIngress: "web" } };
export const alb = { alb: { ingress: "web" } };

export const refs = (references: References): Given => ({ context: { references } });
