import type { KubeletPort, PodEvent } from "../../../simulator/kubelet/kubelet.ts";
import type { PodView } from "../../../simulator/kubelet/life.ts";
import { type Api, ApiError } from "./api.ts";

const pods = "/api/v1/pods?fieldSelector=spec.nodeName%21%3D";
const strategic = "application/strategic-merge-patch+json";
const isNotFound = (error: unknown): boolean => error instanceof ApiError && error.code === 404;

/** Connects the fake kubelet to a real API server. */
export function kubeletPort(api: Api): KubeletPort {
  const putNode: KubeletPort["putNode"] = async (object, status) => {
    const { name } = object.metadata as { name: string };
    const path = `/api/v1/nodes/${name}`;
    await api.create("/api/v1/nodes", object).catch((error: unknown) => {
      if (!(error instanceof ApiError && error.code === 409)) throw error;
    });
    await api.patch(`${path}/status`, "merge", { status });
    // Admission taints every new node as not ready; the controller that would remove the taint does not run here.
    await api.patch(path, "merge", { spec: { taints: null } });
  };
  return {
    putNode,
    isNotFound,
    list: () => api.list<PodView>(pods),
    watch: (resourceVersion, signal) => api.watch<PodView>(pods, resourceVersion, signal) as AsyncIterable<PodEvent>,
    patchStatus: async ({ namespace, name }, status) => {
      const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`;
      await api.request("PATCH", path, { body: { status }, contentType: strategic, metadataOnly: true });
    },
    remove: ({ namespace, name, uid }) =>
      api.delete(`/api/v1/namespaces/${namespace}/pods/${name}`, { gracePeriodSeconds: 0, preconditions: { uid } }),
  };
}
