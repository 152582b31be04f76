/** Going back to an earlier revision (docs/behaviour/promotion-and-rollback.md#rollback). */
import type { ReplicaSet } from "../../../schema/kube.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { templateDigest } from "../hash/templateDigest.ts";
import { withoutAntiAffinity } from "../model/antiAffinity.ts";
import { HASH_LABEL, REVISION } from "../../../schema/labels.ts";
import { withoutInjected } from "../revision/podMetadata.ts";
import { impossible, nothing, patches, templatePatch, type VerbOutcome, withoutTemplate } from "./verb.ts";

/**
 * `undo`, `undo --to-revision`: the template of that revision becomes the Rollout's again, with everything that was
 * added to it in its ReplicaSet. There is nothing to do where the two are equal already
 * (docs/behaviour/hashes-and-names.md#equal-templates). The plugin treats them as equal also where the present template
 * only lacks something: it would not bring back a variable that was removed.
 *
 * @param replicaSets those that the Rollout controls, in any order
 * @param revision 0: the one before the latest
 */
export function undo(rollout: Rollout, replicaSets: readonly ReplicaSet[], revision = 0): VerbOutcome {
  const newestFirst = replicaSets.toSorted((a, b) => revisionOf(b) - revisionOf(a));
  const target = revision === 0 ? newestFirst[1] : newestFirst.find((set) => revisionOf(set) === revision);
  if (target === undefined)
    return impossible(
      revision === 0
        ? `no revision found for rollout "${rollout.metadata.name}"`
        : `unable to find specified revision ${revision} in history`,
    );
  if (rollout.spec.template === undefined) return withoutTemplate(rollout);
  if (templateDigest(rollout.spec.template) === templateDigest(asWritten(target)))
    return nothing(`skipped rollback (current template already matches revision ${revisionOf(target)})`);
  const value = hashless(target.spec.template);
  return patches(templatePatch(rollout, [{ op: "replace", path: "/spec/template", value }]));
}

const revisionOf = ({ metadata }: ReplicaSet): number => Number(metadata.annotations?.[REVISION] ?? 0);

/** The template without what the controller has put into it. */
const asWritten = (set: ReplicaSet): unknown => withoutAntiAffinity(withoutInjected(set));

function hashless(template: ReplicaSet["spec"]["template"]): object {
  const { [HASH_LABEL]: _, ...labels } = template?.metadata?.labels ?? {};
  return { ...template, metadata: { ...template?.metadata, labels } };
}
