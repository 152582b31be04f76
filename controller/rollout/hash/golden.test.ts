import { expect, test } from "bun:test";
import { podTemplateHash, stepHash } from "./podHash.ts";
import { canonicalQuantity } from "../../../kube/object/quantity.ts";

/**
 * What Go makes of odd input: recorded from the reference's own hash function over k8s.io/api v0.34.5 (decoded,
 * encoded, and decoded again, as its controller does), with templates written for this test.
 */
const templates: readonly [sentence: string, hash: string, template: unknown, collisionCount?: number][] = [
  ["an empty template has its containers as null", "658c46c486", {}],
  ["a template of nulls is an empty one", "658c46c486", { metadata: null, spec: null }],
  [
    "null containers, ports and labels are none",
    "5d96b58655",
    { metadata: { labels: null }, spec: { containers: [{ name: null, ports: null, resources: null }] } },
  ],
  [
    "an element that is null is one of zero values",
    "595f57fbd5",
    { spec: { containers: [null], tolerations: [null], nodeSelector: { a: null } } },
  ],
  [
    "HTML's characters, line separators and control characters are escaped",
    "8698bf5f7c",
    {
      spec: {
        containers: [{ name: "a", args: ['<a href="&">', "\u2028\u2029", "\b\f\n\r\t\u000b\u0000\u007f", "\\/'"] }],
      },
    },
  ],
  [
    "text beyond ASCII is written as it is",
    "58d4497479",
    { spec: { containers: [{ name: "a", args: ["é 日本 😀 \ufeff"] }] } },
  ],
  [
    "half a surrogate pair becomes the replacement character",
    "85db987974",
    { spec: { containers: [{ name: "a", args: ["a\ud800b", "\udc00"] }] } },
  ],
  [
    "the keys of a map are in the order of their bytes",
    "67d848f9b9",
    { metadata: { labels: { "9": "b", "10": "a", b: "c", B: "d", "\uffee": "e", "😀": "f" } } },
  ],
  [
    "a pointer to zero stays, a zero does not",
    "64cd74989",
    {
      spec: {
        containers: [{ name: "a", stdin: false, securityContext: { runAsUser: 0, privileged: false } }],
        priority: 0,
        hostPID: false,
        terminationGracePeriodSeconds: 0,
        automountServiceAccountToken: false,
      },
    },
  ],
  [
    "required members appear unasked",
    "798549cf9c",
    {
      spec: {
        containers: [
          {
            name: "a",
            ports: [{}],
            env: [{}],
            volumeMounts: [{}],
            volumeDevices: [{}],
            readinessProbe: { httpGet: {}, tcpSocket: {}, grpc: {}, exec: {} },
            lifecycle: { preStop: { sleep: {} } },
          },
        ],
      },
    },
  ],
  [
    "a port may be a number or a name",
    "6f4d5bcf6c",
    {
      spec: {
        containers: [
          { name: "a", livenessProbe: { httpGet: { port: "http" } }, readinessProbe: { tcpSocket: { port: 80 } } },
        ],
      },
    },
  ],
  [
    "a divisor is there even if it is not given",
    "5b4676b54c",
    {
      spec: {
        containers: [{ name: "a", env: [{ name: "A", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } }] }],
      },
    },
  ],
  [
    "lists without omitempty are null",
    "5ff6bccb8",
    {
      spec: {
        volumes: [
          { name: "p", projected: {} },
          { name: "r", rbd: { image: "i" } },
          { name: "c", cephfs: {} },
          { name: "s", scaleIO: {} },
        ],
        affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: {} } },
      },
    },
  ],
  [
    "every source of a volume",
    "7ff7d978db",
    {
      spec: {
        volumes: [
          { hostPath: {}, name: "hostPath" },
          { emptyDir: {}, name: "emptyDir" },
          { gcePersistentDisk: {}, name: "gcePersistentDisk" },
          { awsElasticBlockStore: {}, name: "awsElasticBlockStore" },
          { gitRepo: {}, name: "gitRepo" },
          { secret: {}, name: "secret" },
          { nfs: {}, name: "nfs" },
          { iscsi: {}, name: "iscsi" },
          { glusterfs: {}, name: "glusterfs" },
          { persistentVolumeClaim: {}, name: "persistentVolumeClaim" },
          { rbd: {}, name: "rbd" },
          { flexVolume: {}, name: "flexVolume" },
          { cinder: {}, name: "cinder" },
          { cephfs: {}, name: "cephfs" },
          { flocker: {}, name: "flocker" },
          { downwardAPI: {}, name: "downwardAPI" },
          { fc: {}, name: "fc" },
          { azureFile: {}, name: "azureFile" },
          { configMap: {}, name: "configMap" },
          { vsphereVolume: {}, name: "vsphereVolume" },
          { quobyte: {}, name: "quobyte" },
          { azureDisk: {}, name: "azureDisk" },
          { photonPersistentDisk: {}, name: "photonPersistentDisk" },
          { projected: {}, name: "projected" },
          { portworxVolume: {}, name: "portworxVolume" },
          { scaleIO: {}, name: "scaleIO" },
          { storageos: {}, name: "storageos" },
          { csi: {}, name: "csi" },
          { ephemeral: {}, name: "ephemeral" },
          { image: {}, name: "image" },
        ],
      },
    },
  ],
  [
    "every kind of projection",
    "d795d79c6",
    {
      spec: {
        volumes: [
          {
            name: "p",
            projected: {
              sources: [
                { secret: {} },
                { downwardAPI: { items: [{}] } },
                { configMap: { items: [{}] } },
                { serviceAccountToken: {} },
                { clusterTrustBundle: {} },
                { podCertificate: {} },
              ],
            },
          },
        ],
      },
    },
  ],
  [
    "a claim template has metadata, spec and resources",
    "7b8b589574",
    {
      spec: {
        volumes: [
          { name: "e", ephemeral: { volumeClaimTemplate: { spec: { dataSource: { kind: "k", name: "n" } } } } },
        ],
      },
    },
  ],
  [
    "an ephemeral container names its target last",
    "6959547667",
    { spec: { ephemeralContainers: [{ targetContainerName: "a", name: "b" }] } },
  ],
  [
    "times are in UTC and whole seconds",
    "f75f57495",
    { metadata: { creationTimestamp: "2024-01-02T03:04:05.678+02:00", deletionTimestamp: "2024-01-02T03:04:05Z" } },
  ],
  [
    "a time of zero is none",
    "658c46c486",
    { metadata: { creationTimestamp: "0001-01-01T00:00:00Z", deletionTimestamp: "0001-01-01T00:00:00Z" } },
  ],
  [
    "a quantity that is a number",
    "84ddcf58bd",
    { spec: { containers: [{ name: "a", resources: { limits: { a: 1, b: 0.5, c: 1e21, d: 1e-7, e: null } } }] } },
  ],
  ["a collision count of many bytes", "76c4d66b76", { spec: { containers: [{ name: "a" }] } }, 2147483647],
  [
    "affinity with structs inside",
    "66f9b69945",
    {
      spec: {
        containers: [{ name: "a" }],
        affinity: {
          podAntiAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1 }],
            requiredDuringSchedulingIgnoredDuringExecution: [{}],
          },
          nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{}] },
        },
      },
    },
  ],
  [
    "unknown members at every level fall away",
    "b9698c557",
    {
      kind: "x",
      metadata: { x: 1 },
      spec: { x: 1, containers: [{ name: "a", x: { y: 1 }, ports: [{ containerPort: 1, x: 1 }] }] },
    },
  ],
];

const steps: readonly [sentence: string, hash: string, steps: unknown][] = [
  [
    "a plugin's configuration keeps its order and is compacted",
    "7f69d88cc5",
    [{ plugin: { name: "p", config: { b: [1, 2.5, 1e21, 1e-7, null], a: "<&>\u2028é" } } }],
  ],
  [
    "a plugin's configuration of null stays null",
    "684b46f665",
    [{ plugin: { name: "p", config: null } }, { plugin: { name: "q" } }],
  ],
  [
    "an experiment has its metadata unasked",
    "7446746798",
    [{ experiment: { templates: [{ name: "a", specRef: "canary" }] } }],
  ],
  ["an experiment without templates has null", "5577d7c94d", [{ experiment: {} }]],
  [
    "an analysis with arguments",
    "58c68b9b8d",
    [
      {
        analysis: {
          templates: [{ templateName: "t", clusterScope: false }],
          args: [
            { name: "a", value: "" },
            { name: "b", valueFrom: { podTemplateHashValue: "Latest" } },
            { name: "c", valueFrom: { fieldRef: {} } },
          ],
          dryRun: [{}],
          measurementRetention: [{}],
          analysisRunMetadata: {},
        },
      },
    ],
  ],
  [
    "header and mirror routes",
    "db5c8d8c",
    [
      { setHeaderRoute: { name: "h", match: [{ headerName: "a" }, { headerName: "b", headerValue: { exact: "x" } }] } },
      {
        setMirrorRoute: {
          name: "m",
          percentage: 0,
          match: [{ method: {}, headers: { b: { prefix: "p" }, a: { regex: "r" } } }],
        },
      },
      { setHeaderRoute: {} },
      { setMirrorRoute: {} },
    ],
  ],
  [
    "weights and scales of zero",
    "66d6b84cd",
    [
      { setWeight: 0 },
      { setCanaryScale: { weight: 0, replicas: 0, matchTrafficWeight: false } },
      { setCanaryScale: {} },
      {},
    ],
  ],
  [
    "durations as number and text",
    "847d848fb5",
    [{ pause: { duration: 10 } }, { pause: { duration: "1h" } }, { pause: { duration: 0 } }, { pause: null }],
  ],
];

/** A text that Go refuses is kept: the reference could not read such a Rollout at all. */
const quantities: readonly [text: string, canonical: string][] = [
  ["+5", "+5"],
  ["007", "007"],
  ["1.500", "1.500"],
  ["1.50", "1500m"],
  ["-0", "0"],
  [".", "0"],
  ["0Mi", "0"],
  ["0.5Ki", "512"],
  ["0.0001Ki", "102400u"],
  ["-1.5Ki", "-1536"],
  ["1.5Gi", "1536Mi"],
  ["1025Mi", "1025Mi"],
  ["1023", "1023"],
  ["1024", "1024"],
  ["1024Ki", "1Mi"],
  ["+3Ki", "+3Ki"],
  ["8Ei", "9223372036854775807"],
  ["100Ei", "9223372036854775807"],
  ["-9Ei", "-9223372036854775807"],
  ["9223372036854775807", "9223372036854775807"],
  ["9223372036854775808", "9223372036854775808"],
  ["1n", "1n"],
  ["0.1n", "1n"],
  ["1.1u", "1100n"],
  ["1e-10", "1e-9"],
  ["-1e-10", "-1e-9"],
  ["1e3", "1e3"],
  ["1E3", "1E3"],
  ["1E", "1E"],
  ["12e6", "12e6"],
  ["1e+3", "1e+3"],
  ["1e03", "1e03"],
  ["1000E", "1"],
  ["100k", "100k"],
  ["1000k", "1M"],
  ["123456789012345678901234567890", "123456789012345678901234567890"],
  ["0.1234567891", "123456790n"],
  ["1.0001m", "1000100n"],
  [" 1 ", "1"],
  ["1Zi", "1Zi"],
  ["1ki", "1ki"],
  ["abc", "abc"],
  ["", ""],
];

for (const [sentence, hash, template, collisionCount] of templates) {
  test(`the pod hash is Go's: ${sentence}`, () => expect(podTemplateHash(template, collisionCount)).toBe(hash));
}

for (const [sentence, hash, list] of steps) {
  test(`the step hash is Go's: ${sentence}`, () => expect(stepHash(list)).toBe(hash));
}

for (const [text, canonical] of quantities) {
  test(`Go writes the quantity "${text}" as "${canonical}"`, () => expect(canonicalQuantity(text)).toBe(canonical));
}
