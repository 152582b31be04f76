import { at, countAt } from "../../simulator/server/table/readFields.ts";
import type { Topic } from "./scene.ts";

const pods = "/api/v1/namespaces/NS/pods";
const sets = "/apis/apps/v1/namespaces/NS/replicasets";
const budgets = "/apis/policy/v1/namespaces/NS/poddisruptionbudgets";

const eviction = (name: string) => ({ apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace: "NS" } });

const status = {
  show: (body: unknown) => ({ ...(at(body, "status") as object), conditions: undefined, disruptedPods: undefined }),
};

export const disruption: Topic = {
  name: "evictions",
  cases: [
    {
      name: "evicts within a budget and not beyond it",
      play: async ({ ask, until, patch }) => {
        const template = {
          metadata: { labels: { app: "web" } },
          spec: { containers: [{ name: "web", image: "web:1" }] },
        };
        const selector = { matchLabels: { app: "web" } };
        await ask(
          "POST",
          sets,
          { metadata: { name: "web" }, spec: { replicas: 2, selector, template } },
          { show: "nothing" },
        );
        await until(`${sets}/web`, ({ body }) => countAt(body, "status", "availableReplicas") === 2, {
          show: "nothing",
        });
        await ask(
          "POST",
          budgets,
          { metadata: { name: "web" }, spec: { minAvailable: 2, selector } },
          { show: "nothing" },
        );
        await until(`${budgets}/web`, ({ body }) => countAt(body, "status", "currentHealthy") === 2, status);
        const { body } = await ask("GET", `${pods}?labelSelector=app=web`, undefined, { show: "nothing" });
        const name = String(at(body, "items", 0, "metadata", "name"));
        await ask("POST", `${pods}/${name}/eviction`, eviction(name), {
          show: "nothing",
        });
        await patch(`${budgets}/web`, "merge", { spec: { minAvailable: 1 } }, { show: "nothing" });
        await until(
          `${budgets}/web`,
          ({ body: budget }) => countAt(budget, "status", "disruptionsAllowed") === 1,
          status,
        );
        await ask("POST", `${pods}/${name}/eviction`, eviction(name));
        await ask("DELETE", `${sets}/web`, undefined, { show: "nothing" });
      },
    },
    {
      name: "evicts what no budget guards",
      play: async ({ ask }) => {
        const pod = {
          metadata: { name: "p" },
          spec: { schedulerName: "nobody", containers: [{ name: "a", image: "a" }] },
        };
        await ask("POST", pods, pod, { show: "nothing" });
        await ask("POST", `${pods}/p/eviction`, eviction("q"), { show: "nothing" });
        await ask("POST", `${pods}/p/eviction`, eviction("p"));
        await ask("GET", `${pods}/p`, undefined, { show: "nothing" });
        await ask("POST", `${pods}/p/eviction`, eviction("p"));
      },
    },
  ],
};
