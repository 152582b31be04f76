/** What is logged, and what is retried, when something is wrong that only time repairs. */
import { afterEach, expect, test } from "bun:test";
import { unobserved } from "../../controller/controller.ts";
import { wireController } from "../../controller/wiring.ts";
import { createLog } from "../../controller/process/log.ts";
import { refused, unanswered } from "../../kube/client/apiError.ts";
import { targetOf } from "../../kube/client/target.ts";
import type { KubeRequest } from "../../kube/client/transport.ts";
import type { Draft } from "../../simulator/model/model.ts";
import { startControllers } from "../../simulator/controllers/controllers.ts";
import { canary, rolloutOf, setWeight } from "../golden/edits.ts";
import { testApi } from "../apiServer.ts";

const NEVER = 2 ** 40;
const MINUTE = 60_000;
const COUNT = 20;

const stopping: AbortController[] = [];
afterEach(() => {
  for (const controller of stopping.splice(0)) controller.abort();
});

/** Healthy Rollouts, their controller, and a hook that is called for each of its requests, and may throw. */
async function world() {
  let state = 1;
  const random = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
  const { clock, core, client, requests, hook } = testApi({ installed: true, random });
  startControllers(core, { nodes: 1 });
  const lines: { level: string; msg: string; error?: string }[] = [];
  const log = createLog({ level: "info", format: "json" }, (line) => lines.push(JSON.parse(line) as (typeof lines)[0]));
  const ended = new AbortController();
  stopping.push(ended);
  const { lead } = wireController(
    { client, clock, log, observer: unobserved, random },
    { namespace: undefined, instanceId: "", resyncMs: NEVER, concurrency: 5 },
  );
  void lead({ election: undefined, until: ended.signal });
  for (let n = 0; n < COUNT; n += 1) {
    const { metadata, ...rest } = rolloutOf({ strategy: canary([setWeight(20)]) });
    core.create("rollouts.argoproj.io", { ...rest, metadata: { ...metadata, name: `web-${n}` } } as unknown as Draft);
  }
  await clock.advance(MINUTE);
  lines.length = 0;
  requests.length = 0;
  const logged = (): string[] => lines.map(({ level, msg }) => `${level} ${msg}`);
  return { clock, core, lines, logged, requests, hook };
}

const isCreation = ({ method, path }: KubeRequest): boolean => method === "POST" && path.endsWith("/replicasets");

test("a namespace that goes away is told at info less and less often, and tried at most twice a minute", async () => {
  const { clock, core, logged, requests, hook } = await world();
  hook.before = (request) => {
    if (!isCreation(request)) return;
    const details = { causes: [{ reason: "NamespaceTerminating", message: "going", field: "metadata.namespace" }] };
    const body = JSON.stringify({ kind: "Status", code: 403, reason: "Forbidden", message: "it is going", details });
    throw refused(targetOf(request.method, request.path), 403, body, null);
  };
  // The namespace controller deletes the ReplicaSets first.
  for (const { metadata } of core.list("replicasets.apps"))
    core.delete({ resource: "replicasets.apps", namespace: "default", name: metadata.name });
  await clock.advance(MINUTE);
  requests.length = 0;
  await clock.advance(10 * MINUTE);
  const tries = requests.filter(({ path }) => path.endsWith("/replicasets")).length;
  expect(tries).toBeLessThanOrEqual(2 * 10 * COUNT);
  expect(new Set(logged())).toEqual(new Set(["info Nothing can be created: the namespace is being deleted, or gone"]));
  expect(logged().length).toBeLessThan(12);
});

test("a Rollout that is deleted during a write is no error", async () => {
  const { clock, core, logged, hook } = await world();
  hook.before = ({ method, path }) => {
    if (method !== "PATCH" || !path.includes("/rollouts/web-3")) return;
    hook.before = () => {};
    core.delete({ resource: "rollouts.argoproj.io", namespace: "default", name: "web-3" });
  };
  core.modify({ resource: "rollouts.argoproj.io", namespace: "default", name: "web-3" }, (rollout) => ({
    ...rollout,
    spec: { ...(rollout["spec"] as object), replicas: 7 },
  }));
  await clock.advance(2 * MINUTE);
  expect(logged().filter((line) => !line.startsWith("info"))).toEqual([]);
  expect(logged()).toContain("info Rollout deleted");
});

test("an API server that does not answer is one trouble, whoever meets it, and each line says so once", async () => {
  const { clock, core, lines, hook } = await world();
  const away = new TypeError("ECONNREFUSED: Unable to connect. Is the computer able to access the url?");
  hook.before = ({ method, path }) => {
    if (method === "GET") return;
    throw unanswered(targetOf(method, path), "Unreachable", "no answer from https://api: ECONNREFUSED", away);
  };
  for (const { metadata } of core.list("rollouts.argoproj.io"))
    core.modify({ resource: "rollouts.argoproj.io", namespace: "default", name: metadata.name }, (rollout) => ({
      ...rollout,
      spec: { ...(rollout["spec"] as object), replicas: 7 },
    }));
  await clock.advance(10 * MINUTE);
  expect(lines.length).toBeLessThan(20);
  for (const { error = "" } of lines) expect(error.match(/ECONNREFUSED/g) ?? []).toHaveLength(1);
  hook.before = () => {};
  await clock.advance(MINUTE);
  const sizes = core.list("replicasets.apps").map((set) => (set["spec"] as { replicas: number }).replicas);
  expect(new Set(sizes)).toEqual(new Set([7]));
});
