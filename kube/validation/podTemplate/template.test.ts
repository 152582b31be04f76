import { describe, expect, test } from "bun:test";
import { placesOf } from "../../../controller/rules/rollout/input.ts";
import { type Violation, violationText } from "../violation.ts";
import { podTemplateViolations } from "./template.ts";

/** A valid pod that uses much of what pods can do. */
const rich = {
  dnsPolicy: "None",
  serviceAccountName: "web",
  nodeSelector: { "kubernetes.io/os": "linux" },
  dnsConfig: { nameservers: ["1.1.1.1", "2001:db8::1"], searches: ["a.b."] },
  hostAliases: [{ ip: "1.2.3.4", hostnames: ["x.y"] }],
  securityContext: { runAsUser: 1, sysctls: [{ name: "net.core.somaxconn", value: "1" }] },
  tolerations: [{ key: "k", operator: "Equal", value: "v", effect: "NoExecute", tolerationSeconds: 5 }],
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule" }],
  affinity: {
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [
        { weight: 5, podAffinityTerm: { topologyKey: "zone", labelSelector: { matchLabels: { app: "web" } } } },
      ],
    },
  },
  volumes: [
    { name: "bare" },
    { name: "files", projected: { sources: [{ configMap: { name: "c", items: [{ key: "a", path: "b" }] } }] } },
    { name: "claim", persistentVolumeClaim: { claimName: "p" } },
    { name: "image", image: { reference: "x" } },
    { name: "ceph", rbd: { monitors: ["m"], image: "x" } },
    { name: "disk", azureDisk: { diskName: "d", diskURI: "https://x/y" } },
  ],
  initContainers: [{ name: "side", image: "x", restartPolicy: "Always", livenessProbe: { tcpSocket: { port: 1 } } }],
  containers: [
    {
      name: "web",
      image: "web:1",
      ports: [{ name: "http", containerPort: 80 }],
      env: [{ name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }],
      envFrom: [{ prefix: "P_", secretRef: { name: "s" } }],
      volumeMounts: [{ name: "bare", mountPath: "/tmp", subPath: "a/b", mountPropagation: "Bidirectional" }],
      volumeDevices: [{ name: "claim", devicePath: "/dev/x" }],
      resources: { limits: { cpu: 1, memory: "1Gi", "a.b/gpu": "1" }, requests: { cpu: "500m", "a.b/gpu": "1" } },
      livenessProbe: { httpGet: { port: "http" } },
      readinessProbe: { grpc: { port: 80 } },
      lifecycle: { preStop: { sleep: { seconds: 30 } } },
      securityContext: { privileged: true, seccompProfile: { type: "Localhost", localhostProfile: "a/b" } },
    },
  ],
};

function judge(spec: unknown, metadata: object = {}): readonly Violation[] {
  const template = { metadata: { labels: { app: "web" }, ...metadata }, spec };
  return podTemplateViolations(placesOf({ spec: { selector: { matchLabels: { app: "web" } }, template } }));
}

const texts = (violations: readonly Violation[]): readonly string[] =>
  violations.map((violation) => violationText(violation).replace("spec.template.spec.", "…"));

const container = (members: object) => ({ containers: [{ name: "web", image: "x", ...members }] });
const volume = (source: object) => ({ ...container({}), volumes: [{ name: "v", ...source }] });

/** Sentence, pod, and the output of the reference's linter for it (`…` stands for `spec.template.spec.`). */
const table: readonly (readonly [sentence: string, pod: unknown, ...texts: string[]])[] = [
  ["a rich pod is fine", rich],
  ["nothing needs a container", undefined, "…containers: Required value"],
  [
    "a container needs a name and an image",
    { containers: [{}] },
    "…containers[0].name: Required value",
    "…containers[0].image: Required value",
  ],
  [
    "a name has no dots",
    container({ name: "a.b" }),
    '…containers[0].name: Invalid value: "a.b": must not contain dots',
  ],
  [
    "names differ",
    { containers: [container({}).containers[0], container({}).containers[0]] },
    '…containers[1].name: Duplicate value: "web"',
  ],
  [
    "an init container's as well",
    { ...container({}), initContainers: container({}).containers },
    '…initContainers[0].name: Duplicate value: "web"',
  ],
  [
    "images are pulled in known ways",
    container({ imagePullPolicy: "Sometimes" }),
    '…containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
  ],
  [
    "ports are numbers with names",
    container({ ports: [{}, { containerPort: 70_000, name: "1", protocol: "ICMP" }] }),
    "…containers[0].ports[0].containerPort: Required value",
    '…containers[0].ports[1].name: Invalid value: "1": must contain at least one letter (a-z)',
    "…containers[0].ports[1].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
    '…containers[0].ports[1].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
  ],
  [
    "a port of the node is taken once",
    container({
      ports: [
        { containerPort: 1, hostPort: 9 },
        { containerPort: 2, hostPort: 9 },
      ],
    }),
    '…containers[0].ports[1].hostPort: Duplicate value: "TCP//9"',
  ],
  [
    "a variable has one source",
    container({ env: [{ name: "A", value: "b", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }] }),
    '…containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
  ],
  [
    "a variable reads what pods have",
    container({ env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "spec.mood" } } }] }),
    '…containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.mood": error converting fieldPath: field label not supported: spec.mood',
  ],
  [
    "all variables come from somewhere",
    container({ envFrom: [{}] }),
    '…containers[0].envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`',
  ],
  [
    "a mount has a volume",
    container({ volumeMounts: [{ name: "v", mountPath: "/x" }] }),
    '…containers[0].volumeMounts[0].name: Not found: "v"',
  ],
  [
    "mounts lie apart",
    { ...container({ volumeMounts: [1, 2].map(() => ({ name: "v", mountPath: "/x" })) }), volumes: [{ name: "v" }] },
    '…containers[0].volumeMounts[1].mountPath: Invalid value: "/x": must be unique',
  ],
  [
    "a sub-path stays inside",
    { ...container({ volumeMounts: [{ name: "v", mountPath: "/x", subPath: "../y" }] }), volumes: [{ name: "v" }] },
    "…containers[0].volumeMounts.subPath: Invalid value: \"../y\": must not contain '..'",
  ],
  [
    "a request is within its limit",
    container({ resources: { requests: { cpu: 2 }, limits: { cpu: "1500m" } } }),
    '…containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1500m',
  ],
  [
    "devices are not overcommitted",
    container({ resources: { requests: { "a.b/gpu": 1 } } }),
    "…containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources",
  ],
  [
    "devices are whole",
    container({ resources: { limits: { "a.b/gpu": "1.5" } } }),
    '…containers[0].resources.limits[a.b/gpu]: Invalid value: "1500m": must be an integer',
  ],
  [
    "huge pages need company",
    container({ resources: { limits: { "hugepages-2Mi": "4Mi" } } }),
    "…containers[0].resources: Forbidden: HugePages require cpu or memory",
  ],
  [
    "resources are known",
    container({ resources: { limits: { coffee: 1 } } }),
    '…containers[0].resources.limits[coffee]: Invalid value: "coffee": must be a standard resource type or fully qualified',
    '…containers[0].resources.limits[coffee]: Invalid value: "coffee": must be a standard resource for containers',
  ],
  [
    "amounts are amounts",
    container({ resources: { limits: { cpu: "much" } } }),
    "…containers[0].resources.limits[cpu]: Invalid value: \"much\": quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  ],
  [
    "a probe does something",
    container({ livenessProbe: {} }),
    "…containers[0].livenessProbe: Required value: must specify a handler type",
  ],
  [
    "and one thing only",
    container({ readinessProbe: { exec: { command: ["a"] }, tcpSocket: { port: 1 } } }),
    "…containers[0].readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type",
  ],
  [
    "one success keeps alive",
    container({ startupProbe: { grpc: { port: 1 }, successThreshold: 2 } }),
    "…containers[0].startupProbe.successThreshold: Invalid value: 2: must be 1",
  ],
  [
    "sleep ends before the pod",
    container({ lifecycle: { preStop: { sleep: { seconds: 31 } } } }),
    "…containers[0].lifecycle.preStop.sleep: Invalid value: 31: must be greater than 0 and less than terminationGracePeriodSeconds (30). Enable AllowPodLifecycleSleepActionZeroValue feature gate for zero sleep.",
  ],
  [
    "users have ids",
    container({ securityContext: { runAsUser: -1 } }),
    "…containers[0].securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive",
  ],
  [
    "an unmasked proc needs its own users",
    container({ securityContext: { procMount: "Unmasked" } }),
    '…containers[0].securityContext.procMount: Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`',
  ],
  ["which it may have", { ...container({ securityContext: { procMount: "Unmasked" } }), hostUsers: false }],
  [
    "containers restart as the pod does",
    container({ restartPolicy: "Always" }),
    "…containers[0].restartPolicy: Forbidden: may not be set for non-init containers",
  ],
  [
    "an init container that ends has no probes",
    { ...container({}), initContainers: [{ name: "i", image: "x", livenessProbe: {} }] },
    "…initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always",
  ],
  [
    "a volume has one source",
    volume({ emptyDir: {}, hostPath: { path: "/" } }),
    "…volumes[0].hostPath: Forbidden: may not specify more than 1 volume type",
  ],
  ["a Secret has a name", volume({ secret: {} }), "…volumes[0].secret.secretName: Required value"],
  [
    "a host path goes down",
    volume({ hostPath: { path: "/a/.." } }),
    "…volumes[0].hostPath.path: Invalid value: \"/a/..\": must not contain '..'",
  ],
  [
    "projected files do not collide",
    volume({ projected: { sources: [1, 2].map(() => ({ secret: { name: "s", items: [{ key: "k", path: "p" }] } })) } }),
    '…volumes[0].projected: Invalid value: "s": conflicting duplicate paths',
  ],
  [
    "an ephemeral claim asks for storage",
    volume({ ephemeral: { volumeClaimTemplate: { spec: { accessModes: ["ReadWriteOnce"] } } } }),
    "…volumes[0].ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value",
  ],
  [
    "own DNS has servers",
    { ...container({}), dnsPolicy: "None" },
    "…dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None",
  ],
  [
    "a toleration has a key or takes all",
    { ...container({}), tolerations: [{}] },
    '…tolerations[0].operator: Invalid value: "": operator must be Exists when `key` is empty, which means "match all values and all keys"',
  ],
  [
    "an affinity has a weight",
    {
      ...container({}),
      affinity: {
        podAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 0, podAffinityTerm: { topologyKey: "k" } }],
        },
      },
    },
    "…affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 0: must be in the range 1-100",
  ],
  [
    "a spread has a skew",
    { ...container({}), topologySpreadConstraints: [{ topologyKey: "z", whenUnsatisfiable: "ScheduleAnyway" }] },
    "…topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
  ],
  [
    "Windows has no users of Linux",
    { ...container({ securityContext: { runAsUser: 1 } }), os: { name: "windows" } },
    "…containers[0].securityContext.runAsUser: Forbidden: cannot be set for a windows pod",
  ],
  [
    "ReplicaSets restart always",
    { ...container({}), restartPolicy: "Never" },
    '…restartPolicy: Unsupported value: "Never": supported values: "Always"',
  ],
  [
    "and have no deadline",
    { ...container({}), activeDeadlineSeconds: 5 },
    "…activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported",
  ],
  [
    "ephemeral containers come later",
    { ...container({}), ephemeralContainers: [{ name: "e", image: "x" }] },
    "…ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template",
  ],
];

describe("the pod template", () => {
  test.each(table.map(([sentence, pod, ...expected]) => ({ sentence, pod, expected })))(
    "$sentence",
    ({ pod, expected }) => {
      expect(texts(judge(pod))).toEqual(expected);
    },
  );

  test("labels and annotations are reported without metadata, and with it in the true path", () => {
    const found = judge(container({}), { labels: { app: "web", tier: "-" }, annotations: { "a b": "" } });
    expect(found.map(({ path, exactPath }) => [path, exactPath])).toEqual([
      ["spec.template.labels", "spec.template.metadata.labels"],
      ["spec.template.annotations", "spec.template.metadata.annotations"],
    ]);
  });

  test("annotations have a total size", () => {
    expect(judge(container({}), { annotations: { a: "x".repeat(262_144) } }).map(violationText)).toEqual([
      "spec.template.annotations: Too long: may not be more than 262144 bytes",
    ]);
  });

  test("profiles in annotations and fields say the same", () => {
    const annotations = { "container.seccomp.security.alpha.kubernetes.io/web": "unconfined" };
    const pod = container({ securityContext: { seccompProfile: { type: "RuntimeDefault" } } });
    expect(texts(judge(pod, { annotations }))).toEqual([
      "…containers[0].securityContext.seccompProfile.type: Forbidden: seccomp type in annotation and field must match",
    ]);
  });

  test("junk in any place is answered", () => {
    const junk: readonly unknown[] = [undefined, null, true, -1, "..", [], [null], {}, { a: { b: 1 } }, [[[]]]];
    for (const path of placesIn(rich)) {
      for (const value of junk) expect(judge(replaced(rich, path, value))).toBeArray();
    }
  });
});

function placesIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, member]) => placesIn(member, [...path, key]))];
}

function replaced(whole: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  if (isList(whole)) return whole.map((item, index) => (String(index) === key ? replaced(item, rest, value) : item));
  const object = whole as Record<string, unknown>;
  return { ...object, [key]: replaced(object[key], rest, value) };
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);
