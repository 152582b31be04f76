/**
 * What admission says about an object: the one entry for the webhook and the linter (design/authority.md, "Admission
 * verdicts"). Pure: whoever calls gathers what the cluster holds.
 */
import type { Resolution } from "./input.ts";
import type { Lookup } from "./lookup.ts";
import type { ServiceLabels } from "./references.ts";
import type { Templates, TemplateUser } from "./templates.ts";
import type { Violation } from "./violation.ts";

export type AdmittedKind =
  "Rollout" | "AnalysisTemplate" | "ClusterAnalysisTemplate" | "AnalysisRun" | "Experiment";

/** What the cluster holds. What is left out is unknown and judges nothing. */
export interface References {
  /** Services of the object's namespace by name. */
  readonly services?: Lookup<ServiceLabels>;
  /** AnalysisTemplates of the object's namespace and ClusterAnalysisTemplates: their specs by name. */
  readonly templates?: Templates;
  /** Rollouts of the object's namespace by name: who still manages a Service. */
  readonly rollouts?: Lookup<unknown>;
  /** For a template: the Rollouts that may use it, each with the templates as the cluster holds them before this write. */
  readonly users?: readonly TemplateUser[];
  /** Ingresses of the object's namespace by name. */
  readonly ingresses?: Lookup<unknown>;
  /** VirtualServices by `name.namespace`, and those of the object's namespace by plain name, too. */
  readonly virtualServices?: Lookup<unknown>;
}

export interface AdmissionContext extends Resolution {
  readonly references?: References;
}

/** Every `path` here is the true path: `spec.strategy.canary.steps[0].setWeight`; there is no `exactPath`. */
export interface Findings {
  readonly refuse: readonly Violation[];
  readonly warn: readonly Violation[];
}

/** Never throws, whatever it is given. */
export function admissionFindings(_object: unknown, _kind: AdmittedKind, _context: AdmissionContext = {}): Findings {
  return { refuse: [], warn: [] };
}

/**
 * Ratcheting: of the new object's violations those that the old object did not have. One counts as the same when rule,
 * path without indices and text agree; two of a kind where there was one are one new one.
 */
export function newViolations(_before: readonly Violation[], _after: readonly Violation[]): readonly Violation[] {
  return [];
}
