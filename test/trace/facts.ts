/**
 * A namespace at a settled point as facts, each a path and a text: all that users and tools can see of a Rollout and of
 * what belongs to it. Everything that a status holds is a fact, so that no field is forgotten. What must differ from
 * run to run has been named by naming.ts, and what only shows how often something was written is left out.
 */
import type { KubeObject } from "../cluster/harness/api.ts";
import { type Kind, type Objects, routedPaths } from "./observe.ts";

export type Facts = ReadonlyMap<string, string>;
type Fact = readonly [path: string, value: string];
type Fields = Readonly<Record<string, unknown>>;

const fields = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
const items = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fields) : []);
const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** A fact for each leaf, except those that a typed client reads like an absent member: false, "" and empty ones. */
export function leaves(path: string, value: unknown): Fact[] {
  if (value === undefined || value === null || value === false || value === "") return [];
  if (typeof value !== "object") return [[path, text(value)]];
  return Object.entries(value).flatMap(([name, member]) =>
    leaves(Array.isArray(value) ? `${path}[${name}]` : `${path}.${name}`, member),
  );
}

/** JSON with sorted members, so that equal values have equal texts. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, member: unknown) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );

/** Labels, annotations, finalizers and the controlling owner. */
function metadataFacts(path: string, { metadata }: KubeObject): Fact[] {
  const { "kubectl.kubernetes.io/last-applied-configuration": _, ...annotations } = metadata.annotations ?? {};
  const owner = items(metadata.ownerReferences).find(({ controller }) => controller === true);
  return [
    ...Object.entries(metadata.labels ?? {}).map(([key, value]): Fact => [`${path} label ${key}`, value]),
    ...Object.entries(annotations).map(([key, value]): Fact => [`${path} annotation ${key}`, value]),
    ...leaves(`${path} finalizers`, fields(metadata)["finalizers"]),
    ...(owner === undefined ? [] : [[`${path} owner`, `${text(owner["kind"])} ${text(owner["name"])}`] as const]),
    ...(metadata.deletionTimestamp === undefined ? [] : [[`${path} is being deleted`, "yes"] as const]),
  ];
}

function conditionFacts(path: string, conditions: unknown): Fact[] {
  return items(conditions).flatMap(({ type, status, reason, message, lastTransitionTime, lastUpdateTime }) => [
    [`${path} ${text(type)}`, `${text(status)} ${text(reason)}: ${text(message)}`],
    [`${path} ${text(type)} times`, `since ${text(lastTransitionTime)}, updated ${text(lastUpdateTime)}`],
  ]);
}

function rolloutFacts(rollout: KubeObject): Fact[] {
  // The rest of the spec is written by the scenario alone.
  const { replicas, paused, restartAt } = fields(rollout["spec"]);
  const { conditions, observedGeneration, phase, message, duration, ...rest } = fields(rollout["status"]);
  const { replicas: all = 0, updatedReplicas = 0, readyReplicas = 0, availableReplicas = 0, ...status } = rest;
  // How long something waited differs from run to run.
  const { totalManualPauseDurationSeconds: waited, ...timing } = fields(duration);
  // Only whether it equals the stored generation matters: how often the spec was written may differ.
  const isObserved = Number(observedGeneration) === rollout.metadata.generation;
  return [
    ["phase", `${text(phase)}${message === undefined || message === "" ? "" : `: ${text(message)}`}`],
    ["observed", isObserved ? "yes" : `generation ${text(observedGeneration)} of ${rollout.metadata.generation}`],
    [
      "counts",
      `${text(all)} pods, ${text(updatedReplicas)} updated, ${text(readyReplicas)} ready, ${text(availableReplicas)} available`,
    ],
    ...leaves("status", status),
    ...leaves("status.duration", timing),
    ...(waited === undefined ? [] : [["status.duration.totalManualPauseDurationSeconds", "set"] as const]),
    ...conditionFacts("condition", conditions),
    ...leaves("spec", { replicas, paused, restartAt }),
    ...metadataFacts("rollout", rollout),
  ];
}

const sizeOf = ({ spec, status }: KubeObject): string => {
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = fields(status);
  return `${text(fields(spec)["replicas"])} wanted, ${text(replicas)} there, ${text(readyReplicas)} ready, ${text(availableReplicas)} available`;
};

/** What the API server adds to every pod template; the recording leaves it out. */
const defaults: Fields = {
  dnsPolicy: "ClusterFirst",
  imagePullPolicy: "IfNotPresent",
  resources: {},
  restartPolicy: "Always",
  schedulerName: "default-scheduler",
  securityContext: {},
  terminationGracePeriodSeconds: 30,
  terminationMessagePath: "/dev/termination-log",
  terminationMessagePolicy: "File",
};

const withoutDefaults = (part: Fields): Fields =>
  Object.fromEntries(Object.entries(part).filter(([name, value]) => !Bun.deepEquals(defaults[name], value)));

function replicaSetFacts(set: KubeObject): Fact[] {
  const path = `rs ${set.metadata.name}`;
  const { labels, ...metadata } = set.metadata;
  const { selector, template, minReadySeconds } = fields(set["spec"]);
  const { metadata: podMetadata, spec } = fields(template);
  const { affinity, containers, ...pod } = fields(spec);
  const plain = { ...withoutDefaults(pod), containers: items(containers).map(withoutDefaults) };
  return [
    [path, sizeOf(set)],
    ...metadataFacts(path, { metadata }),
    ...leaves(`${path} minReadySeconds`, minReadySeconds),
    [`${path} labels`, canonical({ labels, selector })],
    [`${path} template`, canonical(podMetadata)],
    ...(affinity === undefined ? [] : [[`${path} affinity`, canonical(affinity)] as const]),
    [`${path} pod`, canonical(plain)],
  ];
}

/** Members that depend on the node which the scheduler happened to choose. */
const isOfNode = (label: string): boolean => label.startsWith("topology.kubernetes.io/");

/**
 * How many pods of an owner are alike in labels and annotations. Which of them are deleted when there are too many is
 * up to the ReplicaSet controller, so their age is compared only where a restart was requested.
 */
function podFacts({ Pod: pods, Rollout: rollouts }: Objects): Fact[] {
  const isRestarted = rollouts.some(({ spec }) => fields(spec)["restartAt"] !== undefined);
  const groups = new Map<string, Map<string, number>>();
  for (const { metadata } of pods) {
    const path = `pods of ${metadata.ownerReferences?.[0]?.name ?? "nobody"}`;
    const own = Object.entries({ ...metadata.labels, ...metadata.annotations }).filter(([key]) => !isOfNode(key));
    const like = canonical(Object.fromEntries(own));
    const age = isRestarted ? `since ${metadata.creationTimestamp} ` : "";
    const alike = `${age}${like}`;
    const group = groups.get(path) ?? new Map<string, number>();
    groups.set(path, group.set(alike, (group.get(alike) ?? 0) + 1));
  }
  return Array.from(groups, ([path, group]) => [
    path,
    Array.from(group, ([alike, count]) => `${count} ${alike}`)
      .toSorted()
      .join("; "),
  ]);
}

function serviceFacts(service: KubeObject): Fact[] {
  const path = `service ${service.metadata.name}`;
  return [...metadataFacts(path, service), ...leaves(`${path} selector`, fields(service["spec"])["selector"] ?? {})];
}

/** Objects of which a controller may change anything: the given parts in full. */
function wholeFacts(kind: string, object: KubeObject, parts: readonly string[]): Fact[] {
  const path = `${kind} ${object.metadata.name}`;
  return [...metadataFacts(path, object), ...parts.flatMap((part) => leaves(`${path} ${part}`, object[part]))];
}

function deploymentFacts(deployment: KubeObject): Fact[] {
  const path = `deployment ${deployment.metadata.name}`;
  return [[path, sizeOf(deployment)], ...metadataFacts(path, deployment)];
}

const emittingKinds = ["Rollout", "AnalysisRun", "Experiment"];
const scaled = /^Scaled (up|down) ReplicaSet (\S+) \(revision \d+\) from (\d+) to (\d+)$/;

/** How client-go's recorder combines more than ten events of a reason. */
const combined = "(combined from similar events): ";
/** After so many events of an object it drops the rest. */
const recorded = 25;
/** Stands for an unknown value. */
export const unknown = "too many to be told";

/**
 * The events so far, by type, reason and message, with how often. For the sizes of a ReplicaSet only the sums of
 * additions and of removals: they do not depend on how many steps the scaling took.
 */
function eventFacts(events: readonly KubeObject[]): Fact[] {
  const counted = events.filter(({ involvedObject }) => emittingKinds.includes(text(fields(involvedObject)["kind"])));
  const total = counted.reduce((sum, { count }) => sum + (typeof count === "number" ? count : 1), 0);
  if (total >= recorded) return [["events", unknown]];
  const counts = new Map<string, number>();
  const sums = new Map<string, { up: number; down: number }>();
  const isKnown = !counted.some(({ message }) => text(message).startsWith(combined));
  for (const { involvedObject, type, reason, message, count } of counted) {
    const { kind, name } = fields(involvedObject);
    if (text(message).startsWith(combined)) continue;
    const times = typeof count === "number" ? count : 1;
    const [, direction, set = "", from, to] = scaled.exec(text(message)) ?? [];
    if (direction === undefined) {
      const of = kind === "Rollout" ? "" : `${text(kind)} ${text(name)} `;
      const path = `event ${of}${type === "Normal" ? "" : `${text(type)} `}${text(reason)}: ${text(message)}`;
      counts.set(path, (counts.get(path) ?? 0) + times);
    } else {
      const sum = sums.get(set) ?? { up: 0, down: 0 };
      sums.set(set, sum);
      sum[direction === "up" ? "up" : "down"] += Math.abs(Number(to) - Number(from)) * times;
    }
  }
  return [
    ...Array.from(counts, ([path, n]): Fact => [path, `${n}`]),
    ...Array.from(sums, ([set, { up, down }]): Fact => [
      `events of scaling ${set}`,
      isKnown ? `+${up} -${down}` : unknown,
    ]),
  ];
}

/**
 * All facts of a namespace whose generated parts have been named. Two facts of one path (a ReplicaSet that has replaced
 * another of the same template) are listed one after the other.
 */
export function factsOf(objects: Objects): Facts {
  const facts = [
    ...objects.Rollout.flatMap(rolloutFacts),
    ...objects.ReplicaSet.flatMap(replicaSetFacts),
    ...podFacts(objects),
    ...objects.Service.flatMap(serviceFacts),
    ...objects.Deployment.flatMap(deploymentFacts),
    ...objects.Ingress.flatMap((ingress) => wholeFacts("ingress", ingress, ["spec"])),
    ...(Object.keys(routedPaths) as Kind[]).flatMap((kind) =>
      objects[kind].flatMap((object) => wholeFacts(kind.toLowerCase(), object, ["spec"])),
    ),
    ...objects.AnalysisRun.flatMap((run) => wholeFacts("analysisrun", run, ["spec", "status"])),
    ...objects.Experiment.flatMap((experiment) => wholeFacts("experiment", experiment, ["spec", "status"])),
    ...eventFacts(objects.Event),
  ];
  const byPath = Map.groupBy(facts, ([path]) => path);
  return new Map(
    Array.from(byPath, ([path, same]): Fact => [
      path,
      same
        .map(([, value]) => value.replaceAll("\n", String.raw`\n`))
        .toSorted()
        .join("; "),
    ]).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** Hashes of new revisions as facts of their own, so that they are compared although letters stand for them. */
export const hashFacts = (news: ReadonlyMap<string, string>): Fact[] =>
  Array.from(news, ([letter, hash]): Fact => [`hash ${letter}`, hash]);
