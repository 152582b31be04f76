import { describe, expect, test } from "bun:test";
import { annotate, blueGreen, canary, image, pause, referringRollout, scale, setWeight, spec } from "./edits.ts";
import { expectTimeline } from "./timeline.ts";
import { createWorld, type World, type WorldOptions } from "./goldenWorld.ts";

const steps = [setWeight(20), pause(10), setWeight(60), pause()];
/** Pods become ready one after the other, a second apart. */
const oneByOne = (): ((image: string) => number) => {
  let pods = 0;
  return () => 1_000 * (pods += 1);
};

const migrating = (
  strategy: ReturnType<typeof canary>,
  scaleDown: string | undefined,
  options: WorldOptions = {},
): World =>
  createWorld(referringRollout({ strategy }, scaleDown), {
    deployment: { image: "web:1", replicas: 5 },
    readyAfterMs: oneByOne(),
    ...options,
  });

const cases = [
  ["canary", canary(steps), []],
  ["blue-green", blueGreen({ scaleDownDelaySeconds: 5 }), ["active", "preview"]],
] as const;

describe("a Rollout in the place of a Deployment", () => {
  for (const [name, strategy, services] of cases) {
    for (const scaleDown of ["never", "onsuccess", "progressively"]) {
      test(`that is ${name} with scaleDown ${scaleDown} is migrated, updated and scaled`, () => {
        const world = migrating(strategy, scaleDown, { services });
        world.pass(20_000);
        world.meddle("applied again", (c) => c.setDeployment({ replicas: 5 }));
        world.pass(20_000);
        world.meddle("image web:2", (c) => c.setDeployment({ image: "web:2" }));
        world.pass(20_000);
        world.meddle("applied again", (c) => c.setDeployment({ replicas: 5 }));
        world.pass(20_000);
        world.edit("scale 3", scale(3));
        world.pass(20_000);
        expectTimeline(`workload-${name}-${scaleDown}`, world);
      });
    }
  }
});

describe("the Deployment of a Rollout", () => {
  test("gets back what it gave when the new pods fail, and no more", () => {
    const world = migrating(canary([]), "progressively", { readyAfterMs: () => 1_000 });
    world.meddle("pods are slow", (c) => c.failPods("web:1", 2, 30_000));
    world.pass(2_000);
    world.meddle("pods fail", (c) => c.failPods("web:1", 4, 10_000));
    world.pass(60_000);
    expectTimeline("workload-pods-fail", world);
  });

  test("that was larger than the Rollout gives way pod by pod", () => {
    const world = migrating(canary([]), "progressively", { deployment: { image: "web:1", replicas: 8 } });
    world.pass(20_000);
    expectTimeline("workload-larger", world);
  });

  test("that had no pods is left alone, in every mode", () => {
    for (const mode of ["never", "onsuccess", "progressively"]) {
      const world = migrating(canary(steps), mode, { deployment: { image: "web:1", replicas: 0 } });
      world.pass(20_000);
      world.meddle("image web:2", (c) => c.setDeployment({ image: "web:2" }));
      world.pass(60_000);
      expect(world.lines.filter((line) => line.includes("deployment to"))).toEqual([]);
    }
  });

  test("is not scaled down by a Rollout without pods", () => {
    const manifest = referringRollout({ strategy: canary([]), replicas: 0 }, "progressively");
    const world = createWorld(manifest, { deployment: { image: "web:1", replicas: 5 } });
    world.pass(20_000);
    expect(world.rollout.status?.phase).toBe("Healthy");
    expect(world.lines.filter((line) => line.includes("deployment to"))).toEqual([]);
  });

  test("whose first revision fails is scaled down by the next one", () => {
    const bad = (name: string): number | undefined => (name === "web:bad" ? undefined : 1_000);
    const world = migrating(canary([]), "progressively", {
      deployment: { image: "web:bad", replicas: 5 },
      readyAfterMs: bad,
    });
    world.pass(700_000);
    world.meddle("image web:2", (c) => c.setDeployment({ image: "web:2" }));
    world.pass(20_000);
    expectTimeline("workload-first-fails", world);
  });

  test("may come later, go, and come back", () => {
    const world = createWorld(referringRollout({ strategy: canary(steps) }, "onsuccess"));
    world.pass(5_000);
    world.meddle("Deployment made", (c) => c.setDeployment({ image: "web:1", replicas: 5 }));
    world.pass(5_000);
    world.meddle("Deployment deleted", (c) => c.deleteDeployment());
    world.pass(5_000);
    world.edit("scale 3", scale(3));
    world.pass(5_000);
    world.meddle("Deployment made", (c) => c.setDeployment({ image: "web:2", replicas: 5 }));
    world.pass(5_000);
    expectTimeline("workload-missing", world);
  });

  test("holds the Rollout's deletion back only where that is asked for", () => {
    const world = migrating(canary(steps), "onsuccess");
    world.pass(20_000);
    world.edit("ask for it", annotate("sluice.dev/restore-workload", "true"));
    world.pass(1_000);
    world.edit("no more", annotate("sluice.dev/restore-workload", "false"));
    world.pass(1_000);
    world.edit("ask for it again", annotate("sluice.dev/restore-workload", "true"));
    world.edit("never", spec({ workloadRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" } }));
    world.pass(20_000);
    expectTimeline("workload-hold", world);
  });

  test("is needed no more once the Rollout has a template of its own", () => {
    const world = migrating(canary(steps), "onsuccess");
    world.pass(20_000);
    const { template } = image("web:1")(world.rollout).spec;
    world.edit("own template", spec({ workloadRef: undefined, template, selector: { matchLabels: { app: "web" } } }));
    world.pass(20_000);
    expectTimeline("workload-own-template", world);
  });
});

describe("a Rollout of a Deployment's template without a size", () => {
  const unsized = (
    strategy: ReturnType<typeof canary>,
    scaleDown: string | undefined,
  ): ReturnType<typeof referringRollout> => {
    const manifest = referringRollout({ strategy }, scaleDown);
    const { replicas: _, ...rest } = manifest.spec;
    return { ...manifest, spec: rest };
  };
  /** The size that was written, and the Deployment's last one. */
  const ends = (world: World): unknown => [
    world.rollout.spec.replicas,
    world.rollout.status?.availableReplicas ?? 0,
    world.lines.findLast((line) => line.includes("deployment to"))?.match(/deployment to (\d+)/)?.[1],
  ];

  for (const [name, strategy, services] of cases) {
    test.each([
      ["never", undefined],
      ["onsuccess", "0"],
      ["progressively", "0"],
    ])(`that is ${name} has as many pods as the Deployment, with scaleDown %s`, (scaleDown, left) => {
      const world = createWorld(unsized(strategy, scaleDown), {
        deployment: { image: "web:1", replicas: 6 },
        readyAfterMs: oneByOne(),
        services,
      });
      world.pass(30_000);
      expect(ends(world)).toEqual([6, 6, left]);
      expectTimeline(`workload-unsized-${name}-${scaleDown}`, world);
    });
  }

  test("keeps the Deployment's pods as long as its own are not ready", () => {
    const world = createWorld(unsized(canary([]), "onsuccess"), {
      deployment: { image: "web:1", replicas: 6 },
      readyAfterMs: () => undefined,
    });
    world.pass(60_000);
    expect(ends(world)).toEqual([6, 0, undefined]);
  });

  test("keeps the size that it has when it is applied without one again", () => {
    const world = createWorld(unsized(canary([]), "onsuccess"), { deployment: { image: "web:1", replicas: 6 } });
    world.pass(30_000);
    world.edit("scale 9", scale(9));
    world.pass(5_000);
    world.edit("replaced without a size", spec({ replicas: undefined }));
    world.pass(5_000);
    expect(ends(world)).toEqual([9, 9, "0"]);
    world.edit("scale 0", scale(0));
    world.pass(5_000);
    // A size of 0 was somebody's wish: what comes after it is the Deployment's first size.
    world.edit("replaced without a size", spec({ replicas: undefined }));
    world.pass(5_000);
    expect(ends(world)).toEqual([6, 6, "0"]);
  });

  test("has one pod where the Deployment has none", () => {
    const world = createWorld(unsized(canary([]), "onsuccess"), { deployment: { image: "web:1", replicas: 0 } });
    world.pass(30_000);
    expect(ends(world)).toEqual([1, 1, undefined]);
  });

  test("waits for a Deployment that comes later, and takes its size then", () => {
    const world = createWorld(unsized(canary([]), "progressively"));
    world.pass(5_000);
    expect(world.rollout.spec.replicas).toBeUndefined();
    world.meddle("Deployment made", (c) => c.setDeployment({ image: "web:1", replicas: 4 }));
    world.pass(30_000);
    expect(ends(world)).toEqual([4, 4, "0"]);
  });
});
