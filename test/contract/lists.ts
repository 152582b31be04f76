import { at, listAt, textAt } from "../../simulator/server/table/readFields.ts";
import type { Body, Scene, Topic } from "./scene.ts";

const configMaps = "/api/v1/namespaces/NS/configmaps";

const names = (body: unknown): string[] =>
  listAt(body, "items")
    .map((item) => textAt(item, "metadata", "name"))
    .filter((name) => name !== "kube-root-ca.crt");

const shown = { show: names };

/** ConfigMaps with labels, found by `of=NS` in all namespaces. */
async function labelled({ quietly }: Scene): Promise<void> {
  const labels: readonly Record<string, string>[] = [
    { app: "web", tier: "front" },
    { app: "web", tier: "back" },
    { app: "db" },
    {},
  ];
  for (const [index, own] of labels.entries()) {
    await quietly("POST", configMaps, { metadata: { name: `m${index}`, labels: { ...own, of: "NS" } } });
  }
}

export const lists: Topic = {
  name: "lists",
  cases: [
    {
      name: "lists a namespace, and all",
      play: async (scene) => {
        await labelled(scene);
        await scene.ask("GET", `${configMaps}?labelSelector=of=NS`);
        await scene.ask("GET", "/api/v1/configmaps?labelSelector=of=NS", undefined, shown);
        await scene.ask("GET", "/api/v1/namespaces/NS-none/configmaps");
      },
    },
    {
      name: "selects by labels",
      play: async (scene) => {
        await labelled(scene);
        const selectors = [
          "of,app=web",
          "of,app==web,tier!=back",
          "of,app!=web",
          "of,app in (web,db)",
          "of,app in (db)",
          "of,tier notin (back)",
          "of,app",
          "of,!app",
          "of,app,!tier",
          "app=",
        ];
        for (const selector of selectors) {
          await scene.ask("GET", `${configMaps}?labelSelector=${encodeURIComponent(selector)}`, undefined, shown);
        }
        await scene.ask("GET", `${configMaps}?labelSelector=${encodeURIComponent("a in")}`, undefined, {
          show: "nothing",
        });
        await scene.ask("GET", `${configMaps}?labelSelector=${encodeURIComponent("=x")}`, undefined, {
          show: "nothing",
        });
      },
    },
    {
      name: "selects by fields",
      play: async (scene) => {
        await labelled(scene);
        await scene.ask("GET", `${configMaps}?fieldSelector=metadata.name=m1`, undefined, shown);
        await scene.ask("GET", `${configMaps}?labelSelector=of&fieldSelector=metadata.name!=m1`, undefined, shown);
        await scene.ask(
          "GET",
          "/api/v1/configmaps?fieldSelector=metadata.name=m1,metadata.namespace=NS",
          undefined,
          shown,
        );
        await scene.ask("GET", `${configMaps}?fieldSelector=data.a=1`);
        await scene.ask("GET", `${configMaps}?fieldSelector=nonsense`);
        const pod = (name: string) => ({
          metadata: { name },
          spec: { schedulerName: "nobody", containers: [{ name: "a", image: "a" }] },
        });
        const pods = "/api/v1/namespaces/NS/pods";
        await scene.ask("POST", pods, pod("p"), { show: "nothing" });
        await scene.ask("GET", `${pods}?fieldSelector=status.phase=Pending,spec.nodeName=`, undefined, shown);
        await scene.ask("GET", `${pods}?fieldSelector=status.phase!=Pending`, undefined, shown);
        await scene.ask("GET", `${pods}?fieldSelector=spec.image=a`);
        await scene.ask("DELETE", `${pods}/p?gracePeriodSeconds=0`, undefined, { show: "nothing" });
      },
    },
    {
      name: "lists page by page",
      play: async (scene) => {
        await labelled(scene);
        const pages = (query: string) =>
          scene.ask("GET", `${configMaps}?${query}`, undefined, {
            show: (body) => ({
              names: names(body),
              ...(at(body, "metadata") as object),
              resourceVersion: undefined,
            }),
          });
        const cursor = ({ body }: { readonly body: Body }): string =>
          encodeURIComponent(textAt(body, "metadata", "continue"));
        // Kubernetes' own ConfigMap comes first.
        await scene.until(
          `${configMaps}?limit=1`,
          ({ body }) => names(body).length === 0 || listAt(body, "items").length === 1,
          { show: "nothing" },
        );
        const first = await pages("labelSelector=of&limit=2");
        const path = `labelSelector=of&limit=2&continue=${cursor(first)}`;
        scene.note("and on:");
        await scene.ask("GET", `${configMaps}?${path}`, undefined, shown).catch(() => undefined);
        await scene.ask("GET", `${configMaps}?limit=1&continue=nonsense`, undefined, { show: "nothing" });
        await scene.ask("GET", `${configMaps}?limit=500`, undefined, {
          show: (body) => ({ ...(at(body, "metadata") as object), resourceVersion: undefined }),
        });
      },
    },
    {
      name: "knows the version of a list",
      play: async (scene) => {
        await labelled(scene);
        await scene.ask("GET", `${configMaps}?labelSelector=of&resourceVersion=0`, undefined, { show: "nothing" });
        await scene.ask("GET", `${configMaps}?resourceVersion=nonsense`);
        await scene.ask("GET", `${configMaps}?resourceVersionMatch=Exact`);
        await scene.ask("GET", `${configMaps}?resourceVersion=1&resourceVersionMatch=Nonsense`);
        await scene.ask("GET", `${configMaps}?resourceVersion=0&resourceVersionMatch=Exact`);
      },
    },
    {
      name: "gives metadata alone",
      play: async (scene) => {
        await labelled(scene);
        const accept = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
        await scene.ask("GET", `${configMaps}/m0`, undefined, { accept });
        await scene.ask("GET", `${configMaps}?labelSelector=of,app=db`, undefined, {
          accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
        });
        await scene.ask("POST", configMaps, { metadata: { name: "n" }, data: { a: "1" } }, { accept });
        await scene.ask("DELETE", `${configMaps}/n`, undefined, { accept, show: (body) => at(body, "kind") });
      },
    },
  ],
};
