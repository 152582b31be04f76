/** Explanations of what a real cluster shows only with an effort: on the small world of the timelines. */
import { describe, expect, test } from "bun:test";
import type { Decision } from "../../controller/rollout/actions/action.ts";
import { explain, type Explanation } from "../../controller/rollout/explain/explain.ts";
import type { Evidence } from "../../controller/rollout/explain/evidence.ts";
import { toldRefusals } from "../../controller/rollout/explain/told.ts";
import type { Rollout, RolloutStrategy } from "../../schema/rollout.ts";
import { blueGreen, canary, image, pause, rolloutOf, setWeight } from "./edits.ts";
import { createWorld, type World, type WorldOptions } from "./goldenWorld.ts";
import { play, type Random, randomBlueGreen, randomCanary, randomOf, randomRouted, randomScaled } from "./random.ts";
import { OUTCOMES, SERVICES, update } from "./outcomes.ts";

type Strategy = (random: Random) => Rollout;

const routing = {
  trafficRouting: { nginx: { stableIngress: "web" } },
  stableService: "stable",
  canaryService: "canary",
};

const nothingElse: Omit<Evidence, "snapshot" | "now"> = {
  checks: new Map(),
  runs: new Map(),
  experiments: new Map(),
  exhausted: [],
  instance: "",
  drivers: { kind: "unknown" },
  isLate: false,
};

function explained(world: World, more: Partial<Evidence> = {}) {
  const snapshot = world.snapshot();
  const known = { ...snapshot, ...toldRefusals(snapshot.rollout) };
  return explain({ ...nothingElse, snapshot: known, now: world.now, ...more });
}

const updated = (strategy: RolloutStrategy, options: WorldOptions = {}): World =>
  update(createWorld(rolloutOf({ strategy }), { services: SERVICES, ...options }));

const experiment = { experiment: { templates: [{ name: "a", specRef: "canary" }] } };

describe("the sentence tells of", () => {
  test("pods that a quota refuses", () => {
    const world = updated(canary([setWeight(20)]), { readyAfterMs: (name) => (name === "web:2" ? undefined : 1_000) });
    const message = 'pods "web-2" is forbidden: exceeded quota: team, requested: pods=1, used: pods=5, limited: pods=5';
    world.meddle("a quota", (c) => c.setFailure("web:2", message));
    const newSet = world.replicaSets.at(-1);
    const refused = { ...newSet, status: { replicas: 0, readyReplicas: 0, availableReplicas: 0 } };
    const snapshot = world.snapshot();
    const replicaSets = snapshot.replicaSets.map((set) => (set.uid === newSet?.uid ? { ...set, ...refused } : set));
    const { sentence, reason } = explained(world, { snapshot: { ...snapshot, replicaSets } });
    expect(reason).toBe("CanarySizeNotReached");
    expect(sentence).toContain(`(1 pod could not be created: FailedCreate: ${message}).`);
  });

  test("a router that cannot split the traffic", () => {
    const world = updated(canary([setWeight(20), pause()], routing));
    world.meddle("the router breaks", (c) => c.breakRouter("Ingress web: no rule has the Service stable"));
    world.edit("image web:3", image("web:3"));
    world.pass(5_000);
    expect(explained(world)).toMatchObject({
      standing: "waiting",
      reason: "TrafficRoutingError",
      sentence:
        'Rollout "web" waits at step 1/2 (setWeight: 20) for its router, which cannot split the traffic: Ingress web: no rule has the Service stable.',
    });
  });

  test("weights that the router is not seen to follow", () => {
    const world = updated(canary([setWeight(20), pause()], routing));
    world.pass(10_000);
    const snapshot = world.snapshot();
    const { status } = snapshot.rollout;
    const weights = { ...status?.canary?.weights, verified: false } as NonNullable<typeof status>["canary"];
    const before = {
      ...status,
      currentStepIndex: 0,
      pauseConditions: undefined,
      controllerPause: undefined,
      canary: { weights },
    };
    const rollout = { ...snapshot.rollout, status: before } as typeof snapshot.rollout;
    const unverified = () => ({ kind: "settled", verification: { verified: false, message: "" } }) as never;
    const { reason, sentence } = explained(world, { snapshot: { ...snapshot, rollout, routing: unverified } });
    expect(reason).toBe("WeightNotVerified");
    expect(sentence).toEndWith("for its router, which does not send 20% of the requests to the new version yet.");
  });

  test("a ReplicaSet that the API server refuses, as the status tells it", () => {
    const world = createWorld(rolloutOf({ strategy: canary([]) }));
    world.pass(5_000);
    world.meddle("a policy", (c) => c.refuse("admission webhook denied the request"));
    world.edit("image web:2", image("web:2"));
    expect(explained(world).sentence).toBe(
      'Rollout "web" has no pods of the new version, since the API server refuses its ReplicaSet: Failed to create new replica set "web-859687bffd": admission webhook denied the request.',
    );
  });

  test("an Experiment that cannot tell", () => {
    const world = updated(canary([setWeight(20), experiment]), { trial: () => OUTCOMES["inconclusive"] });
    world.pass(60_000);
    expect(explained(world)).toMatchObject({ standing: "stopped", reason: "InconclusiveExperiment" });
  });

  test("an Experiment that has failed", () => {
    const world = updated(canary([setWeight(20), experiment]), { trial: () => OUTCOMES["failed"] });
    world.pass(60_000);
    const { reason, sentence } = explained(world);
    expect(reason).toBe("RolloutAborted");
    expect(sentence).toContain("Experiment");
  });

  test("a plugin that is at work", () => {
    const world = updated(canary([setWeight(20), { plugin: { name: "acme/load" } }]), {
      plugins: () => ({
        afterMs: 1_000,
        answer: { kind: "answered", phase: "Running", message: "3 of 10", resumeMs: 60_000 },
      }),
    });
    world.pass(10_000);
    expect(explained(world).sentence).toBe(
      'Rollout "web" waits at step 2/2 (plugin: acme/load) for its plugin acme/load, which is Running: 3 of 10.',
    );
  });

  test("stable pods that are lost after the promotion", () => {
    const world = updated(blueGreen());
    world.pass(120_000);
    world.meddle("pods fail", (c) => c.failPods("web:2", 2, 60_000));
    expect(explained(world).sentence).toMatch(
      /^Rollout "web" serves revision 2 with fewer pods than asked for: 3 of 5 pods of revision 2 are available/,
    );
  });

  test("what is about to be done", () => {
    const world = updated(canary([setWeight(20), pause()]));
    const snapshot = world.snapshot();
    const rollout = { ...snapshot.rollout, spec: { ...snapshot.rollout.spec, replicas: 9 } };
    const { standing, reason, sentence } = explained(world, { snapshot: { ...snapshot, rollout } });
    expect([standing, reason]).toEqual(["moving", "Moving"]);
    expect(sentence).toStartWith('Rollout "web" is moving: the controller is about to update ReplicaSet');
    const late = {
      snapshot: { ...snapshot, rollout },
      isLate: true,
      drivers: { kind: "working", holder: "pod-1" },
    } as const;
    expect(explained(world, late).sentence).toMatch(/, and controller pod-1 has not done it for seconds\.$/);
  });
});

const random: readonly Strategy[] = [randomCanary, randomBlueGreen, randomRouted, randomScaled];
const SEEDS = Array.from({ length: Number(Bun.env["PROPERTY_WORLDS"] ?? 20) }, (_, n) => n + 1);

interface Rest {
  readonly world: string;
  readonly told: Explanation;
  readonly decision: Decision;
}

/** All decisions of random worlds that ask for nothing, and what is said of them. */
const rests: readonly Rest[] = random.flatMap((strategy) =>
  SEEDS.flatMap((seed) => {
    const found: Rest[] = [];
    play(strategy(randomOf(seed * 7919)), seed, 10, {
      onDecision(before, decision, now) {
        const { actions, events, status, more } = decision;
        if (actions.length + events.length > 0 || status !== undefined || more) return;
        const told = explain({ ...nothingElse, snapshot: before, now });
        found.push({ world: `${strategy.name} ${seed} at ${new Date(now).toISOString()}`, told, decision });
      },
    });
    return found;
  }),
);

/** What is wrong with the explanations, each with its world. */
const everyRest = (check: (told: Explanation, decision: Decision) => string | undefined): string[] =>
  rests.flatMap(({ world, told, decision }) => {
    const what = check(told, decision);
    return what === undefined ? [] : [`${world}: ${what}: ${told.sentence}`];
  });

describe("where the controller has nothing to do", () => {
  test("a Rollout is done, or there is a gate", () => {
    expect(everyRest(({ standing }) => (standing === "moving" ? "it is not moving" : undefined))).toEqual([]);
  });

  test("one that waits for a time goes on when the controller looks again", () => {
    const wrong = everyRest(({ until }, { wakeAt }) => {
      if (until === undefined) return undefined;
      return wakeAt === undefined || wakeAt > Date.parse(until) + 1_000 ? `nobody looks at ${until}` : undefined;
    });
    expect(wrong).toEqual([]);
  });

  test("one that stands still, and says so, is not said to be done by its status", () => {
    const wrong = everyRest(({ standing, facts }) => {
      const status = facts.find(({ about }) => about === "status")?.text;
      // One that is held when it is done counts as paused.
      if (status === "Paused: manually paused") return undefined;
      return (status === "Healthy") === (standing === "done") ? undefined : `${standing}, ${status}`;
    });
    expect(wrong).toEqual([]);
  });
});
