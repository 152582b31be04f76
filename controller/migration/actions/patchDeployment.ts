import { objectPath } from "../../../kube/client/path.ts";
import { DEPLOYMENTS } from "../../../kube/client/resources.ts";
import type { KubeRequest } from "../../../kube/client/transport.ts";

/** Changes the size of the Deployment, or our marks on it, in one write. */
export interface PatchDeployment {
  readonly kind: "patchDeployment";
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
  readonly annotations?: Readonly<Record<string, string | null>>;
  /** A merge patch. */
  readonly spec?: object;
}

export const patchDeployment = ({
  namespace,
  name,
  resourceVersion,
  annotations,
  spec,
}: PatchDeployment): KubeRequest => ({
  method: "PATCH",
  path: objectPath(DEPLOYMENTS, { namespace, name }),
  contentType: "application/merge-patch+json",
  body: {
    metadata: { resourceVersion, ...(annotations === undefined ? {} : { annotations }) },
    ...(spec === undefined ? {} : { spec }),
  },
});
