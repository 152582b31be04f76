/** All of one Rollout, as its page is told. */
import { experimentInfo } from "../../../controller/view/experiments.ts";
import { analysisRunInfos } from "../../../controller/view/analysisRuns.ts";
import { rolloutInfo } from "../../../controller/view/rollout.ts";
import type { AnalysisRun } from "../../../schema/analysis.ts";
import type { Experiment } from "../../../schema/experiment.ts";
import { controllerOf } from "../../../kube/object/ownerReference.ts";
import { keyOf } from "../../../kube/runtime/cache.ts";
import { HASH_LABEL } from "../../../schema/labels.ts";
import type { Detail, ExperimentView, May, RunView } from "../../model.ts";
import { detailView } from "../view/detailView.ts";
import { eventViews, type StoredEvent } from "../view/eventView.ts";
import { experimentView } from "../view/experimentView.ts";
import { runView } from "../view/runView.ts";
import { type Board, ownedOn, workloadOf } from "./board.ts";

/** Undefined: there is no such Rollout. @param key "namespace/name" */
export async function detailOf(board: Board, key: string, may: May): Promise<Detail | undefined> {
  const { feed, explainer } = board;
  const { shelves } = feed;
  const rollout = shelves.rollouts.get(key);
  if (rollout === undefined) return undefined;
  const explanation = await explainer.rollout(key, true).catch(() => undefined);
  const uid = rollout.metadata.uid ?? "";
  const stored = {
    runs: shelves.analysisRuns.by("owner", uid),
    experiments: shelves.experiments.by("owner", uid),
  };
  const runs = runsOf(board, uid, may);
  const experiments = await Promise.all(
    stored.experiments.toSorted(newestFirst).map((each) => experimentOf(board, each, may)),
  );
  const replicaSets = shelves.replicaSets.by("owner", uid);
  return detailView({
    rollout,
    info: rolloutInfo(rollout, ownedOn(shelves), workloadOf(feed, rollout)),
    explanation,
    runs,
    experiments,
    stored,
    hashes: new Map(replicaSets.map(({ metadata }) => [metadata.name, metadata.labels?.[HASH_LABEL] ?? ""])),
    events: eventViews(eventsAbout(board, uid, stored)),
    may,
    troubles: feed.troubles(),
  });
}

type Dated = { readonly metadata: { readonly creationTimestamp?: string | null | undefined } };
const newestFirst = (a: Dated, b: Dated): number =>
  (a.metadata.creationTimestamp ?? "") < (b.metadata.creationTimestamp ?? "") ? 1 : -1;

/** Of a Rollout or an Experiment. */
function runsOf({ feed }: Board, uid: string, may: May): readonly RunView[] {
  const { shelves, ports } = feed;
  const stored = new Map(shelves.analysisRuns.by("owner", uid).map((run) => [run.metadata.name, run]));
  return analysisRunInfos(uid, ownedOn(shelves)).flatMap((info) => {
    const run = stored.get(info.objectMeta.name);
    return run === undefined ? [] : [runView(run, info, ports.clock.now(), may)];
  });
}

export async function experimentOf(board: Board, experiment: Experiment, may: May): Promise<ExperimentView> {
  const explanation = await board.explainer.experiment(experiment).catch(() => undefined);
  const info = experimentInfo(experiment, ownedOn(board.feed.shelves));
  const runs = runsOf(board, experiment.metadata.uid ?? "", may);
  return experimentView(experiment, info, runs, explanation, may, weightsFor(board, experiment));
}

/** The Rollout's router knows them: an Experiment has none of its own. */
function weightsFor({ feed: { stores, shelves } }: Board, experiment: Experiment): ReadonlyMap<string, number> {
  const uid = controllerOf(experiment)?.uid ?? "";
  const shares = stores.rollouts.by("owner", uid).flatMap((owner) => {
    const { status } = shelves.rollouts.get(keyOf(owner)) ?? {};
    return status?.canary?.weights?.additional ?? [];
  });
  return new Map(shares.map(({ podTemplateHash = "", weight }) => [podTemplateHash, weight]));
}

function eventsAbout(
  { feed }: Board,
  uid: string,
  { runs, experiments }: { readonly runs: readonly AnalysisRun[]; readonly experiments: readonly Experiment[] },
): readonly StoredEvent[] {
  const uids = [uid, ...[...runs, ...experiments].map(({ metadata }) => metadata.uid ?? "")];
  return uids.flatMap((each) => (each === "" ? [] : feed.shelves.events.by("about", each)));
}
