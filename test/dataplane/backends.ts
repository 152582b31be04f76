/**
 * Pods of the fake kubelet as real HTTP servers. A pod listens from the moment it has an address (its containers run,
 * and with a delayed readiness probe it is not ready yet) until its object is gone: all of its termination grace, as a
 * container does whose preStop hook waits until the data plane has taken it out. Then it finishes the requests that it has
 * begun, and every later connection to it is refused.
 */
import { HASH_LABEL } from "../../schema/labels.ts";
import type { Api, KubeObject } from "../cluster/harness/api.ts";
import { follow } from "./follow.ts";
import type { PodAddresses } from "./podAddresses.ts";

interface Pod extends KubeObject {
  readonly spec: { readonly containers: readonly [{ readonly ports?: readonly { readonly containerPort: number }[] }] };
  readonly status?: { readonly podIP?: string };
}

export interface Backends {
  /** Pods that listen, by name. */
  listening(): readonly string[];
  /** Requests that have reached pods which were being deleted: what the data plane's delay has cost. */
  late(): number;
  stop(): Promise<void>;
}

/** The header and body that an answer is recognised by; the body is the pod's name. */
export const VERSION_HEADER = "x-pod-template-hash";

function serve({ metadata, spec }: Pod, hostname: string, received: () => void) {
  const headers = { [VERSION_HEADER]: metadata.labels?.[HASH_LABEL] ?? "" };
  const port = spec.containers[0].ports?.[0]?.containerPort;
  if (port === undefined) throw new Error(`Cannot serve pod ${metadata.name}: its first container names no port`);
  return Bun.serve({
    hostname,
    port,
    // Longer than any test: an idle connection of the data plane is never closed by a pod that lives.
    idleTimeout: 0,
    fetch: () => {
      received();
      return new Response(metadata.name, { headers });
    },
  });
}

/** Serves every pod of the namespace. */
export async function startBackends(api: Api, namespace: string, addresses: PodAddresses): Promise<Backends> {
  const servers = new Map<string, ReturnType<typeof serve>>();
  const terminating = new Set<string>();
  let late = 0;
  const end = async (name: string): Promise<void> => {
    const server = servers.get(name);
    servers.delete(name);
    await server?.stop();
    await server?.stop(true);
  };
  const followed = await follow<Pod>(api, `/api/v1/namespaces/${namespace}/pods`, (pods, gone) => {
    for (const { metadata } of gone) void end(metadata.name);
    for (const pod of pods) {
      const { name, deletionTimestamp } = pod.metadata;
      if (deletionTimestamp !== undefined) terminating.add(name);
      const { podIP } = pod.status ?? {};
      if (podIP === undefined || servers.has(name) || deletionTimestamp !== undefined) continue;
      const received = (): void => void (late += Number(terminating.has(name)));
      servers.set(name, serve(pod, addresses.of(podIP), received));
    }
  });
  return {
    listening: () => [...servers.keys()],
    late: () => late,
    stop: async () => {
      followed.stop();
      await Promise.all(Array.from(servers.values(), (server) => server.stop(true)));
    },
  };
}
