/** Some scenarios of test/trace, compared with what the reference's controller did; `bun run trace` plays all. */
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { acceptedDifferences } from "../trace/accepted.ts";
import { compare } from "../trace/compareTraces.ts";
import { observe } from "../trace/observe.ts";
import { play } from "../trace/play.ts";
import { traceOf } from "../trace/recording.ts";
import { applyRouterCrds } from "../trace/routerCrds.ts";
import type { Scenario } from "../trace/scenario.ts";
import { scenarios } from "../trace/scenarios.ts";
import { startHarness } from "./harness/harness.ts";

/** Quick scenarios, one of each kind. */
const chosen = [
  "anti-affinity-canary-required",
  "annotations-are-copied",
  "alb-header-route-of-several-values",
  "alb-ping-pong",
  "ambassador-abort",
  "apisix-header-route",
  "blue-green-metadata",
  "blue-green-preview-count-by-hand",
  "blue-green-undo-within-the-delay",
  "istio-header-and-mirror-route",
  "istio-subsets-to-the-end",
  "istio-tls-and-tcp",
  "metadata",
  "nginx-dynamic-stable-scale-aborted",
  "nginx-set-canary-scale",
  "rolling-none-more-one-less",
  "services-follow",
  "smi-steps",
  "steps-abort-then-new-image",
  "steps-edited-in-the-middle",
  "steps-threshold-percent",
  "strategy-becomes-canary",
  "traefik-steps",
  "workload-deployment-scaled-down-on-success",
];

const recorded = traceOf(await Bun.file(join(import.meta.dir, "../trace/recorded/reference.txt")).text());
// Not the one that files share: the routers' kinds are there before the controller starts.
const current = await startHarness({ prepare: applyRouterCrds });
const observer = await observe(current.api);
afterAll(async () => {
  observer.stop();
  await current.stop();
});

const scenarioOf = (name: string): Scenario => {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found === undefined) throw new Error(`There is no scenario ${name}`);
  return found;
};

test.concurrent.each(chosen)("%s shows the same keyframes as under the recorded controller", async (name) => {
  const frames = await play(scenarioOf(name), { harness: current, observer });
  const { keyframes, differences } = compare(new Map([[name, frames]]), recorded, acceptedDifferences);
  expect(differences).toEqual([]);
  expect(keyframes).toBe(frames.length);
});
