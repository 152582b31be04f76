import { describe, expect, test } from "bun:test";
import type { Log } from "../../controller/process/log.ts";
import { manualClock } from "../../kube/clock/clock.ts";
import { collectionPath } from "../../kube/client/path.ts";
import { ROLLOUTS } from "../../kube/client/resources.ts";
import type { crds } from "../../schema/crd.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { ApiCore } from "../model/model.ts";
import { savedState, type SavedState } from "../server/objects/saved.ts";
import { startLocalCluster } from "./localCluster.ts";
import type { Pod } from "../controllers/loop/objects.ts";
import { promote } from "../../controller/rollout/verbs/promote.ts";
import { apply, imageTo, perform } from "../demo/kubectl.ts";
import { checkout, shop, wrong } from "../demo/manifests.ts";
import { randomOf } from "../demo/random.ts";

const complaints: string[] = [];
const complain = (message: string): void => void complaints.push(message);
const log: Log = { debug: () => {}, info: () => {}, warn: complain, error: complain };

const clock = manualClock(Date.UTC(2026, 0, 1));
/** What an earlier cluster left has uids of its random numbers: they must not come again. */
const start = (saved?: SavedState) =>
  startLocalCluster({ clock, log, version: "0.0.0", random: randomOf(saved === undefined ? 7 : 8), saved });

const phaseOf = (core: ApiCore, name: string): string | undefined => {
  const rollout = core.get({ resource: "rollouts.argoproj.io", namespace: "default", name });
  return (rollout as unknown as Rollout | undefined)?.status?.phase;
};

const podsOf = (core: ApiCore): readonly Pod[] => core.list("pods") as readonly Pod[];
const addresses = (core: ApiCore): (string | undefined)[] => podsOf(core).map(({ status }) => status?.podIP);

describe("a cluster in one process", () => {
  test("drives Rollouts with the production loop, and judges them with the webhook's rules", async () => {
    const cluster = await start();
    const { core, server } = cluster;
    expect((await apply(server, shop)).lines).toEqual(["service/shop created", "rollout.argoproj.io/shop created"]);
    await clock.advance(5_000);
    expect(phaseOf(core, "shop")).toBe("Healthy");
    await perform(server, "shop", imageTo("shop:2.0"));
    await clock.advance(5_000);
    expect(phaseOf(core, "shop")).toBe("Paused");
    expect((await apply(server, [wrong])).lines[0]).toBe('The Rollout "cart" is invalid: ');
    await cluster.stop();
  });

  test("asks the server itself about pod templates, as the webhook does", async () => {
    const cluster = await start();
    const bad = shop.map((text) =>
      text.replace("image: shop:1.0", "image: shop:1.0\n          ports: [{ name: UPPER, containerPort: 80 }]"),
    );
    const reply = await apply(cluster.server, bad);
    expect(reply.lines.join("\n")).toContain("spec.template.spec.containers[0].ports[0].name: Invalid value: ");
    await cluster.stop();
  });

  test("warns of what Pod Security admission says of the pods, as the webhook does", async () => {
    const cluster = await start();
    cluster.core.create("namespaces", {
      metadata: { name: "strict", labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
    });
    const client = cluster.clientFor("test");
    const told: string[] = [];
    const labels = { app: "web" };
    const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "i:1" }] } };
    await client.request({
      method: "POST",
      path: collectionPath(ROLLOUTS, "strict"),
      body: {
        apiVersion: "argoproj.io/v1alpha1",
        kind: "Rollout",
        metadata: { name: "web" },
        spec: { selector: { matchLabels: labels }, template, strategy: { canary: {} } },
      },
      warned: (warnings) => void told.push(...warnings),
    });
    expect(told[0]).toStartWith("spec.template: Pod Security admission warns: would violate PodSecurity");
    expect(told.at(-1)).toEndWith('securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")');
    await cluster.stop();
  });

  test("refuses a Rollout that takes the Services of another one", async () => {
    const cluster = await start();
    await apply(cluster.server, checkout);
    await clock.advance(5_000);
    const thief = checkout.slice(-1).map((text) => text.replace("name: checkout\n", "name: thief\n"));
    const reply = await apply(cluster.server, thief);
    expect(reply.lines.join("\n")).toContain("checkout");
    expect(reply.lines).not.toEqual(["rollout.argoproj.io/thief created"]);
    await cluster.stop();
  });

  test("asks for the workload that a new Rollout names", async () => {
    const cluster = await start();
    const rollout = (selector: string) => `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: web, namespace: default }
spec:
  replicas: 1
  selector: { matchLabels: { app: ${selector} } }
  workloadRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  strategy: { canary: {} }
`;
    const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: default }
spec:
  replicas: 0
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: "web:1" }] }
`;
    await apply(cluster.server, [deployment]);
    const refused = await apply(cluster.server, [rollout("shop")]);
    expect(refused.lines.join("\n")).toContain("does not match template");
    const taken = await apply(cluster.server, [rollout("web")]);
    expect(taken.lines).toEqual(["rollout.argoproj.io/web created"]);
    await clock.advance(10_000);
    expect(phaseOf(cluster.core, "web")).toBe("Healthy");
    await cluster.stop();
  });

  test("goes on after a restart where it was: nothing moves, and what was waiting can be promoted", async () => {
    const first = await start();
    await apply(first.server, shop);
    await clock.advance(5_000);
    await perform(first.server, "shop", imageTo("shop:2.0"));
    await clock.advance(30_000);
    const saved = JSON.parse(JSON.stringify(savedState(first.core))) as SavedState;
    await first.stop();
    await clock.advance(600_000);

    const second = await start(saved);
    const { core, server } = second;
    await clock.advance(60_000);
    expect(podsOf(core)).toEqual((saved.objects["pods"] ?? []) as readonly Pod[]);
    expect(phaseOf(core, "shop")).toBe("Paused");
    await perform(server, "shop", promote);
    await clock.advance(30_000);
    expect(phaseOf(core, "shop")).toBe("Healthy");
    expect(podsOf(core).map(({ spec }) => spec.containers[0]?.image)).toEqual(
      Array.from({ length: 10 }, () => "shop:2.0"),
    );
    expect(new Set(addresses(core)).size).toBe(10);
    await second.stop();
    expect(complaints).toEqual([]);
  });
});

test("events go an hour after they happened", async () => {
  const cluster = await start();
  await apply(cluster.server, shop);
  await clock.advance(5_000);
  expect(cluster.core.list("events").length).toBeGreaterThan(0);
  await clock.advance(3_700_000);
  expect(cluster.core.list("events")).toEqual([]);
  await cluster.stop();
});

test("only where it is asked for, the definitions have a sentence for each field", async () => {
  const resource = "customresourcedefinitions.apiextensions.k8s.io";
  const sentenceOfPaused = async (more: object): Promise<unknown> => {
    const cluster = await startLocalCluster({ clock, log, version: "0.0.0", ...more });
    const definition = cluster.core.get({ resource, name: "rollouts.argoproj.io" }) as unknown as (typeof crds)[number];
    await cluster.stop();
    return definition.spec.versions[0]?.schema.openAPIV3Schema.properties?.["spec"]?.properties?.["paused"]
      ?.description;
  };
  expect(await sentenceOfPaused({ explains: true })).toStartWith("True holds steps");
  expect(await sentenceOfPaused({})).toBeUndefined();
});
