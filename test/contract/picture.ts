/** A namespace as text without what differs from run to run: times, uids, generated names, addresses and nodes. */
import type { KubeObject } from "../cluster/harness/api.ts";
import type { KindName } from "./clusterPort.ts";

type Fields = Readonly<Record<string, unknown>>;
type Objects = Readonly<Record<KindName, readonly KubeObject[]>>;

const fields = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {};
const items = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fields) : []);
const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

const byName = (a: KubeObject, b: KubeObject): number => (a.metadata.name < b.metadata.name ? -1 : 1);
const revisionOf = ({ metadata }: KubeObject): string =>
  metadata.annotations?.["deployment.kubernetes.io/revision"] ?? "";

/** ReplicaSets of Deployments by revision: `web@2`; their hashes differ between clusters. */
function setNames(sets: readonly KubeObject[]): ReadonlyMap<string, string> {
  return new Map(
    sets.flatMap((set) => {
      const hash = set.metadata.labels?.["pod-template-hash"];
      if (hash === undefined) return [];
      return [[set.metadata.name, set.metadata.name.replace(hash, `@${revisionOf(set)}`)]];
    }),
  );
}

/** Replaces what is generated. A ReplicaSet that was deleted is `@?`, a pod's own suffix `*`. */
function namer(objects: Objects) {
  const sets = setNames(objects.ReplicaSet);
  return (shownText: string): string => {
    let result = shownText;
    for (const [name, shown] of sets) result = result.replaceAll(name, shown);
    return result
      .replaceAll(/\bweb-[bcdf4-9]{6,10}\b/g, "web-@?")
      .replaceAll(/\b(web-@[\d?]+|web|work)-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, "$1-*")
      .replaceAll(/sluice-node-\d/g, "a node")
      .replaceAll(/default\/|contract-[\w-]+\//g, "");
  };
}

const conditionText = ({ type, status, reason, message }: Fields): string =>
  `${text(type)}=${text(status)}${reason === undefined ? "" : ` ${text(reason)}`}${message === undefined || message === "" ? "" : ` "${text(message)}"`}`;

function statusLines(status: unknown): string[] {
  const { conditions, ...rest } = fields(status);
  const shown = Object.entries(rest)
    .filter(([name]) => !/time$/i.test(name) && !["uncountedTerminatedPods", "disruptedPods"].includes(name))
    .map(([name, value]) => `${name}=${text(value)}`)
    .toSorted();
  return [
    `  ${shown.join(" ")}`,
    ...items(conditions)
      .map((each) => `  ${conditionText(each)}`)
      .toSorted(),
  ];
}

const workload = (object: KubeObject): string[] => {
  const { metadata, kind, spec } = object;
  const { replicas, minReadySeconds } = fields(spec);
  const annotations = Object.entries(metadata.annotations ?? {})
    .filter(([name]) => !name.startsWith("kubectl") && !name.startsWith("batch"))
    .map(([name, value]) => `${name.replace("deployment.kubernetes.io/", "")}=${value}`)
    .toSorted();
  const size = replicas === undefined ? "" : ` replicas=${text(replicas)}`;
  const ready =
    minReadySeconds === undefined || minReadySeconds === 0 ? "" : ` minReadySeconds=${text(minReadySeconds)}`;
  const noted = annotations.length === 0 ? "" : ` [${annotations.join(" ")}]`;
  return [`${kind} ${metadata.name}${size}${ready}${noted}`, ...statusLines(object["status"])];
};

/** How many pods of an owner are alike. */
function podLines(pods: readonly KubeObject[]): string[] {
  const counts = new Map<string, number>();
  for (const { metadata, status, ...rest } of pods) {
    const { phase, conditions, containerStatuses } = fields(status);
    const owner = metadata.ownerReferences?.[0];
    const whose = owner === undefined ? metadata.name : `${owner.kind} ${owner.name}`;
    const held = fields(metadata)["finalizers"];
    const image = text(items(fields(rest["spec"])["containers"])[0]?.["image"]);
    const shownText = items(conditions)
      .filter(({ type }) => type === "Ready" || type === "PodScheduled")
      .map(conditionText)
      .toSorted();
    const waits = items(containerStatuses).map(({ state }) => text(fields(fields(state)["waiting"])["reason"] ?? ""));
    const going = metadata.deletionTimestamp === undefined ? "" : " deleting";
    const finalizers = held === undefined ? "" : ` held by ${text(held)}`;
    const line = `of ${whose}: ${image} ${text(phase)}${going}${finalizers} ${[...shownText, ...waits.filter((reason) => reason !== '""' && reason !== "")].join(", ")}`;
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return [...counts].map(([line, n]) => `${n} pods ${line}`).toSorted();
}

const portText = ({ name, port, protocol }: Fields): string =>
  `${name === undefined || name === "" ? "" : `${text(name)}:`}${text(port)}/${text(protocol)}`;
const portsText = (ports: unknown): string => items(ports).map(portText).toSorted().join(" ");

const endpointLines = ({ metadata, subsets }: KubeObject): string[] => [
  `Endpoints ${metadata.name}`,
  ...items(subsets)
    .map(
      ({ addresses, notReadyAddresses, ports }) =>
        `  ${items(addresses).length} ready, ${items(notReadyAddresses).length} not: ${portsText(ports)}`,
    )
    .toSorted(),
];

const sliceLines = ({ metadata, endpoints, ports }: KubeObject): string => {
  const states = items(endpoints).map(({ conditions }) => {
    const { ready, serving, terminating } = fields(conditions);
    return `${ready === true ? "ready" : "not ready"}${serving === ready ? "" : " serving"}${terminating === true ? " terminating" : ""}`;
  });
  const service = metadata.labels?.["kubernetes.io/service-name"] ?? "";
  return `EndpointSlice of ${service}: [${states.toSorted().join(", ")}] ${ports === null ? "null" : portsText(ports)}`;
};

/** The events of pods show how they were scheduled, in a different order each time. */
function eventLines(events: readonly KubeObject[], named: (shownText: string) => string): string[] {
  const counts = new Map<string, number>();
  for (const event of events) {
    const { involvedObject, source, reportingComponent, type, reason, message, count } = event;
    const { kind, name } = fields(involvedObject);
    if (reason === "FailedScheduling") continue;
    const component = fields(source)["component"] ?? reportingComponent;
    const line = `Event ${text(kind)} ${named(text(name))} ${text(component)} ${text(type)} ${text(reason)} "${named(text(message))}"`;
    counts.set(line, (counts.get(line) ?? 0) + (typeof count === "number" ? count : 1));
  }
  return [...counts].map(([line, n]) => `${line} ×${n}`).toSorted();
}

export function picture(objects: Objects): string[] {
  const named = namer(objects);
  const workloads = [
    ...objects.Deployment,
    ...objects.ReplicaSet.toSorted((a, b) => revisionOf(a).localeCompare(revisionOf(b))),
    ...objects.Job,
    ...objects.PodDisruptionBudget.toSorted(byName),
  ];
  return [
    ...workloads.flatMap(workload),
    ...podLines(objects.Pod).map(named).toSorted(),
    ...objects.Endpoints.toSorted(byName).flatMap(endpointLines),
    ...objects.EndpointSlice.map(sliceLines).toSorted(),
    ...eventLines(objects.Event, named),
  ].map(named);
}
