/** The endpoints of a Service: its pods with their addresses and the ports that they resolve to. Pure. */
import { hasEnded, isReady, type Pod, type Service, type ServicePort } from "../loop/objects.ts";

export interface EndpointPort {
  readonly name?: string;
  readonly port: number;
  readonly protocol: string;
  readonly appProtocol?: string;
}

/** Pods that serve the same ports. */
export interface Backend {
  readonly ports: readonly EndpointPort[];
  readonly pods: readonly Pod[];
}

/** Clients that use protobuf send "" for an absent text. */
const orTcp = (protocol: string | undefined): string => (protocol === undefined || protocol === "" ? "TCP" : protocol);

/** A port by number, or by name among the containers' ports; undefined when the pod has no port of that name. */
function portOf(pod: Pod, { targetPort, port, protocol }: ServicePort): number | undefined {
  if (targetPort === undefined || targetPort === 0 || targetPort === "") return port;
  if (typeof targetPort === "number") return targetPort;
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
  return [...pod.spec.containers, ...sidecars]
    .flatMap(({ ports }) => ports ?? [])
    .find((known) => known.name === targetPort && orTcp(known.protocol) === orTcp(protocol))?.containerPort;
}

function portsOf(pod: Pod, ports: readonly ServicePort[]): EndpointPort[] {
  return ports.flatMap((asked) => {
    const port = portOf(pod, asked);
    if (port === undefined) return [];
    const { name, appProtocol } = asked;
    const named = name === undefined || name === "" ? {} : { name };
    return [{ ...named, port, protocol: orTcp(asked.protocol), ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}

export const isHeadless = ({ spec }: Service): boolean => spec.clusterIP === "None";

/** Services whose endpoints come from elsewhere, or that have no endpoints, are left alone. */
export const isServed = ({ spec }: Service): boolean =>
  spec.type !== "ExternalName" && (spec.selector ?? undefined) !== undefined;

export const addressOf = ({ status }: Pod): string | undefined => status?.podIPs?.[0]?.ip ?? status?.podIP;

/** Pods of `selected` that have an address, by the ports that they resolve to; those that end are left out. */
export function backends(service: Service, selected: readonly Pod[]): readonly Backend[] {
  const asked = service.spec.ports ?? [];
  const found = new Map<string, { readonly ports: EndpointPort[]; readonly pods: Pod[] }>();
  for (const pod of selected) {
    if (hasEnded(pod) || addressOf(pod) === undefined) continue;
    const ports = portsOf(pod, asked);
    const key = ports.map(({ name = "", port, protocol }) => `${name}:${port}/${protocol}`).join(",");
    const backend = found.get(key);
    if (backend === undefined) found.set(key, { ports, pods: [pod] });
    else backend.pods.push(pod);
  }
  return [...found.values()];
}

/** Whether a change of a pod can change the endpoints of its Services. */
export function matters(before: Pod | undefined, after: Pod): boolean {
  if (before === undefined) return true;
  return (
    before.metadata.labels !== after.metadata.labels ||
    before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp ||
    (before.status !== after.status &&
      (isReady(before) !== isReady(after) ||
        hasEnded(before) !== hasEnded(after) ||
        addressOf(before) !== addressOf(after)))
  );
}

export const targetOf = ({ metadata: { namespace, name, uid } }: Pod) => ({ kind: "Pod", namespace, name, uid });
