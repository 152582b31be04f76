/** For tests: a Deployment in a cluster in memory, and a controller as a whole that migrates Deployments there. */
import { startControllers } from "../../simulator/controllers/controllers.ts";
import type { ApiObject, Draft } from "../../simulator/model/model.ts";
import { MIGRATE } from "../../schema/labels.ts";
import { testApi } from "../../test/apiServer.ts";
import { type MigrationScope, unobserved } from "../controller.ts";
import { wireController } from "../wiring.ts";
// Loaded beforehand: the clock of a test does not wait for that.
import "./facts/profileText.ts";

export const DEPLOYMENT = { resource: "deployments.apps", namespace: "default", name: "web" } as const;
export const ROLLOUT = { resource: "rollouts.argoproj.io", namespace: "default", name: "web" } as const;
export const MINUTE = 60_000;
export const asks = { [MIGRATE]: "reference" };

export interface Given {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly replicas?: number;
  readonly spec?: object;
  readonly owners?: readonly object[];
}

/** A Deployment, and a controller that is killed before a write, and started anew. */
export async function stage({ annotations = {}, replicas = 3, spec = {}, owners = [] }: Given = {}) {
  let state = 1;
  const random = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
  const { core, clock, client, hook } = testApi({ installed: true, random });
  startControllers(core, { nodes: 1 });
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const running = { until: new AbortController() };
  const start = (more: Partial<MigrationScope> = {}): void => {
    running.until = new AbortController();
    const wired = wireController(
      { client, clock, log, observer: unobserved, random },
      {
        namespace: undefined,
        instanceId: "",
        resyncMs: 10 * MINUTE,
        concurrency: 5,
        migration: { ownNamespace: "sluice", ...more },
      },
    );
    void wired.lead({ election: undefined, until: running.until.signal });
  };
  const labels = { app: "web" };
  core.create("deployments.apps", {
    metadata: { name: "web", namespace: "default", annotations, ownerReferences: owners },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "web", image: "web:1" }] } },
      ...spec,
    },
  } as Draft);
  await clock.advance(MINUTE);
  start();
  await clock.advance(MINUTE);
  const available = { least: Infinity };
  core.onChange(() => {
    const sets = core.list("replicasets.apps") as unknown as { readonly status?: { availableReplicas?: number } }[];
    const now = sets.reduce((total, { status }) => total + (status?.availableReplicas ?? 0), 0);
    available.least = Math.min(available.least, now);
  });
  return {
    core,
    clock,
    available,
    end: () => running.until.abort(),
    /** Starts another controller after `end`, perhaps with other flags. */
    begin: start,
    annotate: (changes: Readonly<Record<string, string | undefined>>) =>
      core.modify(DEPLOYMENT, (old) => ({
        ...old,
        metadata: {
          ...old.metadata,
          annotations: { ...old.metadata.annotations, ...changes } as Record<string, string>,
        },
      })),
    /** Kills the controller before its write of this number, once. */
    killAt(write: number) {
      let writes = 0;
      hook.before = ({ method, path }) => {
        if (method === "GET" || path.includes("/events")) return;
        writes += 1;
        if (writes !== write) return;
        running.until.abort();
        clock.after(1_000, () => start());
        throw new Error("killed");
      };
    },
    deployment: () =>
      core.get(DEPLOYMENT) as unknown as {
        readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
        readonly spec: { readonly replicas: number };
        readonly status?: { readonly availableReplicas?: number };
      },
    rollout: () =>
      core.get(ROLLOUT) as unknown as
        | {
            readonly metadata: {
              readonly annotations?: object;
              readonly finalizers?: string[];
              readonly ownerReferences?: object[];
            };
            readonly spec: { readonly replicas: number };
            readonly status?: { readonly phase?: string; readonly availableReplicas?: number };
          }
        | undefined,
    events: () => core.list("events") as unknown as { readonly reason: string; readonly message: string }[],
  };
}

export interface Asking {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec?: object;
  readonly labels?: Readonly<Record<string, string>>;
}

export const deploymentNamed = (name: string, { annotations = {}, spec = {}, labels }: Asking = {}): Draft => {
  const own = labels ?? { app: name };
  return {
    metadata: { name, namespace: "default", annotations },
    spec: {
      replicas: 3,
      selector: { matchLabels: own },
      template: { metadata: { labels: own }, spec: { containers: [{ name: "web", image: "web:1" }] } },
      ...spec,
    },
  };
};

/** The Deployment "web" serves when it resolves, and the controller leads. `before`: what is there before that. */
export async function migratingStage(given: Asking = {}, before: readonly (readonly [string, object])[] = []) {
  let state = 1;
  const random = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
  const api = testApi({ installed: true, random, namespaces: ["sluice"] });
  const { core, clock, client } = api;
  startControllers(core, { nodes: 1 });
  const quiet = (): void => {};
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
  for (const [resource, draft] of before) core.create(resource, draft as Draft);
  core.create("deployments.apps", deploymentNamed("web", given));
  await clock.advance(MINUTE);
  const until = new AbortController();
  const wired = wireController(
    { client, clock, log, observer: unobserved, random },
    {
      namespace: undefined,
      instanceId: "",
      resyncMs: 10 * MINUTE,
      concurrency: 5,
      ownNamespace: "sluice",
      migration: { ownNamespace: "sluice" },
    },
  );
  void wired.lead({ election: undefined, until: until.signal });
  await clock.advance(MINUTE);
  return {
    ...api,
    end: () => until.abort(),
    annotate: (changes: Readonly<Record<string, string | undefined>>) =>
      core.modify(DEPLOYMENT, (old) => withAnnotations(old, changes)),
    /** `TYPE REASON MESSAGE` of those about objects of this kind, each once. */
    said: (kind: "Deployment" | "Rollout"): string[] =>
      (core.list("events") as unknown as readonly SaidEvent[])
        .filter(({ involvedObject, reason }) => involvedObject.kind === kind && reason.startsWith("Migration"))
        .map(({ type, reason, message }) => `${type} ${reason} ${message}`),
  };
}

interface SaidEvent {
  readonly involvedObject: { readonly kind: string };
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

const withAnnotations = (old: ApiObject, changes: Readonly<Record<string, string | undefined>>): ApiObject => ({
  ...old,
  metadata: {
    ...old.metadata,
    annotations: { ...old.metadata.annotations, ...changes } as Record<string, string>,
  },
});
