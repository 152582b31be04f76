/** The root of a trace: the release as a whole. Names of attributes: https://opentelemetry.io/docs/specs/semconv/. */
import { isList, isObject } from "../../../kube/object/json.ts";
import { REVISION } from "../../../schema/labels.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { Ending, Release } from "./release.ts";
import { shortened, type Span } from "./span.ts";

/** How a release ended, in the words of OpenTelemetry; one that is replaced or taken back neither failed nor succeeded. */
const RESULTS: Readonly<Record<string, readonly [result: string, status: string | undefined]>> = {
  Promoted: ["success", "succeeded"],
  FastPromoted: ["success", "succeeded"],
  Aborted: ["failure", "failed"],
};

export function rootSpan(
  { key, root, parent, before, startMs, revision }: Release,
  { metadata, spec, status }: Rollout,
  { how, atMs }: Ending,
): Span {
  const { namespace, name, uid } = metadata;
  const [result, deployment] = RESULTS[how] ?? ["cancellation", undefined];
  const { workloadRef } = spec ?? {};
  return {
    ...root,
    parentSpanId: parent?.spanId,
    name: `release ${name}`,
    startMs,
    endMs: Math.max(startMs, atMs),
    attributes: {
      "k8s.namespace.name": namespace,
      "k8s.deployment.name": workloadRef?.kind === "Deployment" ? workloadRef.name : undefined,
      "deployment.name": `${namespace}/${name}`,
      "deployment.id": key.join("/"),
      "deployment.status": deployment,
      "cicd.pipeline.name": `${namespace}/${name}`,
      "cicd.pipeline.run.id": key.join("/"),
      "cicd.pipeline.result": result,
      "error.type": result === "failure" ? how : undefined,
      "sluice.rollout.name": name,
      "sluice.rollout.uid": uid,
      "sluice.rollout.strategy": spec?.strategy?.blueGreen === undefined ? "canary" : "blueGreen",
      "sluice.rollout.revision": revision.number,
      "sluice.rollout.pod_template_hash": revision.hash,
      "sluice.rollout.images": revision.images,
      "sluice.release.completion": how,
      "sluice.release.manual_pause_seconds": status?.duration?.totalManualPauseDurationSeconds,
    },
    ...(result === "failure" ? { error: shortened(status?.message ?? how) } : {}),
    ...(before === undefined ? {} : { links: [before] }),
  };
}

/** What a release brings out. */
export interface RevisionTold {
  readonly number: string | undefined;
  readonly hash: string | undefined;
  /** Undefined: the pods are described elsewhere (`workloadRef`). */
  readonly images: readonly string[] | undefined;
}

export const revisionOf = ({ metadata, spec, status }: Rollout): RevisionTold => ({
  number: metadata.annotations?.[REVISION],
  hash: status?.currentPodHash,
  images: imagesOf(spec?.template),
});

const MOST_IMAGES = 10;

function imagesOf(template: unknown): readonly string[] | undefined {
  const spec = isObject(template) && isObject(template["spec"]) ? template["spec"] : {};
  const containers = isList(spec["containers"]) ? spec["containers"] : [];
  const images = containers
    .slice(0, MOST_IMAGES)
    .flatMap((each) => (isObject(each) && typeof each["image"] === "string" ? [shortened(each["image"])] : []));
  return images.length === 0 ? undefined : images;
}
