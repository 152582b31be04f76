/**
 * What the API server fills into its own kinds depending on their other members, a function for each resource with such
 * defaults (k8s.io/kubernetes v1.36.3: the defaults.go of each group, and the strategies that prepare new objects).
 * Each returns its argument when it adds nothing; goDefaults.ts has the defaults that depend on nothing.
 */
import { pullPolicy } from "../../controller/rollout/hash/pullPolicy.ts";
import { isList, isObject, type Json, withMember } from "../../kube/object/json.ts";

export type Fill = (object: Json) => Json;

/** Sets a member that is absent. */
const filled = (object: Json, name: string, value: unknown): Json =>
  object[name] === undefined ? withMember(object, name, value) : object;

/** Changes the object at a path; does nothing when there is none. */
export function at(path: readonly string[], change: Fill): Fill {
  const [name, ...rest] = path;
  if (name === undefined) return change;
  const inner = at(rest, change);
  return (object) => {
    const value = object[name];
    return isObject(value) ? withMember(object, name, inner(value)) : object;
  };
}

/** Changes every object of a member that is a list. */
function each(name: string, change: Fill): Fill {
  return (object) => {
    const list = object[name];
    if (!isList(list)) return object;
    const next = list.map((item) => (isObject(item) ? change(item) : item));
    return next.every((item, index) => Object.is(item, list[index])) ? object : withMember(object, name, next);
  };
}

const inTurn =
  (...fills: readonly Fill[]): Fill =>
  (object) =>
    fills.reduce((result, fill) => fill(result), object);

const container: Fill = (given) => filled(given, "imagePullPolicy", pullPolicy(given["image"]));

/** A volume without a source is an empty directory. */
const volume: Fill = (given) => {
  const { image } = given;
  if (isObject(image)) return withMember(given, "image", filled(image, "pullPolicy", pullPolicy(image["reference"])));
  return Object.keys(given).some((name) => name !== "name") ? given : { ...given, emptyDir: {} };
};

/** serviceAccount is the old name of serviceAccountName; the API server keeps the two alike. */
const serviceAccount: Fill = (spec) => {
  const name = spec["serviceAccountName"] ?? spec["serviceAccount"];
  return withMember(withMember(spec, "serviceAccountName", name), "serviceAccount", name);
};

const podSpec = inTurn(
  each("containers", container),
  each("initContainers", container),
  each("ephemeralContainers", container),
  each("volumes", volume),
  serviceAccount,
);

/** A resource with a limit and no request gets its limit as request: in Pods, not in pod templates. */
const requests: Fill = at(["resources"], (resources) => {
  const { limits } = resources;
  if (!isObject(limits)) return resources;
  const asked = isObject(resources["requests"]) ? resources["requests"] : {};
  if (Object.keys(limits).every((name) => asked[name] !== undefined)) return resources;
  return { ...resources, requests: { ...limits, ...asked } };
});

const hostPort: Fill = (port) => filled(port, "hostPort", port["containerPort"]);

/** On the host's network a container's port is also its host port. */
const hostPorts: Fill = (spec) =>
  spec["hostNetwork"] === true
    ? inTurn(each("containers", each("ports", hostPort)), each("initContainers", each("ports", hostPort)))(spec)
    : spec;

const tolerations = ["not-ready", "unreachable"].map((key) => ({
  key: `node.kubernetes.io/${key}`,
  operator: "Exists",
  effect: "NoExecute",
  tolerationSeconds: 300,
}));

/** Admission plugins that are on by default: how long a Pod stays on a lost node, and its priority. */
const admitted: Fill = (spec) => {
  const given = isList(spec["tolerations"]) ? spec["tolerations"] : [];
  const missing = tolerations.filter(
    ({ key, effect }) =>
      !given.some(
        (one) =>
          isObject(one) &&
          [undefined, key].includes(text(one["key"])) &&
          [undefined, effect].includes(text(one["effect"])),
      ),
  );
  const all = given.length === 0 ? tolerations : [...given, ...missing];
  const tolerant = missing.length === 0 ? spec : { ...spec, tolerations: all };
  return filled(filled(tolerant, "priority", 0), "preemptionPolicy", "PreemptLowerPriority");
};

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

const pod = inTurn(
  at(["spec"], podSpec),
  at(["spec"], inTurn(each("containers", requests), each("initContainers", requests), hostPorts)),
  at(["spec"], (spec) => filled(spec, "enableServiceLinks", true)),
  at(["spec"], admitted),
);

const template = at(["template", "spec"], podSpec);

const deployment: Fill = (spec) => {
  const { strategy } = spec;
  if (!isObject(strategy) || strategy["type"] !== "RollingUpdate") return spec;
  const rolling = isObject(strategy["rollingUpdate"]) ? strategy["rollingUpdate"] : {};
  const given = filled(filled(rolling, "maxUnavailable", "25%"), "maxSurge", "25%");
  return withMember(spec, "strategy", withMember(strategy, "rollingUpdate", given));
};

const highestInt32 = 2_147_483_647;

const jobSpec: Fill = (given) => {
  let spec = given;
  if (spec["completions"] === undefined && spec["parallelism"] === undefined) spec = { ...spec, completions: 1 };
  spec = filled(spec, "parallelism", 1);
  spec = filled(spec, "backoffLimit", spec["backoffLimitPerIndex"] === undefined ? 6 : highestInt32);
  spec = filled(
    spec,
    "podReplacementPolicy",
    spec["podFailurePolicy"] === undefined ? "TerminatingOrFailed" : "Failed",
  );
  return filled(spec, "manualSelector", false);
};

/** A Job without labels gets those of its template. */
const jobLabels: Fill = (job) => {
  const labels = member(job, "spec", "template", "metadata", "labels");
  if (!isObject(labels) || Object.keys(labels).length === 0) return job;
  const own = member(job, "metadata", "labels");
  if (isObject(own) && Object.keys(own).length > 0) return job;
  return at(["metadata"], (metadata) => ({ ...metadata, labels }))(job);
};

/** A Job selects its pods by its own uid, unless it has manualSelector. */
const jobSelector: Fill = (job) => {
  const uid = member(job, "metadata", "uid");
  const name = member(job, "metadata", "name");
  if (typeof uid !== "string" || uid === "" || member(job, "spec", "manualSelector") === true) return job;
  const given = {
    "job-name": name,
    "batch.kubernetes.io/job-name": name,
    "controller-uid": uid,
    "batch.kubernetes.io/controller-uid": uid,
  };
  const labels: Fill = (metadata) => withMember(metadata, "labels", withEntries(metadata["labels"], given));
  const selector: Fill = (spec) => {
    const old = isObject(spec["selector"]) ? spec["selector"] : {};
    const wanted = withEntries(old["matchLabels"], { "batch.kubernetes.io/controller-uid": uid });
    return withMember(spec, "selector", withMember(old, "matchLabels", wanted));
  };
  return at(["spec"], inTurn(at(["template", "metadata"], labels), selector))(job);
};

/** Adds entries whose names the map does not have. */
function withEntries(map: unknown, entries: Json): Json {
  const given = isObject(map) ? map : {};
  return Object.keys(entries).every((name) => given[name] !== undefined) ? given : { ...entries, ...given };
}

function member(object: Json, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), object);
}

const servicePort: Fill = (port) => {
  const target = port["targetPort"];
  return target === undefined || target === 0 || target === "" ? withMember(port, "targetPort", port["port"]) : port;
};

const sessionAffinity: Fill = (spec) => {
  if (spec["sessionAffinity"] === "None") return withMember(spec, "sessionAffinityConfig", undefined);
  const timeout = member(spec, "sessionAffinityConfig", "clientIP", "timeoutSeconds");
  if (spec["sessionAffinity"] !== "ClientIP" || timeout !== undefined) return spec;
  return withMember(spec, "sessionAffinityConfig", { clientIP: { timeoutSeconds: 10_800 } });
};

const exposed = ["NodePort", "LoadBalancer"];

const serviceSpec: Fill = (given) => {
  let spec = sessionAffinity(each("ports", servicePort)(given));
  const type = String(spec["type"]);
  if (exposed.includes(type)) spec = filled(spec, "externalTrafficPolicy", "Cluster");
  if (type === "LoadBalancer") spec = filled(spec, "allocateLoadBalancerNodePorts", true);
  if (type === "ExternalName") return spec;
  spec = filled(spec, "internalTrafficPolicy", "Cluster");
  // Without a selector the endpoints come from elsewhere, perhaps of both families.
  const isOpen = spec["clusterIP"] === "None" && Object.keys(spec["selector"] ?? {}).length === 0;
  spec = filled(spec, "ipFamilyPolicy", isOpen ? "RequireDualStack" : "SingleStack");
  return filled(spec, "ipFamilies", spec["ipFamilyPolicy"] === "SingleStack" ? ["IPv4"] : ["IPv4", "IPv6"]);
};

/**
 * The API server would allocate a free address and ports. Here they follow from the Service's name, so that the same
 * world always gets the same ones; nothing listens there, and two Services may share them.
 */
const allocated: Fill = (service) => {
  const spec = service["spec"];
  if (!isObject(spec) || spec["type"] === "ExternalName") return service;
  const name = `${String(member(service, "metadata", "namespace"))}/${String(member(service, "metadata", "name"))}`;
  const clusterIP = spec["clusterIP"] ?? addressOf(name);
  const given = filled(withMember(spec, "clusterIP", clusterIP), "clusterIPs", [clusterIP]);
  const nodePort: Fill = (port) => filled(port, "nodePort", nodePortOf(`${name}:${String(port["port"])}`));
  const opens = exposed.includes(String(spec["type"])) && spec["allocateLoadBalancerNodePorts"] !== false;
  return withMember(service, "spec", opens ? each("ports", nodePort)(given) : given);
};

function hashOf(text: string): number {
  let hash = 0x81_1c_9d_c5;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01_00_01_93);
  return hash >>> 0;
}

/** In 10.96.0.0/12, the API server's default range. */
function addressOf(name: string): string {
  const host = 1 + (hashOf(name) % 0x0f_ff_fe);
  return `10.${96 + (host >> 16)}.${(host >> 8) & 0xff}.${host & 0xff}`;
}

/** From 30000 to 32767. */
const nodePortOf = (name: string): number => 30_000 + (hashOf(name) % 2768);

const autoscalerMetrics = [
  { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } },
];

const scaleUp = {
  stabilizationWindowSeconds: 0,
  selectPolicy: "Max",
  policies: [
    { type: "Pods", value: 4, periodSeconds: 15 },
    { type: "Percent", value: 100, periodSeconds: 15 },
  ],
};
const scaleDown = { selectPolicy: "Max", policies: [{ type: "Percent", value: 100, periodSeconds: 15 }] };

const scalingRules =
  (initial: Json): Fill =>
  (rules) =>
    Object.keys(initial).every((name) => rules[name] !== undefined) ? rules : { ...initial, ...rules };

const autoscaler: Fill = inTurn(
  (spec) => filled(spec, "metrics", autoscalerMetrics),
  at(
    ["behavior"],
    inTurn(
      (behavior) => filled(filled(behavior, "scaleUp", {}), "scaleDown", {}),
      at(["scaleUp"], scalingRules(scaleUp)),
      at(["scaleDown"], scalingRules(scaleDown)),
    ),
  ),
);

const subject: Fill = (given) =>
  given["kind"] === "User" || given["kind"] === "Group"
    ? filled(given, "apiGroup", "rbac.authorization.k8s.io")
    : given;

const definitionNames: Fill = (names) => {
  const { kind } = names;
  return typeof kind !== "string" || kind === ""
    ? names
    : filled(filled(names, "singular", kind.toLowerCase()), "listKind", `${kind}List`);
};

const storedVersions: Fill = (definition) => {
  const versions = member(definition, "spec", "versions");
  const stored = isList(versions) ? versions.find((one) => isObject(one) && one["storage"] === true) : undefined;
  if (!isObject(stored)) return definition;
  return at(["status"], (status) => {
    const given = status["storedVersions"];
    return isList(given) && given.length > 0 ? status : { ...status, storedVersions: [stored["name"]] };
  })(definition);
};

/** stringData is write-only: its texts become entries of data. */
const secretTexts: Fill = (secret) => {
  const texts = secret["stringData"];
  if (!isObject(texts)) return secret;
  const encoded = Object.entries(texts).map(([name, text]) => [name, base64(String(text))] as const);
  const data = isObject(secret["data"]) ? secret["data"] : {};
  const { stringData: _, ...rest } = secret;
  return encoded.length === 0 ? rest : { ...rest, data: { ...data, ...Object.fromEntries(encoded) } };
};

const base64 = (text: string): string => new TextEncoder().encode(text).toBase64();

const namespaceLabel: Fill = (namespace) => {
  const name = member(namespace, "metadata", "name");
  if (typeof name !== "string" || name === "") return namespace;
  return at(["metadata"], (metadata) => {
    const labels = isObject(metadata["labels"]) ? metadata["labels"] : {};
    return withMember(metadata, "labels", withMember(labels, "kubernetes.io/metadata.name", name));
  })(namespace);
};

const allocatable: Fill = at(["status"], (status) =>
  status["capacity"] === undefined ? status : filled(status, "allocatable", status["capacity"]),
);

/** By the name of the resource: "deployments.apps". */
export const fills: Readonly<Record<string, Fill>> = {
  pods: pod,
  podtemplates: template,
  "deployments.apps": at(["spec"], inTurn(template, deployment)),
  "replicasets.apps": at(["spec"], template),
  "jobs.batch": inTurn(at(["spec"], inTurn(template, jobSpec)), jobSelector, jobLabels),
  services: inTurn(at(["spec"], serviceSpec), allocated),
  "horizontalpodautoscalers.autoscaling": at(["spec"], autoscaler),
  "rolebindings.rbac.authorization.k8s.io": each("subjects", subject),
  "clusterrolebindings.rbac.authorization.k8s.io": each("subjects", subject),
  "customresourcedefinitions.apiextensions.k8s.io": inTurn(at(["spec", "names"], definitionNames), storedVersions),
  secrets: secretTexts,
  namespaces: namespaceLabel,
  nodes: allocatable,
};
