import { describe, expect, test } from "bun:test";
import type { RolloutStrategy } from "../../schema/rollout.ts";
import { explanationText } from "./text.ts";
import { analysed, analysisTemplate, canary, rollout, shop, type Shop, template, toPerson, update } from "./testing.ts";

describe("an explanation", () => {
  test("has the chain of facts, what would let it go on, and the commands for that", async () => {
    const world = await shop(() => 7);
    await update(world, analysed, { beside: [analysisTemplate()] });
    const { out } = await world.explained();
    expect(out)
      .toBe(`Rollout "web" waits at step 2/2 (analysis) for analysis web-859687bffd-2-1, which is Running; metric errors: last measurement 7 was Failed (success is result < 5), 1 failed of 2 allowed.

  gate          AnalysisNotOver, since 2026-01-01T00:00:23Z (28s ago)
  step          step 2/2 (analysis)
  pods          stable: 3 of 3 pods of revision 1 are available
                new: 1 of 1 pods of revision 2 are available
  analysis      web-859687bffd-2-1 (Step) is Running
                metric errors: last measurement 7 was Failed (success is result < 5), 1 of 5 taken, 1 failed of 2 allowed, next at 2026-01-01T00:00:53Z (in 2s)
  status        Progressing: more replicas need to be updated
  goes on when  it ends well; if it fails, the update is aborted
  command       sluice promote web -n shop  # skip the step
                sluice abort web -n shop    # turn the update back
`);
  });

  test("says when the progress deadline will have passed, and what happens then", async () => {
    const world = await shop();
    await update(world, toPerson, { image: "web:missing", spec: { progressDeadlineAbort: true } });
    const { out } = await world.explained();
    expect(out).toContain("deadline      without progress it is aborted at 2026-01-01T00:10:21Z (in 9m30s)");
    expect(out).toContain("next          the controller looks at it again by 2026-01-01T00:10:22Z");
  });

  test("says that nobody is there to end its pause", async () => {
    const world = await shop();
    world.lease("argo-rollouts-controller-lock", "pod-1");
    await update(world, toPerson);
    world.stopLoop();
    await world.advance(7_200_000);
    const { out } = await world.explained();
    expect(out).toStartWith('Rollout "web" waits for a person to promote it at step 2/2 (pause).');
    expect(out).toContain(
      "controller    none is at work: Lease shop/argo-rollouts-controller-lock was last renewed by pod-1 120m ago",
    );
  });

  test("says which controller would drive it", async () => {
    const world = await shop();
    const labels = { "argo-rollouts.argoproj.io/controller-instance-id": "other" };
    await world.create({ ...rollout(toPerson), metadata: { name: "web", labels } });
    await world.advance(5_000);
    const { out } = await world.explained();
    expect(out).toStartWith(
      'Rollout "web" is driven by no controller: it is time to create ReplicaSet "web-cb5d95cc5"',
    );
    expect(out).toContain("goes on when  a controller runs that watches its namespace, with --instance-id other\n");
  });

  test("names the program as it was called", async () => {
    const world = await shop();
    await update(world, toPerson);
    const { out } = await world.explained({ program: "kubectl argo rollouts" });
    expect(out).toContain("kubectl argo rollouts promote web -n shop");
  });

  test("is an object for programs", async () => {
    const world = await shop();
    await update(world, toPerson);
    const { out } = await world.explained("web", "-o", "json");
    expect(JSON.parse(out)).toMatchObject({
      name: "web",
      namespace: "shop",
      standing: "stopped",
      reason: "CanaryPauseStep",
      sentence: 'Rollout "web" waits for a person to promote it at step 2/2 (pause).',
      since: "2026-01-01T00:00:23Z",
      goesOnWhen: ["somebody promotes it"],
      commands: [{ command: "sluice promote web -n shop" }, { command: "sluice abort web -n shop" }],
    });
    expect((await world.explained("web", "-o", "yaml")).out).toContain("reason: CanaryPauseStep\n");
  });
});

describe("of several", () => {
  const named = (name: string, strategy: RolloutStrategy) => {
    const { metadata, spec, ...rest } = rollout(strategy);
    const labels = { app: name };
    const selector = { matchLabels: labels };
    const pods = { ...spec.template, metadata: { labels } };
    return { ...rest, metadata: { ...metadata, name, labels }, spec: { ...spec, selector, template: pods } };
  };

  async function two(): Promise<Shop> {
    const world = await shop();
    await update(world, toPerson);
    await world.create(named("api", canary([])));
    await world.advance(20_000);
    return world;
  }

  test("those are explained that are named, in the order in which they are", async () => {
    const { out, code } = await (await two()).explained("web", "rollout/api");
    expect(code).toBe(0);
    expect(out.match(/^Rollout "\w+" \w+/gm)).toEqual(['Rollout "web" waits', 'Rollout "api" is']);
  });

  test("-A and -l leave out those that move or are done", async () => {
    const world = await two();
    expect((await world.explained("-A")).out.match(/^Rollout "\w+" \w+/gm)).toEqual(['Rollout "web" waits']);
    expect(JSON.parse((await world.explained("-A", "-o", "json")).out)).toMatchObject({ rollouts: [{ name: "web" }] });
    const { out, err, code } = await world.explained("-l", "app=api");
    expect([out, err, code]).toEqual(["", "All are done or moving (1).\n", 0]);
    expect((await world.explained("-l", "app=none")).err).toBe("No resources found.\n");
  });

  test("one that is not there is told, and the others are explained", async () => {
    const { out, err, code } = await (await two()).explained("gone", "api");
    expect(out).toStartWith('Rollout "api" is done');
    expect(err).toBe('Error: rollouts.argoproj.io "gone" not found in namespace "shop"\n');
    expect(code).toBe(1);
  });

  test("arguments that say nothing, or two things, are told", async () => {
    const world = await shop();
    expect((await world.explained("-n", "shop")).err).toStartWith(
      "Error: which rollout? Give its name, -l LABELS, or -A",
    );
    expect((await world.explained("web", "-A")).err).toStartWith("Error: names are of one namespace, without labels");
  });
});

test("an Experiment is told with its pods", async () => {
  const world = await shop();
  const experiment = { templates: [{ name: "a", specRef: "canary" }] };
  await update(world, canary([{ experiment }, { setWeight: 25 }]), { image: "web:missing" });
  const { out } = await world.explained("experiment", "-A");
  expect(out).toStartWith(
    'Experiment "web-cfc9584fb-2-0" is Pending: template a: 0 of 1 pods are available (1 of 1 pods not ready: ImagePullBackOff, container "web", image "web:missing": Back-off pulling image "web:missing").\n',
  );
  expect(out).toContain("command  sluice terminate experiment web-cfc9584fb-2-0 -n shop  # end it, as a success\n");
});

test("an Experiment that is over says what its analysis came to", async () => {
  const world = await shop(() => 7);
  await world.create(analysisTemplate({ failureLimit: 0 }));
  const pods = { selector: { matchLabels: { app: "web" } }, template: template("web:1") };
  await world.create({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Experiment",
    metadata: { name: "tried" },
    spec: { templates: [{ name: "a", ...pods }], analyses: [{ name: "errors", templateName: "errors" }] },
  });
  await world.advance(60_000);
  const { code, out, err } = await world.explained("experiment", "tried");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toStartWith(
    'Experiment "tried" has ended Failed: Metric "errors" assessed Failed due to failed (1) > failureLimit (0); metric errors: last measurement 7 was Failed (success is result < 5), 1 failed of 0 allowed.\n',
  );
});

describe("an AnalysisRun", () => {
  test("is told with its last measurement, its limits and the next one", async () => {
    const world = await shop(() => 7);
    await update(world, analysed, { beside: [analysisTemplate()] });
    const { out } = await world.explained("analysisrun", "web-859687bffd-2-1");
    expect(out)
      .toBe(`AnalysisRun "web-859687bffd-2-1" is Running: metric errors: last measurement 7 was Failed (success is result < 5), 1 failed of 2 allowed.

  began         2026-01-01T00:00:23Z (28s ago)
  metrics       metric errors: last measurement 7 was Failed (success is result < 5), 1 of 5 taken, 1 failed of 2 allowed, next at 2026-01-01T00:00:53Z (in 2s)
  goes on when  the next measurement is made, at 2026-01-01T00:00:53Z (in 2s)
  command       sluice terminate analysisrun web-859687bffd-2-1 -n shop  # end it with what it has found
`);
  });

  test("that is over says what it came to, and is left out of -A", async () => {
    const world = await shop(() => 7);
    await update(world, analysed, { beside: [analysisTemplate({ failureLimit: 0 })] });
    const { out } = await world.explained("analysisrun", "web-859687bffd-2-1");
    expect(out).toStartWith(
      'AnalysisRun "web-859687bffd-2-1" has ended Failed: Metric "errors" assessed Failed due to failed (1) > failureLimit (0); metric errors: last measurement 7 was Failed',
    );
    expect((await world.explained("analysisrun", "-A")).err).toBe("All are done or moving (1).\n");
  });
});

test("a message that would move the cursor of a terminal is harmless", () => {
  const facts = [{ about: "pods", text: "new: \u001B[2Jgone\nagain" }];
  const rest = {
    name: "web",
    namespace: "shop",
    goesOnWhen: [],
    commands: [],
    standing: "waiting",
    reason: "Done",
  } as const;
  expect(explanationText({ ...rest, sentence: "It waits.", facts }, "sluice")).toBe(
    "It waits.\n\n  pods  new: ?[2Jgone again\n",
  );
});

test("nothing is written, also where nobody does what is due", async () => {
  const world = await shop();
  await update(world, toPerson, { image: "web:missing" });
  world.stopLoop();
  world.patchSpec({ replicas: 7 });
  await world.advance(5_000);
  const { out } = await world.explained();
  expect(out).toContain("is driven by no controller");
  expect(world.methods()).toEqual(["GET"]);
});
