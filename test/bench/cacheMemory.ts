/** What a cached object takes of the JavaScript heap, measured with whole objects parsed from text. */
import { createGatherer } from "../../controller/rollout/facts/gather.ts";
import { createStores } from "../../controller/rollout/facts/stores.ts";
import { createStore, keyOf } from "../../kube/runtime/cache.ts";
import type { ReplicaSet, Service } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { bytesEach } from "./indexMemory.ts";
import { rolloutKind } from "./fleetKinds.ts";

/** As the API server sends one: its texts are shared with no other. */
const parsed = (object: unknown): unknown => JSON.parse(JSON.stringify(object));

const HASH = "rollouts-pod-template-hash";
const nameOf = (n: number): string => `checkout-service-${n}`;
const hashOf = (n: number, revision: number): string => (n * 977 + revision).toString(36).padStart(10, "x");
/** What the API server stores of whoever wrote which field: often half of an object. */
const managedFields = ["kubectl", "sluice"].map((manager) => ({
  manager,
  operation: "Update",
  time: "2026-01-01T00:00:00Z",
  fieldsV1: { "f:spec": { "f:template": { "f:metadata": { "f:labels": { "f:app": {} } }, "f:spec": {} } } },
}));

const metadata = (name: string, uid: string, n: number) => ({
  name,
  namespace: `team-${n % 50}`,
  uid,
  resourceVersion: String(1_000_000 + n),
  generation: 4,
  creationTimestamp: "2026-01-01T00:00:00Z",
  managedFields,
});

const condition = (type: string, reason: string, message: string) => ({
  type,
  status: "True",
  reason,
  message,
  lastTransitionTime: "2026-01-01T00:00:00Z",
  lastUpdateTime: "2026-01-01T00:00:00Z",
});

/** A canary of two steps that is Healthy. */
function rollout(n: number, uid: string): Rollout {
  const name = nameOf(n);
  const stable = hashOf(n, 1);
  const object = rolloutKind.manifest(name, 2, `registry.example/shop/checkout:${n}`);
  return parsed({
    ...object,
    metadata: { ...object.metadata, ...metadata(name, uid, n), annotations: { "rollout.argoproj.io/revision": "3" } },
    status: {
      HPAReplicas: 2,
      availableReplicas: 2,
      blueGreen: {},
      canary: {},
      conditions: [
        condition("Completed", "RolloutCompleted", "RolloutCompleted"),
        condition("Healthy", "RolloutHealthy", "Rollout is healthy"),
        condition(
          "Progressing",
          "NewReplicaSetAvailable",
          `ReplicaSet "${name}-${stable}" has successfully progressed.`,
        ),
        condition("Available", "AvailableReason", "Rollout has minimum availability"),
      ],
      currentPodHash: stable,
      currentStepHash: "7856f64cd8",
      currentStepIndex: 3,
      observedGeneration: "4",
      phase: "Healthy",
      readyReplicas: 2,
      replicas: 2,
      selector: `app=${name}`,
      stableRS: stable,
      updatedReplicas: 2,
    },
  }) as Rollout;
}

function replicaSet(n: number, revision: number, owner: string): ReplicaSet {
  const { spec } = rolloutKind.manifest(nameOf(n), 2, `registry.example/shop/checkout:${n}-${revision}`);
  const labels = { app: nameOf(n), [HASH]: hashOf(n, revision) };
  const name = `${nameOf(n)}-${hashOf(n, revision)}`;
  return parsed({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      ...metadata(name, crypto.randomUUID(), n * 10 + revision),
      labels,
      annotations: { "rollout.argoproj.io/desired-replicas": "2", "rollout.argoproj.io/revision": String(revision) },
      ownerReferences: [{ apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name, uid: owner, controller: true }],
    },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { ...spec.template, metadata: { labels } },
    },
    status: { replicas: 2, readyReplicas: 2, availableReplicas: 2, observedGeneration: 4 },
  }) as ReplicaSet;
}

function service(n: number): Service {
  const name = nameOf(n);
  return parsed({
    metadata: { ...metadata(name, crypto.randomUUID(), n), annotations: {} },
    spec: { selector: { app: name, [HASH]: hashOf(n, 1) }, ports: [{ port: 80, targetPort: 8080 }] },
  }) as Service;
}

/** Rows of a table: what is held, and KiB of the heap for each. */
export function cacheMemory(): readonly (readonly [string, string])[] {
  const stores = createStores();
  const gatherer = createGatherer(stores);
  const uids: string[] = [];
  const uidOf = (n: number): string => (uids[n] ??= crypto.randomUUID());
  const indexed = createStore({
    transform: (raw: Rollout) => ({ metadata: raw.metadata }),
    indices: { one: (object) => [keyOf(object)], two: (object) => [keyOf(object)] },
  });
  const unindexed = createStore({ transform: (raw: Rollout) => ({ metadata: raw.metadata }) });
  const plain = bytesEach((n) => unindexed.upsert(rollout(n, uidOf(n))));
  const held: unknown[] = [];
  const figures: readonly (readonly [string, number])[] = [
    ["an entry of an index", (bytesEach((n) => indexed.upsert(rollout(n, uidOf(n)))) - plain) / 2],
    ["a Rollout as it is read", bytesEach((n) => held.push(rollout(n, uidOf(n))))],
    ["a Rollout", bytesEach((n) => stores.rollouts.upsert(rollout(n, uidOf(n))))],
    ["a ReplicaSet as it is read", bytesEach((n) => held.push(replicaSet(n, 9, uidOf(n))))],
    ["a ReplicaSet, the first of a Rollout", bytesEach((n) => stores.replicaSets.upsert(replicaSet(n, 1, uidOf(n))))],
    ["… each other one", bytesEach((n) => stores.replicaSets.upsert(replicaSet(n, 2, uidOf(n))))],
    ["a Service", bytesEach((n) => stores.services.upsert(service(n)))],
    ["what is remembered of a spec once decided", bytesEach((n) => gatherer.gather(`team-${n % 50}/${nameOf(n)}`))],
  ];
  return figures.map(([name, bytes]) => [name, (bytes / 1_024).toFixed(2)]);
}
