import { at, textAt } from "../../simulator/server/table/readFields.ts";
import type { Body, Scene, Topic } from "./scene.ts";

const configMaps = "/api/v1/namespaces/NS/configmaps";

const gone = ({ status }: { readonly status: number }): boolean => status === 404;

const names = { show: (body: Body) => (at(body, "items") as Body[]).map((item) => textAt(item, "metadata", "name")) };

const marks = {
  show: (body: Body) => ({
    finalizers: at(body, "metadata", "finalizers"),
    deleted: at(body, "metadata", "deletionTimestamp"),
    grace: at(body, "metadata", "deletionGracePeriodSeconds"),
    kind: at(body, "kind"),
  }),
};

/** An owner with a dependent, perhaps one with blockOwnerDeletion. */
async function family({ quietly }: Scene, blockOwnerDeletion: boolean): Promise<void> {
  const { body } = await quietly("POST", configMaps, { metadata: { name: "owner" } });
  const uid = textAt(body, "metadata", "uid");
  const owner = { apiVersion: "v1", kind: "ConfigMap", name: "owner", uid, blockOwnerDeletion };
  await quietly("POST", configMaps, { metadata: { name: "child", ownerReferences: [owner] } });
}

export const deletion: Topic = {
  name: "deletion",
  cases: [
    {
      name: "waits for finalizers",
      play: async ({ ask, patch }) => {
        await ask("POST", configMaps, { metadata: { name: "a", finalizers: ["example.com/hold"] } }, marks);
        await ask("DELETE", `${configMaps}/a`, undefined, marks);
        await ask("DELETE", `${configMaps}/a`, undefined, marks);
        await patch(`${configMaps}/a`, "merge", { data: { a: "1" } }, marks);
        await patch(`${configMaps}/a`, "merge", { metadata: { finalizers: ["example.com/hold", "example.com/more"] } });
        await patch(`${configMaps}/a`, "merge", { metadata: { finalizers: null } }, marks);
        await ask("GET", `${configMaps}/a`);
      },
    },
    {
      name: "minds preconditions",
      play: async ({ ask, quietly }) => {
        const { body } = await quietly("POST", configMaps, { metadata: { name: "a" } });
        await ask("DELETE", `${configMaps}/a`, { preconditions: { uid: "00000000-0000-0000-0000-000000000000" } });
        await ask("DELETE", `${configMaps}/a`, { preconditions: { resourceVersion: "1" } });
        await ask("DELETE", `${configMaps}/a`, { preconditions: { uid: textAt(body, "metadata", "uid") } });
        await ask("POST", configMaps, { metadata: { name: "b" } }, { show: "nothing" });
        await ask("DELETE", `${configMaps}/b?propagationPolicy=Nonsense`);
        await ask("DELETE", `${configMaps}/b`, { orphanDependents: true, propagationPolicy: "Background" });
      },
    },
    {
      name: "takes dependants with it, in the background",
      play: async (scene) => {
        await family(scene, false);
        await scene.ask("DELETE", `${configMaps}/owner?propagationPolicy=Background`);
        await scene.until(`${configMaps}/child`, gone);
      },
    },
    {
      name: "takes dependants with it first, in the foreground",
      play: async (scene) => {
        const { ask, patch, until } = scene;
        await family(scene, true);
        await patch(
          `${configMaps}/child`,
          "merge",
          { metadata: { finalizers: ["example.com/hold"] } },
          { show: "nothing" },
        );
        await ask("DELETE", `${configMaps}/owner?propagationPolicy=Foreground`, undefined, marks);
        await until(
          `${configMaps}/child`,
          ({ body }) => at(body, "metadata", "deletionTimestamp") !== undefined,
          marks,
        );
        await ask("GET", `${configMaps}/owner`, undefined, marks);
        await patch(`${configMaps}/child`, "merge", { metadata: { finalizers: null } }, { show: "nothing" });
        await until(`${configMaps}/owner`, gone);
      },
    },
    {
      name: "leaves orphans",
      play: async (scene) => {
        await family(scene, true);
        await scene.ask("DELETE", `${configMaps}/owner?propagationPolicy=Orphan`, undefined, marks);
        await scene.until(`${configMaps}/owner`, gone);
        await scene.ask("GET", `${configMaps}/child`);
      },
    },
    {
      name: "collects what names an owner that never was",
      play: async ({ ask, until }) => {
        const owner = {
          apiVersion: "v1",
          kind: "ConfigMap",
          name: "ghost",
          uid: "00000000-0000-0000-0000-000000000001",
        };
        await ask("POST", configMaps, { metadata: { name: "child", ownerReferences: [owner] } }, { show: "nothing" });
        await until(`${configMaps}/child`, gone);
      },
    },
    {
      name: "deletes collections by selectors",
      play: async ({ ask, until }) => {
        for (const [name, tier] of [
          ["a", "x"],
          ["b", "x"],
          ["c", "y"],
        ]) {
          await ask("POST", configMaps, { metadata: { name, labels: { tier } } }, { show: "nothing" });
        }
        await ask("DELETE", `${configMaps}?labelSelector=tier=x`, undefined, { show: "nothing" });
        await until(
          `${configMaps}?labelSelector=tier`,
          ({ body }) => (at(body, "items") as unknown[]).length === 1,
          names,
        );
        await ask("DELETE", `${configMaps}?fieldSelector=metadata.name=c`, undefined, { show: "nothing" });
        await ask("GET", `${configMaps}?labelSelector=tier`, undefined, names);
      },
    },
    {
      name: "gives pods time to leave",
      play: async ({ ask }) => {
        const pods = "/api/v1/namespaces/NS/pods";
        const pod = (name: string) => ({
          metadata: { name },
          spec: { schedulerName: "nobody", containers: [{ name: "a", image: "a" }] },
        });
        // No kubelet runs it, so it is deleted at once.
        await ask("POST", pods, pod("unscheduled"), { show: "nothing" });
        await ask("DELETE", `${pods}/unscheduled`, undefined, marks);
        await ask("GET", `${pods}/unscheduled`, undefined, { show: "nothing" });
        const bound = { ...pod("bound"), spec: { ...pod("bound").spec, nodeName: "nowhere-NS" } };
        await ask("POST", pods, bound, { show: "nothing" });
        await ask("DELETE", `${pods}/bound?gracePeriodSeconds=20`, undefined, marks);
        await ask("DELETE", `${pods}/bound?gracePeriodSeconds=10`, undefined, marks);
        await ask("DELETE", `${pods}/bound?gracePeriodSeconds=0`, undefined, marks);
        await ask("GET", `${pods}/bound`, undefined, { show: "nothing" });
      },
    },
    {
      name: "empties namespaces",
      play: async ({ ask, until, quietly }) => {
        await ask("POST", "/api/v1/namespaces", { metadata: { name: "NS-two" } });
        const maps = "/api/v1/namespaces/NS-two/configmaps";
        await quietly("POST", maps, { metadata: { name: "a", finalizers: ["example.com/hold"] } });
        await ask("DELETE", "/api/v1/namespaces/NS-two", undefined, {
          show: (body) => ({ phase: at(body, "status", "phase"), finalizers: at(body, "spec", "finalizers") }),
        });
        await ask("POST", maps, { metadata: { name: "b" } });
        await until(`${maps}/a`, ({ body }) => at(body, "metadata", "deletionTimestamp") !== undefined, marks);
        await ask("POST", "/api/v1/namespaces", { metadata: { name: "NS-two" } });
        const free = [{ op: "remove", path: "/metadata/finalizers" }];
        await ask("PATCH", `${maps}/a`, free, { contentType: "application/json-patch+json", show: "nothing" });
        await until("/api/v1/namespaces/NS-two", gone);
        await ask("POST", maps, { metadata: { name: "b" } });
      },
    },
  ],
};
