/**
 * What must hold in every world, whatever people do. A failure names the seed of its world; PROPERTY_WORLDS=1000 checks
 * more worlds than the few of a usual run.
 */
import { HASH_LABEL } from "../../schema/labels.ts";
import { describe, expect, test } from "bun:test";
import { decide } from "../../controller/rollout/decide/decide.ts";
import { maxSurge, maxUnavailable } from "../../controller/rollout/model/defaults.ts";
import type { Decision } from "../../controller/rollout/actions/action.ts";
import { effectOf } from "../../controller/rollout/actions/actions.ts";
import type { Snapshot, World as Facts } from "../../controller/rollout/model/model.ts";
import type { Traffic } from "../../providers/traffic/router.ts";
import type { Rollout } from "../../schema/rollout.ts";
import {
  play,
  randomBlueGreen,
  randomCanary,
  randomManaged,
  randomOf,
  randomRouted,
  randomScaled,
  randomSessions,
} from "./random.ts";
import type { World, WorldOptions } from "./goldenWorld.ts";

const WORLDS = Number(process.env["PROPERTY_WORLDS"] ?? 20);
const EDITS = 10;
/** Seeds of worlds that once showed a fault. */
const REMEMBERED = [31, 62, 100, 237];
const SEEDS = [...new Set([...Array.from({ length: WORLDS }, (_, n) => n + 1), ...REMEMBERED])];

type Strategy = (random: ReturnType<typeof randomOf>) => Rollout;
type Kind = "usual" | "slow" | "crashing";

/** A decision with the facts that it was made from, and those that it left behind. */
interface Decided {
  readonly before: Snapshot;
  readonly decision: Decision;
  readonly now: number;
  readonly after: Snapshot;
  /** The router's weights before it. */
  readonly routed: Traffic | undefined;
}

interface Played {
  readonly world: World;
  readonly decided: readonly Decided[];
}

const played = new Map<string, Played>();

/** Plays a world once for all properties. Its facts are frozen: deciding must not change them. */
function playedOnce(strategy: Strategy, seed: number, kind: Kind = "usual"): Played {
  const key = `${strategy.name} ${seed} ${kind}`;
  const old = played.get(key);
  if (old !== undefined) return old;
  const decided: Decided[] = [];
  const random = randomOf(seed);
  const options: { readonly [K in Kind]: WorldOptions } = {
    usual: {},
    slow: { lateAnswers: true },
    crashing: { crashAfter: (d) => (random(4) === 0 ? random(d.actions.length + 1) : undefined) },
  };
  const world = play(strategy(randomOf(seed * 7919)), seed, EDITS, {
    ...options[kind],
    onDecision: (before, decision, now, after, routed) =>
      void decided.push({ before: frozen(before), decision, now, after, routed }),
  });
  const result = { world, decided };
  played.set(key, result);
  return result;
}

function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  const members: readonly unknown[] = value instanceof Map ? [...value.values()] : Object.values(value);
  members.forEach(frozen);
  return Object.freeze(value);
}

const time = (now: number): string => new Date(now).toISOString().slice(11, 23);

/** Checks every decision in the worlds of these kinds; `check` returns what is wrong. */
function everyDecision(
  strategy: Strategy,
  kinds: readonly Kind[],
  check: (decided: Decided) => string | undefined,
): void {
  const wrong = kinds.flatMap((kind) =>
    SEEDS.flatMap((seed) => {
      const found = playedOnce(strategy, seed, kind).decided.flatMap((each) => {
        const what = check(each);
        return what === undefined ? [] : [`seed ${seed} (${kind}) at ${time(each.now)}: ${what}`];
      });
      return found.slice(0, 1);
    }),
  );
  expect(wrong).toEqual([]);
}

const asks = ({ actions, status, events }: Decision): boolean =>
  actions.length + events.length > 0 || status !== undefined;

/** The cluster between two writes: sizes and available pods, and what the active Service points to. */
interface Between {
  readonly sizes: ReadonlyMap<string, number>;
  readonly available: ReadonlyMap<string, number>;
  readonly active: string | undefined;
  /** As `active`, for the other Service: with ping-pong either may be the canary's. */
  readonly preview: string | undefined;
  readonly routed: Traffic | undefined;
}

/** The cluster before the first write of a decision, and after each one. */
function writesOf({ before, decision, routed, now }: Decided): Between[] {
  const available = new Map(before.replicaSets.map((rs) => [rs.name, rs.status.availableReplicas]));
  const prefix = `${before.rollout.metadata.name}-`;
  const serves = (world: Facts, service: string): string => prefix + world.services.get(service)?.selector[HASH_LABEL];
  const seen = (world: Facts): Between => ({
    sizes: new Map(world.replicaSets.map((rs) => [rs.name, rs.replicas])),
    available,
    active: serves(world, "active"),
    preview: serves(world, "preview"),
    routed: world.traffic,
  });
  let world: Facts = {
    ...before,
    replicaSets: [...before.replicaSets, ...before.orphans],
    ...(routed === undefined ? {} : { traffic: routed }),
  };
  const all = [seen(world)];
  for (const action of decision.actions) {
    world = effectOf(world, action, { now, snapshot: before });
    all.push(seen(world));
  }
  return all;
}

const asked = ({ sizes }: Between): number => [...sizes.values()].reduce((total, size) => total + size, 0);

/** Pods that users keep, once every ReplicaSet has the size in its spec. */
const kept = ({ sizes, available }: Between): number =>
  [...sizes].reduce((total, [name, size]) => total + Math.min(size, available.get(name) ?? 0), 0);

const wanted = ({ rollout }: Snapshot): number => rollout.spec.replicas ?? 1;

/** What users see in the end. Revisions count attempts, and may differ after a crash. */
function endOf({ world }: Played): unknown {
  const { phase, message, stableRS, currentPodHash, currentStepIndex } = world.rollout.status ?? {};
  const sizes = world.replicaSets.flatMap((rs) => (rs.replicas > 0 ? [`${rs.labels[HASH_LABEL]} ${rs.replicas}`] : []));
  // Without pods a Service has nothing to move to: where it points depends on timing.
  const served = world.rollout.spec.replicas === 0 ? [] : [...world.services.values()];
  const services = served.map(({ name, selector }) => `${name} ${selector[HASH_LABEL]}`);
  return { phase, message, stableRS, currentPodHash, currentStepIndex, sizes: sizes.toSorted(), services };
}

describe.each([
  ["canary", randomCanary],
  ["blue-green", randomBlueGreen],
  ["routed canary", randomRouted],
  ["routed canary with sizes of its own", randomScaled],
  ["routed canary with managed routes", randomManaged],
] as const)("%s", (_, strategy) => {
  test("deciding changes nothing that it was given, and says the same twice", () => {
    everyDecision(strategy, ["usual", "slow"], ({ before, decision, now }) =>
      Bun.deepEquals(decide(before, now), decision) ? undefined : "the second decision differs",
    );
  });

  test("at rest a second decision asks for nothing", () => {
    const restless = SEEDS.filter((seed) => {
      const { now, after } = playedOnce(strategy, seed).decided.at(-1) ?? fail(seed);
      return asks(decide(after, now));
    });
    expect(restless).toEqual([]);
  });

  test("time alone changes nothing before the instant to wake at", () => {
    everyDecision(strategy, ["usual"], ({ decision, now, after }) => {
      if (asks(decision) || after.replicaSets.some((rs) => !rs.observed)) return undefined;
      // The progress deadline is checked a second late, as in the reference.
      const until = (decision.wakeAt ?? now + 3_600_000) - 1_001;
      const early = [now + 1, now + 900, until].find((at) => at > now && at <= until && asks(decide(after, at)));
      return early === undefined ? undefined : `something happens ${early - now} ms later, but nobody looks`;
    });
  });

  test.each(["crashing", "slow"] as const)("a %s world comes to the same end", (kind) => {
    for (const seed of SEEDS) {
      expect({ seed, end: endOf(playedOnce(strategy, seed, kind)) }).toEqual({
        seed,
        end: endOf(playedOnce(strategy, seed)),
      });
    }
  });
});

const fail = (seed: number): never => {
  throw new Error(`Nothing was decided in the world of seed ${seed}`);
};

const KINDS = ["usual", "slow", "crashing"] as const;

/** Checks the cluster after every single write: a crash may happen after any of them. */
function everyWrite(
  strategy: Strategy,
  check: (now: Between, before: Between, decided: Decided) => string | undefined,
): void {
  everyDecision(strategy, KINDS, (decided) => {
    const [before, ...writes] = writesOf(decided);
    if (before === undefined) return undefined;
    return writes.map((now) => check(now, before, decided)).find((what) => what !== undefined);
  });
}

describe("a canary", () => {
  test("takes no available pod below replicas - maxUnavailable", () => {
    everyWrite(randomCanary, (now, before, { after }) => {
      const floor = Math.min(kept(before), wanted(after) - maxUnavailable(after.rollout));
      return kept(now) >= floor ? undefined : `${kept(now)} available pods are kept, not ${floor}`;
    });
  });

  test("makes no pod above replicas + maxSurge", () => {
    everyWrite(randomCanary, (now, before, { after }) => {
      const limit = Math.max(asked(before), wanted(after) + maxSurge(after.rollout));
      return asked(now) <= limit ? undefined : `${asked(now)} pods, not ${limit}`;
    });
  });
});

/** Names of the ReplicaSets behind the stable and the canary Service. */
function servedBy(
  { active, preview }: Between,
  { spec, status }: Rollout,
): readonly [stable: string | undefined, canary: string | undefined] {
  const swapped = spec.strategy?.canary?.pingPong !== undefined && status?.canary?.stablePingPong !== "ping";
  return swapped ? [preview, active] : [active, preview];
}

/** Managed routes that lead to a canary Service without pods; sessions that are kept there count as one. */
function routesToNobody(now: Between, rollout: Rollout): number {
  if (rollout.spec.replicas === 0) return 0;
  const [, canary = ""] = servedBy(now, rollout);
  const pods = Math.min(now.sizes.get(canary) ?? 0, now.available.get(canary) ?? 0);
  const { routes = [], affinity } = now.routed ?? {};
  return pods > 0 ? 0 : routes.length + (affinity === undefined ? 0 : 1);
}

/** How many pods are missing in the ReplicaSets that users reach, given their part of the traffic. */
function missingPods(now: Between, rollout: Rollout): number {
  const { sizes, available, routed } = now;
  if (routed === undefined) return 0;
  const [stable, canary] = servedBy(now, rollout);
  const pods = (set: string): number => Math.min(sizes.get(set) ?? 0, available.get(set) ?? 0);
  const missing = (set: string | undefined, weight: number): number => {
    const needed = Math.floor((weight * (rollout.spec.replicas ?? 1)) / routed.total);
    // A Service that selects no revision yet selects the pods of all revisions.
    const serving = available.has(set ?? "") ? [set ?? ""] : [...available.keys()];
    return Math.max(0, needed - serving.reduce((sum, name) => sum + pods(name), 0));
  };
  return missing(canary, routed.canaryWeight) + missing(stable, routed.total - routed.canaryWeight);
}

describe("a routed canary", () => {
  test("takes no pods from their traffic, and sends no traffic where pods are missing", () => {
    everyWrite(randomRouted, (now, before, { before: { rollout } }) => {
      const missing = missingPods(now, rollout);
      return missing <= missingPods(before, rollout) ? undefined : `${missing} pods are missing to their traffic`;
    });
  });

  test("sends nobody by a managed route to a canary without pods, and takes its pods after its routes", () => {
    everyWrite(randomManaged, (now, before, { before: { rollout } }) => {
      const lost = routesToNobody(now, rollout);
      return lost <= routesToNobody(before, rollout) ? undefined : `${lost} managed routes lead to no pods`;
    });
  });

  test("has no managed route at rest that an update does not ask for", () => {
    everyDecision(randomManaged, KINDS, ({ decision, after: { rollout }, routed }) => {
      const { abort, currentPodHash, stableRS } = rollout.status ?? {};
      const isUpdate = abort !== true && currentPodHash !== stableRS;
      const names = (routed?.routes ?? []).map(({ name }) => name);
      return asks(decision) || isUpdate || names.length === 0 ? undefined : `routes ${names.join(", ")} are left`;
    });
  });

  test("keeps no session with a canary without pods, and takes its pods after its sessions", () => {
    everyWrite(randomSessions, (now, before, { before: { rollout } }) => {
      const lost = routesToNobody(now, rollout);
      return lost <= routesToNobody(before, rollout) ? undefined : "sessions are kept where no pods are";
    });
  });

  test("keeps sessions while it has a weight, and none at rest", () => {
    let kept = 0;
    everyDecision(randomSessions, KINDS, ({ decision, after: { rollout }, routed }) => {
      const { abort, currentPodHash, stableRS } = rollout.status ?? {};
      const isUpdate = abort !== true && currentPodHash !== stableRS;
      kept += routed?.affinity === undefined ? 0 : 1;
      if (asks(decision) || routed?.affinity === undefined) return undefined;
      if (!isUpdate || routed.canaryWeight === 0) return "sessions are left";
      return routed.affinity.value === routed.canaryHash ? undefined : "sessions are another version's";
    });
    expect(kept).toBeGreaterThan(100);
  });

  test("splits all of the traffic", () => {
    everyDecision(randomScaled, ["usual", "crashing"], ({ after: { rollout } }) => {
      const { weights } = rollout.status?.canary ?? {};
      if (weights === undefined) return undefined;
      const total = rollout.spec.strategy?.canary?.trafficRouting?.maxTrafficWeight ?? 100;
      const sum = weights.canary.weight + weights.stable.weight;
      return sum === total ? undefined : `weights of ${sum} in total, not ${total}`;
    });
  });
});

/** Pods behind the Services by which users come, where these select one revision. */
function emptied(now: Between, before: Between, { after: { rollout } }: Decided): string | undefined {
  const { canary } = rollout.spec.strategy ?? {};
  if (wanted({ rollout } as Snapshot) === 0 || kept(now) === 0 || canary?.pingPong !== undefined) return undefined;
  const pods = ({ sizes, available }: Between, set: string | undefined): number =>
    Math.min(sizes.get(set ?? "") ?? 0, available.get(set ?? "") ?? 0);
  const basic = canary !== undefined && canary.trafficRouting === undefined && canary.stableService !== undefined;
  return (basic ? (["active", "preview"] as const) : (["active"] as const))
    .filter((name) => before.available.has(before[name] ?? "") && now.available.has(now[name] ?? ""))
    .filter((name) => pods(before, before[name]) > 0 && pods(now, now[name]) === 0)
    .map((name) => `Service ${name} has no pods left, and ${kept(now)} serve`)[0];
}

describe.each([
  ["canary", randomCanary],
  ["blue-green", randomBlueGreen],
  ["routed canary", randomRouted],
  ["routed canary with sizes of its own", randomScaled],
] as const)("a %s", (_, strategy) => {
  test("leaves no Service that users come by without pods while any serve", () => {
    everyWrite(strategy, emptied);
  });
});

describe("blue-green", () => {
  test("takes no pod from the ReplicaSet that the active Service points to", () => {
    everyWrite(randomBlueGreen, (now, before, { after }) => {
      const size = now.sizes.get(now.active ?? "") ?? 0;
      const needed = Math.min(before.sizes.get(now.active ?? "") ?? 0, wanted(after));
      return size >= needed ? undefined : `${size} pods are kept, not ${needed}`;
    });
  });

  test("points the active Service only to a ReplicaSet with all its pods available", () => {
    everyWrite(randomBlueGreen, (now, before, { after }) => {
      if (now.active === before.active) return undefined;
      const available = now.available.get(now.active ?? "") ?? 0;
      return available >= wanted(after) ? undefined : `${available} of ${wanted(after)} are available`;
    });
  });
});
