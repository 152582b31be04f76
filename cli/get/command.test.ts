import { describe, expect, test } from "bun:test";
import { parse } from "yaml";
import { refusal } from "../../test/apiServer.ts";
import type { CliPorts } from "../ports.ts";
import { run } from "./command.ts";
import { shop } from "./testing.ts";

async function get(world: ReturnType<typeof shop>, args: string, more?: Partial<CliPorts>) {
  const ports = world.ports(more);
  const code = await run(args.split(" "), ports);
  return { code, ...ports.told };
}

const head = `Name:            web
Namespace:       shop
Status:          ॥ Paused
Message:         CanaryPauseStep
Strategy:        Canary
  Step:          1/2
  SetWeight:     50
  ActualWeight:  50
Images:          reg/web:1 (stable)
                 reg/web:2 (canary)
Replicas:
  Desired:       2
  Current:       2
  Updated:       1
  Ready:         2
  Available:     2

`;

describe("get rollout", () => {
  test("prints the tree of what belongs to it, and asks for nothing twice", async () => {
    const world = shop();
    world.canary("web");
    world.canary("api");
    await world.clock.advance(65_000);
    const { code, out, err } = await get(world, "rollout web");
    expect(out).toStartWith(head);
    expect(out).toContain("│     └──□ web-new-x  Pod         ✔ Running  65s  ready:1/1\n");
    expect(out).not.toContain("api");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(world.api.requests.map(({ method, path }) => `${method} ${path.split("/").at(-1)}`).toSorted()).toEqual(
      ["analysisruns", "experiments", "pods", "replicasets", "rollouts"].map((kind) => `GET ${kind}`),
    );
  });

  test("prints several one after the other, in the order of their names on the line", async () => {
    const world = shop();
    for (const name of ["a", "b", "c"]) world.canary(name);
    const { code, out } = await get(world, "ro c a");
    expect(out.match(/^Name: .*$/gm)).toEqual(["Name:            c", "Name:            a"]);
    expect(out).toContain("ready:1/1\n\nName:            a\n");
    expect(code).toBe(0);
  });

  test("tells which of several are not there, and fails", async () => {
    const world = shop();
    world.canary("web");
    const { code, out, err } = await get(world, "rollouts nope web");
    expect(out).toContain("Name:            web\n");
    expect({ code, err }).toEqual({ code: 1, err: 'Error: rollout.argoproj.io "nope" not found\n' });
    expect(await get(world, "rollout gone")).toEqual({
      code: 1,
      out: "",
      err: 'Error: rollout.argoproj.io "gone" not found\n',
    });
  });

  test("finds them by their labels, and in all namespaces", async () => {
    const world = shop();
    world.canary("web", { labels: { team: "red" } });
    world.canary("api", { labels: { team: "blue" } });
    world.canary("far", { labels: { team: "red" }, namespace: "other" });
    expect((await get(world, "rollout -l team=red -o name")).out).toBe("rollout.argoproj.io/web\n");
    expect((await get(world, "rollout -l team=red -A -o name")).out).toBe(
      "rollout.argoproj.io/far\nrollout.argoproj.io/web\n",
    );
    expect((await get(world, "rollout -n other -l team=blue")).err).toBe("No resources found.\n");
    expect((await get(world, "rollout -A")).out.match(/^Namespace: .*$/gm)).toEqual([
      "Namespace:       other",
      "Namespace:       shop",
      "Namespace:       shop",
    ]);
  });

  test("refuses names together with labels, and nothing at all", async () => {
    const world = shop();
    expect(await get(world, "rollout web -A")).toEqual({
      code: 1,
      out: "",
      err: "Error: names are of one namespace, without labels: leave out the names, or -A and -l\nRun 'sluice get rollout --help' for usage.\n",
    });
    expect((await get(world, "rollout")).err).toStartWith("Error: which rollout? Give its name");
    for (const args of ["rollout a/b", "rollout web -n A_B", "experiment ?"]) {
      const { code, err } = await get(world, args);
      expect(code).toBe(1);
      expect(err).toContain("cannot be a name");
    }
  });

  test("tells what may not be read instead of waiting for it", async () => {
    const world = shop();
    world.canary("web");
    world.api.hook.before = (request) => {
      if (request.path.endsWith("/pods")) throw refusal(request, 403, "Forbidden", "no pods for you");
    };
    const { code, out, err } = await get(world, "rollout web");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(/^Error: Cannot list pods.*HTTP 403 Forbidden: no pods for you\n$/);
  });

  test("does without Experiments in a cluster that does not know them", async () => {
    const world = shop();
    world.canary("web");
    world.api.core.delete({
      resource: "customresourcedefinitions.apiextensions.k8s.io",
      name: "experiments.argoproj.io",
    });
    const { code, out } = await get(world, "rollout web");
    expect(out).toContain("web-new-x");
    expect(code).toBe(0);
  });
});

describe("other forms", () => {
  /** Of the API of the reference's dashboard. */
  const members =
    "actualWeight analysisRuns available containers current desired experiments generation icon initContainers message " +
    "objectMeta ready replicaSets restartedAt setWeight status step steps strategy updated";

  test("JSON and YAML of one have the members of the dashboard's API", async () => {
    const world = shop();
    world.canary("web");
    const { out } = await get(world, "rollout web -o json");
    const info = JSON.parse(out) as Record<string, unknown>;
    expect(Object.keys(info).toSorted()).toEqual(members.split(" "));
    expect(info).toMatchObject({
      status: "Paused",
      step: "1/2",
      setWeight: "50",
      actualWeight: "50",
      restartedAt: "Never",
      containers: [{ name: "c", image: "reg/web:2" }],
      replicaSets: [
        { revision: 2, canary: true, stable: false, images: ["reg/web:2"], pods: [{ ready: "1/1", restarts: 0 }] },
        { revision: 1, stable: true },
      ],
    });
    expect(parse((await get(world, "rollout web -o yaml")).out)).toEqual(info);
  });

  test("of several they are a list, of none an empty one", async () => {
    const world = shop();
    expect((await get(world, "rollout -A -o json")).out).toBe('{\n  "rollouts": []\n}\n');
    world.canary("a");
    world.canary("b");
    const { out } = await get(world, "rollout b a -o yaml");
    expect(
      (parse(out) as { rollouts: { objectMeta: { name: string } }[] }).rollouts.map(
        ({ objectMeta }) => objectMeta.name,
      ),
    ).toEqual(["b", "a"]);
  });

  test("the containers of a Rollout that refers to a Deployment are the Deployment's", async () => {
    const world = shop();
    world.make("deployments.apps", {
      metadata: { name: "app" },
      spec: {
        selector: { matchLabels: { app: "app" } },
        template: {
          metadata: { labels: { app: "app" } },
          spec: { containers: [{ name: "c", image: "reg/app:7" }], initContainers: [{ name: "i", image: "reg/i:1" }] },
        },
      },
    });
    world.make("rollouts.argoproj.io", {
      metadata: { name: "web" },
      spec: { workloadRef: { apiVersion: "apps/v1", kind: "Deployment", name: "app" }, strategy: { canary: {} } },
    });
    expect(JSON.parse((await get(world, "rollout web -o json")).out)).toMatchObject({
      containers: [{ name: "c", image: "reg/app:7" }],
      initContainers: [{ name: "i", image: "reg/i:1" }],
    });
  });

  test("wide adds images and messages", async () => {
    const world = shop();
    world.canary("web");
    const { out } = await get(world, "rollout web -o wide");
    expect(out).toMatch(/^NAME .* INFO +DETAIL$/m);
    expect(out).toMatch(/^⟳ web .* CanaryPauseStep$/m);
    expect(out).toMatch(/⧉ web-new .* canary +reg\/web:2$/m);
  });
});

describe("get experiment", () => {
  test("prints its tree, and fails for one that is not there", async () => {
    const world = shop();
    const labels = { app: "x" };
    const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } };
    world.make("experiments.argoproj.io", {
      metadata: { name: "trial" },
      spec: { templates: [{ name: "a", selector: { matchLabels: labels }, template }] },
      status: { phase: "Running" },
    });
    expect(await get(world, "exp trial")).toEqual({
      code: 0,
      err: "",
      out: "Name:            trial\nNamespace:       shop\nStatus:          ◌ Running\n\nNAME     KIND        STATUS     AGE  INFO\nΣ trial  Experiment  ◌ Running  0s   \n",
    });
    expect((await get(world, "experiment gone")).err).toBe('Error: experiment.argoproj.io "gone" not found\n');
    expect(JSON.parse((await get(world, "experiment trial -o json")).out)).toMatchObject({ status: "Running" });
  });
});

describe("on a terminal", () => {
  test("there are colours, unless NO_COLOR or --no-color says no", async () => {
    const world = shop();
    world.canary("web");
    const columns = 120;
    expect((await get(world, "rollout web", { columns })).out).toContain("\u001B[93mcanary\u001B[39m");
    expect((await get(world, "rollout web", { columns, env: { NO_COLOR: "1" } })).out).not.toContain("\u001B");
    expect((await get(world, "rollout web --no-color", { columns })).out).not.toContain("\u001B");
    expect((await get(world, "rollout web", { columns, env: { TERM: "dumb" } })).out).not.toContain("\u001B");
  });
});
