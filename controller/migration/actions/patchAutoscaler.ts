import { objectPath } from "../../../kube/client/path.ts";
import { HORIZONTAL_POD_AUTOSCALERS } from "../../../kube/client/resources.ts";
import type { KubeRequest } from "../../../kube/client/transport.ts";

/** Points an autoscaler at what has the pods. */
export interface PatchAutoscaler {
  readonly kind: "patchAutoscaler";
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
  readonly annotations?: Readonly<Record<string, string | null>>;
  /** A merge patch. */
  readonly spec?: object;
}

export const patchAutoscaler = ({
  namespace,
  name,
  resourceVersion,
  annotations,
  spec,
}: PatchAutoscaler): KubeRequest => ({
  method: "PATCH",
  path: objectPath(HORIZONTAL_POD_AUTOSCALERS, { namespace, name }),
  contentType: "application/merge-patch+json",
  body: {
    metadata: { resourceVersion, ...(annotations === undefined ? {} : { annotations }) },
    ...(spec === undefined ? {} : { spec }),
  },
});
