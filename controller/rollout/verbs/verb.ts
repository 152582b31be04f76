/**
 * What a person asks of a Rollout, as the patches that `kubectl argo rollouts` sends for it. A verb is a function from
 * the stored Rollout to these patches; sending them is left to the caller, so that the command line, the dashboard, the
 * demo and the tests all use the same ones (docs/behaviour/pauses-and-aborts.md#resuming).
 *
 * Where a verb reads the pod template, the Rollout is one whose `spec.template` has been filled in from its workload.
 */
import type { Rollout } from "../../../schema/rollout.ts";

interface JsonPatchOperation {
  readonly op: "add" | "replace" | "test";
  readonly path: string;
  readonly value: unknown;
}

/** One request, to be sent as it is. */
export type VerbPatch = {
  /** Absent: the object itself. */
  readonly subresource?: "status";
  /** The object to patch where it is not the Rollout: the workload that its pods come from, in its namespace. */
  readonly to?: { readonly apiVersion: string; readonly kind: string; readonly name: string };
} & (
  | { readonly contentType: "application/merge-patch+json"; readonly body: Readonly<Record<string, unknown>> }
  | { readonly contentType: "application/json-patch+json"; readonly body: readonly JsonPatchOperation[] }
);

export type VerbOutcome =
  /** In this order; the next only once the one before has succeeded. */
  | { readonly kind: "patches"; readonly patches: readonly VerbPatch[] }
  /** Nothing has to change: a success. `why` is a sentence. */
  | { readonly kind: "nothing"; readonly why: string }
  /** The verb does not apply to this Rollout: an error. `why` is a sentence. */
  | { readonly kind: "impossible"; readonly why: string };

export const patches = (...all: readonly VerbPatch[]): VerbOutcome => ({ kind: "patches", patches: all });
export const nothing = (why: string): VerbOutcome => ({ kind: "nothing", why });
export const impossible = (why: string): VerbOutcome => ({ kind: "impossible", why });

/** @param status members to set; null removes one */
export const statusPatch = (status: Readonly<Record<string, unknown>>): VerbPatch => ({
  subresource: "status",
  contentType: "application/merge-patch+json",
  body: { status },
});

/** @param spec members to set; null removes one */
export const specPatch = (spec: Readonly<Record<string, unknown>>): VerbPatch => ({
  contentType: "application/merge-patch+json",
  body: { spec },
});

/**
 * A patch of the pod template, sent to the object that holds it.
 * @param body paths below `/spec/template`, where all kinds but PodTemplate have it
 */
export function templatePatch({ spec }: Rollout, body: readonly JsonPatchOperation[]): VerbPatch {
  const { workloadRef } = spec;
  const contentType = "application/json-patch+json";
  if (workloadRef === undefined) return { contentType, body };
  const { apiVersion = "", kind = "", name = "" } = workloadRef;
  const moved = (path: string): string => (kind === "PodTemplate" ? path.replace(/^\/spec/, "") : path);
  const operations = body.map((operation) => ({ ...operation, path: moved(operation.path) }));
  return { contentType, body: operations, to: { apiVersion, kind, name } };
}

/** The Rollout with the pod template of the workload that it names, as verbs need it. */
export function withTemplateOf(rollout: Rollout, workload: Readonly<Record<string, unknown>>): Rollout {
  const holder = rollout.spec.workloadRef?.kind === "PodTemplate" ? workload : workload["spec"];
  const { template } = (holder ?? {}) as Pick<Rollout["spec"], "template">;
  return { ...rollout, spec: { ...rollout.spec, template } };
}

/** For a Rollout whose template is not in its spec: it has none, or its workload has not been read. */
export function withoutTemplate({ metadata: { name }, spec: { workloadRef } }: Rollout): VerbOutcome {
  return workloadRef === undefined
    ? impossible(`Rollout "${name}" has no pod template.`)
    : impossible(
        `The pods of Rollout "${name}" come from ${workloadRef.kind} "${workloadRef.name}", which is not there.`,
      );
}
