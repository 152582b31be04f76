/**
 * The arithmetic of a canary without a router: its tables of splits, and its movements pass by pass
 * (docs/behaviour/canary.md#split-by-pods).
 */
import { describe, expect, test } from "bun:test";
import type { Rollout, RolloutStatus } from "../../../schema/rollout.ts";
import { maxSurge, maxUnavailable } from "../model/defaults.ts";
import { HASH_LABEL, type ReplicaSetFacts } from "../model/model.ts";
import { basicCanarySizes, basicSizesLack, canaryThresholdMet, currentSetWeight, nearestSplit } from "./replicas.ts";

type Limits = Pick<NonNullable<NonNullable<Rollout["spec"]["strategy"]>["canary"]>, "maxSurge" | "maxUnavailable">;

function rolloutOf(replicas: number, weight: number, limits: Limits = {}, status: RolloutStatus = {}): Rollout {
  const before: RolloutStatus = { stableRS: "old", currentPodHash: "new", currentStepIndex: 0, ...status };
  return {
    metadata: { name: "web", namespace: "default" },
    spec: { replicas, strategy: { canary: { ...limits, steps: [{ setWeight: weight }] } } },
    status: before,
  };
}

function setOf(hash: string, replicas: number, available = replicas): ReplicaSetFacts {
  return {
    namespace: "default",
    name: `web-${hash}`,
    uid: hash,
    resourceVersion: "1",
    labels: { [HASH_LABEL]: hash },
    annotations: {},
    controllerUid: "",
    selector: "",
    createdAt: 0,
    deleting: false,
    observed: true,
    minReadySeconds: 0,
    replicas,
    status: { replicas, readyReplicas: available, availableReplicas: available },
    templateDigest: hash,
  };
}

const rolesOf = (canary: ReplicaSetFacts, stable: ReplicaSetFacts, others: readonly ReplicaSetFacts[] = []) => ({
  newRS: canary,
  stableRS: stable,
  older: [stable, ...others],
  others,
});

describe("the split nearest to a weight", () => {
  const weights = [1, 10, 20, 25, 33, 50, 66, 75, 90, 99, 100] as const;
  // Rows: pods, surge, and canary/stable for each weight. 0/2 at 75 % and 0/5 at 90 % are the reference's own quirk.
  const rows: readonly (readonly [pods: number, surge: number, splits: string])[] = [
    [1, 0, "0/1 0/1 0/1 0/1 0/1 1/0 1/0 1/0 1/0 1/0 1/0"],
    [1, 1, "1/1 1/1 1/1 1/1 1/1 1/1 1/1 1/1 1/1 1/1 1/0"],
    [2, 0, "1/1 1/1 1/1 1/1 1/1 1/1 1/1 0/2 1/1 1/1 2/0"],
    [2, 1, "1/2 1/2 1/2 1/2 1/2 1/1 2/1 2/1 2/1 2/1 2/0"],
    [3, 0, "1/2 1/2 1/2 1/2 1/2 2/1 2/1 2/1 2/1 2/1 3/0"],
    [3, 1, "1/3 1/3 1/3 1/3 1/2 2/2 2/1 3/1 3/1 3/1 3/0"],
    [5, 0, "1/4 1/4 1/4 1/4 2/3 3/2 3/2 4/1 0/5 4/1 5/0"],
    [5, 1, "1/5 1/5 1/4 1/4 2/4 3/3 4/2 4/1 5/1 5/1 5/0"],
    [10, 0, "1/9 1/9 2/8 3/7 3/7 5/5 7/3 8/2 9/1 9/1 10/0"],
    [10, 1, "1/10 1/9 2/8 3/8 3/7 5/5 7/4 8/3 9/1 10/1 10/0"],
  ];
  const cells = rows.flatMap(([pods, surge, splits]) =>
    splits.split(" ").map((split, n) => ({ pods, surge, weight: weights[n] ?? 0, split })),
  );
  test.each(cells)("of $pods pods at $weight % with surge $surge is $split", ({ pods, surge, weight, split }) => {
    const { canary, stable } = nearestSplit(pods, weight, surge);
    expect(`${canary}/${stable}`).toBe(split);
  });

  test("does not depend on how large a surge is, only on whether there is one", () => {
    for (const { pods, surge, weight, split } of cells.filter((cell) => cell.surge > 0)) {
      const { canary, stable } = nearestSplit(pods, weight, surge + 4);
      expect(`${canary}/${stable}`).toBe(split);
    }
  });

  test("of no pods is nothing", () => {
    for (const weight of weights) expect(nearestSplit(0, weight, 1)).toEqual({ canary: 0, stable: 0 });
  });

  test("at weight 0 leaves everything on stable", () => {
    for (const pods of [1, 2, 3, 5, 10]) {
      for (const surge of [0, 1]) expect(nearestSplit(pods, 0, surge)).toEqual({ canary: 0, stable: pods });
    }
  });
});

describe("one move towards the split", () => {
  // From no canary at all (docs/behaviour/canary.md#how-pods-move). For 5 % a comment of the reference has 1/9; its
  // code and its table of splits have 1/10: one of eleven is nearer to 5 % than one of ten.
  const examples: readonly (readonly [
    pods: number,
    weight: number,
    unavailable: number,
    surge: number,
    moved: string,
  ])[] = [
    [10, 10, 1, 1, "1/9"],
    [10, 30, 0, 3, "3/10"],
    [10, 30, 5, 0, "0/7"],
    [10, 5, 1, 1, "1/10"],
    [10, 5, 1, 0, "0/9"],
    [1, 5, 0, 1, "1/1"],
    [1, 95, 0, 1, "1/1"],
  ];
  test.each(examples)(
    "of %i pods to %i %% with maxUnavailable %i and maxSurge %i is %s",
    (pods, weight, unavailable, surge, moved) => {
      const rollout = rolloutOf(pods, weight, { maxUnavailable: unavailable, maxSurge: surge });
      const { canary, stable } = basicCanarySizes(rollout, rolesOf(setOf("new", 0), setOf("old", pods)));
      expect(`${canary}/${stable}`).toBe(moved);
    },
  );

  test("waits for the canary before it takes a stable pod that is still needed", () => {
    const rollout = rolloutOf(5, 20);
    const before = basicCanarySizes(rollout, rolesOf(setOf("new", 1, 0), setOf("old", 5)));
    expect(before).toEqual({ canary: 1, stable: 4 });
    const short = basicCanarySizes(rollout, rolesOf(setOf("new", 1, 0), setOf("old", 4)));
    expect(short).toEqual({ canary: 1, stable: 4 });
    const done = basicCanarySizes(rollout, rolesOf(setOf("new", 1), setOf("old", 5)));
    expect(done).toEqual({ canary: 1, stable: 4 });
  });

  test("takes no pod of canary or stable while past ReplicaSets still have some", () => {
    const rollout = rolloutOf(5, 60);
    const sizes = basicCanarySizes(rollout, rolesOf(setOf("new", 1), setOf("old", 4), [setOf("past", 1)]));
    expect(sizes).toEqual({ canary: 2, stable: 4 });
  });

  test("goes back without losing available pods when the weight falls", () => {
    const aborted = rolloutOf(5, 60, { maxSurge: 1, maxUnavailable: 0 }, { abort: true });
    expect(basicCanarySizes(aborted, rolesOf(setOf("new", 3, 2), setOf("old", 3)))).toEqual({ canary: 2, stable: 3 });
    expect(basicCanarySizes(aborted, rolesOf(setOf("new", 2), setOf("old", 3)))).toEqual({ canary: 2, stable: 4 });
    expect(basicCanarySizes(aborted, rolesOf(setOf("new", 2), setOf("old", 4)))).toEqual({ canary: 1, stable: 4 });
    expect(basicCanarySizes(aborted, rolesOf(setOf("new", 1), setOf("old", 4)))).toEqual({ canary: 1, stable: 5 });
  });

  test("grows stable before the canary when both are short", () => {
    const rollout = rolloutOf(10, 20);
    expect(basicCanarySizes(rollout, rolesOf(setOf("new", 1), setOf("old", 4)))).toEqual({ canary: 2, stable: 8 });
    const tight = rolloutOf(10, 50, { maxSurge: 0, maxUnavailable: 1 });
    expect(basicCanarySizes(tight, rolesOf(setOf("new", 4), setOf("old", 4)))).toEqual({ canary: 5, stable: 5 });
    expect(basicCanarySizes(tight, rolesOf(setOf("new", 4), setOf("old", 5)))).toEqual({ canary: 5, stable: 5 });
  });

  test("counts a ReplicaSet that was told to shrink only with what it keeps", () => {
    const rollout = rolloutOf(5, 100, { maxSurge: 1, maxUnavailable: 0 });
    const shrinking = { ...setOf("old", 2), status: { replicas: 4, readyReplicas: 4, availableReplicas: 4 } };
    expect(basicCanarySizes(rollout, rolesOf(setOf("new", 3), shrinking))).toEqual({ canary: 4, stable: 2 });
  });

  test("brings sizes back within surge when the Rollout shrank, without going under what must stay", () => {
    const rollout = rolloutOf(5, 20);
    expect(basicCanarySizes(rollout, rolesOf(setOf("new", 2), setOf("old", 8)))).toEqual({ canary: 1, stable: 6 });
    expect(basicCanarySizes(rollout, rolesOf(setOf("new", 1), setOf("old", 6)))).toEqual({ canary: 1, stable: 4 });
  });

  test("without another stable ReplicaSet goes for all pods at once", () => {
    const rollout = rolloutOf(5, 20, {}, { stableRS: "new" });
    const only = setOf("new", 0);
    expect(basicCanarySizes(rollout, { newRS: only, stableRS: only, older: [], others: [] })).toEqual({
      canary: 5,
      stable: 0,
    });
    expect(basicCanarySizes(rollout, { newRS: only, stableRS: undefined, older: [], others: [] })).toEqual({
      canary: 5,
      stable: 0,
    });
  });
});

describe("the sizes of a step are reached", () => {
  test("when the canary is available and stable has been told its size", () => {
    const rollout = rolloutOf(5, 20);
    expect(basicSizesLack(rollout, rolesOf(setOf("new", 1), setOf("old", 4)))).toBeUndefined();
    expect(basicSizesLack(rollout, rolesOf(setOf("new", 1, 0), setOf("old", 4)))).toBe("CanarySizeNotReached");
    expect(basicSizesLack(rollout, rolesOf(setOf("new", 1), setOf("old", 5)))).toBe("StableSizeNotReached");
  });

  test("even if pods of stable are not available", () => {
    expect(basicSizesLack(rolloutOf(5, 20), rolesOf(setOf("new", 1), setOf("old", 4, 2)))).toBeUndefined();
  });

  test("only when stable's pods have been made", () => {
    const making = { ...setOf("old", 4), status: { replicas: 3, readyReplicas: 3, availableReplicas: 3 } };
    expect(basicSizesLack(rolloutOf(5, 20), rolesOf(setOf("new", 1), making))).toBe("StableSizeNotReached");
  });

  test("only when no pod of a past revision is available", () => {
    const rollout = rolloutOf(5, 20);
    expect(basicSizesLack(rollout, rolesOf(setOf("new", 1), setOf("old", 4), [setOf("past", 1)]))).toBe("OldPodsLeft");
    expect(basicSizesLack(rollout, rolesOf(setOf("new", 1), setOf("old", 4), [setOf("past", 1, 0)]))).toBeUndefined();
  });

  test("too early when the weight falls without surge: 75 % to 90 % of 5 pods ends at 3/2 first", () => {
    const rollout = rolloutOf(5, 90, { maxSurge: 0, maxUnavailable: 1 });
    expect(basicCanarySizes(rollout, rolesOf(setOf("new", 4), setOf("old", 1)))).toEqual({ canary: 3, stable: 1 });
    expect(basicCanarySizes(rollout, rolesOf(setOf("new", 3), setOf("old", 1)))).toEqual({ canary: 3, stable: 2 });
  });
});

describe("replicaProgressThreshold", () => {
  const withThreshold = (type: "Percent" | "Pods", value: number): Rollout => ({
    metadata: { name: "web", namespace: "default" },
    spec: { strategy: { canary: { replicaProgressThreshold: { type, value } } } },
  });
  const cases: readonly (readonly [
    type: "Percent" | "Pods",
    value: number,
    available: number,
    wanted: number,
    met: boolean,
  ])[] = [
    ["Percent", 70, 7, 10, true],
    ["Percent", 70, 6, 10, false],
    ["Percent", 0, 0, 10, true],
    ["Percent", 100, 9, 10, false],
    ["Percent", 33, 1, 3, true],
    ["Percent", 34, 1, 3, false],
    ["Percent", 50, 0, 0, true],
    ["Pods", 3, 3, 10, true],
    ["Pods", 3, 2, 10, false],
    ["Pods", 3, 2, 2, false],
    ["Pods", 0, 0, 10, true],
    ["Percent", -1, 9, 10, false],
    ["Percent", -1, 10, 10, true],
  ];
  test.each(cases)("%s %i: %i available of %i wanted is met: %p", (type, value, available, wanted, met) => {
    expect(canaryThresholdMet(withThreshold(type, value), setOf("new", wanted, available), wanted)).toBe(met);
  });

  test("is not met without a ReplicaSet", () => {
    expect(canaryThresholdMet(withThreshold("Pods", 0), undefined, 0)).toBe(false);
  });
});

describe("the weight that is set", () => {
  const steps = [{ setWeight: 10 }, { pause: {} }, { setWeight: 40 }, { pause: {} }];
  const at = (status: RolloutStatus): number =>
    currentSetWeight({ metadata: { name: "web", namespace: "" }, spec: { strategy: { canary: { steps } } }, status });
  const cases: readonly (readonly [what: string, status: RolloutStatus, weight: number])[] = [
    ["the first step's at the first step", { currentStepIndex: 0 }, 10],
    ["the one before a pause at the pause", { currentStepIndex: 1 }, 10],
    ["the later one at the last pause", { currentStepIndex: 3 }, 40],
    ["full when all steps are done", { currentStepIndex: 4 }, 100],
    ["nothing while aborted", { currentStepIndex: 3, abort: true }, 0],
    ["the first step's before an index is written", {}, 10],
  ];
  test.each(cases)("is %s", (_, status, weight) => {
    expect(at(status)).toBe(weight);
  });

  test("is nothing before the first setWeight, and full without steps", () => {
    const of = (list: object[]): number =>
      currentSetWeight({
        metadata: { name: "web", namespace: "" },
        spec: { strategy: { canary: { steps: list } } },
        status: {},
      });
    expect(of([{ pause: {} }, { setWeight: 10 }])).toBe(0);
    expect(of([])).toBe(100);
  });
});

describe("fenceposts of a canary", () => {
  // Surge, unavailable (docs/behaviour/canary.md#surge-and-unavailability) for the defaults (25 %/25 %), for 0 and
  // 10 %, and for 1 and 0.
  const rows: readonly (readonly [pods: number, standard: string, tenPercent: string, surgeOne: string])[] = [
    [1, "1,0", "0,1", "1,0"],
    [2, "1,0", "0,1", "1,0"],
    [3, "1,0", "0,1", "1,0"],
    [4, "1,1", "0,1", "1,0"],
    [5, "2,1", "0,1", "1,0"],
    [10, "3,2", "0,1", "1,0"],
  ];
  const posts = (pods: number, limits: Limits): string => {
    const rollout = rolloutOf(pods, 0, limits);
    return `${maxSurge(rollout)},${maxUnavailable(rollout)}`;
  };
  test.each(rows)(
    "for %i pods are %s by default, %s for 0 and 10 %%, %s for 1 and 0",
    (pods, standard, tenPercent, surgeOne) => {
      expect(posts(pods, {})).toBe(standard);
      expect(posts(pods, { maxSurge: 0, maxUnavailable: "10%" })).toBe(tenPercent);
      expect(posts(pods, { maxSurge: 1, maxUnavailable: 0 })).toBe(surgeOne);
    },
  );
});
