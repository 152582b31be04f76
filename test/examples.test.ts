/** Every file of examples/ does what it says: applied to the cluster in the process, updated, and seen through. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { admissionFindings } from "../controller/rules/admission/admissionFindings.ts";
import { promote } from "../controller/rollout/verbs/promote.ts";
import type { Log } from "../controller/process/log.ts";
import { collectionPath, objectPath } from "../kube/client/path.ts";
import { ROLLOUTS } from "../kube/client/resources.ts";
import { type ManualClock, manualClock } from "../kube/clock/clock.ts";
import { DRIVEN_ROUTERS } from "../providers/traffic/routers.ts";
import type { Rollout } from "../schema/rollout.ts";
import type { Pod } from "../simulator/controllers/loop/objects.ts";
import { perform } from "../simulator/demo/kubectl.ts";
import { randomOf } from "../simulator/demo/random.ts";
import { type LocalCluster, startLocalCluster } from "../simulator/local/localCluster.ts";
import type { ApiObject } from "../simulator/model/model.ts";

const folder = join(import.meta.dir, "../examples");
const namespace = "default";

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

async function read(file: string): Promise<readonly Manifest[]> {
  const parsed: unknown = Bun.YAML.parse(await Bun.file(join(folder, file)).text());
  return (Array.isArray(parsed) ? parsed : [parsed]) as readonly Manifest[];
}

const yamlFiles = readdirSync(folder).filter((file) => file.endsWith(".yaml"));

/** What is seen of an example, in a few words; each named after its Rollout. */
interface Stage {
  readonly cluster: LocalCluster;
  readonly clock: ManualClock;
  readonly name: string;
}

const stored = ({ cluster }: Stage, resource: string, name: string): ApiObject | undefined =>
  cluster.core.get({ resource, namespace, name });

const rolloutOf = (stage: Stage): Rollout => stored(stage, "rollouts.argoproj.io", stage.name) as unknown as Rollout;

const specOf = (stage: Stage, resource: string, name: string): Record<string, unknown> =>
  (stored(stage, resource, name)?.["spec"] ?? {}) as Record<string, unknown>;

const annotationsOf = (stage: Stage, name: string): Readonly<Record<string, string>> =>
  stored(stage, "ingresses.networking.k8s.io", name)?.metadata.annotations ?? {};

const livePods = ({ cluster }: Stage): readonly Pod[] =>
  (cluster.core.list("pods") as readonly Pod[]).filter(({ metadata }) => metadata.deletionTimestamp === undefined);

/** "nginx:1.28 nginx:1.28 nginx:1.29" */
const images = (stage: Stage): string =>
  livePods(stage)
    .map(({ spec }) => spec.containers[0]?.image ?? "")
    .toSorted()
    .join(" ");

/** The images of the pods that a Service selects. */
function imagesBehind(stage: Stage, service: string): string {
  const selector = Object.entries(specOf(stage, "services", service)["selector"] as Record<string, string>);
  const behind = livePods(stage).filter(({ metadata }) =>
    selector.every(([key, value]) => metadata.labels?.[key] === value),
  );
  return [...new Set(behind.map(({ spec }) => spec.containers[0]?.image ?? ""))].toSorted().join(" ");
}

interface Example {
  /** What has to be applied before it. */
  readonly first?: string;
  /** The object whose image is changed; the Rollout by default. */
  readonly updated?: "deployments";
  /** Pods of a Rollout that is Healthy. */
  readonly pods: number;
  /** What is to be seen at the first pause of the update; absent: it does not pause. */
  readonly paused?: (stage: Stage) => unknown;
  /** What `paused` gives. */
  readonly shows?: unknown;
  /** It goes on without a person. */
  readonly goesOnAlone?: true;
}

const prefix = "alb.ingress.kubernetes.io";
const actionKey = `${prefix}/actions.canary-alb-stable`;

/** In the order in which they stand there. */
const weightsIn = (spec: object): readonly number[] =>
  [...JSON.stringify(spec).matchAll(/"weight":(\d+)/g)].map(([, weight]) => Number(weight));

const old = "nginx:1.28";
const fresh = "nginx:1.29";

const examples: Readonly<Record<string, Example>> = {
  "canary.yaml": { pods: 5, paused: images, shows: `${`${old} `.repeat(4)}${fresh}` },
  "canary-nginx.yaml": {
    pods: 5,
    paused: (stage) => annotationsOf(stage, "canary-nginx-canary-nginx-canary"),
    shows: { "nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-weight": "20" },
  },
  "canary-alb.yaml": {
    pods: 5,
    paused: (stage) => JSON.parse(annotationsOf(stage, "canary-alb")[actionKey] ?? "{}") as unknown,
    shows: {
      Type: "forward",
      ForwardConfig: {
        TargetGroups: [
          { ServiceName: "canary-alb-canary", ServicePort: "80", Weight: 20 },
          { ServiceName: "canary-alb-stable", ServicePort: "80", Weight: 80 },
        ],
      },
    },
  },
  "header-route.yaml": {
    pods: 5,
    paused: (stage) => annotationsOf(stage, "header-route")[`${prefix}/conditions.header-route-beta`],
    shows: '[{"field":"http-header","httpHeaderConfig":{"httpHeaderName":"X-Beta","values":["yes"]}}]',
  },
  "canary-smi.yaml": {
    first: "smi-crd.yaml",
    pods: 5,
    paused: (stage) => specOf(stage, "trafficsplits.split.smi-spec.io", "canary-smi"),
    shows: {
      service: "canary-smi",
      backends: [
        { service: "canary-smi-canary", weight: "20" },
        { service: "canary-smi-stable", weight: "80" },
      ],
    },
  },
  "canary-istio.yaml": {
    first: "istio-crd.yaml",
    pods: 5,
    paused: (stage) => specOf(stage, "virtualservices.networking.istio.io", "canary-istio")["http"],
    shows: [
      {
        route: [
          { destination: { host: "canary-istio-stable" }, weight: 80 },
          { destination: { host: "canary-istio-canary" }, weight: 20 },
        ],
      },
    ],
  },
  "canary-plugins.yaml": {
    first: "gateway-crd.yaml",
    pods: 5,
    paused: (stage) => specOf(stage, "httproutes.gateway.networking.k8s.io", "canary-plugins"),
    shows: {
      parentRefs: [{ name: "canary-plugins" }],
      hostnames: ["canary.localhost"],
      rules: [
        {
          backendRefs: [
            { name: "canary-plugins-stable", port: 80, weight: 80 },
            { name: "canary-plugins-canary", port: 80, weight: 20 },
          ],
        },
      ],
    },
  },
  "canary-traefik.yaml": {
    first: "routers-crd.yaml",
    pods: 5,
    paused: (stage) => weightsIn(specOf(stage, "traefikservices.traefik.io", "canary-traefik")),
    shows: [80, 20],
  },
  "canary-apisix.yaml": {
    first: "routers-crd.yaml",
    pods: 5,
    paused: (stage) => weightsIn(specOf(stage, "apisixroutes.apisix.apache.org", "canary-apisix")),
    shows: [80, 20],
  },
  "canary-ambassador.yaml": {
    first: "routers-crd.yaml",
    pods: 5,
    paused: (stage) => specOf(stage, "mappings.getambassador.io", "canary-ambassador-canary"),
    shows: { prefix: "/", service: "canary-ambassador-canary:80", weight: 20 },
  },
  "canary-appmesh.yaml": {
    first: "routers-crd.yaml",
    pods: 5,
    paused: (stage) => weightsIn(specOf(stage, "virtualrouters.appmesh.k8s.aws", "canary-appmesh")),
    shows: [80, 20],
  },
  "blue-green.yaml": {
    pods: 3,
    paused: (stage) => [imagesBehind(stage, "blue-green"), imagesBehind(stage, "blue-green-preview")],
    shows: [old, fresh],
  },
  "blue-green-auto.yaml": {
    pods: 3,
    paused: (stage) => imagesBehind(stage, "blue-green-auto"),
    shows: old,
    goesOnAlone: true,
  },
  "migration.yaml": {
    updated: "deployments",
    pods: 4,
    paused: (stage) => [images(stage), specOf(stage, "deployments.apps", "migration")["replicas"]],
    shows: [`${`${old} `.repeat(3)}${fresh}`, 0],
  },
  "restart.yaml": { pods: 4 },
  "analysed.yaml": { pods: 4, paused: images, shows: `${old} ${old} ${fresh} ${fresh}`, goesOnAlone: true },
  "autoscaled.yaml": { pods: 1, paused: (stage) => rolloutOf(stage).status?.message, shows: "CanaryPauseStep" },
};

/** Which kinds are not a plain plural, or are not namespaced. */
const plurals: Readonly<Record<string, string>> = { Ingress: "ingresses" };

const complaints: string[] = [];
const complain = (message: string): void => void complaints.push(message);
const log: Log = { debug: () => {}, info: () => {}, warn: complain, error: complain };

async function begin(file: string): Promise<Stage> {
  const clock = manualClock(Date.UTC(2026, 0, 1));
  const cluster = await startLocalCluster({ clock, log, version: "0.0.0", random: randomOf(7) });
  const stage = { cluster, clock, name: file.replace(".yaml", "") };
  const { first } = examples[file] ?? {};
  for (const name of first === undefined ? [file] : [first, file]) {
    for (const manifest of await read(name)) await apply(stage, manifest);
    await clock.advance(1_000);
  }
  return stage;
}

async function send({ cluster }: Stage, request: Parameters<LocalCluster["server"]["handle"]>[0]): Promise<void> {
  const answer = await cluster.server.handle(request);
  if (answer.kind === "watch") throw new Error(`${request.path} answers with a watch`);
  expect([answer.status < 300 ? "" : answer.body, answer.warnings ?? []]).toEqual(["", []]);
}

async function apply(stage: Stage, manifest: Manifest): Promise<void> {
  const { apiVersion, kind } = manifest;
  const [version = "", group = ""] = apiVersion.split("/").toReversed();
  const plural = plurals[kind] ?? `${kind.toLowerCase()}s`;
  const path = collectionPath({ group, version, plural }, kind === "CustomResourceDefinition" ? undefined : namespace);
  const query = { fieldManager: "kubectl-client-side-apply", fieldValidation: "Strict" };
  await send(stage, { method: "POST", path, query, userAgent: "kubectl", body: manifest });
}

async function setImage(stage: Stage, what: "rollouts" | "deployments"): Promise<void> {
  const resource = what === "rollouts" ? ROLLOUTS : { group: "apps", version: "v1", plural: "deployments" };
  await send(stage, {
    method: "PATCH",
    path: objectPath(resource, { namespace, name: stage.name }),
    query: {},
    userAgent: "kubectl",
    contentType: "application/json-patch+json",
    body: [{ op: "replace", path: "/spec/template/spec/containers/0/image", value: fresh }],
  });
}

/** Lets virtual time pass until the Rollout is in the phase. */
async function until(stage: Stage, phase: string): Promise<void> {
  for (let seconds = 0; seconds < 600; seconds += 1) {
    await stage.clock.advance(1_000);
    const { metadata, status } = rolloutOf(stage);
    if (status?.observedGeneration === String(metadata.generation) && status.phase === phase) return;
  }
  throw new Error(`${stage.name} is not ${phase} after ten minutes: ${JSON.stringify(rolloutOf(stage).status)}`);
}

describe("the examples", () => {
  test("are all played here, and each has its line in the README of the folder", async () => {
    const text = await Bun.file(join(folder, "README.md")).text();
    expect(yamlFiles.filter((file) => !text.includes(`(${file})`))).toEqual([]);
    const needed = new Set(Object.values(examples).flatMap(({ first }) => first ?? []));
    expect([...Object.keys(examples), ...needed].toSorted()).toEqual(yamlFiles.toSorted());
  });

  test("have one for each router that is driven", () => {
    const missing = DRIVEN_ROUTERS.filter(({ kind }) => !yamlFiles.includes(`canary-${kind.toLowerCase()}.yaml`));
    expect(missing.map(({ kind }) => kind)).toEqual([]);
  });

  test.each(yamlFiles)("%s has nothing that the linter would say a word about", async (file) => {
    const rollouts = (await read(file)).filter(({ kind }) => kind === "Rollout");
    const found = rollouts.map((rollout) => admissionFindings(rollout, "Rollout", { strict: true }));
    expect(found).toEqual(rollouts.map(() => ({ refuse: [], warn: [] })));
  });

  test.each(Object.entries(examples))("%s is deployed, updated, and seen through", async (file, example) => {
    const { pods, updated, paused, shows, goesOnAlone } = example;
    const stage = await begin(file);
    await until(stage, "Healthy");
    await stage.clock.advance(60_000);
    expect(images(stage)).toBe(Array.from({ length: pods }, () => old).join(" "));

    await setImage(stage, updated ?? "rollouts");
    if (paused !== undefined) {
      await until(stage, "Paused");
      expect(paused(stage)).toEqual(shows);
      if (goesOnAlone === undefined) await perform(stage.cluster.server, stage.name, promote);
    }
    await until(stage, "Healthy");
    await stage.clock.advance(120_000);
    expect(rolloutOf(stage).status?.phase).toBe("Healthy");
    expect(images(stage)).toBe(Array.from({ length: pods }, () => fresh).join(" "));
    await stage.cluster.stop();
  });
});

describe("what some examples are for", () => {
  test("analysed.yaml ends an update whose pods crash, and says which", async () => {
    const stage = await begin("analysed.yaml");
    await until(stage, "Healthy");
    await send(stage, {
      method: "PATCH",
      path: objectPath(ROLLOUTS, { namespace, name: "analysed" }),
      query: {},
      userAgent: "kubectl",
      contentType: "application/merge-patch+json",
      body: { spec: { template: { metadata: { annotations: { "sim.sluice.dev/crash-after": "3s" } } } } },
    });
    await until(stage, "Degraded");
    expect(rolloutOf(stage).status?.abort).toBe(true);
    expect(complaints.splice(0)).toEqual(["Rollout aborted"]);
    expect(JSON.stringify(stage.cluster.core.list("analysisruns.argoproj.io"))).toMatch(
      /1 containers are down: analysed-[\w-]+ \(0 restarts, Error\)/,
    );
    await stage.clock.advance(60_000);
    expect(livePods(stage)).toHaveLength(4);
    await stage.cluster.stop();
  });

  test("restart.yaml gets new pods of the same version, and its disruption budget holds", async () => {
    const stage = await begin("restart.yaml");
    await until(stage, "Healthy");
    const before = new Set(livePods(stage).map(({ metadata }) => metadata.uid));
    await stage.clock.advance(5_000);
    const restartAt = new Date(stage.clock.now()).toISOString().replace(/\.\d+Z/, "Z");
    await send(stage, {
      method: "PATCH",
      path: objectPath(ROLLOUTS, { namespace, name: "restart" }),
      query: {},
      userAgent: "kubectl",
      contentType: "application/merge-patch+json",
      body: { spec: { restartAt } },
    });
    let fewest = 4;
    for (let moments = 0; moments < 600 && rolloutOf(stage).status?.restartedAt !== restartAt; moments += 1) {
      await stage.clock.advance(200);
      fewest = Math.min(fewest, rolloutOf(stage).status?.availableReplicas ?? 0);
    }
    expect(rolloutOf(stage).status?.restartedAt).toBe(restartAt);
    expect(fewest).toBe(3);
    await until(stage, "Healthy");
    expect(livePods(stage).filter(({ metadata }) => before.has(metadata.uid))).toEqual([]);
    expect(images(stage)).toBe(Array.from({ length: 4 }, () => old).join(" "));
    await stage.cluster.stop();
  });

  test("migration.yaml takes over pod by pod, and gives the Deployment its pods back when it is deleted", async () => {
    const stage = await begin("migration.yaml");
    await until(stage, "Healthy");
    await stage.clock.advance(10_000);
    expect(specOf(stage, "deployments.apps", "migration")["replicas"]).toBe(0);
    await send(stage, {
      method: "DELETE",
      path: objectPath(ROLLOUTS, { namespace, name: "migration" }),
      query: {},
      userAgent: "kubectl",
    });
    await stage.clock.advance(120_000);
    expect(stored(stage, "rollouts.argoproj.io", "migration")).toBeUndefined();
    expect(specOf(stage, "deployments.apps", "migration")["replicas"]).toBe(4);
    expect(images(stage)).toBe(Array.from({ length: 4 }, () => old).join(" "));
    await stage.cluster.stop();
  });

  test("autoscaled.yaml takes the size that an autoscaler gives it, in the middle of an update, too", async () => {
    const stage = await begin("autoscaled.yaml");
    const scale = (replicas: number): Promise<void> =>
      send(stage, {
        method: "PATCH",
        path: objectPath(ROLLOUTS, { namespace, name: "autoscaled", subresource: "scale" }),
        query: {},
        userAgent: "kube-controller-manager",
        contentType: "application/merge-patch+json",
        body: { spec: { replicas } },
      });
    await until(stage, "Healthy");
    await scale(4);
    await until(stage, "Healthy");
    await setImage(stage, "rollouts");
    await until(stage, "Paused");
    await scale(8);
    await stage.clock.advance(10_000);
    expect(images(stage)).toBe(`${`${old} `.repeat(6)}${fresh} ${fresh}`);
    await stage.cluster.stop();
  });
});

beforeAll(() => void complaints.splice(0));
afterAll(() => {
  expect(complaints).toEqual([]);
});
