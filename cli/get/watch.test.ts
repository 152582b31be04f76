import { describe, expect, test } from "bun:test";
import { refusal } from "../../test/apiServer.ts";
import type { CliPorts } from "../ports.ts";
import { run } from "./command.ts";
// What the command loads when it needs it: loading takes time, which a manual clock does not wait for.
import "./printed.ts";
import "./watch.ts";
import { PAUSED, type Shop, shop } from "./testing.ts";

function begin(world: Shop, args: string, more: Partial<CliPorts> = {}) {
  const stop = new AbortController();
  const ports = world.ports({ signal: stop.signal, ...more });
  const done = run(args.split(" "), ports);
  const end = async (): Promise<number> => {
    stop.abort();
    await world.clock.advance(0);
    return done;
  };
  return { ports, told: ports.told, done, end };
}

const blocks = (text: string): readonly string[] => text.split(/(?=^Name: )/m);

describe("in a pipe", () => {
  test("a tree is printed after each change, without escape codes, and not when only ages change", async () => {
    const world = shop();
    world.canary("web");
    const watch = begin(world, "rollout web --watch");
    await world.clock.advance(5_000);
    expect(blocks(watch.told.out)).toHaveLength(1);
    world.setStatus("web", { ...PAUSED, phase: "Progressing", message: "", currentStepIndex: 2 });
    await world.clock.advance(1_000);
    const [before, after, ...others] = blocks(watch.told.out);
    expect(before).toContain("Status:          ॥ Paused\n");
    expect(before).toEndWith("ready:1/1\n\n");
    expect(after).toContain("Status:          ◌ Progressing\n");
    expect(after).toContain("  Step:          2/2\n");
    expect(others).toEqual([]);
    expect(watch.told.out).not.toContain("\u001B");
    expect(await watch.end()).toBe(0);
  });

  test("it ends when nobody reads on, as in `| head -1`", async () => {
    const world = shop();
    world.canary("web");
    const unread = new AbortController();
    const out = async (): Promise<void> => unread.abort();
    const commands = ["rollout web --watch", "rollout web -w -o json"].map((args) =>
      begin(world, args, { unread: unread.signal, out }),
    );
    await world.clock.advance(1_000);
    for (const { done } of commands) expect(await done).toBe(0);
  });

  test("changes within 200 ms are one", async () => {
    const world = shop();
    world.canary("web");
    const watch = begin(world, "rollout web -w");
    await world.clock.advance(1_000);
    for (const message of ["a", "b", "c", "d"]) {
      world.setStatus("web", { ...PAUSED, message });
      await world.clock.advance(40);
    }
    await world.clock.advance(1_000);
    expect(watch.told.out.match(/^Message: .*$/gm)).toEqual([
      "Message:         CanaryPauseStep",
      "Message:         a",
      "Message:         d",
    ]);
    await watch.end();
  });

  test("each JSON document is a whole one", async () => {
    const world = shop();
    world.canary("web");
    const watch = begin(world, "rollout web -w -o json");
    await world.clock.advance(1_000);
    world.setStatus("web", { ...PAUSED, phase: "Healthy" });
    await world.clock.advance(1_000);
    const documents = watch.told.out.split(/(?<=^\}\n)/m).map((text) => JSON.parse(text) as { status: string });
    expect(documents.map(({ status }) => status)).toEqual(["Paused", "Healthy"]);
    await watch.end();
  });

  test("a Rollout that is deleted is told of, and shown again when it is back", async () => {
    const world = shop();
    world.canary("web");
    const watch = begin(world, "rollout web -w");
    await world.clock.advance(1_000);
    world.api.core.delete({ resource: "rollouts.argoproj.io", namespace: "shop", name: "web" });
    await world.clock.advance(1_000);
    expect(watch.told.err).toBe("rollout.argoproj.io/web was deleted\n");
    expect(blocks(watch.told.out)).toHaveLength(1);
    expect(await watch.end()).toBe(0);
  });

  test("a cluster that does not answer for a while is told of, and the watch goes on", async () => {
    const world = shop();
    world.canary("web");
    const watch = begin(world, "rollout web -w");
    await world.clock.advance(1_000);
    world.api.hook.before = (request) => {
      throw refusal(request, 503, "ServiceUnavailable", "the cluster rests");
    };
    world.api.core.delete({
      resource: "customresourcedefinitions.apiextensions.k8s.io",
      name: "analysisruns.argoproj.io",
    });
    await world.clock.advance(3_000);
    expect(watch.told.err).toContain("the cluster rests; it is tried again\n");
    expect(await watch.end()).toBe(0);
  });
});

describe("a watch", () => {
  test("ends by itself after --timeout-seconds, without an error", async () => {
    const world = shop();
    world.canary("web");
    const watch = begin(world, "rollout web --watch --timeout-seconds 7");
    await world.clock.advance(6_900);
    expect(await Promise.race([watch.done, Promise.resolve("goes on")])).toBe("goes on");
    await world.clock.advance(200);
    expect(await watch.done).toBe(0);
    expect(watch.told.err).toBe("");
  });

  test("of what is not there fails at once, and so does one that may not read", async () => {
    const world = shop();
    const watch = begin(world, "rollout gone -w");
    await world.clock.advance(100);
    expect(await watch.done).toBe(1);
    expect(watch.told).toEqual({ out: "", err: 'Error: rollout.argoproj.io "gone" not found\n' });
    world.canary("web");
    world.api.hook.before = (request) => {
      if (request.path.endsWith("/pods")) throw refusal(request, 403, "Forbidden");
    };
    const second = begin(world, "rollout web -w");
    await world.clock.advance(100);
    expect(await second.done).toBe(1);
    expect(second.told.err).toContain("HTTP 403 Forbidden");
  });
});

describe("on a terminal", () => {
  test("the tree is drawn again in place, each second for the ages, and stays at the end", async () => {
    const world = shop();
    world.canary("web");
    const watch = begin(world, "rollout web --watch", { columns: 100, env: { NO_COLOR: "1" } });
    await world.clock.advance(100);
    const first = watch.told.out;
    expect(first).toStartWith("\u001B[?25l\rName:            web\u001B[K\n");
    expect(first).not.toContain("\u001B[2J");
    await world.clock.advance(3_000);
    const ages = watch.told.out.slice(first.length);
    // Back to the first line, over each line, and no farther: nothing flickers.
    expect(ages).toStartWith("\r\u001B[23AName: ");
    expect(ages).toContain("ready:1/1");
    expect(await watch.end()).toBe(0);
    expect(watch.told.out).toEndWith("\u001B[J\u001B[?25h");
  });
});
