import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { podTemplateHash, stepHash } from "./podHash.ts";

interface Vector {
  readonly template: unknown;
  readonly collisionCount: number | null;
  readonly hash: string;
}

const shared = process.env["SLUICE_SHARED"] ?? resolve(import.meta.dir, "../../../../shared");
const file = join(shared, "conformance/hashes.jsonl");

const template = (over: Record<string, unknown> = {}, container: Record<string, unknown> = {}): unknown => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image: "web:1", ...container }], ...over },
});

describe("the pod template's hash", () => {
  test("is the reference's for a template with ports and resources", () => {
    const known = {
      metadata: { labels: { app: "canary-scaledowndelay" } },
      spec: {
        containers: [
          {
            name: "canary-scaledowndelay",
            image: "nginx:1.19-alpine",
            ports: [{ name: "http", containerPort: 80, protocol: "TCP" }],
            resources: { requests: { cpu: "5m", memory: "16Mi" } },
          },
        ],
      },
    };
    expect(podTemplateHash(known, undefined)).toBe("674d8cf959");
  });

  test.skipIf(!existsSync(file))("is the reference's for every template of the shared data", async () => {
    const lines = (await Bun.file(file).text()).split("\n").filter((line) => line !== "");
    const vectors = lines.map((line) => JSON.parse(line) as Vector);
    const wrong = vectors.filter((v) => podTemplateHash(v.template, v.collisionCount) !== v.hash);
    expect(vectors.length).toBeGreaterThan(30);
    expect(wrong).toEqual([]);
  });

  test("counts a collision count of 0, and takes null for none", () => {
    expect(podTemplateHash(template(), 0)).not.toBe(podTemplateHash(template(), undefined));
    expect(podTemplateHash(template(), null)).toBe(podTemplateHash(template(), undefined));
    expect(podTemplateHash(template(), 1)).not.toBe(podTemplateHash(template(), 0));
  });

  test("never throws, whatever the template is", () => {
    for (const odd of [undefined, null, 1, "x", [], {}, { spec: { containers: null } }, { metadata: [], spec: 3 }]) {
      expect(podTemplateHash(odd, undefined)).toMatch(/^[456789bcdf]{1,10}$/);
    }
  });
});

const same: readonly [sentence: string, a: unknown, b: unknown][] = [
  [
    "the order of members",
    { spec: { containers: [{ image: "web:1", name: "web" }] }, metadata: { labels: { app: "web" } } },
    template(),
  ],
  [
    "how a quantity is written",
    template({}, { resources: { limits: { cpu: "1000m", memory: "1024Mi" } } }),
    template({}, { resources: { limits: { cpu: "1", memory: "1Gi" } } }),
  ],
  [
    "members that are absent, empty or false",
    template({ hostNetwork: false, nodeSelector: {}, tolerations: [] }),
    template(),
  ],
  ["members that no Kubernetes knows", template({ notes: "mine" }), template()],
];

const different: readonly [sentence: string, a: unknown, b: unknown][] = [
  ["the image", template({}, { image: "web:2" }), template()],
  ["a default that is spelt out", template({}, { imagePullPolicy: "IfNotPresent" }), template()],
  [
    "the protocol that the CRD adds to a port",
    template({}, { ports: [{ containerPort: 80, protocol: "TCP" }] }),
    template({}, { ports: [{ containerPort: 80 }] }),
  ],
  [
    "the order of containers",
    { spec: { containers: [{ name: "a" }, { name: "b" }] } },
    { spec: { containers: [{ name: "b" }, { name: "a" }] } },
  ],
  ["a member that only a newer Kubernetes knows", template({ schedulingGroup: { podGroupName: "g" } }), template()],
];

describe("the hash does not depend on", () => {
  for (const [sentence, a, b] of same) {
    test(`${sentence} in a template`, () => expect(podTemplateHash(a, undefined)).toBe(podTemplateHash(b, undefined)));
  }
});

describe("the hash depends on", () => {
  for (const [sentence, a, b] of different) {
    test(`${sentence} in a template`, () =>
      expect(podTemplateHash(a, undefined)).not.toBe(podTemplateHash(b, undefined)));
  }
});

describe("the steps' hash", () => {
  test("is the reference's without steps, and for one and two pauses", () => {
    expect(stepHash(undefined)).toBe("5ffbfbbd64");
    expect(stepHash([{ pause: {} }])).toBe("6b9b86fbd5");
    expect(stepHash([{ pause: {} }, { pause: {} }])).toBe("79c9b9f6bf");
  });

  test("takes an empty list for none", () => {
    expect(stepHash([])).toBe(stepHash(undefined));
  });

  test("tells a number of seconds from its text", () => {
    expect(stepHash([{ pause: { duration: 10 } }])).not.toBe(stepHash([{ pause: { duration: "10" } }]));
  });
});
