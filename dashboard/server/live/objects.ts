/** An AnalysisRun or an Experiment by itself. */
import { analysisRunInfos } from "../../../controller/view/analysisRuns.ts";
import { ANALYSIS_RUNS, EXPERIMENTS } from "../../../kube/client/resources.ts";
import type { Resource } from "../../../schema/kube.ts";
import type { ExperimentView, May, RunView } from "../../model.ts";
import type { Person } from "../auth/people.ts";
import { mayOf, OBJECT_VERBS } from "../auth/rights.ts";
import { Failed } from "../failures/failure.ts";
import { runView } from "../view/runView.ts";
import { type Board, ownedOn } from "./board.ts";
import type { Boards } from "./boards.ts";
import { experimentOf } from "./detail.ts";

export interface Place {
  readonly namespace: string;
  readonly name: string;
}

export type ObjectKind = "AnalysisRun" | "Experiment";
export const resourceOf = (kind: ObjectKind): Resource => (kind === "AnalysisRun" ? ANALYSIS_RUNS : EXPERIMENTS);

interface ObjectPorts {
  readonly boards: Boards;
  readonly isReadOnly: boolean;
}

/** @throws {Failed} when it is not there, or may not be read */
async function looked<T>(
  { boards, isReadOnly }: ObjectPorts,
  person: Person,
  { namespace, name }: Place,
  kind: ObjectKind,
  view: (board: Board, place: Place, may: May) => Promise<T | undefined>,
): Promise<T> {
  const resource = resourceOf(kind);
  // Before anything is watched: somebody without rights costs one question.
  if (!(await person.access.allowed({ resource, verb: "list", namespace })))
    throw new Failed("forbidden", `You may not list ${resource.plural}.${resource.group} in namespace ${namespace}.`);
  const lookout = boards.look(person, namespace);
  const close = lookout.board.feed.watchClosely(namespace);
  try {
    await Promise.all([lookout.board.ready, close.ready]);
    const may = isReadOnly ? {} : await mayOf(person.access, OBJECT_VERBS, { namespace }).catch(() => ({}));
    const found = await view(lookout.board, { namespace, name }, may);
    if (found !== undefined) return found;
    const trouble = lookout.board.feed.troubles().find((each) => each.includes(`${kind.toLowerCase()}s.`));
    if (trouble !== undefined) throw new Failed("forbidden", trouble);
    throw new Failed("not-found", `There is no ${kind} "${name}" in namespace "${namespace}".`);
  } finally {
    close.end();
    lookout.leave();
  }
}

/** Undefined: there is no such AnalysisRun. */
export async function runOf({ feed }: Board, { namespace, name }: Place, may: May): Promise<RunView | undefined> {
  const run = feed.shelves.analysisRuns.get(`${namespace}/${name}`);
  if (run === undefined) return undefined;
  const [info] = analysisRunInfos("", { ...ownedOn(feed.shelves), analysisRuns: () => [run] });
  return info === undefined ? undefined : runView(run, info, feed.ports.clock.now(), may);
}

/** Undefined: there is no such Experiment. */
export async function experimentAt(board: Board, place: Place, may: May): Promise<ExperimentView | undefined> {
  const experiment = board.feed.shelves.experiments.get(`${place.namespace}/${place.name}`);
  return experiment === undefined ? undefined : experimentOf(board, experiment, may);
}

export const runNow = (ports: ObjectPorts, person: Person, place: Place): Promise<RunView> =>
  looked(ports, person, place, "AnalysisRun", runOf);

export const experimentNow = (ports: ObjectPorts, person: Person, place: Place): Promise<ExperimentView> =>
  looked(ports, person, place, "Experiment", experimentAt);
