/**
 * Every router on a real API server whose schemas are those of the routers' projects, so that what is written is what
 * they take: whole canaries, aborts, somebody else's edits, and what is missing at the beginning. A row each
 * (harness/routedRows.ts, harness/gatewayRows.ts).
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { KubeObject, PatchType } from "./harness/api.ts";
import { otherController, ownController } from "./harness/controllerProcess.ts";
import { defineRouters } from "./harness/everyRouter.ts";
import { GATEWAY_ROUTES } from "./harness/gatewayRows.ts";
import { type StartedHarness, startHarness } from "./harness/harness.ts";
import { sharedDir } from "./harness/kubeBinary.ts";
import { type Live, pathOf, recordNamespace } from "./harness/recordedNamespace.ts";
import { refuseChanges } from "./harness/refusal.ts";
import { ROUTED_EXAMPLES } from "./harness/routedExamples.ts";
import { FIRST_FLAGS, type RoutedRow, SECOND_FLAGS } from "./harness/routedRow.ts";
import { OWN_KINDS } from "./harness/routedRows.ts";
import {
  apply,
  begin,
  condition,
  expectAsInGit,
  expectNothingLost,
  isHealthy,
  isPausedAt,
  kindsOf,
  liveGit,
  type Played,
  rolloutIn,
  routed,
  routesInForce,
  routesOf,
  shrunkTooEarly,
  sizeOf,
  whenFirst,
} from "./harness/routedStory.ts";
import { abort, promote, setImage } from "./harness/userActions.ts";

const folder = join(sharedDir(), "crds");
const isDriven = otherController() === undefined;
if (!existsSync(folder)) console.log(`routers: skipped, since the routers' CRDs are not there: ${folder}`);
const ours = test.skipIf(!isDriven || !existsSync(folder));

const ROWS = [...OWN_KINDS, ...GATEWAY_ROUTES];
const rowOf = (title: string): RoutedRow => {
  const row = ROWS.find((one) => one.title.startsWith(title));
  if (row === undefined) throw new Error(`No row begins with ${title}`);
  return row;
};
/** Their Rollouts are there before the kinds of their routers are. */
const EARLY = ["SMI", "Istio by hosts", "Traefik by a TraefikService", "Gateway API, an HTTPRoute"].map(rowOf);

const PAUSED_AT_20 = [{ setWeight: 20 }, { pause: {} }];

let cluster: StartedHarness;
const early = new Map<string, Played>();

beforeAll(async () => {
  if (!isDriven || !existsSync(folder)) return;
  cluster = await startHarness({ controller: `${ownController} ${FIRST_FLAGS}` });
  await cluster.startController(`${ownController} ${SECOND_FLAGS}`);
  for (const row of EARLY) {
    const played = await begin(cluster, row, { topic: "early", steps: PAUSED_AT_20, objects: [], isUnserved: true });
    early.set(row.title, played);
  }
  for (const row of EARLY) await early.get(row.title)?.seen.until("it is held", (live) => unserved(live) !== "");
  const files = readdirSync(folder).filter((file) => file.endsWith(".yaml"));
  await defineRouters(
    cluster,
    ROWS,
    files.map((file) => file.replace(".yaml", "")),
  );
}, 180_000);
afterAll(() => cluster?.stop());

const unserved = (live: Live): string => condition(live, "InvalidSpec");

ours.concurrent.each(ROWS.map((row) => [row.title, row] as const))(
  "%s: a whole canary, with somebody else's edits in its pause, leaves what is in Git",
  async (_, row) => {
    const steps = [{ setWeight: 20 }, ...routesOf(row), { pause: {} }, { setWeight: 60 }, { pause: {} }];
    const played = await begin(cluster, row, { topic: "whole", steps, canary: { scaleDownDelaySeconds: 1 } });
    const { world, seen } = played;
    const [first, second] = [1 + routesOf(row).length, 3 + routesOf(row).length];
    const inForce = routesInForce(row);
    const before = await liveGit(played);
    await seen.until("Healthy", isHealthy);
    await setImage(world, "web", "web:2");
    await seen.until("at the first pause", isPausedAt(first));
    await seen.until("80/20, and its routes", routed(row, "80/20", inForce), 5_000);
    await expectNothingLost(played);

    await edit(played, row.foreign.of, "merge", row.foreign.patch);
    const wrong = [{ op: "replace", path: row.wrong.at, value: row.wrong.value }];
    const isLater = await edit(played, row.wrong.of, "json", wrong);
    const isRight = routed(row, "80/20", inForce);
    await seen.until("80/20 again", (live) => isLater(live) && isRight(live), 15_000);
    expect(seen.now().get(row.foreign.of)).toMatchObject(row.foreign.patch);

    await promote(world, "web");
    await seen.until("at the second pause", isPausedAt(second));
    await seen.until("40/60, and its routes", routed(row, "40/60", inForce), 5_000);
    await promote(world, "web");
    await seen.until("Healthy again", (live) => isHealthy(live) && sizeOf(live, "web:1") === 0);
    await seen.until("no routes", (live) => row.managed(live).length === 0);

    await expectAsInGit(played, before, row.foreign);
    expect(seen.now().get(row.foreign.of)).toMatchObject(row.foreign.patch);
    const stops = [first, second].map((index) => whenFirst(played, isPausedAt(index)));
    expect(stops).toEqual(["80/20", "40/60"].map((weights) => [weights, ...inForce].join(" ")));
    seen.stop();
  },
  180_000,
);

/** @returns whether a later version of the object than that of the edit has been seen */
async function edit({ world, seen }: Played, key: string, type: PatchType, patch: unknown) {
  const one = seen.now().get(key);
  if (one === undefined) throw new Error(`There is no ${key}`);
  const { metadata } = await cluster.api.patch(pathOf(one, world.namespace), type, patch);
  const versionOf = (found: KubeObject | undefined): number => Number(found?.metadata.resourceVersion ?? 0);
  return (live: Live): boolean => versionOf(live.get(key)) > Number(metadata.resourceVersion);
}

ours.concurrent.each(ROWS.map((row) => [row.title, row] as const))(
  "%s: what is missing is told by a condition until it is there; an abort moves traffic before pods go",
  async (_, row) => {
    const played = await begin(cluster, row, {
      topic: "abort",
      steps: [{ setWeight: 60 }, ...routesOf(row), { pause: {} }],
      objects: row.obstacle === undefined ? [] : [row.obstacle],
      canary: row.hasNoServices === true ? { abortScaleDownDelaySeconds: 1 } : { dynamicStableScale: true },
    });
    const { world, seen } = played;
    const { says, condition: type } = row.absent;
    await seen.until(`${type}: ${says}`, (live) => condition(live, type).includes(says), 30_000);
    if (row.obstacle !== undefined) await cluster.api.delete(pathOf(row.obstacle, world.namespace));
    await apply(played, row.git);
    const before = await liveGit(played);
    await seen.until("Healthy by itself", isHealthy);
    expect(condition(seen.now(), type)).toBe("");

    await setImage(world, "web", "web:2");
    await seen.until("at its pause", isPausedAt(1 + routesOf(row).length));
    await seen.until("40/60, and its routes", routed(row, "40/60", routesInForce(row)), 5_000);
    await abort(world, "web");
    await seen.until("aborted", (live) => {
      return rolloutIn(live)?.status?.phase === "Degraded" && sizeOf(live, "web:2") === 0;
    });
    await seen.until("no routes", (live) => row.managed(live).length === 0);
    await expectAsInGit(played, before);
    expect(shrunkTooEarly(played, "web:2")).toEqual([]);
    seen.stop();
  },
  180_000,
);

ours.concurrent.each(EARLY.map((row) => [row.title, row] as const))(
  "%s: a Rollout that was there before the router's kinds were goes on by itself once they are",
  async (title, row) => {
    const played = early.get(title);
    if (played === undefined) throw new Error(`${title} has not begun`);
    const { world, seen } = played;
    const held: string[] = [];
    seen.replay((live) => held.push(unserved(live)));
    expect(held.find((text) => text !== "")).toContain("the API server does not serve");
    await apply(played, row.git);
    await seen.until("Healthy by itself", isHealthy, 90_000);
    await setImage(world, "web", "web:2");
    await seen.until("at its pause", isPausedAt(1));
    const routers = await recordNamespace(world, kindsOf(row));
    await routers.until("80/20", (live) => row.weights(live) === "80/20", 5_000);
    routers.stop();
    seen.stop();
  },
  180_000,
);

/** Two routers of one Rollout, and the objects of both. */
const both = (one: RoutedRow, other: RoutedRow): RoutedRow => ({
  ...one,
  title: `${one.title} and ${other.title}`,
  git: [...one.git, ...other.git],
  routing: { ...one.routing, ...other.routing },
});

ours.concurrent.each([
  ["NGINX", "Istio by hosts", "networking.k8s.io", "v1", "ingresses", "web-web-canary"],
  ["NGINX", "Istio by hosts", "networking.istio.io", "v1alpha3", "virtualservices", "web"],
] as const)(
  "%s and %s, of which a policy freezes %s: an abort reaches the other one, and later both",
  async (first, second, apiGroup, apiVersion, resource, name) => {
    const [one, other] = [rowOf(first), rowOf(second)];
    const played = await begin(
      cluster,
      { ...both(one, other), title: resource },
      { topic: "frozen", steps: PAUSED_AT_20 },
    );
    const { world, seen } = played;
    await seen.until("Healthy", isHealthy);
    await setImage(world, "web", "web:2");
    await seen.until("at its pause", isPausedAt(1));
    const weights = (live: Live): string => `${one.weights(live)} ${other.weights(live)}`;
    await seen.until("both divide", (live) => weights(live) === "80/20 80/20", 5_000);
    const refusal = await refuseChanges(world, { apiGroup, apiVersion, resource, name }, "weights are frozen");
    await abort(world, "web");
    const half = resource === "ingresses" ? "80/20 100/0" : "100/0 80/20";
    await seen.until(`the other one is reached: ${half}`, (live) => weights(live) === half);
    await seen.until("it is told", (live) => condition(live, "TrafficRoutingFailure").includes("weights are frozen"));
    expect(sizeOf(seen.now(), "web:2")).toBe(1);
    await refusal.end();
    await seen.until("both give it back", (live) => weights(live) === "100/0 100/0");
    await seen.until("nothing is told", (live) => condition(live, "TrafficRoutingFailure") === "");
    seen.stop();
  },
  120_000,
);

const ENDINGS: readonly (readonly [string, (played: Played) => Promise<unknown>])[] = [
  [
    "trafficRouting is taken out",
    ({ world }) => world.patch("web", { spec: { strategy: { canary: { trafficRouting: null } } } }),
  ],
  ["the Rollout is deleted", ({ world }) => cluster.api.delete(world.path("Rollout", "web"))],
];
const LET_GO = ["Istio by hosts", "Traefik by a TraefikService", "Gateway API, an HTTPRoute"];

ours.concurrent.each(LET_GO.flatMap((title) => ENDINGS.map(([how, end]) => [title, how, end] as const)))(
  "%s: when %s in the middle of an update, the object is as in Git",
  async (title, _, end) => {
    const row = rowOf(title);
    const played = await begin(cluster, row, {
      topic: "ends",
      steps: [{ setWeight: 20 }, ...routesOf(row), { pause: {} }],
    });
    const { world, seen } = played;
    const before = await liveGit(played);
    await seen.until("Healthy", isHealthy);
    await setImage(world, "web", "web:2");
    await seen.until("at its pause", isPausedAt(1 + routesOf(row).length));
    await seen.until("80/20, and its routes", routed(row, "80/20", routesInForce(row)), 5_000);
    await end(played);
    await seen.until("no split is left", routed(row, "100/0", []), 20_000);
    await expectAsInGit(played, before);
    seen.stop();
  },
  120_000,
);

ours.concurrent.each(ROUTED_EXAMPLES.map(({ title, play }) => [title, play] as const))(
  "the shared example %s is applied, updated and seen through",
  (_, play) => play(cluster),
  180_000,
);
