/** The scenes of workloads.ts on the in-memory cluster, in virtual time. */
import { expect, test } from "bun:test";
import { createCore } from "../../simulator/server/objects/core.ts";
import { startControllers } from "../../simulator/controllers/controllers.ts";
import { virtualClock } from "../sim/world/virtualClock.ts";
import { patched } from "../../kube/object/mergePatch.ts";
import { type Cluster, play, resources } from "./clusterPort.ts";
import { scenarios } from "./workloads.ts";

/** The same short back-off between restarts as the kubelet of the cluster tests. */
const backoffMs = 2000;

function inMemory(): Cluster {
  const clock = virtualClock(Date.UTC(2030, 0, 1));
  let seed = 1;
  const random = (): number => {
    seed = (Math.imul(seed, 48_271) >>> 0) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const core = createCore({ clock, random });
  startControllers(core, { kubelet: { backoffMs } });
  const namespace = "default";
  return {
    create: async (kind, { metadata: { name, labels = {}, annotations = {} }, ...object }) =>
      void core.create(resources[kind], { ...object, metadata: { name, namespace, labels, annotations } }),
    patch: async (kind, name, body) =>
      void core.modify({ resource: resources[kind], namespace, name }, (stored) => patched(stored, body)),
    remove: async (kind, name, policy) =>
      void core.delete({ resource: resources[kind], namespace, name }, policyOf(policy)),
    list: async (kind) => core.list(resources[kind], { namespace }),
    pass: async (seconds) => clock.pass(seconds * 1000),
  };
}

const policyOf = (policy: string | undefined) =>
  policy === "Orphan" ? ({ propagationPolicy: "Orphan" } as const) : ({ propagationPolicy: "Background" } as const);

test.each(scenarios)("$name, as on a real cluster", async ({ name, steps }) => {
  const golden = Bun.file(`${import.meta.dir}/golden/${name.replaceAll(/[^a-z]+/gi, "-")}.txt`);
  expect(await play(inMemory(), steps)).toBe(await golden.text());
});
