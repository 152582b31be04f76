import { at, countAt, listAt, textAt } from "../../simulator/server/table/readFields.ts";
import type { Answered, Body, Topic } from "./scene.ts";

const deployments = "/apis/apps/v1/namespaces/NS/deployments";
const sets = "/apis/apps/v1/namespaces/NS/replicasets";
const pods = "/api/v1/namespaces/NS/pods";

const template = (image: string) => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image, ports: [{ containerPort: 8080, name: "http" }] }] },
});
const selector = { matchLabels: { app: "web" } };

const conditions = (body: Body) =>
  listAt(body, "status", "conditions")
    .map((one) => ({
      type: at(one, "type"),
      status: at(one, "status"),
      reason: at(one, "reason"),
      message: at(one, "message"),
    }))
    .toSorted((a, b) => (String(a.type) < String(b.type) ? -1 : 1));

/** Without the pods that are still terminating, which nothing here waits for. */
const status = {
  show: (body: Body) => ({
    ...(at(body, "status") as object),
    conditions: conditions(body),
    terminatingReplicas: undefined,
  }),
};

/** A label of the node, which a pod gets with its binding. */
const zone = "topology.kubernetes.io/zone";

const owned = (item: unknown) => ({
  name: at(item, "metadata", "name"),
  generateName: at(item, "metadata", "generateName"),
  labels: { ...(at(item, "metadata", "labels") as object), [zone]: undefined },
  annotations: at(item, "metadata", "annotations"),
  owner: at(item, "metadata", "ownerReferences", 0, "kind"),
  replicas: at(item, "spec", "replicas"),
});

const settled =
  (replicas: number) =>
  ({ body }: Answered): boolean =>
    countAt(body, "status", "availableReplicas") === replicas &&
    countAt(body, "status", "replicas") === replicas &&
    countAt(body, "status", "observedGeneration") === countAt(body, "metadata", "generation");

const done = ({ body }: Answered): boolean =>
  listAt(body, "status", "conditions").some(
    (one) => ["Complete", "Failed"].includes(textAt(one, "type")) && textAt(one, "status") === "True",
  );

export const controllers: Topic = {
  name: "controllers",
  cases: [
    {
      name: "makes a ReplicaSet's pods",
      play: async ({ ask, until, patch }) => {
        await ask(
          "POST",
          sets,
          { metadata: { name: "web" }, spec: { replicas: 2, selector, template: template("web:1") } },
          { show: "nothing" },
        );
        await until(`${sets}/web`, settled(2), status);
        await ask("GET", `${pods}?labelSelector=app=web`, undefined, { show: (body) => owned(at(body, "items", 0)) });
        await patch(`${sets}/web/scale`, "merge", { spec: { replicas: 1 } }, { show: "nothing" });
        await until(`${sets}/web`, settled(1), status);
        await ask("DELETE", `${sets}/web?propagationPolicy=Foreground`, undefined, { show: "nothing" });
        await until(`${sets}/web`, (answer) => answer.status === 404, { show: "nothing" });
        await ask("GET", `${pods}?labelSelector=app=web`, undefined, { show: (body) => listAt(body, "items").length });
      },
    },
    {
      name: "rolls a Deployment out",
      play: async ({ ask, until, patch, quietly, call }) => {
        await ask(
          "POST",
          deployments,
          { metadata: { name: "web" }, spec: { replicas: 2, selector, template: template("web:1") } },
          { show: "nothing" },
        );
        const settledAt =
          (revision: string) =>
          (answer: Answered): boolean =>
            settled(2)(answer) &&
            countAt(answer.body, "status", "updatedReplicas") === 2 &&
            listAt(answer.body, "status", "conditions").some(
              (one) => textAt(one, "reason") === "NewReplicaSetAvailable",
            ) &&
            textAt(answer.body, "metadata", "annotations", "deployment.kubernetes.io/revision") === revision;
        await until(`${deployments}/web`, settledAt("1"), { show: "nothing" });
        // A hash of the template; its value does not matter.
        const hash = async (n: number): Promise<void> => {
          const { body } = await quietly("GET", sets);
          for (const set of listAt(body, "items")) {
            const text = textAt(set, "metadata", "labels", "pod-template-hash");
            if (!hashes.includes(text)) call(text, `<hash ${n}>`);
            hashes.push(text);
          }
        };
        const hashes: string[] = [];
        await hash(1);
        await ask("GET", `${deployments}/web`, undefined, status);

        await patch(
          `${deployments}/web`,
          "strategic",
          { spec: { template: { spec: { containers: [{ name: "web", image: "web:2" }] } } } },
          { show: "nothing" },
        );
        await until(`${deployments}/web`, settledAt("2"), { show: "nothing" });
        await hash(2);
        await ask("GET", `${deployments}/web`, undefined, status);
        const byRevision = (a: unknown, b: unknown): number => {
          const revision = (item: unknown) =>
            textAt(item, "metadata", "annotations", "deployment.kubernetes.io/revision");
          return revision(a) < revision(b) ? -1 : 1;
        };
        await until(
          sets,
          ({ body }) =>
            listAt(body, "items").every(
              (item) => countAt(item, "status", "replicas") === countAt(item, "spec", "replicas"),
            ),
          {
            show: (body) => listAt(body, "items").toSorted(byRevision).map(owned),
          },
        );
        await ask("DELETE", `${deployments}/web?propagationPolicy=Foreground`, undefined, { show: "nothing" });
        await until(`${deployments}/web`, (answer) => answer.status === 404, { show: "nothing" });
      },
    },
    {
      name: "keeps a Service's endpoints",
      play: async ({ ask, until }) => {
        const ports = [{ port: 80, targetPort: "http", name: "web" }];
        await ask(
          "POST",
          "/api/v1/namespaces/NS/services",
          { metadata: { name: "web" }, spec: { selector: { app: "web" }, ports } },
          { show: "nothing" },
        );
        await until("/api/v1/namespaces/NS/endpoints/web", ({ status: code }) => code === 200, {
          show: (body) => at(body, "subsets") ?? "none",
        });
        await ask(
          "POST",
          sets,
          { metadata: { name: "web" }, spec: { replicas: 2, selector, template: template("web:1") } },
          { show: "nothing" },
        );
        await until(`${sets}/web`, settled(2), { show: "nothing" });
        const address = (item: unknown) => ({
          ...(item as object),
          nodeName: undefined,
          zone: undefined,
          ip: undefined,
          addresses: undefined,
          targetRef: { ...(at(item, "targetRef") as object), name: undefined, uid: undefined },
        });
        await until(
          "/api/v1/namespaces/NS/endpoints/web",
          ({ body }) => listAt(body, "subsets", 0, "addresses").length === 2,
          {
            show: (body) =>
              listAt(body, "subsets").map((subset) => ({
                ports: at(subset, "ports"),
                addresses: listAt(subset, "addresses").map(address),
              })),
          },
        );
        const slices =
          "/apis/discovery.k8s.io/v1/namespaces/NS/endpointslices?labelSelector=kubernetes.io/service-name=web";
        const isReady = (endpoint: unknown): boolean => at(endpoint, "conditions", "ready") === true;
        await until(slices, ({ body }) => listAt(body, "items", 0, "endpoints").filter(isReady).length === 2, {
          show: (body) =>
            listAt(body, "items").map((slice) => ({
              labels: at(slice, "metadata", "labels"),
              addressType: at(slice, "addressType"),
              ports: at(slice, "ports"),
              endpoints: listAt(slice, "endpoints").map(address),
            })),
        });
        await ask("DELETE", `${sets}/web`, undefined, { show: "nothing" });
      },
    },
    {
      name: "runs a Job to its end",
      play: async ({ ask, until }) => {
        const jobs = "/apis/batch/v1/namespaces/NS/jobs";
        const job = (name: string, command: string) => ({
          metadata: { name },
          spec: {
            backoffLimit: 0,
            template: {
              spec: { restartPolicy: "Never", containers: [{ name: "j", image: "j", command: ["sh", "-c", command] }] },
            },
          },
        });
        const brief = { show: (body: Body) => ({ ...(at(body, "status") as object), conditions: conditions(body) }) };
        await ask("POST", jobs, job("good", "sleep 0.1; exit 0"), { show: "nothing" });
        await until(`${jobs}/good`, done, brief);
        await ask("POST", jobs, job("bad", "sleep 0.1; exit 1"), { show: "nothing" });
        await until(`${jobs}/bad`, done, brief);
      },
    },
    {
      name: "leaves a paused Deployment alone",
      play: async ({ ask, until }) => {
        await ask(
          "POST",
          deployments,
          { metadata: { name: "web" }, spec: { paused: true, replicas: 1, selector, template: template("web:1") } },
          { show: "nothing" },
        );
        await until(`${deployments}/web`, ({ body }) => countAt(body, "status", "observedGeneration") === 1, status);
        await ask("GET", sets, undefined, { show: (body) => listAt(body, "items").length });
      },
    },
  ],
};
