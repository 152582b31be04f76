/** For tests: a cluster in memory with a Deployment of three pods and a controller that migrates. */
import { startControllers } from "../../simulator/controllers/controllers.ts";
import type { ApiObject, Draft } from "../../simulator/model/model.ts";
import { testApi } from "../../test/apiServer.ts";
import { unobserved } from "../controller.ts";
import { wireController } from "../wiring.ts";
// Loaded beforehand: the clock of a test does not wait for that.
import "./facts/profileText.ts";

export const DEPLOYMENT = { resource: "deployments.apps", namespace: "default", name: "web" } as const;
export const ROLLOUT = { resource: "rollouts.argoproj.io", namespace: "default", name: "web" } as const;
export const MINUTE = 60_000;

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
