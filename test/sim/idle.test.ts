import { afterEach, expect, test } from "bun:test";
import { unobserved } from "../../controller/controller.ts";
import { wireController } from "../../controller/wiring.ts";
import type { Log } from "../../controller/process/log.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import type { Draft } from "../../simulator/model/model.ts";
import { startControllers } from "../../simulator/controllers/controllers.ts";
import { blueGreen, canary, rolloutOf, setWeight } from "../golden/edits.ts";
import { testApi } from "../apiServer.ts";

const MINUTE = 60_000;
const NEVER = 2 ** 40;

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

const gone = new TextEncoder().encode(
  `${JSON.stringify({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired", message: "too old" } })}\n`,
);

/** Watches that a test can let expire, so that everything is listed again. */
function expiring(client: KubeClient) {
  const open = new Set<ReadableStreamDefaultController<Uint8Array>>();
  const wrapped: KubeClient = {
    ...client,
    async open(request) {
      const stream = await client.open(request);
      return stream.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          start: (controller) => void open.add(controller as unknown as ReadableStreamDefaultController<Uint8Array>),
        }),
      );
    },
  };
  const expire = (): void => {
    for (const controller of open) controller.enqueue(gone);
    open.clear();
  };
  return { client: wrapped, expire };
}

let state = 1;
/** Always the same numbers, so that uids differ within a run but not between two runs. */
const random = (): number => {
  state = (state * 16_807) % 2_147_483_647;
  return state / 2_147_483_647;
};

const stopping = new AbortController();
afterEach(() => stopping.abort());

test("a cluster at rest is not looked at again: not for bookmarks, nor when all is listed anew", async () => {
  const { clock, core, client: steady } = testApi({ installed: true, random });
  startControllers(core, { nodes: 1 });
  const { client, expire } = expiring(steady);
  const seen = { reconciles: 0, lists: 0 };
  const observer = {
    ...unobserved,
    reconciled: () => void (seen.reconciles += 1),
    incident: (_: string, what: string) => void (seen.lists += what === "list" ? 1 : 0),
  };
  const { lead } = wireController(
    { client, clock, log: silent, observer },
    { namespace: undefined, instanceId: "", resyncMs: NEVER, concurrency: 5 },
  );
  void lead({ election: undefined, until: stopping.signal });

  const service = (name: string): Draft => ({
    metadata: { name, namespace: "default" },
    spec: { ports: [{ port: 80 }] },
  });
  for (const name of ["active", "preview"]) core.create("services", service(name));
  const rollouts = [rolloutOf({ strategy: canary([setWeight(20)]) }), rolloutOf({ strategy: blueGreen() })];
  for (const [index, { metadata, ...rest }] of rollouts.entries())
    core.create("rollouts.argoproj.io", {
      ...rest,
      metadata: { ...metadata, name: `web-${index}` },
    } as unknown as Draft);
  await clock.advance(5 * MINUTE);
  const phases = core.list("rollouts.argoproj.io").map((rollout) => (rollout["status"] as { phase: string }).phase);
  expect(phases).toEqual(["Healthy", "Healthy"]);

  const { reconciles, lists } = seen;
  expect(reconciles).toBeGreaterThan(0);
  await clock.advance(60 * MINUTE);
  expect(seen).toEqual({ reconciles, lists });
  expire();
  await clock.advance(10 * MINUTE);
  expect(seen.lists).toBeGreaterThan(lists);
  expect(seen.reconciles).toBe(reconciles);
});
