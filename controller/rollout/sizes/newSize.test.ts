/** Shares of a new size (docs/behaviour/canary.md#a-new-size-in-the-middle-of-a-move). */
import { describe, expect, test } from "bun:test";
import { DESIRED_REPLICAS, HASH_LABEL } from "../../../schema/labels.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { ReplicaSetFacts } from "../model/model.ts";
import { maxSurge } from "../model/defaults.ts";
import { basicCanarySizes } from "./replicas.ts";
import { isOutgrown, leastAvailable, notedSize, proportionalSizes } from "./newSize.ts";

type Limits = Pick<NonNullable<NonNullable<Rollout["spec"]["strategy"]>["canary"]>, "maxSurge" | "maxUnavailable">;

const rolloutOf = (replicas: number, limits: Limits = {}): Rollout => ({
  metadata: { name: "web", namespace: "default" },
  spec: { replicas, strategy: { canary: limits } },
  status: { stableRS: "old", currentPodHash: "new" },
});

function setOf(hash: string, replicas: number, noted: number | string, available = replicas): ReplicaSetFacts {
  return {
    namespace: "default",
    name: hash,
    uid: hash,
    resourceVersion: "1",
    labels: { [HASH_LABEL]: hash },
    annotations: { [DESIRED_REPLICAS]: String(noted) },
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

const shares = (rollout: Rollout, ...sets: readonly ReplicaSetFacts[]): string =>
  [...proportionalSizes(rollout, sets)]
    .toSorted(([a], [b]) => (a < b ? 1 : -1))
    .map(([name, size]) => `${name} ${size}`)
    .join(", ");

describe("the shares of a new size", () => {
  // As the Deployment controller shares them, with old and new pods at first.
  test.each([
    [4, 8, { maxSurge: 2, maxUnavailable: 0 }, 4, 2, "old 7, new 3"],
    [8, 4, { maxSurge: 2, maxUnavailable: 0 }, 7, 3, "old 4, new 2"],
    [10, 20, {}, 8, 5, "old 15, new 10"],
    [10, 15, {}, 8, 5, "old 12, new 7"],
    [5, 10, { maxSurge: "25%", maxUnavailable: "25%" }, 4, 3, "old 7, new 6"],
    [4, 40, { maxSurge: 2, maxUnavailable: 0 }, 4, 2, "old 28, new 14"],
    [10, 0, { maxSurge: 0, maxUnavailable: 1 }, 5, 5, "old 0, new 0"],
  ] as const)("of %d pods that become %d with %j: %d and %d", (from, to, limits, old, young, result) => {
    expect(shares(rolloutOf(to, limits), setOf("old", old, from), setOf("new", young, from, 0))).toBe(result);
  });

  test("where surge was not used up come to the new size", () => {
    expect(shares(rolloutOf(10), setOf("old", 4, 5), setOf("new", 1, 5))).toBe("old 8, new 2");
  });

  test("come out the same when only one of the two has been written", () => {
    const rollout = rolloutOf(8, { maxSurge: 2, maxUnavailable: 0 });
    expect(shares(rollout, setOf("old", 7, 8, 4), setOf("new", 2, 4, 0))).toBe("old 7, new 3");
  });

  test("leave pods that serve before those that do not", () => {
    // 4 of 10 each would leave 2 available pods.
    expect(shares(rolloutOf(8, { maxSurge: 0, maxUnavailable: 1 }), setOf("old", 5, 10, 2), setOf("new", 5, 10))).toBe(
      "old 3, new 5",
    );
  });

  test("keep within the limits, whatever the sizes are", () => {
    for (let n = 0; n < 2_000; n += 1) {
      const [from, to] = [1 + (n % 13), (n * 7) % 17];
      const limits = [{}, { maxSurge: 2, maxUnavailable: 0 }, { maxSurge: 0, maxUnavailable: "40%" }][n % 3] ?? {};
      const rollout = rolloutOf(to, limits);
      const [old, young] = [(n * 5) % (from + 1), (n * 3) % (from + 1)];
      const sets = [setOf("old", old, from, n % (old + 1)), setOf("new", young, from, (n * 11) % (young + 1))];
      const sizes = proportionalSizes(rollout, sets);
      const sum = (count: (rs: ReplicaSetFacts) => number): number => sets.reduce((all, rs) => all + count(rs), 0);
      const size = ({ name }: ReplicaSetFacts): number => sizes.get(name) ?? 0;
      const available = sum((rs) => rs.status.availableReplicas);
      const kept = sum((rs) => Math.min(size(rs), rs.status.availableReplicas));
      if (to === from) continue;
      expect(sum(size)).toBeLessThanOrEqual(to + maxSurge(rollout));
      expect(sets.every((rs) => size(rs) >= 0 && Number.isInteger(size(rs)))).toBe(true);
      expect(kept).toBeGreaterThanOrEqual(Math.min(available, leastAvailable(rollout)));
    }
  });
});

describe("the size that a ReplicaSet was made for", () => {
  test("is read from its note, if that is a number", () => {
    expect([setOf("old", 1, 5), setOf("old", 1, "many"), setOf("old", 1, "")].map(notedSize)).toEqual([
      5,
      undefined,
      undefined,
    ]);
  });

  test("is outgrown when the Rollout has another", () => {
    expect(isOutgrown(rolloutOf(6), setOf("old", 1, 5))).toBe(true);
    expect(isOutgrown(rolloutOf(5), setOf("old", 1, 5))).toBe(false);
    expect(isOutgrown(rolloutOf(6), setOf("old", 1, "many"))).toBe(false);
  });
});

test("a canary above the limit after scaling down loses pods that do not serve", () => {
  const [stable, canary] = [setOf("old", 4, 4), setOf("new", 6, 4, 0)];
  const roles = { newRS: { ...canary, replicas: 4 }, stableRS: stable, older: [stable], others: [] };
  expect(basicCanarySizes(rolloutOf(4, { maxSurge: 2, maxUnavailable: 0 }), roles)).toEqual({ stable: 4, canary: 2 });
});
