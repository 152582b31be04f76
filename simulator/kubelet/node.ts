/** The fake nodes of the fake kubelet, as objects. Pure. */
import { rfc3339 } from "./podStatus.ts";

export interface FakeNode {
  readonly name: string;
  readonly ip: string;
  /** The Node to create; its status is set by a second request, as the API server drops it on creation. */
  readonly object: Record<string, unknown>;
  readonly status: Record<string, unknown>;
}

const zones = ["a", "b", "c"] as const;

const healthy = (type: string, status: "True" | "False", now: string) => ({
  type,
  status,
  reason: type === "Ready" ? "KubeletReady" : "KubeletHasNoPressure",
  message: "fake kubelet of Sluice",
  lastHeartbeatTime: now,
  lastTransitionTime: now,
});

/** The n-th fake node (from 0), with room for `pods` pods; zones a, b, c take turns. */
export function fakeNode(index: number, pods: number, nowMs: number): FakeNode {
  const name = `sluice-node-${index}`;
  const ip = `10.255.0.${index + 1}`;
  const now = rfc3339(nowMs);
  const capacity = { cpu: "1000", memory: "4000Gi", "ephemeral-storage": "4000Gi", pods: `${pods}` };
  const labels = {
    "kubernetes.io/hostname": name,
    "kubernetes.io/os": "linux",
    "kubernetes.io/arch": "amd64",
    "topology.kubernetes.io/zone": `zone-${zones[index % zones.length]}`,
    "sim.sluice.dev/fake": "true",
  };
  return {
    name,
    ip,
    object: { apiVersion: "v1", kind: "Node", metadata: { name, labels }, spec: {} },
    status: {
      capacity,
      allocatable: capacity,
      conditions: [
        healthy("Ready", "True", now),
        healthy("MemoryPressure", "False", now),
        healthy("DiskPressure", "False", now),
        healthy("PIDPressure", "False", now),
      ],
      addresses: [
        { type: "InternalIP", address: ip },
        { type: "Hostname", address: name },
      ],
      nodeInfo: {
        machineID: name,
        systemUUID: name,
        bootID: name,
        kernelVersion: "0",
        osImage: "fake",
        containerRuntimeVersion: "sim://0",
        kubeletVersion: "v1.36.3",
        kubeProxyVersion: "",
        operatingSystem: "linux",
        architecture: "amd64",
      },
    },
  };
}
