import { at } from "../../simulator/server/table/readFields.ts";
import type { Topic } from "./scene.ts";

const configMaps = "/api/v1/namespaces/NS/configmaps";
const deployments = "/apis/apps/v1/namespaces/NS/deployments";

const template = { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:1" }] } };

const deployment = (spec: object = {}) => ({
  metadata: { name: "web" },
  spec: { replicas: 0, selector: { matchLabels: { app: "web" } }, template, ...spec },
});

const dry = `${deployments}?dryRun=All`;

export const fields: Topic = {
  name: "fields",
  cases: [
    {
      name: "drops, warns of or refuses unknown fields",
      play: async ({ ask, patch }) => {
        const body = { metadata: { name: "a", nope: 1 }, data: { a: "1" }, nope: { x: 1 } };
        await ask("POST", `${configMaps}?dryRun=All`, body);
        await ask("POST", `${configMaps}?dryRun=All&fieldValidation=Ignore`, body, { show: "nothing" });
        await ask("POST", `${configMaps}?dryRun=All&fieldValidation=Warn`, body, { show: "nothing" });
        await ask("POST", `${configMaps}?dryRun=All&fieldValidation=Strict`, body);
        await ask("POST", `${configMaps}?dryRun=All&fieldValidation=Nonsense`, body);
        await ask(
          "POST",
          `${dry}&fieldValidation=Strict`,
          deployment({
            repliclas: 1,
            template: {
              ...template,
              spec: { ...template.spec, containers: [{ name: "web", image: "i", imgae: "x" }] },
            },
          }),
        );
        await ask("POST", configMaps, { metadata: { name: "a" } }, { show: "nothing" });
        await patch(`${configMaps}/a?fieldValidation=Strict`, "merge", { nope: 1 });
        await patch(`${configMaps}/a?fieldValidation=Strict`, "strategic", { nope: 1 });
        await patch(`${configMaps}/a`, "merge", { nope: 1 }, { show: "nothing" });
      },
    },
    {
      name: "refuses values of the wrong type",
      play: async ({ ask, patch }) => {
        await ask("POST", configMaps, { metadata: { name: "a" }, data: { a: 1 } }, { show: "nothing" });
        await ask("POST", dry, deployment({ replicas: "many" }), { show: "nothing" });
        await ask("POST", dry, deployment({ replicas: 1.5 }), { show: "nothing" });
        await ask("POST", dry, deployment({ template: [] }), { show: "nothing" });
        await ask("POST", deployments, deployment(), { show: "nothing" });
        await patch(`${deployments}/web`, "merge", { spec: { replicas: "2" } }, { show: "nothing" });
      },
    },
    {
      name: "fills in what a Deployment leaves out",
      play: async ({ ask }) => {
        const probe = { httpGet: { port: 80 } };
        const containers = [
          {
            name: "web",
            image: "web",
            ports: [{ containerPort: 80 }],
            readinessProbe: probe,
            resources: { requests: { cpu: "0.5" } },
          },
        ];
        await ask("POST", dry, deployment({ replicas: undefined, template: { ...template, spec: { containers } } }));
        await ask("POST", dry, deployment({ strategy: { rollingUpdate: { maxSurge: 1 } } }), {
          show: (body) => at(body, "spec", "strategy"),
        });
      },
    },
    {
      name: "fills in what a ReplicaSet, a Job and a Service leave out",
      play: async ({ ask }) => {
        const selector = { matchLabels: { app: "web" } };
        await ask("POST", "/apis/apps/v1/namespaces/NS/replicasets?dryRun=All", {
          metadata: { name: "a" },
          spec: { selector, template },
        });
        const job = { template: { spec: { restartPolicy: "Never", containers: [{ name: "a", image: "a:1" }] } } };
        await ask("POST", "/apis/batch/v1/namespaces/NS/jobs?dryRun=All", { metadata: { name: "j" }, spec: job });
        const ports = [{ port: 80 }];
        await ask("POST", "/api/v1/namespaces/NS/services?dryRun=All", {
          metadata: { name: "s" },
          spec: { selector: { a: "b" }, ports },
        });
        await ask("POST", "/api/v1/namespaces/NS/secrets?dryRun=All", {
          metadata: { name: "x" },
          stringData: { a: "b" },
        });
        await ask("POST", "/apis/policy/v1/namespaces/NS/poddisruptionbudgets?dryRun=All", {
          metadata: { name: "p" },
          spec: { maxUnavailable: 1, selector },
        });
      },
    },
    {
      name: "judges workloads",
      play: async ({ ask, patch }) => {
        await ask("POST", deployments, { metadata: { name: "web" } });
        await ask("POST", deployments, deployment({ selector: { matchLabels: { app: "other" } } }));
        await ask("POST", deployments, deployment({ replicas: -1 }));
        await ask(
          "POST",
          deployments,
          deployment({ template: { metadata: template.metadata, spec: { containers: [] } } }),
        );
        await ask(
          "POST",
          deployments,
          deployment({ template: { metadata: template.metadata, spec: { containers: [{ name: "A_b", image: "" }] } } }),
        );
        await ask("POST", deployments, deployment({ strategy: { type: "Recreate", rollingUpdate: {} } }));
        await ask("POST", deployments, deployment({ strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } }));
        await ask("POST", deployments, deployment(), { show: "nothing" });
        await patch(`${deployments}/web`, "merge", { spec: { selector: { matchLabels: { app: "new" } } } });
        const pod = {
          metadata: { name: "p" },
          spec: { schedulerName: "nobody", containers: [{ name: "a", image: "a" }] },
        };
        await ask("POST", "/api/v1/namespaces/NS/pods", pod, { show: "nothing" });
        await patch("/api/v1/namespaces/NS/pods/p", "merge", { spec: { hostNetwork: true } }, { reasonOnly: true });
        await ask("DELETE", "/api/v1/namespaces/NS/pods/p?gracePeriodSeconds=0", undefined, { show: "nothing" });
      },
    },
    {
      name: "judges Services",
      play: async ({ ask, patch }) => {
        const services = "/api/v1/namespaces/NS/services";
        await ask("POST", services, { metadata: { name: "s" }, spec: {} });
        await ask("POST", services, { metadata: { name: "s" }, spec: { ports: [{ port: 0 }] } });
        await ask("POST", services, { metadata: { name: "s" }, spec: { ports: [{ port: 80 }, { port: 81 }] } });
        await ask("POST", services, {
          metadata: { name: "s" },
          spec: { selector: { "no way": "x" }, ports: [{ port: 80 }] },
        });
        await ask("POST", services, { metadata: { name: "1s" }, spec: { ports: [{ port: 80 }] } });
        await ask("POST", services, { metadata: { name: "s" }, spec: { ports: [{ port: 80 }] } }, { show: "nothing" });
        await patch(`${services}/s`, "merge", { spec: { clusterIP: "127.96.255.1" } });
      },
    },
  ],
};
