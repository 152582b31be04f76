/** For tests: a Deployment in a cluster in memory, and a controller as a whole that migrates Deployments there. */
import { startControllers } from "../../../simulator/controllers/controllers.ts";
import type { Draft } from "../../../simulator/model/model.ts";
import { MIGRATE } from "../../../schema/labels.ts";
import { testApi } from "../../../test/apiServer.ts";
import { type MigrationScope, unobserved } from "../../controller.ts";
import { wireController } from "../../wiring.ts";

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
