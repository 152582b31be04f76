import { describe, expect, test } from "bun:test";
import { unanswered } from "../../kube/client/apiError.ts";
import { targetOf } from "../../kube/client/target.ts";
import type { KubeRequest } from "../../kube/client/transport.ts";
import { HEALTHY, PAUSED, rollout, shop, template } from "../objects/testing.ts";
import { run } from "./command.ts";

const DEGRADED = { ...HEALTHY, phase: "Degraded", message: "RolloutAborted: no good" };
const PROGRESSING = { ...HEALTHY, phase: "Progressing", message: "more replicas need to be updated" };

function shopWith(status: object, spec: object = {}) {
  const api = shop();
  api.create(rollout("web", spec));
  api.status("web", status);
  return api;
}

describe("once", () => {
  test.each<[string, object, number, string, string]>([
    ["Healthy", HEALTHY, 0, "Healthy\n", ""],
    ["Paused", PAUSED, 0, "Paused - CanaryPauseStep\n", ""],
    ["Progressing", PROGRESSING, 0, "Progressing - more replicas need to be updated\n", ""],
    [
      "Degraded",
      DEGRADED,
      1,
      "Degraded\n",
      "Error: The rollout is in a degraded state with message: RolloutAborted: no good\n",
    ],
    [
      "what the controller has not seen",
      { ...HEALTHY, observedGeneration: "0" },
      0,
      "Progressing - waiting for rollout spec update to be observed\n",
      "",
    ],
    [
      "a pause that somebody ended",
      { ...PAUSED, pauseConditions: [] },
      0,
      "Progressing - waiting for rollout to unpause\n",
      "",
    ],
    [
      "an invalid spec",
      { ...HEALTHY, phase: "Degraded", message: 'InvalidSpec: The Rollout "web" is invalid: no' },
      1,
      "Degraded\n",
      'Error: The rollout is in a degraded state with message: InvalidSpec: The Rollout "web" is invalid: no\n',
    ],
  ])("it is %s", async (_, status, code, out, err) => {
    expect(await shopWith(status).run(run, ["web", "--watch=false"])).toEqual({ code, out, err, writes: [] });
  });

  test("it is not there", async () => {
    expect(await shop().run(run, ["web", "-w=false"])).toMatchObject({
      code: 1,
      err: 'Error: rollout.argoproj.io "web" not found\n',
    });
  });
});

describe("watched", () => {
  test("it ends while the cluster has not answered yet when the person stops it", async () => {
    const api = shopWith(PAUSED);
    const stop = new AbortController();
    // Answers nothing, and rejects when it is cancelled, as a request does.
    const request = ({ method, path, signal }: KubeRequest): Promise<never> => {
      const { promise, reject } = Promise.withResolvers<never>();
      signal?.addEventListener("abort", () =>
        reject(unanswered(targetOf(method, path), "Aborted", "cancelled", undefined)),
      );
      stop.abort();
      return promise;
    };
    const connect = async () => ({ client: { ...api.client, request }, namespace: "default", source: "test" });
    const { code } = await api.run(run, ["web"], { signal: stop.signal, connect });
    expect(code).toBe(1);
  });

  test("it is printed at each change, until it is Healthy", async () => {
    const api = shopWith(PROGRESSING);
    api.clock.after(1_000, () => void api.status("web", { ...PROGRESSING, availableReplicas: 1 }));
    api.clock.after(2_000, () => void api.status("web", PAUSED));
    api.clock.after(3_000, () => void api.status("web", HEALTHY));
    expect(await api.run(run, ["web"])).toEqual({
      code: 0,
      out: "Progressing - more replicas need to be updated\nPaused - CanaryPauseStep\nHealthy\n",
      err: "",
      writes: [],
    });
  });

  test("until it is Degraded, which is an error", async () => {
    const api = shopWith(PROGRESSING);
    api.clock.after(1_000, () => void api.status("web", DEGRADED));
    expect(await api.run(run, ["web"])).toMatchObject({
      code: 1,
      out: "Progressing - more replicas need to be updated\nDegraded - RolloutAborted: no good\n",
      err: "Error: The rollout is in a degraded state with message: RolloutAborted: no good\n",
    });
  });

  test("at most as long as --timeout says", async () => {
    const api = shopWith(PAUSED);
    const from = api.clock.now();
    expect(await api.run(run, ["web", "-t", "1m30s"])).toMatchObject({
      code: 1,
      out: "Paused - CanaryPauseStep\n",
      err: "Error: Rollout status watch exceeded timeout\n",
    });
    expect(Math.round((api.clock.now() - from) / 1_000)).toBe(90);
  });

  test("until the person ends it", async () => {
    const api = shopWith(PAUSED);
    api.clock.after(1_000, api.end);
    expect(await api.run(run, ["web"])).toMatchObject({
      code: 1,
      err: "Error: Rollout status watch exceeded timeout\n",
    });
  });

  test("until it is deleted", async () => {
    const api = shopWith(PAUSED);
    const at = { resource: "rollouts.argoproj.io", namespace: "shop", name: "web" };
    api.clock.after(1_000, () => void api.core.delete(at));
    expect(await api.run(run, ["web"])).toMatchObject({
      code: 1,
      err: 'Error: rollouts.argoproj.io "web" was deleted\n',
    });
  });

  test("for a person at a terminal it says how far it is, in the program's name", async () => {
    const api = shopWith({ ...PAUSED, updatedReplicas: 1, availableReplicas: 5 }, { replicas: 5 });
    const at = { columns: 80, program: "kubectl argo rollouts" };
    const { err } = await api.run(run, ["web", "--timeout", "65s"], at);
    const line = (after: string): string =>
      `web is Paused after ${after}: step 2 of 3, 1 of 5 pods updated, 5 available; kubectl argo rollouts promote web goes on\n`;
    expect(err).toBe(`${line("30s")}${line("1m")}Error: Rollout status watch exceeded timeout\n`);
  });

  test("with the Deployment that has its pods: a new template is not seen yet", async () => {
    const api = shop();
    const spec = { selector: { matchLabels: { app: "web" } }, template: template("web:2") };
    api.create({ kind: "Deployment", metadata: { name: "site", namespace: "shop" }, spec });
    const workloadRef = { apiVersion: "apps/v1", kind: "Deployment", name: "site" };
    api.create(rollout("web", { selector: undefined, template: undefined, workloadRef }));
    api.status("web", { ...HEALTHY, workloadObservedGeneration: "0" });
    api.clock.after(1_000, () => void api.status("web", { ...HEALTHY, workloadObservedGeneration: "1" }));
    expect(await api.run(run, ["web"])).toMatchObject({
      code: 0,
      out: "Progressing - waiting for rollout spec update to be observed for the reference workload\nHealthy\n",
    });
  });
});

describe("several", () => {
  test("are watched together, each with its name, and one that is Degraded is an error", async () => {
    const api = shopWith(PROGRESSING);
    api.create(rollout("other"));
    api.status("other", DEGRADED);
    api.clock.after(1_000, () => void api.status("web", HEALTHY));
    const { code, out, err } = await api.run(run, ["web", "other"]);
    expect({ code, lines: out.trim().split("\n").toSorted() }).toEqual({
      code: 1,
      lines: [
        "rollout 'other': Degraded - RolloutAborted: no good",
        "rollout 'web': Healthy",
        "rollout 'web': Progressing - more replicas need to be updated",
      ],
    });
    expect(err).toBe(
      "Error: rollout 'other': The rollout is in a degraded state with message: RolloutAborted: no good\n",
    );
  });

  test("are named by labels", async () => {
    const api = shopWith(HEALTHY);
    expect(await api.run(run, ["-l", "app=none"])).toMatchObject({
      code: 0,
      err: "No resources found in shop namespace.\n",
    });
    expect(await api.run(run, ["--all"])).toMatchObject({ code: 0, out: "Healthy\n" });
  });
});

test("without a name it prints its usage; a time limit that is none is an error", async () => {
  expect((await shop().run(run, [])).err).toStartWith("Usage: sluice status ROLLOUT_NAME... [flags]\n");
  const { code, err } = await shop().run(run, ["web", "--timeout", "60"]);
  expect(code).toBe(1);
  expect(err).toContain('time: missing unit in duration "60"');
});
