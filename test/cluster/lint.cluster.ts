/** What lint says by the schema, and what the API server says: manifests as people write them, on the CRDs alone. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { lint, type Row, rollout, template } from "../../cli/lint/testing.ts";
import { clusterPorts } from "./harness/clusterPorts.ts";
import { harness } from "./harness/harness.ts";

const { api, kubectl, kubeconfig } = await harness();
const namespace = `lint-${crypto.randomUUID().slice(0, 6)}`;

beforeAll(async () => {
  await api.create("/api/v1/namespaces", { metadata: { name: namespace } });
});
afterAll(async () => {
  await api.delete(`/api/v1/namespaces/${namespace}`);
});

const canary = "  strategy: { canary: {} }\n";

/** Texts, and the path that both name. */
const wrong: readonly (readonly [what: string, text: string, path: string])[] = [
  [
    "a step list that is a map",
    rollout("  strategy: { canary: { steps: { setWeight: 20 } } }\n"),
    "spec.strategy.canary.steps",
  ],
  ["a time that is none", rollout(`  restartAt: yesterday\n${canary}`), "spec.restartAt"],
  ["a number in quotes", rollout(`  replicas: "3"\n${canary}`), "spec.replicas"],
  ["a fraction", rollout(`  replicas: 1.5\n${canary}`), "spec.replicas"],
  ["a number that is too large", rollout(`  replicas: 3000000000\n${canary}`), "spec.replicas"],
  ["a list where a map belongs", rollout("  strategy: []\n"), "spec.strategy"],
  [
    "a map where a text belongs",
    rollout("  strategy: { blueGreen: { activeService: { name: a } } }\n"),
    "spec.strategy.blueGreen.activeService",
  ],
  ["both strategies", rollout("  strategy: { canary: {}, blueGreen: { activeService: a } }\n"), "spec.strategy"],
  ["no strategy", rollout("  strategy: {}\n"), "spec.strategy"],
  ["a strategy that is null", rollout("  strategy: { canary: null }\n"), "spec.strategy"],
  [
    "a container without a name",
    rollout(canary).replace("- name: web\n          ", "- "),
    "spec.template.spec.containers[0].name",
  ],
  [
    "a number as a label of pods",
    rollout(canary).replace("labels: { app: web }", "labels: { app: 1 }"),
    "spec.template.metadata.labels.app",
  ],
  ["a surge that is a word", rollout("  strategy: { canary: { maxSurge: many } }\n"), "spec.strategy.canary.maxSurge"],
  ["an interval that is a number", template("      interval: 30\n"), "spec.metrics[0].interval"],
  ["metrics that are a map", template("").replace(/metrics:[^]*/, "metrics: { name: m }\n"), "spec.metrics"],
  ["a label that is not one", rollout(canary, 'name: web\n  labels: { "a b": c }'), "metadata.labels"],
];

describe("what is wrong by the schema is found by both", () => {
  test.each(wrong)("%s", async (_, text, path) => {
    const { code, out } = await lint(text, ["-f", "-", "-o", "json"]);
    const { findings } = JSON.parse(out) as { readonly findings: readonly Row[] };
    const paths = findings.filter(({ severity }) => severity === "error").map((row) => row.path);
    expect([code, paths.some((one) => one === path || one.startsWith(`${path}.`))], out).toEqual([1, true]);
    const { code: theirs, stderr } = await kubectl(["create", "--dry-run=server", "-n", namespace, "-f", "-"], text);
    expect([theirs, stderr.includes(path)], stderr).toEqual([1, true]);
  });
});

test.each([
  ["nothing wrong", rollout("  strategy: { canary: { steps: [{ setWeight: 25 }, { pause: {} }] } }\n")],
  ["a null where another strategy stands", rollout("  strategy: { canary: {}, blueGreen: null }\n")],
  [
    "numbers or texts where both are right",
    rollout('  strategy: { canary: { maxSurge: "25%", maxUnavailable: 0, steps: [{ pause: { duration: 30 } }] } }\n'),
  ],
  ["merges and anchors", rollout("  <<: &x { minReadySeconds: 5 }\n  strategy: { canary: {} }\n")],
])("a manifest with %s is taken by both", async (_, text) => {
  expect((await lint(text, ["-f", "-"])).code).toBe(0);
  const { code, stderr } = await kubectl(["create", "--dry-run=server", "-n", namespace, "-f", "-"], text);
  expect(code, stderr).toBe(0);
});

test("with --server the API server says what it alone can know, of a new object and of an edit", async () => {
  const { connect } = clusterPorts(kubeconfig, namespace);
  const text = rollout(canary);
  expect(await lint(text, ["-f", "-", "--server"], { connect })).toEqual({ code: 0, out: "", err: "" });
  expect((await kubectl(["create", "-n", namespace, "-f", "-"], text)).code).toBe(0);
  expect((await lint(text, ["-f", "-", "--server"], { connect })).code).toBe(0);
  const moved = text.replaceAll("app: web", "app: other");
  const { code, out } = await lint(moved, ["-f", "-", "--server"], { connect });
  expect([code, out]).toEqual([1, expect.stringContaining(".spec.selector is immutable [api-server]") as string]);
  const elsewhere = await lint(text, ["-f", "-", "--server"], {
    connect: clusterPorts(kubeconfig, "nowhere").connect,
  });
  expect([elsewhere.code, elsewhere.out]).toEqual([
    1,
    expect.stringContaining('namespaces "nowhere" not found') as string,
  ]);
});
