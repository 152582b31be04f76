/** What is logged at info: golden files of the lines that people read, and of what is not logged. */
import { describe, test } from "bun:test";
import { join } from "node:path";
import { createLog, type LogFormat } from "../../controller/process/log.ts";
import { manualClock } from "../../kube/clock/clock.ts";
import { type ApiPath, objectPath } from "../../kube/client/path.ts";
import { ROLLOUTS, SERVICES } from "../../kube/client/resources.ts";
import { startLocalCluster } from "../../simulator/local/localCluster.ts";
import { abort, retry } from "../../controller/rollout/verbs/abort.ts";
import { pause, restart, resume } from "../../controller/rollout/verbs/pause.ts";
import { promote, promoteFull } from "../../controller/rollout/verbs/promote.ts";
import { apply, imageTo, perform } from "../../simulator/demo/kubectl.ts";
import { checkout, shop } from "../../simulator/demo/manifests.ts";
import { randomOf } from "../../simulator/demo/random.ts";
import { expectGolden } from "../golden/timeline.ts";

const rolloutPath = (name: string, subresource?: string): ApiPath =>
  objectPath(ROLLOUTS, { namespace: "default", name, ...(subresource === undefined ? {} : { subresource }) });
const MERGE = "application/merge-patch+json";

/** A cluster whose log is collected, each line with the time since the beginning. */
async function world(format: LogFormat = "text") {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const startMs = clock.now();
  const lines: string[] = [];
  const log = createLog({ level: "info", format }, (line) => {
    const shown = line.replace(/^time="[^"]*" /, "").replace(/"time":"[^"]*",/, "");
    lines.push(`+${Math.floor((clock.now() - startMs) / 1_000)}s`.padEnd(6) + shown);
  });
  const cluster = await startLocalCluster({ clock, log, version: "0.0.0", random: randomOf(7) });
  const client = cluster.clientFor("kubectl");
  const patch = (path: ApiPath, body: object) => client.request({ method: "PATCH", path, body, contentType: MERGE });
  return {
    ...cluster,
    clock,
    lines,
    patch,
    /** Does something, and lets `ms` pass. */
    async step(what: string, ms: number, doing: Promise<unknown>): Promise<void> {
      lines.push(`--- ${what}\n`);
      await doing;
      await clock.advance(ms);
    },
  };
}

const expectLog = (name: string, lines: readonly string[]): void =>
  expectGolden(join(import.meta.dir, "logs", `${name}.txt`), lines.join(""));

describe("the log at info tells", () => {
  test("a canary: steps, pauses, promotion, completion, and no sizes", async () => {
    const { server, lines, step, patch, stop } = await world();
    await step("apply", 10_000, apply(server, shop));
    await step("a new image", 30_000, perform(server, "shop", imageTo("shop:2.0")));
    await step("promote", 10_000, perform(server, "shop", promote));
    await step("scale", 10_000, patch(rolloutPath("shop"), { spec: { replicas: 12 } }));
    await step("a third image", 8_000, perform(server, "shop", imageTo("shop:3.0")));
    await step("promote in full", 20_000, perform(server, "shop", promoteFull));
    await stop();
    expectLog("canary", lines);
  });

  test("a blue-green update with its promotion", async () => {
    const { server, lines, step, stop } = await world();
    await step("apply", 10_000, apply(server, checkout));
    await step("a new image", 10_000, perform(server, "checkout", imageTo("checkout:2.0")));
    await step("promote", 60_000, perform(server, "checkout", promote));
    await stop();
    expectLog("blue-green", lines);
  });

  test("an abort, a retry, a way back, a pause by hand, a restart, an invalid spec and the end", async () => {
    const { server, lines, step, stop, clientFor } = await world();
    const shopPath = rolloutPath("shop");
    await step("apply", 10_000, apply(server, shop));
    await step("a new image", 5_000, perform(server, "shop", imageTo("shop:2.0")));
    await step("abort", 10_000, perform(server, "shop", abort));
    await step("retry", 5_000, perform(server, "shop", retry));
    await step("back to the first image", 10_000, perform(server, "shop", imageTo("shop:1.0")));
    await step("pause", 5_000, perform(server, "shop", pause));
    await step("resume", 5_000, perform(server, "shop", resume));
    await step(
      "restart",
      60_000,
      perform(server, "shop", () => restart(Date.UTC(2026, 0, 1, 0, 0, 45))),
    );
    await step("delete", 5_000, clientFor("kubectl").request({ method: "DELETE", path: shopPath }));
    await stop();
    expectLog("abort", lines);
  });

  test("a Rollout that becomes invalid, and sound again, once each", async () => {
    const { server, lines, step, stop, clientFor } = await world("json");
    const path = objectPath(SERVICES, { namespace: "default", name: "checkout" });
    await step("apply", 10_000, apply(server, checkout));
    await step("its Service is deleted", 120_000, clientFor("kubectl").request({ method: "DELETE", path }));
    await step("and is there again", 10_000, apply(server, checkout.slice(0, 1)));
    await stop();
    expectLog("invalid", lines);
  });
});
