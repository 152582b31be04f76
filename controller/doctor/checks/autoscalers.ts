/** HorizontalPodAutoscalers that still scale a Deployment whose place a Rollout has taken. */
import type { DoctorFacts } from "../facts/facts.ts";
import type { Finding } from "../facts/finding.ts";

export const autoscalers = ({ stranded }: DoctorFacts): readonly Finding[] =>
  stranded.map(({ namespace, name, target }) => {
    const scaleTargetRef = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: target };
    return {
      severity: "error",
      about: `HorizontalPodAutoscaler ${namespace}/${name}`,
      what: `it scales Deployment ${target}, which does not exist, and Rollout ${target} does`,
      why: "a Rollout has taken the Deployment's place, and nothing scales it",
      mend: `kubectl patch hpa ${name} -n ${namespace} --type merge -p '${JSON.stringify({ spec: { scaleTargetRef } })}'`,
    };
  });
