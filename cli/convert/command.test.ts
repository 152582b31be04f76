import { describe, expect, test } from "bun:test";
import { parseAllDocuments } from "yaml";
import { convert, deployment, rollout, steps, template } from "./testing.ts";

describe("a Deployment", () => {
  test("becomes a Rollout with its comments and the order of its keys", async () => {
    const { code, out } = await convert(deployment());
    expect(out).toBe(`${rollout("")}${template}  strategy:\n    canary:\n${steps}`);
    expect(code).toBe(0);
  });

  test("has the new strategy where its own stood, with the room for its updates", async () => {
    const own = "  # Never fewer.\n  strategy:\n    rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }\n";
    const { out, report } = await convert(deployment(own));
    const room = "      maxSurge: 1\n      maxUnavailable: 0\n";
    expect(out).toBe(rollout(`  # Never fewer.\n  strategy:\n    canary:\n${room}${steps}${template}`));
    expect(report).toContain(
      "changed: spec.strategy.rollingUpdate.maxSurge and spec.strategy.rollingUpdate.maxUnavailable",
    );
  });

  test("stays as it is to the byte in mode reference, with a Rollout beside it", async () => {
    const input = deployment("  strategy: {type: RollingUpdate}   # as ever\n");
    const { out } = await convert(input, "--mode", "reference");
    const ref = "{apiVersion: apps/v1, kind: Deployment, name: web, scaleDown: progressively}";
    expect(out.startsWith(`${input}---\n`)).toBe(true);
    expect(parseAllDocuments(out)[1]?.toJS()).toEqual(
      parseAllDocuments(
        `apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web}\nspec:\n  workloadRef: ${ref}\n  strategy:\n    canary:\n${steps}`,
      )[0]?.toJS(),
    );
  });

  test("with no pods has none as a Rollout in mode reference either", async () => {
    const { out } = await convert(deployment().replace("replicas: 3", "replicas: 0"), "--mode", "reference");
    expect(parseAllDocuments(out)[1]?.toJS()).toMatchObject({ spec: { replicas: 0 } });
  });

  test.each([
    [
      "  strategy: { type: Recreate }\n",
      "not carried over: spec.strategy.type Recreate: both versions run side by side",
    ],
    ["  paused: true\n", "changed: spec.paused: true pauses the Rollout, too"],
    ["  progressDeadlineSeconds: 60\n", "changed: spec.progressDeadlineSeconds: the time of pauses does not count"],
    ["  somethingNew: 1\n", "not carried over: spec.somethingNew: a Rollout has nothing like it"],
    ["  revisionHistoryLimit: 2\n", "to do: if the Deployment runs, it goes on beside the Rollout"],
  ])("with %j is reported: %s", async (rest, line) => {
    const { code, report } = await convert(deployment(rest));
    expect(report).toContain(line);
    expect(code).toBe(0);
  });

  test.each([
    [
      deployment().replace("apps/v1", "extensions/v1beta1"),
      "refused: apiVersion extensions/v1beta1 is not served any more",
    ],
    [deployment("  minReadySeconds: 700\n"), "refused: as a Rollout it would be refused: spec.progressDeadlineSeconds"],
    [deployment().replace("labels: { app: web }", "labels: { app: other }"), "spec.template.metadata.labels"],
    [deployment().replace("  name: web\n", "  labels: {}\n"), "refused: it has no metadata.name"],
    [
      deployment().replace("  selector:\n    matchLabels: { app: web }\n", ""),
      "refused: it has no spec.selector: if it is",
    ],
    [
      deployment().replace("image: nginx:1.28", "imagee: nginx:1.28"),
      "spec.template.spec.containers[0].image: Required value",
    ],
    [
      deployment().replace(
        "  name: web\n",
        "  name: web\n  ownerReferences: [{ kind: Shop, name: s, controller: true }]\n",
      ),
      'refused: it is controlled by Shop "s"',
    ],
    [
      `${deployment()}---\n${rollout(`${template}  strategy: { canary: {} }\n`)}`,
      'refused: there is a Rollout "web" beside it already',
    ],
    [
      deployment().replace("name: web\n", "name: web\n  annotations: { sluice.dev/profile: slow }\n"),
      'there is no profile "slow": there is canary',
    ],
  ])("that cannot be a Rollout is printed as it was, and is why it ends with 1", async (input, why) => {
    const { code, out, report } = await convert(input);
    expect(report).toContain(why);
    expect(report).toMatch(/Deployment "(web)?" is not converted, and printed as it was/);
    expect(out).toBe(input);
    expect(code).toBe(1);
  });

  test("as kubectl prints it leaves behind what the API server and controllers gave it", async () => {
    const given = `  uid: 1-2
  resourceVersion: "7"
  generation: 2
  creationTimestamp: "2026-01-01T00:00:00Z"
  annotations:
    deployment.kubernetes.io/revision: "1"
    team: shop
`;
    const input = `${deployment().replace("  name: web\n", `  name: web\n${given}`)}status: { replicas: 3 }\n`;
    const { out } = await convert(input);
    const made = parseAllDocuments(out)[0]?.toJS() as { readonly metadata: unknown };
    expect(made.metadata).toEqual({ name: "web", annotations: { team: "shop" } });
    expect(made).not.toHaveProperty("status");
  });
});

const hpa = (kind: string, apiVersion: string): string => `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:   {name: web}
spec:
  scaleTargetRef: # the shop
    apiVersion: ${apiVersion}
    kind: ${kind}
    name: web
  maxReplicas: 5
`;

describe("what scales a Deployment", () => {
  test("is pointed at the Rollout with --with-hpa, and back", async () => {
    const there = await convert(`${deployment()}---\n${hpa("Deployment", "apps/v1")}`, "--with-hpa");
    expect(there.out).toContain(
      "    # the shop\n    apiVersion: argoproj.io/v1alpha1\n    kind: Rollout\n    name: web\n",
    );
    const back = await convert(there.out, "--with-hpa", "--to", "deployment");
    expect(back.out).toContain("    apiVersion: apps/v1\n    kind: Deployment\n    name: web\n");
    expect(there.code + back.code).toBe(0);
  });

  test.each([
    hpa("Deployment", "apps/v1"),
    "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: { name: web }\nspec: { scaleTargetRef: { name: web } }\n",
    "apiVersion: autoscaling.k8s.io/v1\nkind: VerticalPodAutoscaler\nmetadata: { name: w }\nspec: { targetRef: { kind: Deployment, name: web } }\n",
  ])("is reported with the line to write where it stays as it is: %#", async (scaler) => {
    const { out, report } = await convert(`${deployment()}---\n${scaler}`);
    expect(report).toContain("write {apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: web}");
    expect(out.endsWith(`---\n${scaler}`)).toBe(true);
  });

  test.each([
    hpa("Deployment", "apps/v1").replace("name: web\n  max", "name: other\n  max"),
    hpa("StatefulSet", "apps/v1"),
    hpa("Deployment", "apps/v1").replace("{name: web}", "{name: web, namespace: elsewhere}"),
  ])("something else instead is none of ours: %#", async (scaler) => {
    const input = `${deployment().replace("  name: web\n", "  name: web\n  namespace: shop\n")}---\n${scaler}`;
    const { out, report } = await convert(input, "--with-hpa");
    expect(out.endsWith(scaler)).toBe(true);
    expect(report).not.toContain("HorizontalPodAutoscaler");
  });
});

describe("a Rollout", () => {
  const live = (status: string, canary = ""): string =>
    `${rollout(`${template}  strategy:\n    canary:\n${canary}${steps}`)}status: ${status}\n`;

  test("that was a Deployment is one again, the same but for the strategy's own defaults", async () => {
    const own = "  strategy:\n    type: RollingUpdate\n    rollingUpdate:\n      maxSurge: 1\n";
    const there = await convert(deployment(own));
    const back = await convert(there.out, "--to", "deployment");
    expect(back.out).toBe(deployment(own));
    expect(back.report).toContain("not carried over: spec.strategy.canary.steps: the Deployment replaces all pods");
  });

  test("from a file restarts its pods as a Deployment, which is said beforehand", async () => {
    const { out, report } = await convert(rollout(`${template}  strategy: { canary: {} }\n`), "--to", "deployment");
    expect(report).toContain("to do: all pods will be replaced, a few at a time: what is given does not say");
    expect(report).toContain("kubectl get rollout web -o yaml | sluice convert --to deployment -f -");
    expect(out).toBe(deployment());
  });

  test("from the cluster keeps its pods by the label that their ReplicaSet selects", async () => {
    const { out, report } = await convert(live("{ stableRS: abc, currentPodHash: abc }"), "--to", "deployment");
    expect(out).toContain("labels: { app: web, rollouts-pod-template-hash: abc } # what the Service selects\n");
    expect(out).toContain("    matchLabels: { app: web }\n");
    expect(report).toContain("changed: no pod restarts");
    expect(report).toContain('in this order: kubectl delete rollout web --cascade=orphan, then apply Deployment "web"');
    expect(report).not.toContain("HorizontalPodAutoscaler");
  });

  test("that has adopted a Deployment is told of with what becomes of its autoscalers", async () => {
    const adopted = live("{ stableRS: abc, currentPodHash: abc }").replace(
      "  name: web\n",
      "  name: web\n  annotations: { sluice.dev/migrated: adopt }\n",
    );
    const { report } = await convert(adopted, "--to", "deployment");
    expect(report).toContain('to do: a HorizontalPodAutoscaler that scales Rollout "web" scales nothing after that');
  });

  test.each([
    [live("{ stableRS: abc, currentPodHash: def }"), "an update is under way. Promote or undo it first"],
    [
      live("{ stableRS: abc, currentPodHash: abc }", "      stableMetadata: {}\n"),
      "spec.strategy.canary.stableMetadata is written into",
    ],
  ])("that cannot keep its pods gets no such label: %#", async (input, why) => {
    const { out, report } = await convert(input, "--to", "deployment");
    expect(report).toContain(`to do: all pods will be replaced, a few at a time: ${why}`);
    expect(out).not.toContain("rollouts-pod-template-hash");
  });

  test("that was adopted is kept out of its Namespace's opt-in, or it would be adopted at once again", async () => {
    const marks = "name: web\n  annotations: { sluice.dev/migrated: adopt, a: b }\n";
    const adopted = live("{ stableRS: abc, currentPodHash: abc }").replace("name: web\n", marks);
    const { out, report } = await convert(adopted, "--to", "deployment");
    expect(parseAllDocuments(out)[0]?.toJS()).toMatchObject({
      metadata: { annotations: { a: "b", "sluice.dev/migrate": "none" } },
    });
    expect(out).not.toContain("sluice.dev/migrated");
    expect(report).toContain("changed: annotated sluice.dev/migrate: none");
  });

  test("of blue-green loses its preview, which is said", async () => {
    const strategy =
      "  strategy: { blueGreen: { activeService: a, previewService: p } }\n  rollbackWindow: { revisions: 2 }\n";
    const { out, report } = await convert(rollout(template + strategy), "--to", "deployment");
    expect(report).toContain("not carried over: spec.strategy.blueGreen:");
    expect(report).toContain('Service "p" has the same pods as "a" now');
    expect(report).toContain("not carried over: spec.rollbackWindow: undoing goes through a whole update");
    expect(out).not.toContain("strategy");
  });

  test("that names a Deployment gives it back its size, and goes", async () => {
    const { out } = await convert(deployment(), "--mode", "reference");
    const there = out
      .replace("replicas: 3", "replicas: 0")
      .replace("spec:\n  workloadRef", "spec:\n  replicas: 4\n  workloadRef");
    const back = await convert(there, "--to", "deployment");
    expect(back.out).toBe(deployment().replace("replicas: 3", "replicas: 4"));
    expect(back.report).toContain('Rollout "web" is left out: Deployment "web" runs the pods again');
    expect(back.report).toContain(
      "in this order: kubectl annotate rollout web sluice.dev/restore-workload=true, kubectl delete",
    );
    const never = await convert(there.replace("progressively", "never"), "--to", "deployment");
    expect(never.report).toContain('apply this, and when Deployment "web" is available: kubectl delete rollout web');
  });

  test.each([
    ["{ apiVersion: apps/v1, kind: Deployment, name: gone }", 'its template is in Deployment "gone": give that, too'],
    ["{ apiVersion: v1, kind: PodTemplate, name: t }", 'its template is in PodTemplate "t": move that into'],
  ])("whose template is elsewhere (%s) is refused", async (ref, why) => {
    const input = rollout(`  workloadRef: ${ref}\n  strategy: { canary: {} }\n`);
    const { code, out, report } = await convert(input, "--to", "deployment");
    expect(report).toContain(`refused: ${why}`);
    expect(out).toBe(input);
    expect(code).toBe(1);
  });
});
