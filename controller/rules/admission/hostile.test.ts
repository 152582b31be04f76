/**
 * Objects that are written to block the webhook: each is answered, and the work is counted. Times would differ from
 * machine to machine; steps and bytes do not.
 */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseAllDocuments } from "yaml";
import { type AdmissionContext, admissionFindings, type AdmittedKind, newViolations } from "./admissionFindings.ts";
import { cost, LIMITS } from "../../../kube/object/budget.ts";
import type { TemplateUser } from "../analysis/templateUsers.ts";
import type { Templates } from "../analysis/templateCollection.ts";
import { violationText } from "../../../kube/validation/violation.ts";

const metadata = { name: "x", namespace: "ns" };
const provider = { prometheus: { address: "http://p", query: "up" } };
const many = <T>(count: number, one: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => one(i));
const lookup = (specs: Readonly<Record<string, unknown>>) => ({
  get: (name: string) => specs[name],
  has: (name: string) => Object.hasOwn(specs, name),
});
const templates = (specs: Readonly<Record<string, unknown>>): Templates => ({
  namespaced: lookup(specs),
  cluster: lookup({}),
});
const metrics = (count: number, more: object = {}) =>
  many(count, (i) => ({ name: `m${i}`, provider, interval: "1m", count: 5, ...more }));
const withMetrics = (spec: object) => ({ metadata, spec });

function rollout(steps: readonly unknown[], pod: object = {}, labels: object = {}): object {
  const containers = [{ name: "web", image: "web:1" }];
  return {
    kind: "Rollout",
    metadata,
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "web", ...labels } }, spec: { containers, ...pod } },
      strategy: { canary: { steps } },
    },
  };
}

interface Judged {
  readonly steps: number;
  readonly bytes: number;
  readonly refused: readonly string[];
  readonly warned: readonly string[];
}

function judged(object: unknown, kind: AdmittedKind, context: AdmissionContext = {}): Judged {
  const { result, steps, bytes } = cost(() => admissionFindings(object, kind, context));
  const texts = (list: readonly { readonly detail: string }[]): string[] => list.map(({ detail }) => detail);
  return { steps, bytes, refused: texts(result.refuse), warned: texts(result.warn) };
}

const STEPS = LIMITS.judgement.steps;
const costly = (on: string): string => `too costly to judge: ${on} takes more than ${STEPS} steps`;

describe("tags", () => {
  const expanding = withMetrics({
    args: [{ name: "a", value: "x".repeat(490_000) }],
    metrics: [{ name: "m", provider, successCondition: "{{args.a}}".repeat(1_990) }],
  });

  test("that expand to more than a gigabyte are refused in a run before a byte of it is made", () => {
    const { refused, bytes, steps } = judged(expanding, "AnalysisRun");
    expect([refused, bytes]).toEqual([["longer than 100000 characters"], 0]);
    expect(steps).toBeLessThan(STEPS / 5);
  });

  test("and warn in a template", () => {
    const { refused, warned, bytes } = judged(expanding, "AnalysisTemplate");
    expect([refused, bytes]).toEqual([[], 0]);
    expect(warned[0]).toContain("is wrong with the values that the arguments have here: longer than 100000 characters");
  });

  test("that are opened and never closed are looked at once", () => {
    const one = (repeats: number): Judged =>
      judged(
        withMetrics({ metrics: [{ name: "m", provider, successCondition: "{{".repeat(repeats) }] }),
        "AnalysisTemplate",
      );
    const { refused, steps } = one(9_990);
    expect(refused).toEqual(["a {{ is never closed by }}"]);
    // Twice as many cost twice as much, not four times.
    expect(steps).toBeLessThan(3 * one(4_995).steps);
  });

  test("in several conditions make no more text together than one may", () => {
    const conditions = many(200, (i) => ({
      name: `m${i}`,
      provider,
      successCondition: `{{args.a}}${"{{args.a}}".repeat(8)}${i}`,
    }));
    const { refused, bytes } = judged(
      withMetrics({ args: [{ name: "a", value: "1+".repeat(4_995) }], metrics: conditions }),
      "AnalysisRun",
    );
    expect(refused).toEqual([costly("reading conditions")]);
    expect(bytes).toBeLessThan(LIMITS.judgement.bytes);
  });

  test("in one condition of many metrics are expanded once", () => {
    const run = (count: number): Judged =>
      judged(
        withMetrics({
          args: [{ name: "a", value: "0.95" }],
          metrics: metrics(count, { successCondition: "result[0] > {{args.a}}" }),
        }),
        "AnalysisRun",
      );
    expect(run(100)).toMatchObject({ refused: [], bytes: run(1).bytes });
  });
});

describe("products of what a Rollout names", () => {
  const references = { templates: templates({ t: { metrics: metrics(900) } }) };
  const steps = (count: number, analysis: (index: number) => object) =>
    many(count, (i) => ({ analysis: { templates: [{ templateName: "t" }], ...analysis(i) } }));

  test("900 steps with a template of 900 metrics cost little more than one", () => {
    const one = judged(rollout(steps(1, () => ({}))), "Rollout", { references });
    const all = judged(rollout(steps(900, () => ({}))), "Rollout", { references });
    expect(all.refused).toEqual([]);
    expect(all.steps - one.steps).toBeLessThan(900 * 80);
  });

  test("and so do steps with arguments of their own", () => {
    const own = steps(900, (i) => ({ args: [{ name: "a", value: `${i}` }] }));
    expect(judged(rollout(own), "Rollout", { references }).refused).toEqual([]);
  });

  test("lists of templates that all differ are refused when they are too many", () => {
    const lists = steps(900, (i) => ({ templates: [{ templateName: "t" }, { templateName: `other${i}` }] }));
    const any = { get: (name: string) => (name === "t" ? { metrics: metrics(900) } : {}), has: () => true };
    const { refused } = judged(rollout(lists), "Rollout", {
      references: { templates: { namespaced: any, cluster: any } },
    });
    expect(refused).toHaveLength(1);
    expect(refused[0]).toStartWith("too costly to judge: ");
  });

  test("templates that include one another without end are followed for a while", () => {
    const chain = {
      get: (name: string) => ({ templates: [{ templateName: `${Number(name) + 1}` }] }),
      has: () => true,
    };
    const first = rollout([{ analysis: { templates: [{ templateName: "0" }] } }]);
    const { refused } = judged(first, "Rollout", { references: { templates: { namespaced: chain, cluster: chain } } });
    expect(refused).toEqual([costly("following templates that include others")]);
  });
});

describe("an edit of a template", () => {
  const edited = (count: number) => ({
    kind: "AnalysisTemplate",
    metadata: { name: "t", namespace: "ns" },
    spec: { metrics: metrics(count, { count: undefined }) },
  });
  const users = (count: number, steps: number, before: number): TemplateUser[] =>
    many(count, (i) => ({
      rollout: {
        ...rollout(many(steps, () => ({ analysis: { templates: [{ templateName: "t" }] } }))),
        metadata: { name: `r${i}`, namespace: "ns" },
      },
      templates: templates({ t: { metrics: metrics(before) } }),
    }));

  test("warns of the Rollouts that it breaks", () => {
    const { refused, warned } = judged(edited(1), "AnalysisTemplate", { references: { users: users(3, 2, 1) } });
    expect(refused).toEqual([]);
    expect(warned.filter((text) => text.startsWith("would hold Rollout"))).toHaveLength(3);
  });

  test("is never refused for how many they are; how many were not looked at is said", () => {
    const { refused, warned, steps } = judged(edited(900), "AnalysisTemplate", {
      references: { users: users(1_000, 50, 900) },
    });
    expect(refused).toEqual([]);
    expect(warned).toEqual(["1000 Rollouts that may use it were not checked: that is too costly"]);
    expect(steps).toBeLessThan(STEPS + LIMITS.users.steps + LIMITS.user.steps);
  });

  test("looks at others although one of them costs too much", () => {
    const [large] = users(1, 800, 900);
    const references = { users: [...(large === undefined ? [] : [large]), ...users(2, 1, 1)] };
    const { warned } = judged(edited(10), "AnalysisTemplate", { references });
    expect(warned.filter((text) => text.startsWith("would hold Rollout"))).toHaveLength(2);
    expect(warned.at(-1)).toBe("1 Rollouts that may use it were not checked: that is too costly");
  });
});

describe("lists of a pod are not compared with themselves", () => {
  const twice = (make: (count: number) => object): number => {
    const few = judged(rollout([], make(200)), "Rollout").steps;
    return judged(rollout([], make(400)), "Rollout").steps / few;
  };

  test.each<[string, (count: number) => object]>([
    ["containers", (count) => ({ containers: many(count, (i) => ({ name: `c${i}`, image: "i" })) })],
    [
      "environment",
      (count) => ({ containers: [{ name: "c", image: "i", env: many(count, (i) => ({ name: `E${i}` })) }] }),
    ],
    [
      "mounts",
      (count) => ({
        volumes: many(count, (i) => ({ name: `v${i}` })),
        containers: [
          { name: "c", image: "i", volumeMounts: many(count, (i) => ({ name: `v${i}`, mountPath: `/${i}` })) },
        ],
      }),
    ],
    ["gates", (count) => ({ schedulingGates: many(count, (i) => ({ name: `g${i}` })) })],
    [
      "claims",
      (count) => ({
        resourceClaims: many(count, (i) => ({ name: `c${i}`, resourceClaimName: "r" })),
        containers: [
          { name: "c", image: "i", resources: { claims: many(count, (i) => ({ name: `c${i}`, request: "r" })) } },
        ],
      }),
    ],
  ])("of %s: twice as many cost at most a little more than twice as much", (_, make) => {
    expect(twice(make)).toBeLessThan(2.5);
  });
});

describe("texts are looked at once from end to end", () => {
  test("a name of iSCSI that begins again and again is refused for its cost", () => {
    const volumes = [{ name: "v", iscsi: { targetPortal: "p", iqn: "iqn.2001-01.a".repeat(39_900), lun: 0 } }];
    expect(judged(rollout([], { volumes }), "Rollout").refused).toEqual([costly("reading names of iSCSI")]);
  });

  test.each([["a."], ["a-."], ["-"], ["/"], ["a/"], [":"], ["a:"], ["\\"]])("a name of %j a million times", (part) => {
    const name = part.repeat(1_000_000 / part.length);
    const { refused, steps } = judged(
      rollout([], {
        containers: [{ name, image: name, env: [{ name, value: name }] }],
        hostname: name,
        subdomain: name,
      }),
      "Rollout",
    );
    expect(refused.length).toBeGreaterThan(0);
    expect(steps).toBeLessThanOrEqual(STEPS + 20);
  });
});

describe("what is told", () => {
  test("of an object with thousands of mistakes ends, and says how many more there are", () => {
    const ports = many(3_000, () => ({}));
    const { refused } = judged(rollout([], { containers: [{ name: "c", image: "i", ports }] }), "Rollout");
    expect(refused).toHaveLength(1_001);
    expect(refused.at(-1)).toBe("and 2000 more are wrong");
  });

  test("quotes of long values their beginning", () => {
    const args = many(2, (i) => ({ name: "a", value: `${"v".repeat(250_000)}${i}` }));
    const { refuse } = admissionFindings(withMetrics({ args, metrics: metrics(1) }), "AnalysisTemplate");
    expect(refuse.map(({ rule }) => rule)).toEqual(["argument-conflict"]);
    expect(violationText(refuse[0] ?? { path: "", type: "Invalid", detail: "", rule: "" }).length).toBeLessThan(10_000);
  });
});

describe("what was stored already", () => {
  const wide = (count: number, setWeight: number) => rollout(many(count, () => ({ setWeight })));
  const refusedOf = (object: unknown) => admissionFindings(object, "Rollout").refuse;

  test("and is too costly stays editable, and can be made cheaper step by step", () => {
    const before = refusedOf(wide(4_990, -1));
    expect(before.map(({ rule }) => rule)).toEqual(["too-costly"]);
    expect(newViolations(before, refusedOf(wide(4_980, -1)))).toEqual([]);
    expect(newViolations(before, refusedOf(wide(3, -1)))).toEqual([]);
  });

  test("and is too large, too", () => {
    const before = refusedOf(wide(6_000, 1));
    expect(before.map(({ rule }) => rule)).toEqual(["too-large"]);
    expect(newViolations(before, refusedOf(wide(3, -1)))).toEqual([]);
  });

  test("must not become so", () => {
    expect(newViolations(refusedOf(wide(3, 1)), refusedOf(wide(4_990, -1)))).toHaveLength(1);
    expect(newViolations(refusedOf(wide(3, -1)), refusedOf(wide(6_000, 1)))).toHaveLength(1);
  });
});

describe("what people write is far from all this", () => {
  const examples = resolve(process.env["SLUICE_SHARED"] ?? resolve(import.meta.dir, "../../../../shared"), "examples");
  const kinds: readonly string[] = [
    "Rollout",
    "AnalysisTemplate",
    "ClusterAnalysisTemplate",
    "AnalysisRun",
    "Experiment",
  ];
  const isAdmitted = (kind: unknown): kind is AdmittedKind => typeof kind === "string" && kinds.includes(kind);
  if (!existsSync(examples)) console.log(`skipped: the cost of examples (${examples} is missing)`);

  test.skipIf(!existsSync(examples))("the examples of the reference take less than a hundredth", () => {
    const files = readdirSync(examples, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".yaml"));
    const spent = files
      .flatMap((name) => parseAllDocuments(readFileSync(join(examples, name), "utf8"), { logLevel: "error" }))
      .map((document) => document.toJS() as { readonly kind?: unknown } | null)
      .flatMap((object) => (isAdmitted(object?.kind) ? [judged(object, object.kind).steps] : []));
    expect(spent.length).toBeGreaterThan(10);
    expect(Math.max(...spent)).toBeLessThan(STEPS / 100);
  });

  test("a pod template of 300 kB takes less than a twentieth", () => {
    const resources = { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "1", memory: "1Gi" } };
    const env = many(25, (i) => ({ name: `E${i}`, value: "x".repeat(500) }));
    const containers = many(20, (i) => ({ name: `c${i}`, image: "registry.example/a/b:1", env, resources }));
    const { refused, steps } = judged(rollout([], { containers }), "Rollout");
    expect(refused).toEqual([]);
    expect(steps).toBeLessThan(STEPS / 20);
  });

  test("a template of 200 metrics takes less than a fifteenth", () => {
    const conditions = { successCondition: "result[0] >= 0.95", failureCondition: "result[0] < {{args.a}}" };
    const { refused, steps } = judged(
      withMetrics({ args: [{ name: "a" }], metrics: metrics(200, conditions) }),
      "AnalysisTemplate",
    );
    expect(refused).toEqual([]);
    expect(steps).toBeLessThan(STEPS / 15);
  });
});
