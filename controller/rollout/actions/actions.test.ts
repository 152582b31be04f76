import type { Traffic } from "../../../providers/traffic/router.ts";
import { HASH_LABEL, MANAGED_BY, TEMPLATE_ANNOTATIONS } from "../../../schema/labels.ts";
import { describe, expect, test } from "bun:test";
import { actions, effectOf, joined, type RowsOf, targetOf, wordsOf } from "./actions.ts";
import type { Action, ActionOf } from "./action.ts";
import type { ActionRow, WriteRequest } from "./row.ts";
import type { World } from "../model/model.ts";
import { ask, basis, experiment, manifest, question, rollout, rs, run, set, world } from "./testing.ts";

const traffic = { canaryHash: "2", stableHash: "1", canaryWeight: 20, total: 100, additional: [], routes: [] };
const other = { uid: "other", kind: "Other", name: "other", apiVersion: "v1" };
const ours = { uid: "r", kind: "Rollout", name: "web", apiVersion: "argoproj.io/v1alpha1" };
const route = {
  kind: "patch",
  ref: {
    resource: { group: "networking.k8s.io", version: "v1", plural: "ingresses", kind: "Ingress" },
    namespace: "edge",
    name: "web",
  },
  resourceVersion: "9",
  patch: { metadata: { annotations: { weight: "20" } } },
  failure: "Cannot route",
} as const;

/** An example of every kind: what it changes in the world above, what it sends, and how it is worded. */
type Examples = {
  readonly [K in Action["kind"]]: {
    readonly action: ActionOf<K>;
    readonly changes: (after: World) => unknown;
    readonly to: unknown;
    readonly requests: readonly WriteRequest[];
    readonly sends: readonly string[];
    readonly words: string;
  };
};

const create: ActionOf<"createReplicaSet"> = { kind: "createReplicaSet", name: "web-2", manifest };
const update: ActionOf<"updateReplicaSet"> = {
  kind: "updateReplicaSet",
  name: "web-1",
  resourceVersion: "5",
  replicas: 2,
  annotations: { old: null, new: "1" },
};
const metadata: ActionOf<"setPodMetadata"> = {
  kind: "setPodMetadata",
  name: "web-1",
  resourceVersion: "5",
  labels: { role: "stable" },
  annotations: { canary: null },
  record: "{}",
};
const evict: ActionOf<"evictPods"> = { kind: "evictPods", names: ["a", "b"], most: 1 };
const remove: ActionOf<"deleteReplicaSet"> = { kind: "deleteReplicaSet", ...rs };
const adopt: ActionOf<"adoptReplicaSet"> = { kind: "adoptReplicaSet", ...rs };
const release: ActionOf<"releaseReplicaSet"> = { kind: "releaseReplicaSet", ...rs };
const point: ActionOf<"switchService"> = {
  kind: "switchService",
  name: "active",
  resourceVersion: "2",
  hash: "2",
  adopt: true,
};
const weights: ActionOf<"routeTraffic"> = { kind: "routeTraffic", traffic };
const note: ActionOf<"updateRollout"> = { kind: "updateRollout", replicas: 5, revision: "4" };
const scale: ActionOf<"scaleWorkload"> = {
  kind: "scaleWorkload",
  name: "old",
  resourceVersion: "3",
  replicas: 0,
  replicasBefore: 3,
};

const nextRun: ActionOf<"createAnalysisRun"> = {
  kind: "createAnalysisRun",
  name: "web-1-1.1",
  manifest: { metadata: { name: "web-1-1.1", namespace: "shop" }, spec: { metrics: [] } },
};
const end: ActionOf<"terminateAnalysisRun"> = { kind: "terminateAnalysisRun", name: "web-1-1", uid: "a" };

const trial: ActionOf<"createExperiment"> = {
  kind: "createExperiment",
  name: "web-1-1-0-1",
  manifest: {
    metadata: { name: "web-1-1-0-1", namespace: "shop" },
    spec: { templates: [{ name: "canary", selector: {}, template: { metadata: { labels: { [HASH_LABEL]: "2" } } } }] },
  },
  sources: [{ replicaSet: "web-2", hash: "2", metadata: { labels: { role: "trial" } }, keepsSelector: false }],
};
const copied = new Map([["web-2", manifest]]);
const endTrial: ActionOf<"terminateExperiment"> = { kind: "terminateExperiment", name: "web-1-1-0", uid: "e" };

const inSet = (after: World): unknown =>
  after.replicaSets.map(({ name, replicas, observed }) => [name, replicas, observed]);

const examples: Examples = {
  createReplicaSet: {
    action: create,
    changes: inSet,
    to: [
      ["web-1", 3, true],
      ["web-2", 1, false],
    ],
    requests: actions.createReplicaSet.requests(create),
    sends: ["create replicasets web-2"],
    words: 'create ReplicaSet "web-2" of size 1',
  },
  updateReplicaSet: {
    action: update,
    changes: (after) => after.replicaSets,
    to: [{ ...set, replicas: 2, observed: false, annotations: { new: "1" } }],
    requests: actions.updateReplicaSet.requests(update),
    sends: ['patch replicasets web-1 at 5 {"metadata":{"annotations":{"old":null,"new":"1"}},"spec":{"replicas":2}}'],
    words: 'update ReplicaSet "web-1": replicas=2, annotations -old, new=1',
  },
  setPodMetadata: {
    action: metadata,
    changes: (after) => after.replicaSets[0]?.annotations,
    to: { old: "yes", "rollout.argoproj.io/ephemeral-metadata": "{}" },
    requests: actions.setPodMetadata.requests(metadata, { hasPods: true }),
    sends: [
      'patch replicasets web-1 at 5 {"metadata":{"annotations":{"rollout.argoproj.io/ephemeral-metadata":"{\\"labels\\":{\\"role\\":\\"stable\\"},\\"annotations\\":{\\"canary\\":\\"\\"},\\"unfinished\\":true}"}},"spec":{"template":{"metadata":{"labels":{"role":"stable"},"annotations":{"canary":null}}}}}',
      'patch replicasets web-1 at 5 {"metadata":{"annotations":{"rollout.argoproj.io/ephemeral-metadata":"{}"}}}',
    ],
    words: 'give the pods of ReplicaSet "web-1" the metadata role=stable, -canary',
  },
  evictPods: {
    action: evict,
    changes: (after) => after === world,
    to: true,
    requests: actions.evictPods.requests(evict, { rollout }),
    sends: ["create pods a/eviction", "create pods b/eviction"],
    words: "evict 1 of the pods a, b",
  },
  deleteReplicaSet: {
    action: remove,
    changes: inSet,
    to: [],
    requests: actions.deleteReplicaSet.requests(remove),
    sends: ["delete replicasets web-1"],
    words: 'delete ReplicaSet "web-1"',
  },
  adoptReplicaSet: {
    action: adopt,
    changes: (after) => after.replicaSets[0]?.controllerUid,
    to: "r",
    requests: actions.adoptReplicaSet.requests(adopt, { rollout, owners: [] }),
    sends: [
      'patch replicasets web-1 at 5 {"metadata":{"uid":"1","ownerReferences":[{"apiVersion":"argoproj.io/v1alpha1",' +
        '"kind":"Rollout","name":"web","uid":"r","controller":true,"blockOwnerDeletion":true}]}}',
    ],
    words: 'adopt ReplicaSet "web-1"',
  },
  releaseReplicaSet: {
    action: release,
    changes: (after) => after.replicaSets[0]?.controllerUid,
    to: "",
    requests: actions.releaseReplicaSet.requests(release, { rollout, owners: [other, ours] }),
    sends: [
      'patch replicasets web-1 at 5 {"metadata":{"uid":"1","ownerReferences":' +
        '[{"uid":"other","kind":"Other","name":"other","apiVersion":"v1"}]}}',
    ],
    words: 'release ReplicaSet "web-1"',
  },
  switchService: {
    action: point,
    changes: (after) => after.services.get("active"),
    to: {
      name: "active",
      resourceVersion: "2",
      selector: { app: "web", [HASH_LABEL]: "2" },
      annotations: { [MANAGED_BY]: "web" },
    },
    requests: actions.switchService.requests(point, { rollout }),
    sends: [
      `patch services active at 2 {"metadata":{"annotations":{"${MANAGED_BY}":"web"}},"spec":{"selector":{"${HASH_LABEL}":"2"}}}`,
    ],
    words: 'switch Service "active" to hash "2" and manage it',
  },
  routeTraffic: {
    action: weights,
    changes: (after) => after.traffic,
    to: traffic,
    requests: actions.routeTraffic.requests(weights, { writes: [route] }),
    sends: ['patch ingresses web at 9 {"metadata":{"annotations":{"weight":"20"}}}'],
    words: 'route 20 of 100 parts of the traffic to hash "2"',
  },
  askBalancer: {
    action: question,
    changes: ({ inquiry }) => inquiry,
    to: "targets/active/2/9",
    requests: [],
    sends: [],
    words: 'ask AWS for the registered targets of Service "active"',
  },
  callStepPlugin: {
    action: ask,
    changes: ({ stepPluginCall }) => [stepPluginCall],
    to: ["u/h/1/Run//0"],
    requests: [],
    sends: [],
    words: 'run step plugin "acme/load" of step 2',
  },
  createAnalysisRun: {
    action: nextRun,
    changes: (after) => after.analysisRuns,
    to: [
      run,
      { ...run, name: "web-1-1.1", uid: "", createdAt: 5_000, phase: "", measured: false, generations: undefined },
    ],
    requests: actions.createAnalysisRun.requests(nextRun),
    sends: ["create analysisruns web-1-1.1"],
    words: 'create AnalysisRun "web-1-1.1"',
  },
  terminateAnalysisRun: {
    action: end,
    changes: (after) => after.analysisRuns,
    to: [{ ...run, terminated: true }],
    requests: actions.terminateAnalysisRun.requests(end),
    sends: ['patch analysisruns web-1-1 at undefined {"metadata":{"uid":"a"},"spec":{"terminate":true}}'],
    words: 'terminate AnalysisRun "web-1-1"',
  },
  deleteAnalysisRun: {
    action: { ...end, kind: "deleteAnalysisRun" },
    changes: (after) => after.analysisRuns,
    to: [],
    requests: actions.deleteAnalysisRun.requests({ ...end, kind: "deleteAnalysisRun" }),
    sends: ["delete analysisruns web-1-1"],
    words: 'delete AnalysisRun "web-1-1"',
  },
  createExperiment: {
    action: trial,
    changes: (after) => after.experiments,
    to: [
      experiment,
      {
        ...experiment,
        name: "web-1-1-0-1",
        uid: "",
        createdAt: 5_000,
        phase: "",
        outline: { templates: [{ name: "canary", replicas: undefined, service: undefined, hash: "2" }] },
      },
    ],
    requests: actions.createExperiment.requests(trial, copied),
    sends: ["create experiments web-1-1-0-1"],
    words: 'create Experiment "web-1-1-0-1"',
  },
  terminateExperiment: {
    action: endTrial,
    changes: (after) => after.experiments,
    to: [{ ...experiment, terminated: true }],
    requests: actions.terminateExperiment.requests(endTrial),
    sends: ['patch experiments web-1-1-0 at undefined {"metadata":{"uid":"e"},"spec":{"terminate":true}}'],
    words: 'terminate Experiment "web-1-1-0"',
  },
  deleteExperiment: {
    action: { ...endTrial, kind: "deleteExperiment" },
    changes: (after) => after.experiments,
    to: [],
    requests: actions.deleteExperiment.requests({ ...endTrial, kind: "deleteExperiment" }),
    sends: ["delete experiments web-1-1-0"],
    words: 'delete Experiment "web-1-1-0"',
  },
  updateRollout: {
    action: note,
    changes: ({ rollout: after }) => [after.spec.replicas, after.metadata.generation, after.metadata.annotations],
    to: [5, 2, { "rollout.argoproj.io/revision": "4" }],
    requests: actions.updateRollout.requests(note, { rollout }),
    sends: [
      'patch rollouts web at 7 {"metadata":{"annotations":{"rollout.argoproj.io/revision":"4"}},"spec":{"replicas":5}}',
    ],
    words: "update the Rollout: replicas=5, annotations rollout.argoproj.io/revision=4",
  },
  scaleWorkload: {
    action: scale,
    changes: (after) => after === world,
    to: true,
    requests: actions.scaleWorkload.requests(scale),
    sends: [
      'patch deployments old at 3 {"metadata":{"annotations":{"sluice.dev/replicas-before-rollout":"3"}},"spec":{"replicas":0}}',
    ],
    words: 'scale Deployment "old" to 0, and note that it had 3 at first',
  },
};

const sent = ({ verb, resource, name, subresource, resourceVersion, body }: WriteRequest): string =>
  verb === "patch"
    ? `patch ${resource.plural} ${name} at ${resourceVersion} ${JSON.stringify(body)}`
    : `${verb} ${resource.plural} ${name}${subresource === undefined ? "" : `/${subresource}`}`;

describe.each(Object.entries(examples))("the action %s", (_, { action, changes, to, requests, sends, words }) => {
  test("shows in the world that a decision goes on with", () => {
    const before = structuredClone(world);
    expect(changes(effectOf(world, action, basis))).toEqual(to);
    expect(world).toEqual(before);
  });

  test("says what it sends, and on which version", () => {
    expect(requests.map(sent)).toEqual([...sends]);
  });

  test("has words", () => {
    expect(wordsOf(action)).toBe(words);
  });
});

test("annotations of the template are kept until a role's end is recorded, whatever comes between the two writes", () => {
  const ended = { ...metadata, annotations: { team: "a" }, kept: null };
  const [template, record] = actions.setPodMetadata.requests(ended, { hasPods: true }).map(sent);
  expect(template).not.toContain(TEMPLATE_ANNOTATIONS);
  expect(record).toContain(`"${TEMPLATE_ANNOTATIONS}":null`);
  const begun = { ...metadata, annotations: { team: "new" }, kept: '{"team":"a"}' };
  expect(actions.setPodMetadata.requests(begun, { hasPods: true }).map(sent)[0]).toContain(TEMPLATE_ANNOTATIONS);
});

test("the words of a split name the managed routes", () => {
  const routes: Traffic["routes"] = [
    { kind: "header", name: "beta", match: [{ headerName: "x", headerValue: { exact: "y" } }] },
    { kind: "mirror", name: "copy", match: [{ path: { prefix: "/" } }], percentage: 5 },
  ];
  expect(wordsOf({ kind: "routeTraffic", traffic: { ...traffic, routes } })).toBe(
    'route 20 of 100 parts of the traffic to hash "2", with header route "beta", with mirror route "copy"',
  );
});

describe("two actions", () => {
  const all = Object.values(examples).map(({ action }): Action => action);

  test("are joined only if they are about the same object", () => {
    const wrong = all.flatMap((first) =>
      all
        .filter((second) => joined(first, second) !== undefined && targetOf(first) !== targetOf(second))
        .map((second) => `${first.kind} with ${second.kind}`),
    );
    // fold.ts never tries to join these: a new ReplicaSet and a change of another one.
    expect(wrong).toEqual(["createReplicaSet with updateReplicaSet"]);
  });

  test("that are one do to the world what both do, one after the other", () => {
    const after = (...list: readonly Action[]): World =>
      list.reduce((before, action) => effectOf(before, action, basis), world);
    const resize: Action = { kind: "updateReplicaSet", name: "web-2", resourceVersion: "", replicas: 4 };
    const pairs: readonly (readonly [Action, Action])[] = [
      [create, { ...resize, annotations: { a: "1" } }],
      [update, { ...update, replicas: 1, minReadySeconds: 3 }],
      [metadata, { ...metadata, record: null }],
      [point, { ...point, hash: "3", adopt: false }],
      [weights, { kind: "routeTraffic", traffic: { ...traffic, canaryWeight: 40 } }],
      [note, { kind: "updateRollout", workloadGeneration: "6", finalizers: [] }],
    ];
    for (const [first, second] of pairs) {
      const one = joined(first, second);
      expect(one === undefined ? undefined : after(one)).toEqual(after(first, second));
    }
  });
});

/** An action that does not exist yet, with everything that its row must have. */
interface RestartWorkload {
  readonly kind: "restartWorkload";
  readonly name: string;
}
const restartWorkload = {
  effect: (before) => before,
  requests: ({ name }) => [
    { verb: "patch", resource: { group: "apps", version: "v1", plural: "deployments" }, name, body: {} },
  ],
  words: ({ name }) => `restart Deployment "${name}"`,
  target: () => "workload",
} as const satisfies ActionRow<RestartWorkload>;

describe("one more kind of action", () => {
  test("is one row more", () => {
    const more = { ...actions, restartWorkload } as const satisfies RowsOf<Action | RestartWorkload>;
    expect(more.restartWorkload.words({ kind: "restartWorkload", name: "old" })).toBe('restart Deployment "old"');
  });

  test("does not compile without its row", () => {
    // @ts-expect-error: the row of restartWorkload is missing
    const missing = actions satisfies RowsOf<Action | RestartWorkload>;
    expect(missing).not.toHaveProperty("restartWorkload");
  });

  test("does not compile with a row that has no words, no effect or no requests", () => {
    const { words, effect, requests, ...rest } = restartWorkload;
    const rows = [
      // @ts-expect-error: no words
      { ...rest, effect, requests } satisfies ActionRow<RestartWorkload>,
      // @ts-expect-error: no effect
      { ...rest, words, requests } satisfies ActionRow<RestartWorkload>,
      // @ts-expect-error: no requests
      { ...rest, words, effect } satisfies ActionRow<RestartWorkload>,
    ];
    expect(rows).toHaveLength(3);
  });
});
