import { objectPath } from "../../../kube/client/path.ts";
import { ROLLOUTS } from "../../../kube/client/resources.ts";
import type { KubeRequest } from "../../../kube/client/transport.ts";

/** Changes the Rollout that was decided about. */
export interface PatchRollout {
  readonly kind: "patchRollout";
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
  readonly annotations?: Readonly<Record<string, string | null>>;
  /** A merge patch. */
  readonly spec?: object;
}

export const patchRollout = ({ namespace, name, resourceVersion, annotations, spec }: PatchRollout): KubeRequest => ({
  method: "PATCH",
  path: objectPath(ROLLOUTS, { namespace, name }),
  contentType: "application/merge-patch+json",
  body: {
    metadata: { resourceVersion, ...(annotations === undefined ? {} : { annotations }) },
    ...(spec === undefined ? {} : { spec }),
  },
});
