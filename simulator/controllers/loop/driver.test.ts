import { expect, test } from "bun:test";
import { chance } from "../../../test/contract/stage.ts";
import { virtualClock } from "../../../test/sim/world/virtualClock.ts";
import { createCore } from "../../server/objects/core.ts";
import { StatusError } from "../../model/statusError.ts";
import type { Decision } from "./decision.ts";
import { type Controller, drive } from "./driver.ts";
import { keyOf } from "./objects.ts";
import { createWorld } from "./objectIndex.ts";

/** A controller of namespaces that decides as the test wants, and records when it was called. */
function driven(decide: (key: string, nowMs: number) => Decision | undefined, lagMs = 0) {
  const clock = virtualClock(0);
  const core = createCore({ clock, random: chance(1) });
  const world = createWorld(core);
  const asked: string[] = [];
  const recorded: string[] = [];
  const controller: Controller = {
    name: "test",
    watches: { namespaces: ({ object }, _, add) => add(keyOf(object)) },
    decide(key, _, nowMs) {
      asked.push(`${nowMs} ${key}`);
      return decide(key, nowMs);
    },
  };
  const record = ({ reason, message }: { reason: string; message: string }) =>
    void recorded.push(`${reason}: ${message}`);
  const driver = drive(controller, { core, world, lagMs: () => lagMs, record });
  core.onChange((change) => driver.take(change));
  const touch = (name: string, value: string): void => {
    const labels = { value };
    const ref = { resource: "namespaces", name };
    core.modify(ref, (stored) => ({ ...stored, metadata: { ...stored.metadata, labels } }));
  };
  return { clock, core, driver, asked, recorded, touch };
}

test("a change is looked at after the request, once for all changes until then, keys in their order", () => {
  const { clock, asked, touch } = driven(() => undefined);
  touch("default", "a");
  touch("kube-system", "a");
  touch("default", "b");
  expect(asked).toEqual([]);
  clock.pass(0);
  expect(asked).toEqual(["0 /default", "0 /kube-system"]);
});

test("a slow controller looks at changes after its lag", () => {
  const { clock, asked, touch } = driven(() => undefined, 300);
  touch("default", "a");
  clock.pass(299);
  touch("default", "b");
  expect(asked).toEqual([]);
  clock.pass(1000);
  expect(asked).toEqual(["300 /default"]);
});

test("it comes back when time changes the answer, and only then", () => {
  const { clock, asked, touch } = driven((_, nowMs) => ({ writes: [], wakeAtMs: nowMs < 1000 ? 1000 : undefined }));
  touch("default", "a");
  clock.pass(400);
  touch("default", "b");
  clock.pass(100_000);
  expect(asked).toEqual(["0 /default", "400 /default", "1000 /default"]);
});

test("a refused write ends the decision, is told, and is tried again after a pause that doubles", () => {
  const refusal = new StatusError(403, "Forbidden", "no room");
  const remark = { about: { metadata: {} } as never, type: "Normal", reason: "After", message: "" } as const;
  const { clock, core, asked, recorded, touch } = driven((_, nowMs) => ({
    writes: [
      { kind: "create", resource: "configmaps", draft: { metadata: { namespace: "default", name: "a" } } },
      { kind: "remark", remark },
    ],
    ifRefused: (refused, message) => [
      { kind: "remark", remark: { ...remark, reason: refused.kind, message: `${nowMs} ${message}` } },
    ],
  }));
  const { create } = core;
  Object.assign(core, {
    create: (...args: Parameters<typeof create>) => {
      if (clock.now() < 30) throw refusal;
      return create(...args);
    },
  });
  touch("default", "a");
  clock.pass(1000);
  expect(recorded).toEqual(["create: 0 no room", "create: 5 no room", "create: 15 no room", "After: "]);
  expect(asked).toEqual(["0 /default", "5 /default", "15 /default", "35 /default"]);
});

test("what is gone already counts as deleted and changed", () => {
  const ref = { resource: "configmaps", namespace: "default", name: "none" };
  const { clock, asked, touch } = driven(() => ({
    writes: [
      { kind: "delete", ref },
      { kind: "change", ref, change: (stored) => stored },
    ],
  }));
  touch("default", "a");
  clock.pass(1000);
  expect(asked).toHaveLength(1);
});

test("a bug is not taken for a refusal", () => {
  const { clock, touch } = driven(() => {
    throw new TypeError("bug");
  });
  touch("default", "a");
  expect(() => clock.pass(0)).toThrow("bug");
});

test("nothing happens after the stop", () => {
  const { clock, driver, asked, touch } = driven(() => ({ writes: [], wakeAtMs: 50 }));
  touch("default", "a");
  clock.pass(0);
  touch("default", "b");
  driver.stop();
  clock.pass(1000);
  expect(asked).toEqual(["0 /default"]);
});
