import { describe, expect, test } from "bun:test";
import type { CliPorts } from "../ports.ts";
import { PAUSED, type Shop, shop } from "../get/testing.ts";
import { run } from "./command.ts";

async function list(world: Shop, args: string, more?: Partial<CliPorts>) {
  const ports = world.ports(more);
  const code = await run(args.split(" "), ports);
  return { code, ...ports.told };
}

const rows = (text: string): readonly (readonly string[])[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => line.trim().split(/ {2,}/));

const HEADER = "NAME STRATEGY STATUS STEP SET-WEIGHT READY DESIRED UP-TO-DATE AVAILABLE".split(" ");

describe("list rollouts", () => {
  test("has a line for each, in order of name", async () => {
    const world = shop();
    world.canary("web");
    world.canary("api");
    const { code, out, err } = await list(world, "rollouts");
    const rest = "Canary Paused 1/2 50 2/2 2 1 2".split(" ");
    expect(rows(out)).toEqual([HEADER, ["api", ...rest], ["web", ...rest]]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
  });

  test("finds by name and label, and names the namespace where it lists all of them", async () => {
    const world = shop();
    world.canary("web", { labels: { team: "red" } });
    world.canary("api");
    world.canary("far", { namespace: "other" });
    expect(rows((await list(world, "ro --name api")).out).map(([name]) => name)).toEqual(["NAME", "api"]);
    expect(rows((await list(world, "ro -l team=red")).out).map(([name]) => name)).toEqual(["NAME", "web"]);
    expect(rows((await list(world, "rollout -A")).out).map((row) => row.slice(0, 2))).toEqual([
      ["NAMESPACE", "NAME"],
      ["other", "far"],
      ["shop", "api"],
      ["shop", "web"],
    ]);
  });

  test("says on stderr that there are none, which is no failure", async () => {
    const world = shop();
    expect(await list(world, "rollouts")).toEqual({ code: 0, out: "", err: "No resources found.\n" });
  });

  test("has other forms", async () => {
    const world = shop();
    world.canary("web");
    expect((await list(world, "rollouts -o name")).out).toBe("rollout.argoproj.io/web\n");
    expect(JSON.parse((await list(world, "rollouts -o json")).out)).toMatchObject({
      rollouts: [{ status: "Paused", message: "CanaryPauseStep", step: "1/2", desired: 2 }],
    });
    expect((await list(world, "rollouts -o yaml")).out).toStartWith("rollouts:\n  - objectMeta:\n");
    expect(rows((await list(world, "rollouts -o wide --timestamps")).out)).toEqual([
      ["TIMESTAMP", ...HEADER, "AGE", "MESSAGE"],
      ["2026-01-01T00:00:00Z", "web", ..."Canary Paused 1/2 50 2/2 2 1 2 0s CanaryPauseStep".split(" ")],
    ]);
  });
});

describe("list rollouts --watch", () => {
  test("prints the header though there are none, then the lines that change, and no deletions", async () => {
    const world = shop();
    const stop = new AbortController();
    const ports = world.ports({ signal: stop.signal });
    const done = run(["rollouts", "--watch", "--timestamps"], ports);
    await world.clock.advance(1_000);
    expect(rows(ports.told.out)).toEqual([["TIMESTAMP", ...HEADER]]);
    world.canary("web");
    await world.clock.advance(1_000);
    world.setStatus("web", { ...PAUSED, message: "in no column" });
    await world.clock.advance(1_000);
    world.setStatus("web", { ...PAUSED, phase: "Healthy" });
    await world.clock.advance(1_000);
    world.api.core.delete({ resource: "rollouts.argoproj.io", namespace: "shop", name: "web" });
    await world.clock.advance(1_000);
    stop.abort();
    await world.clock.advance(0);
    expect(await done).toBe(0);
    expect(rows(ports.told.out).map((row) => [row[0], row[1], row[3]])).toEqual([
      ["TIMESTAMP", "NAME", "STATUS"],
      ["2026-01-01T00:00:01Z", "web", "Paused"],
      ["2026-01-01T00:00:03Z", "web", "Healthy"],
    ]);
  });

  test("is for lines alone", async () => {
    expect((await list(shop(), "rollouts -w -o json")).err).toStartWith(
      "Error: --watch prints lines: leave -o json out\n",
    );
  });
});

describe("list experiments", () => {
  test("tells how long each has left, while it runs", async () => {
    const world = shop();
    const labels = { app: "x" };
    const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } };
    const make = (name: string, duration: string | undefined, status: object) =>
      world.make("experiments.argoproj.io", {
        metadata: { name },
        spec: { duration, templates: [{ name: "a", selector: { matchLabels: labels }, template }] },
        status,
      });
    const availableAt = "2026-01-01T00:00:00Z";
    make("running", "5m", { phase: "Running", availableAt });
    make("over", "1s", { phase: "Running", availableAt });
    make("done", "5m", { phase: "Successful", availableAt });
    make("endless", undefined, { phase: "Running", availableAt });
    await world.clock.advance(110_000);
    expect(rows((await list(world, "exp")).out)).toEqual([
      ["NAME", "STATUS", "DURATION", "REMAINING", "AGE"],
      ["done", "Successful", "5m", "-", "110s"],
      ["endless", "Running", "-", "-", "110s"],
      ["over", "Running", "1s", "-", "110s"],
      ["running", "Running", "5m", "3m10s", "110s"],
    ]);
    expect(JSON.parse((await list(world, "experiments -o json")).out)).toMatchObject({
      experiments: [{ status: "Successful" }, {}, {}, {}],
    });
  });
});
