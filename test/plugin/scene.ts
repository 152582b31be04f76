/** Objects of a namespace as a test wants them to be, owners by name: what a recording is made of. */

/** Times of a scene: `now` is when it is made. RFC 3339 in whole seconds. */
export type At = (seconds: number) => string;

export interface SceneObject {
  readonly kind: "Rollout" | "Experiment" | "AnalysisRun" | "ReplicaSet" | "Pod" | "Deployment";
  readonly name: string;
  /** The name of the object that it belongs to. */
  readonly owner?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec: object;
  readonly status?: object;
  /** It is deleted after it was made, and a finalizer keeps it. */
  readonly going?: true;
  /** Made a second and a half after those before it. */
  readonly later?: true;
}

export interface Scene {
  /** The namespace, and the file. */
  readonly name: string;
  readonly objects: (at: At) => readonly SceneObject[];
}

export const ARGO = "argoproj.io/v1alpha1";

export const API_VERSIONS: { readonly [K in SceneObject["kind"]]: string } = {
  Rollout: ARGO,
  Experiment: ARGO,
  AnalysisRun: ARGO,
  ReplicaSet: "apps/v1",
  Deployment: "apps/v1",
  Pod: "v1",
};

const HASH = "rollouts-pod-template-hash";
const revisionNote = (revision: number | undefined) =>
  revision === undefined ? {} : { "rollout.argoproj.io/revision": `${revision}` };

export const template = (name: string, ...images: readonly string[]) => ({
  metadata: { labels: { app: name } },
  spec: { containers: images.map((image, index) => ({ name: `c${index}`, image })) },
});

export function rollout(name: string, spec: object, status?: object): SceneObject {
  const selector = { matchLabels: { app: name } };
  return {
    kind: "Rollout",
    name,
    spec: { selector, template: template(name, "reg/app:2"), ...spec },
    ...(status === undefined ? {} : { status }),
  };
}

interface Revision {
  readonly owner: string;
  readonly hash: string;
  readonly revision?: number;
  readonly image: string | readonly string[];
  /** Pods wanted, and those that are there, and available. */
  readonly pods: readonly [wanted: number, there: number, available: number];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly status?: object;
}

export function replicaSet({ owner, hash, revision, image, pods, annotations, status }: Revision): SceneObject {
  const [wanted, there, available] = pods;
  const labels = { app: owner, [HASH]: hash };
  const images = typeof image === "string" ? [image] : image;
  const { spec } = template(owner, ...images);
  return {
    kind: "ReplicaSet",
    name: `${owner}-${hash}`,
    owner,
    labels,
    annotations: { ...revisionNote(revision), ...annotations },
    spec: { replicas: wanted, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    status: {
      replicas: there,
      readyReplicas: available,
      availableReplicas: available,
      observedGeneration: 1,
      ...status,
    },
  };
}

const container = (state: object, more: object = {}, name = "c0") => ({
  name,
  image: "reg/app:1",
  imageID: "",
  ready: false,
  restartCount: 0,
  state,
  ...more,
});

export const waiting = (reason: string, more: object = {}, name?: string) =>
  container({ waiting: { reason } }, more, name);
export const ended = (terminated: object, more: object = {}, name?: string) =>
  container({ terminated: { startedAt: null, finishedAt: null, ...terminated } }, more, name);
export const ready = (more: object = {}, name?: string) => container({ running: {} }, { ready: true, ...more }, name);

const podSpec = { schedulerName: "nobody", containers: [{ name: "c0", image: "reg/app:1" }] };

/** @param status without it the pod runs, and is ready */
export const pod = (owner: string, suffix: string, status?: object, spec: object = {}): SceneObject => ({
  kind: "Pod",
  name: `${owner}-${suffix}`,
  owner,
  spec: { ...podSpec, ...spec },
  status: status ?? { phase: "Running", containerStatuses: [ready()] },
});

export const analysisRun = (
  owner: string,
  name: string,
  status: object | undefined,
  revision?: number,
): SceneObject => ({
  kind: "AnalysisRun",
  name,
  owner,
  annotations: revisionNote(revision),
  spec: { metrics: [{ name: "errors", provider: { web: { url: "http://metrics" } } }] },
  ...(status === undefined ? {} : { status }),
});

export const experiment = (
  name: string,
  { owner, revision, spec, status }: { owner?: string; revision?: number; spec?: object; status?: object } = {},
): SceneObject => ({
  kind: "Experiment",
  name,
  ...(owner === undefined ? {} : { owner }),
  annotations: revisionNote(revision),
  spec: {
    templates: [{ name: "preview", selector: { matchLabels: { app: name } }, template: template(name, "reg/app:1") }],
    ...spec,
  },
  ...(status === undefined ? {} : { status }),
});
