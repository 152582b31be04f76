import { at, listAt, textAt } from "../../simulator/server/table/readFields.ts";
import type { Body, Topic } from "./scene.ts";

const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";

/** Shows columns and cells only. */
const table = {
  accept,
  show: (body: Body) => ({
    kind: at(body, "kind"),
    columns: listAt(body, "columnDefinitions").map((column) =>
      ["name", "type", "format", "priority"].map((field) => String(at(column, field))).join("|"),
    ),
    rows: listAt(body, "rows").map((row) => ({ cells: at(row, "cells"), conditions: at(row, "conditions") })),
  }),
};

const columnsOnly = { ...table, show: (body: Body) => ({ columns: table.show(body).columns }) };

const template = (name: string) => ({
  metadata: { labels: { app: name } },
  spec: {
    containers: [
      { name, image: `${name}:1` },
      { name: "side", image: "side:2" },
    ],
  },
});

/** Collections of every kind that the in-memory server has. */
const collections = [
  "/api/v1/namespaces/NS/pods",
  "/api/v1/namespaces/NS/services",
  "/api/v1/namespaces/NS/endpoints",
  "/api/v1/namespaces/NS/events",
  "/api/v1/namespaces/NS/configmaps",
  "/api/v1/namespaces/NS/secrets",
  "/api/v1/namespaces/NS/serviceaccounts",
  "/api/v1/nodes",
  "/api/v1/namespaces",
  "/apis/apps/v1/namespaces/NS/deployments",
  "/apis/apps/v1/namespaces/NS/replicasets",
  "/apis/batch/v1/namespaces/NS/jobs",
  "/apis/discovery.k8s.io/v1/namespaces/NS/endpointslices",
  "/apis/coordination.k8s.io/v1/namespaces/NS/leases",
  "/apis/policy/v1/namespaces/NS/poddisruptionbudgets",
  "/apis/autoscaling/v2/namespaces/NS/horizontalpodautoscalers",
  "/apis/networking.k8s.io/v1/namespaces/NS/ingresses",
  "/apis/rbac.authorization.k8s.io/v1/namespaces/NS/roles",
  "/apis/rbac.authorization.k8s.io/v1/namespaces/NS/rolebindings",
  "/apis/rbac.authorization.k8s.io/v1/clusterroles",
  "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
  "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
  "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
];

export const tables: Topic = {
  name: "tables",
  cases: [
    {
      name: "has columns for every kind",
      play: async ({ ask }) => {
        for (const path of collections) await ask("GET", `${path}?limit=1`, undefined, columnsOnly);
      },
    },
    {
      name: "shows workloads",
      play: async ({ ask, patch, quietly }) => {
        const deployments = "/apis/apps/v1/namespaces/NS/deployments";
        const selector = { matchLabels: { app: "web" }, matchExpressions: [{ key: "z", operator: "DoesNotExist" }] };
        await quietly("POST", deployments, {
          metadata: { name: "web" },
          spec: { replicas: 0, paused: true, selector, template: template("web") },
        });
        await ask("GET", `${deployments}/web`, undefined, table);
        await ask("GET", `${deployments}/web/scale`, undefined, table);
        const sets = "/apis/apps/v1/namespaces/NS/replicasets";
        await quietly("POST", sets, {
          metadata: { name: "set" },
          spec: { replicas: 0, selector: { matchLabels: { app: "set" } }, template: template("set") },
        });
        await ask("GET", sets, undefined, table);
        const jobs = "/apis/batch/v1/namespaces/NS/jobs";
        const pod = { spec: { restartPolicy: "Never", containers: [{ name: "j", image: "j" }] } };
        await quietly("POST", jobs, {
          metadata: { name: "j" },
          spec: { suspend: true, completions: 3, template: pod },
        });
        await ask("GET", `${jobs}/j`, undefined, {
          ...table,
          show: (body) => ({ cells: listAt(body, "rows", 0, "cells").slice(2, 7) }),
        });
        await patch(`${deployments}/none`, "merge", {}, { accept });
      },
    },
    {
      name: "shows pods in their states",
      play: async ({ ask, patch }) => {
        const pods = "/api/v1/namespaces/NS/pods";
        const pod = (name: string, more: object = {}) => ({
          metadata: { name },
          spec: {
            schedulerName: "nobody",
            containers: [
              { name: "a", image: "a" },
              { name: "b", image: "b" },
            ],
            ...more,
          },
        });
        const container = (name: string, state: object, more: object = {}) => ({
          name,
          state,
          image: "x",
          imageID: "",
          ready: false,
          restartCount: 0,
          ...more,
        });
        const running = { running: { startedAt: "2026-01-02T03:04:05Z" } };
        const states: Readonly<Record<string, object>> = {
          running: {
            phase: "Running",
            conditions: [{ type: "Ready", status: "False" }],
            containerStatuses: [container("a", running, { ready: true, restartCount: 2 }), container("b", running)],
          },
          waiting: {
            phase: "Pending",
            containerStatuses: [container("a", { waiting: { reason: "ImagePullBackOff" } }), container("b", running)],
          },
          crashed: {
            phase: "Running",
            containerStatuses: [
              container("a", { terminated: { exitCode: 3 } }),
              container("b", running, { ready: true }),
            ],
          },
          done: {
            phase: "Succeeded",
            containerStatuses: [
              container("a", { terminated: { exitCode: 0, reason: "Completed" } }),
              container("b", { terminated: { exitCode: 0, reason: "Completed" } }),
            ],
          },
          failed: { phase: "Failed", reason: "Evicted" },
        };
        await ask("POST", pods, pod("new"), { show: "nothing" });
        for (const [name, status] of Object.entries(states)) {
          await ask("POST", pods, pod(name), { show: "nothing" });
          await patch(`${pods}/${name}/status`, "merge", { status }, { show: "nothing" });
        }
        const init = {
          initContainers: [
            { name: "i", image: "i" },
            { name: "s", image: "s", restartPolicy: "Always" },
          ],
        };
        await ask("POST", pods, pod("starting", init), { show: "nothing" });
        await patch(
          `${pods}/starting/status`,
          "merge",
          { status: { initContainerStatuses: [container("i", { waiting: { reason: "PodInitializing" } })] } },
          { show: "nothing" },
        );
        await ask("GET", pods, undefined, table);
        await ask("DELETE", `${pods}?gracePeriodSeconds=0`, undefined, { show: "nothing" });
      },
    },
    {
      name: "shows the rest of a namespace",
      play: async ({ ask, quietly }) => {
        const services = "/api/v1/namespaces/NS/services";
        const ports = [
          { port: 80, name: "web" },
          { port: 81, name: "more", protocol: "UDP" },
        ];
        await quietly("POST", services, { metadata: { name: "a" }, spec: { selector: { app: "a", b: "c" }, ports } });
        await quietly("POST", services, {
          metadata: { name: "b" },
          spec: { type: "LoadBalancer", externalIPs: ["1.2.3.4"], ports: [{ port: 80, nodePort: 30123 }] },
        });
        await quietly("POST", services, {
          metadata: { name: "c" },
          spec: { type: "ExternalName", externalName: "example.com" },
        });
        await quietly("POST", services, {
          metadata: { name: "d" },
          spec: { clusterIP: "None", ports: [{ port: 80 }] },
        });
        await ask("GET", services, undefined, table);
        await quietly("DELETE", `${services}/b`);
        const secrets = "/api/v1/namespaces/NS/secrets";
        await quietly("POST", secrets, { metadata: { name: "s" }, stringData: { a: "1", b: "2" } });
        await ask("GET", `${secrets}/s`, undefined, table);
        const leases = "/apis/coordination.k8s.io/v1/namespaces/NS/leases";
        await quietly("POST", leases, { metadata: { name: "l" }, spec: { holderIdentity: "me" } });
        await ask("GET", leases, undefined, table);
        const budgets = "/apis/policy/v1/namespaces/NS/poddisruptionbudgets";
        await quietly("POST", budgets, {
          metadata: { name: "p" },
          spec: { minAvailable: "50%", selector: { matchLabels: { a: "b" } } },
        });
        await ask("GET", budgets, undefined, table);
        const ingresses = "/apis/networking.k8s.io/v1/namespaces/NS/ingresses";
        const backend = { service: { name: "a", port: { number: 80 } } };
        const rule = (host: string) => ({ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } });
        await quietly("POST", ingresses, {
          metadata: { name: "i" },
          spec: { tls: [{}], rules: ["a.x", "b.x", "c.x", "d.x"].map(rule) },
        });
        await ask("GET", ingresses, undefined, table);
        const scalers = "/apis/autoscaling/v2/namespaces/NS/horizontalpodautoscalers";
        await quietly("POST", scalers, {
          metadata: { name: "h" },
          spec: {
            scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
            maxReplicas: 5,
            metrics: [
              { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } },
            ],
          },
        });
        await ask("GET", scalers, undefined, table);
        const events = "/api/v1/namespaces/NS/events";
        await quietly("POST", events, {
          metadata: { name: "e" },
          involvedObject: { kind: "Pod", name: "p", namespace: "NS", fieldPath: "spec.containers{a}" },
          reason: "Because",
          message: "so it is ",
          type: "Warning",
          source: { component: "me", host: "here" },
        });
        await ask("GET", `${events}?fieldSelector=reason=Because`, undefined, table);
      },
    },
    {
      name: "carries of its objects what is asked for",
      play: async ({ ask, watch, quietly, patch }) => {
        const maps = "/api/v1/namespaces/NS/configmaps";
        await quietly("POST", maps, { metadata: { name: "a" }, data: { a: "1" } });
        await ask("GET", `${maps}/a?includeObject=None`, undefined, {
          accept,
          show: (body) => ({ ...body, columnDefinitions: undefined }),
        });
        await ask("GET", `${maps}/a`, undefined, {
          accept,
          show: (body) => ({ ...body, columnDefinitions: undefined }),
        });
        await ask("GET", `${maps}/a?includeObject=Object`, undefined, {
          accept,
          show: (body) => at(body, "rows", 0, "object"),
        });
        await ask("GET", `${maps}/a?includeObject=Nonsense`, undefined, { accept, show: "nothing" });
        const watching = watch(`${maps}?watch=1&fieldSelector=metadata.name=a`, {
          accept,
          show: (object) => ({
            columns: listAt(object, "columnDefinitions").length,
            cells: at(object, "rows", 0, "cells"),
          }),
        });
        await watching.until((event) => event["type"] === "ADDED");
        await patch(`${maps}/a`, "merge", { data: { b: "2" } }, { show: "nothing" });
        await watching.until((event) => event["type"] === "MODIFIED" && textAt(event, "object", "kind") === "Table");
      },
    },
  ],
};
