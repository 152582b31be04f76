/**
 * AnalysisRuns and Experiments of a Rollout are told to end, and deleted, alike: what their rows share
 * (docs/behaviour/rollout-analysis.md#runs-that-are-over).
 */
import { ANALYSIS_RUNS, EXPERIMENTS } from "../../../kube/client/resources.ts";
import { timestamp } from "../../../kube/object/time.ts";
import type { Resource } from "../../../schema/kube.ts";
import type { AnalysisRunFacts, World } from "../model/model.ts";
import type { Basis, WriteRequest } from "./row.ts";

/** A kind of object that a Rollout owns, and where the world has its objects. */
interface OwnedKind {
  readonly list: "analysisRuns" | "experiments";
  readonly resource: Resource;
  readonly noun: "AnalysisRun" | "Experiment";
}

export const OWNED_RUN: OwnedKind = { list: "analysisRuns", resource: ANALYSIS_RUNS, noun: "AnalysisRun" };
export const OWNED_EXPERIMENT: OwnedKind = { list: "experiments", resource: EXPERIMENTS, noun: "Experiment" };

/** An action on one of them. */
export interface OnOwned<Kind extends string> {
  readonly kind: Kind;
  readonly name: string;
  /** "": not known yet. */
  readonly uid: string;
}

/** What is known of each of them. */
type OwnedFacts = Pick<
  AnalysisRunFacts,
  "name" | "uid" | "labels" | "createdAt" | "deleting" | "phase" | "message" | "terminated"
>;

interface Creation {
  readonly name: string;
  readonly manifest: { readonly metadata: { readonly labels?: Readonly<Record<string, string>> | undefined } };
}

/** What is known of one before it exists. */
export const unmade = ({ name, manifest }: Creation, { now }: Basis): OwnedFacts => ({
  name,
  uid: "",
  labels: manifest.metadata.labels ?? {},
  createdAt: Date.parse(timestamp(now)),
  deleting: false,
  phase: "",
  message: "",
  terminated: false,
});

export const deletion = ({ list, resource, noun }: OwnedKind) => ({
  effect: (world: World, { name }: OnOwned<string>): World => ({
    ...world,
    [list]: (world[list] ?? []).filter((each) => each.name !== name),
  }),
  requests: ({ name, uid }: OnOwned<string>): readonly WriteRequest[] => [
    {
      verb: "delete",
      resource,
      name,
      body: { propagationPolicy: "Background", ...(uid === "" ? {} : { preconditions: { uid } }) },
    },
  ],
  words: ({ name }: OnOwned<string>) => `delete ${noun} "${name}"`,
  target: ({ name }: OnOwned<string>) => `${noun}/${name}`,
});

export const termination = ({ list, resource, noun }: OwnedKind) => ({
  effect: (world: World, { name }: OnOwned<string>): World => ({
    ...world,
    [list]: (world[list] ?? []).map((each) => (each.name === name ? { ...each, terminated: true } : each)),
  }),
  // Without a version: its status changes all the time, and none of that matters here.
  requests: ({ name, uid }: OnOwned<string>): readonly WriteRequest[] => [
    {
      verb: "patch",
      resource,
      name,
      body: { ...(uid === "" ? {} : { metadata: { uid } }), spec: { terminate: true } },
    },
  ],
  words: ({ name }: OnOwned<string>) => `terminate ${noun} "${name}"`,
  target: ({ name }: OnOwned<string>) => `${noun}/${name}`,
});
