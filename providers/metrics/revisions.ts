/** The two revisions that a run compares: the pods of the canary and the stable ones (docs/behaviour/providers.md#canary-and-stable-pods). */
import { canBeName, objectPath } from "../../kube/client/path.ts";
import { ROLLOUTS } from "../../kube/client/resources.ts";
import { HASH_LABEL } from "../../schema/labels.ts";
import { failed } from "./conversation.ts";
import { kubeAnswer, kubeGet, textAt } from "./kubeQuestions.ts";
import type { Answer, Ask, Asking, Reading } from "./provider.ts";

/** Hashes of pod templates. `stable` undefined: there is nothing to compare with. */
export interface Revisions {
  readonly canary: string;
  readonly stable: string | undefined;
}

interface Named {
  readonly rollout?: string | undefined;
  readonly canary?: string | undefined;
  readonly stable?: string | undefined;
}

export type RevisionsKnown = { readonly kind: "known"; readonly revisions: Revisions };

const known = (canary: string, stable: string | undefined): RevisionsKnown => ({
  kind: "known",
  // With nothing to roll out, all pods are of one revision.
  revisions: { canary, stable: stable === "" || stable === canary ? undefined : stable },
});

const HASH = /^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/;

/** @param state handed on beside the question */
export function revisionsOf(named: Named, { run }: Asking, state: unknown): RevisionsKnown | Ask | Reading {
  for (const hash of [named.canary, named.stable])
    if ((hash ?? "") !== "" && !HASH.test(hash ?? "")) return failed("canary and stable are hashes of pod templates");
  const canary = named.canary || run.labels[HASH_LABEL] || "";
  const owner = run.owner?.kind === "Rollout" ? run.owner.name : "";
  const name = named.rollout || owner;
  if (canary !== "" && (named.stable ?? "") !== "") return known(canary, named.stable);
  if (name !== "") {
    if (!canBeName(name)) return failed("rollout is the name of a Rollout");
    const question = kubeGet(objectPath(ROLLOUTS, { namespace: run.namespace, name }));
    return { kind: "ask", questions: [question], state, toleratesFailures: true };
  }
  if (canary !== "") return known(canary, undefined);
  return failed("no Rollout owns this run, so its provider needs rollout: the name of one, or canary: a hash of pods");
}

/** From the Rollout that was asked for. */
export function revisionsIn(named: Named, { run }: Asking, answer: Answer | undefined): RevisionsKnown | Reading {
  const found = kubeAnswer(answer);
  if (found.kind === "refused") return failed(`the Rollout of this run cannot be read: ${found.message}`);
  const canary = named.canary || run.labels[HASH_LABEL] || textAt(found.object, "status", "currentPodHash");
  const stable = named.stable || textAt(found.object, "status", "stableRS");
  if (!HASH.test(canary)) return failed("the Rollout of this run has no revision yet");
  return known(canary, stable);
}

export const selectorOf = (hash: string): string => `${HASH_LABEL}=${hash}`;
