import { describe, expect, test } from "bun:test";
import type { Service } from "../../schema/kube.ts";
import { HASH_LABEL, MANAGED_BY } from "../../schema/labels.ts";
import { createStores } from "../rollout/facts/stores.ts";
import { createQueue } from "../../kube/runtime/queue.ts";
import { passOf } from "../../kube/runtime/runController.ts";
import { sourcesOf } from "../rollout/facts/cacheSources.ts";
import { servicesRow } from "./serviceCleanup.ts";
import { testApi } from "../../test/apiServer.ts";

/** A Service "web" whose annotation names a Rollout as its manager, and the requests to the API server. */
function stage(manager: string) {
  const { clock, core, client, requests } = testApi({ installed: true });
  const asked = (): string[] => requests.map(({ method, path }) => `${method} ${path}`);
  const service = { resource: "services", namespace: "default", name: "web" } as const;
  core.create("services", {
    metadata: { name: "web", namespace: "default", annotations: { [MANAGED_BY]: manager } },
    spec: { ports: [{ port: 80 }], selector: { app: "web", [HASH_LABEL]: "abc" } },
  });
  const stored = () => core.get(service) as unknown as Service;
  const stores = createStores();
  stores.services.upsert(stored());
  const row = servicesRow({ client, stores, validForMs: () => 15_000 }, sourcesOf(stores, ""));
  const release = () => passOf(row, createQueue({ clock }), clock)("default/web");
  return { asked, release, stored };
}

const rollouts = "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts";
const services = "/api/v1/namespaces/default/services";

describe("a Service whose manager is gone", () => {
  test("selects the pods of all revisions again", async () => {
    const { asked, release, stored } = stage("gone");
    await release();
    expect(asked()).toEqual([`GET ${rollouts}/gone`, `PATCH ${services}/web`]);
    expect(stored().spec?.selector).toEqual({ app: "web" });
    expect(stored().metadata.annotations ?? {}).not.toHaveProperty(MANAGED_BY);
  });

  test.each(["../../kube-system/secrets/x", "web?watch=1", "web/status", "..", "", "x".repeat(100_000)])(
    "is released without a question where nothing can be called as its manager is: case %#",
    async (manager) => {
      const { asked, release, stored } = stage(manager);
      await release();
      expect(asked()).toEqual([`PATCH ${services}/web`]);
      expect(stored().spec?.selector).toEqual({ app: "web" });
    },
  );
});
