/** The scenes of test/contract on a real cluster: with SLUICE_RECORD=1 their golden files are written from it. */
import { expect, test } from "bun:test";
import { type Cluster, type KindName, play, resources } from "../contract/clusterPort.ts";
import { scenarios } from "../contract/workloads.ts";
import { harness } from "./harness/harness.ts";

const { api } = await harness();
const folder = `${import.meta.dir}/../contract/golden`;
const versions: Readonly<Record<string, string>> = {
  "": "/api/v1",
  apps: "/apis/apps/v1",
  batch: "/apis/batch/v1",
  policy: "/apis/policy/v1",
  "discovery.k8s.io": "/apis/discovery.k8s.io/v1",
};

const fileName = (scenario: string): string => scenario.replaceAll(/[^a-z]+/gi, "-");

async function inNamespace(namespace: string): Promise<Cluster> {
  await api.create("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  const path = (kind: KindName, name?: string): string => {
    const [resource = "", ...group] = resources[kind].split(".");
    const base = `${versions[group.join(".")]}/namespaces/${namespace}/${resource}`;
    return name === undefined ? base : `${base}/${name}`;
  };
  return {
    create: async (kind, object) => void (await api.create(path(kind), object)),
    patch: async (kind, name, body) => void (await api.patch(path(kind, name), "merge", body)),
    // A raw request of a Job's deletion without a policy would orphan its pods, as kubectl's does not.
    remove: (kind, name, propagationPolicy = "Background") => api.delete(path(kind, name), { propagationPolicy }),
    list: async (kind) => (await api.list(path(kind))).items.map((item) => ({ kind, ...item })),
    pass: (seconds) => Bun.sleep(seconds * 1000),
  };
}

test.concurrent.each(scenarios)("$name", async ({ name, steps }) => {
  const cluster = await inNamespace(`contract-${fileName(name).toLowerCase().slice(0, 50)}`);
  const seen = await play(cluster, steps);
  const golden = `${folder}/${fileName(name)}.txt`;
  if (Bun.env.SLUICE_RECORD === "1") await Bun.write(golden, seen);
  expect(seen).toBe(await Bun.file(golden).text());
});
