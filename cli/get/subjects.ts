/** The Rollouts or Experiments that `get` was asked for, as what is shown of them. */
import { experimentInfo } from "../../controller/view/experiments.ts";
import type { ExperimentInfo, RolloutInfo } from "../../controller/view/info.ts";
import { rolloutInfo } from "../../controller/view/rollout.ts";
import { nameSelector } from "../../kube/client/path.ts";
import type { Workload } from "../../schema/kube.ts";
import type { Rollout } from "../../schema/rollout.ts";
import { experimentBlock, type Look, rolloutBlock } from "./block.ts";
import type { GetOptions, Kind } from "./options.ts";
import { inOrder, ownedOn, type ShelfName, type Shelves, type Wanted } from "../../controller/reading/shelves.ts";

export type Subject =
  | { readonly kind: "rollout"; readonly info: RolloutInfo }
  | { readonly kind: "experiment"; readonly info: ExperimentInfo };

/** @param namespace the one of the connection */
export function wantedFor(options: GetOptions, namespace: string): readonly Wanted[] {
  const where = options.allNamespaces ? undefined : namespace;
  const [only, ...others] = options.names;
  const one = only === undefined || others.length > 0 ? {} : { fieldSelector: nameSelector(only) };
  const query = { ...one, ...(options.selector === undefined ? {} : { labelSelector: options.selector }) };
  const around = (shelf: ShelfName): Wanted => ({ shelf, namespace: where, isOptional: true });
  const pods = [around("replicaSets"), around("pods"), around("analysisRuns")];
  const isPrinted = options.output === "json" || options.output === "yaml";
  switch (options.kind) {
    case "rollout":
      return [
        { shelf: "rollouts", namespace: where, query },
        ...pods,
        around("experiments"),
        // Only for the containers of those that refer to one.
        ...(isPrinted ? [around("deployments")] : []),
      ];
    case "experiment":
      return [{ shelf: "experiments", namespace: where, query }, ...pods];
    default:
      return options.kind satisfies never;
  }
}

/** Of a ReplicaSet that one refers to, or a PodTemplate, nothing is shown. */
function workloadOf({ metadata, spec }: Rollout, shelves: Shelves): Workload | undefined {
  const name = spec.workloadRef?.name;
  return name === undefined ? undefined : shelves.deployments.get(`${metadata.namespace}/${name}`);
}

export function subjectsOn(shelves: Shelves, { kind, names }: GetOptions): readonly Subject[] {
  const owned = ownedOn(shelves);
  const found: readonly Subject[] =
    kind === "rollout"
      ? inOrder(shelves.rollouts).map((rollout) => ({
          kind,
          info: rolloutInfo(rollout, owned, workloadOf(rollout, shelves)),
        }))
      : inOrder(shelves.experiments).map((experiment) => ({ kind, info: experimentInfo(experiment, owned) }));
  if (names.length === 0) return found;
  const byName = new Map(found.map((each) => [each.info.objectMeta.name, each]));
  return names.flatMap((name) => byName.get(name) ?? []);
}

export const missingOf = (subjects: readonly Subject[], { names }: GetOptions): readonly string[] =>
  names.filter((name) => !subjects.some(({ info }) => info.objectMeta.name === name));

const blockOf = (subject: Subject, nowMs: number, look: Look): readonly string[] =>
  subject.kind === "rollout" ? rolloutBlock(subject.info, nowMs, look) : experimentBlock(subject.info, nowMs, look);

/** With an empty line between two of them. */
export const blocksOf = (subjects: readonly Subject[], nowMs: number, look: Look): readonly string[] =>
  subjects.flatMap((subject, index) => [...(index === 0 ? [] : [""]), ...blockOf(subject, nowMs, look)]);

/** `rollout.argoproj.io/web` */
export const fullName = (kind: Kind, name: string): string => `${kind}.argoproj.io/${name}`;

export const namesOf = (subjects: readonly Subject[]): readonly string[] =>
  subjects.map(({ kind, info }) => fullName(kind, info.objectMeta.name));

/** One that was asked for by its name alone, else a list of all, as the dashboard's API has it. */
export function documentOf(subjects: readonly Subject[], { kind, names }: GetOptions): unknown {
  const [first] = subjects;
  if (names.length === 1 && first !== undefined) return first.info;
  return { [`${kind}s`]: subjects.map(({ info }) => info) };
}
