/** What one update costs the API server: every write is more work for it than all that Sluice does by itself. */
import { afterEach, describe, expect, test } from "bun:test";
import { unobserved } from "../../controller/controller.ts";
import type { Log } from "../../controller/process/log.ts";
import { wireController } from "../../controller/wiring.ts";
import { targetOf } from "../../kube/client/target.ts";
import type { KubeClient, KubeRequest } from "../../kube/client/transport.ts";
import type { CanaryStep, Rollout, RolloutStatus } from "../../schema/rollout.ts";
import { startControllers } from "../../simulator/controllers/controllers.ts";
import type { Draft } from "../../simulator/model/model.ts";
import { canary, image, rolloutOf, setWeight } from "../golden/edits.ts";
import { testApi } from "../apiServer.ts";

const WEB = { resource: "rollouts.argoproj.io", namespace: "default", name: "web" } as const;
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

const stopping: AbortController[] = [];
afterEach(() => {
  for (const each of stopping.splice(0)) each.abort();
});

/** A Rollout of two pods, at rest. Each write is answered after `answerMs`. */
async function atRest(steps: readonly CanaryStep[], answerMs = 0) {
  const { clock, core, client: quick } = testApi({ installed: true });
  startControllers(core, { nodes: 1, kubelet: { reportCreating: false }, events: false });
  const writes: string[] = [];
  const statuses: string[] = [];
  const isCounted = ({ method, path }: KubeRequest): boolean => method !== "GET" && !/\/events/.test(path);
  const client: KubeClient = {
    ...quick,
    async request<T>(request: KubeRequest) {
      if (answerMs > 0) await new Promise<void>((resolve) => void clock.after(answerMs, resolve));
      const answer = await quick.request<T>(request);
      if (!isCounted(request)) return answer;
      const { verb, resource, subresource } = targetOf(request.method, request.path);
      writes.push(`${verb} ${resource}${subresource === undefined ? "" : `/${subresource}`}`);
      const { phase, currentStepIndex } = (core.get(WEB)?.["status"] ?? {}) as RolloutStatus;
      if (subresource === "status") statuses.push(`${phase} ${currentStepIndex}`);
      return answer;
    },
  };
  const until = new AbortController();
  stopping.push(until);
  const { lead } = wireController(
    { client, clock, log: silent, observer: unobserved },
    { namespace: undefined, instanceId: "", resyncMs: 2 ** 40, concurrency: 5 },
  );
  void lead({ election: undefined, until: until.signal });
  const edit = (change: (rollout: Rollout) => Rollout): void =>
    void core.modify(WEB, (old) => change(old as unknown as Rollout) as unknown as Draft);
  core.create(WEB.resource, rolloutOf({ replicas: 2, strategy: canary(steps) }) as unknown as Draft);
  await clock.advance(30_000);
  writes.length = 0;
  statuses.length = 0;
  return { clock, core, edit, writes, statuses };
}

const kindsOf = (writes: readonly string[]): Record<string, number> =>
  Object.fromEntries(
    [...new Set(writes)].toSorted().map((what) => [what, writes.filter((one) => one === what).length]),
  );

const STEPS: readonly CanaryStep[] = [setWeight(50), { pause: { duration: "2s" } }, setWeight(100)];

const FEWEST = {
  "create replicasets": 1,
  "patch replicasets": 3,
  "patch rollouts": 1,
  "patch rollouts/status": 3,
};

describe("an update of a canary of two steps", () => {
  test("costs a ReplicaSet, three sizes, the revision and three statuses: begun, paused and completed", async () => {
    const { clock, edit, writes, statuses } = await atRest(STEPS);
    edit(image("web:2"));
    await clock.advance(30_000);
    expect(kindsOf(writes)).toEqual(FEWEST);
    expect(statuses).toEqual(["Progressing 0", "Paused 1", "Healthy 3"]);
  });

  test("costs no more while the API server takes its time for each write", async () => {
    const { clock, edit, writes, statuses } = await atRest(STEPS, 150);
    edit(image("web:2"));
    await clock.advance(60_000);
    expect(kindsOf(writes)).toEqual(FEWEST);
    expect(statuses).toEqual(["Progressing 0", "Paused 1", "Healthy 3"]);
  });

  test("tells at once when a person has ended the pause", async () => {
    const { clock, core, edit, statuses } = await atRest([setWeight(50), { pause: {} }, setWeight(100)]);
    edit(image("web:2"));
    await clock.advance(10_000);
    core.modify(WEB, (old) => ({ ...old, status: { ...(old["status"] as object), pauseConditions: null } }), {
      subresource: "status",
    });
    await clock.advance(250);
    expect(statuses).toEqual(["Progressing 0", "Paused 1", "Progressing 2"]);
  });
});
