/** The event stream: all at first, then what has changed, and no more than somebody reads. */
import { describe, expect, test } from "bun:test";
import type { Changed, Detail, ExperimentView, Overview } from "../../model.ts";
import { deniedText } from "./live.ts";
import { testDashboard, type TestDashboard } from "../testing.ts";

const ROLLOUTS = "rollouts.argoproj.io";

const rollout = (name: string, image = "web:1") => ({
  metadata: { name, namespace: "shop" },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "web", image }] } },
    strategy: { canary: { steps: [{ setWeight: 20 }, { pause: {} }] } },
  },
});

function world() {
  const made = testDashboard();
  made.people.set("t-ann", { name: "ann", rights: ["*"] });
  return made;
}

const headers = { authorization: "Bearer t-ann" };

interface Event {
  readonly name: string;
  readonly data: unknown;
}

/** Reads a stream, while the clock moves on. */
async function opened({ ours, clock }: TestDashboard, path: string) {
  const response = await ours(path, { headers });
  const body: ReadableStream<Uint8Array> = response.body ?? new ReadableStream<Uint8Array>();
  const reader = body.getReader();
  let rest = "";
  const moved = async <T>(waited: Promise<T>): Promise<T> => {
    let isOver = false;
    void waited.finally(() => (isOver = true));
    for (let turn = 0; turn < 1_000 && !isOver; turn += 1) await clock.advance(50);
    return waited;
  };
  return {
    response,
    /** The next event; a heartbeat has no name. */
    async next(): Promise<Event> {
      while (!rest.includes("\n\n")) {
        const { done, value } = await moved<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>(
          reader.read(),
        );
        if (done) return { name: "(the end)", data: undefined };
        rest += new TextDecoder().decode(value);
      }
      const at = rest.indexOf("\n\n");
      const text = rest.slice(0, at);
      rest = rest.slice(at + 2);
      const [, name = ""] = /^event: (.*)$/m.exec(text) ?? [];
      const [, data = "null"] = /^data: (.*)$/m.exec(text) ?? [];
      return { name, data: JSON.parse(data) as unknown };
    },
    close: () => reader.cancel(),
  };
}

const namesIn = ({ data }: Event): readonly string[] => (data as Overview | Changed).cards.map(({ name }) => name);

describe("an overview", () => {
  test("has all cards once, then those that have changed, and those that are gone", async () => {
    const made = world();
    const { core } = made;
    for (const name of ["b", "a", "c"]) core.create(ROLLOUTS, rollout(name));
    const stream = await opened(made, "live?namespace=shop");
    expect(stream.response.headers.get("content-type")).toStartWith("text/event-stream");
    const first = await stream.next();
    expect([first.name, namesIn(first)]).toEqual(["overview", ["a", "b", "c"]]);
    expect((first.data as Overview).may).toMatchObject({ shop: { promote: true, undo: true } });

    core.modify({ resource: ROLLOUTS, namespace: "shop", name: "b" }, (object) => ({
      ...object,
      spec: rollout("b", "web:2").spec,
    }));
    const changed = await stream.next();
    expect([changed.name, namesIn(changed)]).toEqual(["changed", ["b"]]);
    expect((changed.data as Changed).cards[0]?.images).toEqual(["web:2"]);

    core.delete({ resource: ROLLOUTS, namespace: "shop", name: "c" });
    const gone = await stream.next();
    expect([gone.name, gone.data]).toEqual(["gone", { cards: [{ namespace: "shop", name: "c" }] }]);
    await stream.close();
  });

  test("says something every 15 seconds though nothing changes", async () => {
    const made = world();
    made.core.create(ROLLOUTS, { ...rollout("a"), metadata: { name: "a", namespace: "shop" } });
    const stream = await opened(made, "live?namespace=shop");
    await stream.next();
    // No controller drives it, which shows after a moment.
    expect((await stream.next()).name).toBe("changed");
    const before = made.clock.now();
    expect((await stream.next()).name).toBe("");
    expect(made.clock.now() - before).toBeLessThanOrEqual(15_100);
    await stream.close();
  });

  test("of what changes while nobody reads only the latest is sent", async () => {
    const made = world();
    const { core, clock } = made;
    for (const name of ["a", "b"]) core.create(ROLLOUTS, rollout(name));
    const stream = await opened(made, "live?namespace=shop");
    await stream.next();
    for (let version = 2; version <= 40; version += 1)
      for (const name of ["a", "b"]) {
        core.modify({ resource: ROLLOUTS, namespace: "shop", name }, (object) => ({
          ...object,
          spec: rollout(name, `web:${version}`).spec,
        }));
        await clock.advance(200);
      }
    const sent: string[] = [];
    for (;;) {
      const event = await stream.next();
      if (event.name !== "changed") break;
      sent.push(...(event.data as Changed).cards.map(({ name, images }) => `${name} ${images.join()}`));
    }
    expect(sent.length).toBeLessThanOrEqual(4);
    expect(sent).toContain("a web:40");
    expect(sent).toContain("b web:40");
    await stream.close();
  });

  test("is read by the same watches, however many pages are open, which end soon after the last one", async () => {
    const made = world();
    const { core, sent, dashboard, clock } = made;
    core.create(ROLLOUTS, rollout("a"));
    const watches = (): number =>
      (sent.get("t-ann") ?? []).filter(({ path, query }) => path.endsWith("/rollouts") && query?.["watch"] === true)
        .length;
    const streams = [];
    for (let count = 0; count < 5; count += 1) {
      const stream = await opened(made, "live?namespace=shop");
      await stream.next();
      streams.push(stream);
    }
    expect([watches(), dashboard.open().boards]).toEqual([1, 1]);
    for (const stream of streams) await stream.close();
    expect(dashboard.open().boards).toBe(1);
    await clock.advance(11_000);
    expect(dashboard.open().boards).toBe(0);
  });

  test("is denied without the right, and ends when the right or the token is taken away", async () => {
    const made = world();
    const { people, core } = made;
    core.create(ROLLOUTS, rollout("a"));
    people.set("t-ann", { name: "ann", rights: ["list rollouts shop"] });
    expect(await (await opened(made, "live?namespace=other")).next()).toMatchObject({ name: "denied" });
    const stream = await opened(made, "live?namespace=shop");
    const { data } = await stream.next();
    expect((data as Overview).may).toEqual({ shop: {} });
    people.set("t-ann", { name: "ann", rights: [] });
    let event = await stream.next();
    while (event.name === "" || event.name === "changed") event = await stream.next();
    expect(event.name).toBe("denied");
    expect((await stream.next()).name).toBe("(the end)");
  });
});

test("a stream of a bearer token ends with the token, however long nothing else was asked", async () => {
  const made = world();
  const { people, core, clock } = made;
  core.create(ROLLOUTS, rollout("a"));
  const stream = await opened(made, "live?namespace=shop");
  await stream.next();
  await clock.advance(10 * 60_000);
  // Her rights stay: it is the token that is over.
  people.delete("t-ann");
  people.set("t-ann-2", { name: "ann", rights: ["*"] });
  let event = await stream.next();
  while (event.name === "" || event.name === "changed") event = await stream.next();
  expect([event.name, event.data]).toEqual(["ended", { why: "revoked" }]);
});

describe("one Rollout", () => {
  test("is sent whole, whenever something has changed, and missing when it is gone", async () => {
    const made = world();
    const { core } = made;
    core.create(ROLLOUTS, rollout("a"));
    const stream = await opened(made, "live?rollout=shop/a");
    const { name, data } = await stream.next();
    expect(name).toBe("rollout");
    const { card, steps, containers, may } = data as Detail;
    expect([card.name, steps.map(({ text }) => text), containers]).toEqual([
      "a",
      ["setWeight: 20", "pause"],
      [{ name: "web", image: "web:1" }],
    ]);
    expect(may).toMatchObject({ promote: true, "terminate-run": true });
    core.delete({ resource: ROLLOUTS, namespace: "shop", name: "a" });
    let event = await stream.next();
    while (event.name !== "missing") event = await stream.next();
    expect(event.data).toEqual({ namespace: "shop", name: "a" });
    await stream.close();
  });

  test("that is not there is missing", async () => {
    const stream = await opened(world(), "live?rollout=shop/nope");
    expect(await stream.next()).toEqual({ name: "missing", data: { namespace: "shop", name: "nope" } });
    await stream.close();
  });
});

describe("an AnalysisRun or an Experiment that is nobody's", () => {
  const RUNS = "analysisruns.argoproj.io";
  const run = {
    metadata: { name: "lone", namespace: "shop" },
    spec: { metrics: [{ name: "m", provider: { web: { url: "http://metrics.example.com" } } }] },
  };
  const at = { resource: RUNS, namespace: "shop", name: "lone" };

  test("is sent whole, when it has changed, and is missing when it is gone", async () => {
    const made = world();
    const { core } = made;
    core.create(RUNS, run);
    const stream = await opened(made, "live?run=shop/lone");
    const first = await stream.next();
    expect(first).toMatchObject({ name: "object", data: { name: "lone", owner: "", may: { "terminate-run": true } } });
    core.modify(at, (object) => ({ ...object, status: { phase: "Error", message: "no answer" } }));
    expect(await stream.next()).toMatchObject({ name: "object", data: { phase: "Error", message: "no answer" } });
    core.delete(at);
    expect(await stream.next()).toEqual({ name: "missing", data: { namespace: "shop", name: "lone" } });
    await stream.close();
    const other = await opened(made, "live?experiment=shop/lone");
    expect((await other.next()).name).toBe("missing");
    await other.close();
  });

  test("is denied to somebody who may list Rollouts alone", async () => {
    const made = world();
    made.core.create(RUNS, run);
    made.people.set("t-ann", { name: "ann", rights: ["list rollouts shop"] });
    const denied = await (await opened(made, "live?run=shop/lone")).next();
    expect([denied.name, denied.data]).toEqual(["denied", { why: deniedText("shop", "AnalysisRun") }]);
    made.people.set("t-ann", { name: "ann", rights: ["list analysisruns shop"] });
    await made.clock.advance(11_000);
    const seen = await opened(made, "live?run=shop/lone");
    expect((await seen.next()).data).toMatchObject({ name: "lone", may: {} });
    await seen.close();
  });
});

test("a template of an Experiment has the weight that the Rollout's router gives to its pods", async () => {
  const made = world();
  const weights = {
    canary: { weight: 10 },
    stable: { weight: 85 },
    additional: [{ weight: 5, serviceName: "tried", podTemplateHash: "abc" }],
  };
  const { uid } = made.core.create(ROLLOUTS, rollout("a")).metadata;
  const place = { resource: ROLLOUTS, namespace: "shop", name: "a" };
  made.core.modify(place, (object) => ({ ...object, status: { canary: { weights } } }), { subresource: "status" });
  const template = { metadata: { labels: { app: "t" } }, spec: { containers: [{ name: "web", image: "web:2" }] } };
  const templates = ["tried", "plain"].map((name) => ({
    name,
    replicas: 1,
    selector: { matchLabels: { app: "t" } },
    template,
  }));
  const counts = { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
  made.core.create("experiments.argoproj.io", {
    metadata: {
      name: "a-1",
      namespace: "shop",
      ownerReferences: [{ apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "a", uid, controller: true }],
    },
    spec: { templates },
    status: { phase: "Running", templateStatuses: [{ name: "tried", ...counts, podTemplateHash: "abc" }] },
  });
  const stream = await opened(made, "live?experiment=shop/a-1");
  const { data } = await stream.next();
  expect((data as ExperimentView).templates.map(({ name, weight }) => [name, weight])).toEqual([
    ["tried", 5],
    ["plain", undefined],
  ]);
  await stream.close();
});
