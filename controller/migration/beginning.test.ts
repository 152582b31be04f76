/** What is looked at before a Deployment begins to become a Rollout (docs/migration.md#what-is-checked-before). */
import { describe, expect, test } from "bun:test";
import { MANAGED_BY_ROLLOUT, MIGRATE, PROFILE, PROFILES } from "../../schema/labels.ts";
import { DEPLOYMENT, deploymentNamed, migratingStage, MINUTE, ROLLOUT } from "./testing.ts";

type World = Awaited<ReturnType<typeof migratingStage>>;

const MODES = ["adopt", "reference"] as const;
const QUICK = "canary: { steps: [{ setWeight: 50 }, { pause: {} }] }";
const containing = (text: string): string => expect.stringContaining(text) as string;

const profilesOf = (name: string, namespace: string, data: Readonly<Record<string, string>>) => ({
  metadata: { name, namespace, labels: { [PROFILES]: "true" } },
  data,
});

/** Whether it is, or is about to be, a Rollout's. */
const hasBegun = ({ core }: World): boolean =>
  core.get(DEPLOYMENT)?.metadata.annotations?.[MANAGED_BY_ROLLOUT] !== undefined || core.get(ROLLOUT) !== undefined;

const stepsOf = ({ core }: World): unknown =>
  (core.get(ROLLOUT)?.["spec"] as { strategy?: { canary?: { steps?: unknown } } } | undefined)?.strategy?.canary?.steps;

const strategyOf = (spec: object) => (world: World) =>
  world.core.modify(DEPLOYMENT, (old) => ({ ...old, spec: { ...(old["spec"] as object), ...spec } }));

interface Way {
  readonly what: string;
  readonly put: (world: World) => unknown;
  readonly said: string;
  readonly gone: (world: World) => unknown;
}

const OTHER = { ...DEPLOYMENT, name: "other" };

const ways: readonly Way[] = [
  {
    what: "a strategy that has no two versions side by side",
    put: strategyOf({ strategy: { type: "Recreate" } }),
    said: "its strategy is Recreate",
    gone: strategyOf({ strategy: { type: "RollingUpdate" } }),
  },
  {
    what: "another Deployment over the same pods",
    put: ({ core }) => core.create("deployments.apps", deploymentNamed("other", { labels: { app: "web", more: "1" } })),
    said: 'Deployment "default/other" may have the same pods',
    gone: ({ core }) => core.delete(OTHER),
  },
  {
    what: "a Rollout of another name that has its pods",
    put: ({ core }) =>
      core.create("rollouts.argoproj.io", {
        metadata: { name: "shop", namespace: "default" },
        spec: {
          replicas: 0,
          workloadRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web", scaleDown: "never" },
          strategy: { canary: {} },
        },
      }),
    said: 'Rollout "default/shop" has its pods already',
    gone: ({ core }) => core.delete({ ...ROLLOUT, name: "shop" }),
  },
  {
    what: "a profile that there is not",
    put: ({ annotate }) => annotate({ [PROFILE]: "quikc" }),
    said: 'there is no profile "quikc": there is',
    gone: ({ annotate }) => annotate({ [PROFILE]: undefined }),
  },
];

describe.each(MODES)("a Deployment that asks for mode %s", (mode) => {
  test.each(ways.map((way) => [way.what, way] as const))(
    "is not begun where something stands in the way, and begins when that is gone: %s",
    async (_, { put, said, gone }) => {
      const world = await migratingStage();
      put(world);
      await world.clock.advance(MINUTE);
      world.annotate({ [MIGRATE]: mode });
      await world.clock.advance(3 * MINUTE);
      expect(world.said("Deployment")).toEqual([containing(`Warning MigrationBlocked Not migrated: ${said}`)]);
      expect(hasBegun(world)).toBe(false);
      gone(world);
      await world.clock.advance(5 * MINUTE);
      expect(hasBegun(world)).toBe(true);
      world.end();
    },
  );

  test("begins when the Rollout of its name that no migration made is gone", async () => {
    const world = await migratingStage();
    world.core.create("rollouts.argoproj.io", {
      metadata: { name: "web", namespace: "default" },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: "own" } },
        template: { metadata: { labels: { app: "own" } }, spec: { containers: [{ name: "web", image: "web:1" }] } },
        strategy: { canary: {} },
      },
    });
    await world.clock.advance(MINUTE);
    world.annotate({ [MIGRATE]: mode });
    await world.clock.advance(3 * MINUTE);
    expect(world.core.get(DEPLOYMENT)?.metadata.annotations?.[MANAGED_BY_ROLLOUT]).toBeUndefined();
    expect(world.said("Deployment")).toEqual([containing("that no migration made is there")]);
    world.core.delete(ROLLOUT);
    await world.clock.advance(3 * MINUTE);
    expect(hasBegun(world)).toBe(true);
    world.end();
  });

  test("gets the strategy of a profile that appears after it was asked for", async () => {
    const world = await migratingStage({ annotations: { [PROFILE]: "quick" } });
    world.annotate({ [MIGRATE]: mode });
    await world.clock.advance(MINUTE);
    expect(hasBegun(world)).toBe(false);
    world.core.create("configmaps", profilesOf("a", "default", { quick: QUICK }));
    await world.clock.advance(5_000);
    expect(hasBegun(world)).toBe(true);
    await world.clock.advance(MINUTE);
    expect(stepsOf(world)).toEqual([{ setWeight: 50 }, { pause: {} }]);
    world.end();
  });

  test("is told of a wrong profile with what is wrong, and begins when that is edited, wherever it is", async () => {
    const wrong = profilesOf("a", "sluice", { quick: "canary: { steps: [{ setWeight: 200 }] }" });
    const world = await migratingStage({ annotations: { [PROFILE]: "quick" } }, [["configmaps", wrong]]);
    world.annotate({ [MIGRATE]: mode });
    await world.clock.advance(MINUTE);
    expect(world.said("Deployment")).toEqual([
      containing('profile "quick" of ConfigMap "sluice/a" is wrong: data[quick].canary.steps[0].setWeight'),
    ]);
    expect(hasBegun(world)).toBe(false);
    world.core.modify({ resource: "configmaps", namespace: "sluice", name: "a" }, (old) => ({
      ...old,
      data: { quick: QUICK },
    }));
    await world.clock.advance(2 * MINUTE);
    expect(stepsOf(world)).toEqual([{ setWeight: 50 }, { pause: {} }]);
    world.end();
  });

  test("gets the profile that its Namespace names, which need not ask for anything itself", async () => {
    const world = await migratingStage({}, [["configmaps", profilesOf("a", "sluice", { quick: QUICK })]]);
    world.core.modify({ resource: "namespaces", name: "default" }, (old) => ({
      ...old,
      metadata: { ...old.metadata, annotations: { [PROFILE]: "quick" } },
    }));
    world.annotate({ [MIGRATE]: mode });
    await world.clock.advance(2 * MINUTE);
    expect(stepsOf(world)).toEqual([{ setWeight: 50 }, { pause: {} }]);
    world.end();
  });

  test("waits where profiles cannot be listed, and does not take the built-in one for what may be another", async () => {
    const world = await migratingStage();
    const before = { refuse: true };
    world.hook.before = ({ path }) => {
      if (before.refuse && path.includes("/configmaps")) throw new TypeError("fetch failed");
    };
    world.annotate({ [MIGRATE]: mode });
    await world.clock.advance(2 * MINUTE);
    expect(hasBegun(world)).toBe(false);
    before.refuse = false;
    await world.clock.advance(20 * MINUTE);
    expect(hasBegun(world)).toBe(true);
    world.end();
  });
});

test("a Namespace that asks is not told of Deployments that a Rollout drives already", async () => {
  const world = await migratingStage();
  ways[2]?.put(world);
  world.core.modify({ resource: "namespaces", name: "default" }, (old) => ({
    ...old,
    metadata: { ...old.metadata, labels: { ...old.metadata.labels, [MIGRATE]: "reference" } },
  }));
  await world.clock.advance(3 * MINUTE);
  expect([hasBegun(world), world.said("Deployment")]).toEqual([false, []]);
  world.end();
});

test.each(MODES)(
  "says once what goes on with the pods, and what has to be changed for it, in mode %s",
  async (mode) => {
    const service = (name: string, selector: object) =>
      ["services", { metadata: { name, namespace: "default" }, spec: { selector, ports: [{ port: 80 }] } }] as const;
    const world = await migratingStage({}, [
      service("web", { app: "web" }),
      service("one", { app: "web", "pod-template-hash": "1" }),
      service("other", { app: "other" }),
    ]);
    world.annotate({ [MIGRATE]: mode });
    await world.clock.advance(5 * MINUTE);
    expect(world.said("Deployment").filter((text) => text.includes("FollowUp"))).toEqual([
      containing('Warning MigrationFollowUp Service "default/one": its selector names pod-template-hash'),
      'Normal MigrationFollowUp Go on with the pods as they are: Service "default/web"',
    ]);
    world.end();
  },
);
