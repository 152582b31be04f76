import { expect, test } from "bun:test";
import { chance } from "../../../test/contract/stage.ts";
import { virtualClock } from "../../../test/sim/world/virtualClock.ts";
import { createCore } from "../../server/objects/core.ts";
import { recorder } from "./events.ts";

function stage() {
  const clock = virtualClock(0);
  const core = createCore({ clock, random: chance(1) });
  const about = core.create("configmaps", { metadata: { namespace: "default", name: "it" } });
  const record = recorder(core);
  const send = (message: string, reason = "Because"): void =>
    record({ about, type: "Normal", reason, message }, "tester");
  const lines = () =>
    core.list("events").map(({ reason, message, count }) => `${String(reason)}: ${String(message)} ×${String(count)}`);
  return { clock, core, report: send, lines };
}

test("an event that recurs is counted up", () => {
  const { clock, core, report: send, lines } = stage();
  send("a");
  clock.pass(5000);
  send("a");
  send("b");
  expect(lines().toSorted()).toEqual(["Because: a ×2", "Because: b ×1"]);
  expect(core.list("events").find(({ message }) => message === "a")).toMatchObject({
    involvedObject: { kind: "ConfigMap", name: "it", namespace: "default" },
    source: { component: "tester" },
    firstTimestamp: "1970-01-01T00:00:00Z",
    lastTimestamp: "1970-01-01T00:00:05Z",
  });
});

test("from the tenth of a kind on they are combined, for ten minutes", () => {
  const { clock, report: send, lines } = stage();
  for (let n = 1; n <= 12; n++) send(`${n}`);
  send("x", "Other");
  expect(lines()).toHaveLength(11);
  expect(lines()).toContain("Because: (combined from similar events): 12 ×3");
  clock.pass(601_000);
  send("new");
  expect(lines()).toContain("Because: new ×1");
});

test("an object has 25 at once, and one more every five minutes", () => {
  const { clock, report: send, lines } = stage();
  const total = () => lines().reduce((sum, line) => sum + Number(line.split("×")[1]), 0);
  for (let n = 1; n <= 40; n++) send("again");
  expect(total()).toBe(25);
  clock.pass(600_000);
  for (let n = 1; n <= 40; n++) send("again");
  expect(total()).toBe(27);
});

test("one that was deleted begins anew", () => {
  const { core, report: send, lines } = stage();
  send("a");
  for (const { metadata } of core.list("events")) {
    core.delete({ resource: "events", namespace: "default", name: metadata.name });
  }
  send("a");
  expect(lines()).toEqual(["Because: a ×1"]);
});
