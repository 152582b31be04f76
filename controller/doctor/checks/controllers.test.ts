import { describe, expect, test } from "bun:test";
import { LOCAL_BUILD } from "../../../kube/client/path.ts";
import { EDGE_HOLDER } from "../../../schema/locks.ts";
import { examined } from "../checks.ts";
import { known } from "../facts/finding.ts";
import { controller, facts, lease, NOW, said, wrong } from "../testing.ts";

describe("controllers", () => {
  const check = (...leases: readonly ReturnType<typeof lease>[]) => wrong("controllers", { leases: known(leases) });
  const at = "Lease argo-rollouts/argo-rollouts-controller-lock";

  test("are there, and have taken a Lease", () => {
    expect(check()).toEqual(["error: controller: no controller has ever taken a Lease"]);
    const mend = (installed: Parameters<typeof facts>[0]) =>
      examined(facts({ leases: known([]), ...installed })).find(({ about }) => about === "controller")?.mend;
    expect(mend({})).toBe("kubectl logs -n argo-rollouts deployment/sluice");
    expect(mend({ controllers: known([]) })).toBe("kubectl apply -f manifests/install.yaml");
    expect(
      wrong("controllers", { leases: known([]), controllers: known([controller({ electsLeader: false })]) }),
    ).toEqual([]);
  });

  test("need none in a cluster of `sluice dev`", () => {
    const local = { version: known(`v1.36.3${LOCAL_BUILD}`), leases: known([]), controllers: known([]) };
    expect(wrong("controllers", local)).toEqual([]);
    expect(examined(facts(local))).toContainEqual({
      check: "controllers",
      severity: "info",
      about: "controller",
      what: "this is a cluster of `sluice dev`",
      why: "the process that serves it drives the Rollouts, without a Lease",
    });
  });

  test("renew it", () => {
    expect(check(lease({ renewedMs: NOW - 15_000 }))).toEqual([
      `error: ${at}: nobody renews it; sluice_pod-1_a did so last, 2025-12-31T23:59:45Z`,
    ]);
    expect(check(lease({ renewedMs: NOW - 14_999 }))).toEqual([]);
    expect(check(lease({ holder: "" }))).toEqual([`error: ${at}: it was given back, and nobody has taken it since`]);
  });

  test("are told apart by the name of the holder, and Sluice waits for Argo Rollouts", () => {
    const other = lease({ holder: "sluice-1_b" });
    const alone = known([controller({ program: "Argo Rollouts", name: "argo-rollouts" })]);
    expect(said("controllers", { leases: known([other]), controllers: alone })).toEqual([
      `info: ${at}: Argo Rollouts (sluice-1_b) holds it, renewed 1s ago`,
    ]);
    expect(check(other)).toEqual([`warning: ${at}: Sluice waits for sluice-1_b, which holds it`]);
    const gone = known([controller({ ready: 0, wanted: 0 })]);
    expect(wrong("controllers", { leases: known([other]), controllers: gone })).toEqual([]);
  });

  test("of an earlier version hold two Leases, and what it has left says nothing any more", () => {
    const theirs = { holder: "pod-1_a" };
    const old = lease({ ...theirs, isOlder: true });
    const left = lease({ ...theirs, isOlder: true, renewedMs: NOW - 60_000 });
    const installed = { controllers: known([]) };
    const leases = (...all: readonly ReturnType<typeof lease>[]) =>
      said("controllers", { ...installed, leases: known(all) });
    expect(leases(old, lease(theirs))).toEqual([`info: ${at}: Sluice (pod-1_a) holds it, renewed 1s ago`]);
    expect(leases(left, lease(theirs))).toEqual([`info: ${at}: Argo Rollouts (pod-1_a) holds it, renewed 1s ago`]);
    expect(leases(left, lease())).toEqual([`info: ${at}: Sluice (sluice_pod-1_a) holds it, renewed 1s ago`]);
    expect(leases(left)).toEqual(["error: controller: no controller has ever taken a Lease"]);
    expect(leases(old, lease({ holder: "argo_b" }))).toEqual([
      `warning: ${at}: Sluice waits for argo_b, which holds it`,
    ]);
  });

  test("with the profile edge hold none: who held it before does not count, and who takes it is waited for", () => {
    const edge = controller({ electsLeader: false, isEdge: true });
    const of = (one: ReturnType<typeof lease>, more: Partial<typeof edge> = {}) =>
      said("controllers", { leases: known([one]), controllers: known([{ ...edge, ...more }]) });
    const works = ["info: Deployment argo-rollouts/sluice: Sluice works without a Lease"];
    const marked = lease({ holder: EDGE_HOLDER, durationMs: 1_000, renewedMs: NOW - 86_400_000 });
    expect(of(marked)).toEqual(works);
    expect(of(lease({ holder: EDGE_HOLDER, durationMs: 1_000, renewedMs: NOW }))).toEqual(works);
    expect(of(lease({ holder: "argo_b", renewedMs: NOW - 60_000 }))).toEqual(works);
    expect(of(lease({ holder: "argo_b" }))).toEqual([`warning: ${at}: Sluice waits for argo_b, which holds it`]);
    expect(of(marked, { ready: 0 })[0]).toBe(
      "error: Deployment argo-rollouts/sluice: Sluice took no Lease there when it started, and no pod of it is ready now",
    );
  });

  test("of one instance in two namespaces work at once, unless each has a namespace of its own", () => {
    const leases = known([lease(), lease({ namespace: "mine" })]);
    const both = "error: controllers: Sluice in namespace argo-rollouts and Sluice in namespace mine work at once";
    expect(wrong("controllers", { leases })).toEqual([both]);
    const each = (one: string, two: string) =>
      known([controller({ watches: one }), controller({ namespace: "mine", watches: two })]);
    expect(wrong("controllers", { leases, controllers: each("shop", "mine") })).toEqual([]);
    expect(wrong("controllers", { leases, controllers: each("mine", "mine") })).toEqual([both]);
    const apart = known([lease(), lease({ namespace: "mine", instanceId: "blue" })]);
    expect(wrong("controllers", { leases: apart })).toEqual([]);
  });

  test("have pods that are ready", () => {
    const of = (wanted: number, ready: number) =>
      said("controllers", { controllers: known([controller({ wanted, ready })]) })[1];
    expect([of(2, 2), of(2, 1), of(2, 0), of(0, 0)]).toEqual([
      undefined,
      "warning: Deployment argo-rollouts/sluice: 1 of 2 pods of Sluice are ready",
      "error: Deployment argo-rollouts/sluice: 0 of 2 pods of Sluice are ready",
      "info: Deployment argo-rollouts/sluice: Sluice is scaled to 0",
    ]);
  });
});
