/** The lines of `list`, column by column, as the official plugin prints them. */
import { experimentInfo } from "../../controller/view/experiments.ts";
import { rolloutSummary } from "../../controller/view/rollout.ts";
import { goDurationMs } from "../../kube/object/goDuration.ts";
import { humanDuration } from "../../kube/object/humanDuration.ts";
import { instant, timestamp } from "../../kube/object/time.ts";
import type { Experiment } from "../../schema/experiment.ts";
import type { Rollout } from "../../schema/rollout.ts";

export interface Column<T> {
  readonly header: string;
  /** Shorter texts are filled with blanks. */
  readonly least: number;
  readonly of: (object: T, nowMs: number) => string;
}

/** Which columns there are beside the usual ones. */
export interface Extra {
  readonly namespace: boolean;
  readonly timestamp: boolean;
  readonly wide: boolean;
}

interface Aged {
  readonly metadata: { readonly namespace: string; readonly creationTimestamp?: string | null | undefined };
}

const column = <T>(header: string, least: number, of: Column<T>["of"]): Column<T> => ({ header, least, of });

const ageOf = ({ metadata }: Aged, nowMs: number): string =>
  humanDuration(nowMs - (instant(metadata.creationTimestamp) ?? nowMs));

const dash = (text: string): string => (text === "" ? "-" : text);

const rolloutColumns: readonly Column<Rollout>[] = [
  column("NAME", 10, ({ metadata }) => metadata.name),
  column("STRATEGY", 9, (rollout) => rolloutSummary(rollout).strategy || "unknown"),
  column("STATUS", 12, (rollout) => rolloutSummary(rollout).status),
  column("STEP", 4, (rollout) => dash(rolloutSummary(rollout).step)),
  column("SET-WEIGHT", 10, (rollout) => dash(rolloutSummary(rollout).setWeight)),
  column("READY", 5, ({ status }) => `${status?.readyReplicas ?? 0}/${status?.replicas ?? 0}`),
  column("DESIRED", 7, (rollout) => String(rolloutSummary(rollout).desired)),
  column("UP-TO-DATE", 10, ({ status }) => String(status?.updatedReplicas ?? 0)),
  column("AVAILABLE", 9, ({ status }) => String(status?.availableReplicas ?? 0)),
];

const wideColumns: readonly Column<Rollout>[] = [
  column("AGE", 3, ageOf),
  column("MESSAGE", 7, (rollout) => dash(rolloutSummary(rollout).message)),
];

const DONE: readonly string[] = ["Successful", "Failed", "Error", "Inconclusive"];

function remaining({ spec, status }: Experiment, nowMs: number): string {
  const durationMs = goDurationMs(spec.duration ?? "");
  const sinceMs = instant(status?.availableAt);
  if (durationMs === undefined || sinceMs === undefined || DONE.includes(status?.phase ?? "")) return "-";
  const leftMs = sinceMs + durationMs - nowMs;
  return leftMs > 0 ? humanDuration(leftMs) : "-";
}

function durationText({ spec }: Experiment): string {
  const ms = goDurationMs(spec.duration ?? "");
  return ms === undefined ? "-" : humanDuration(ms);
}

const experimentColumns: readonly Column<Experiment>[] = [
  column("NAME", 10, ({ metadata }) => metadata.name),
  column("STATUS", 6, ({ status }) => status?.phase ?? ""),
  column("DURATION", 8, durationText),
  column("REMAINING", 9, remaining),
  column("AGE", 3, ageOf),
];

const wideExperimentColumns: readonly Column<Experiment>[] = [
  column("MESSAGE", 7, ({ status }) => dash(status?.message ?? "")),
];

function before<T extends Aged>({ namespace, timestamp: hasTime }: Extra): readonly Column<T>[] {
  return [
    ...(hasTime ? [column<T>("TIMESTAMP", 20, (_, nowMs) => timestamp(nowMs))] : []),
    ...(namespace ? [column<T>("NAMESPACE", 9, ({ metadata }) => metadata.namespace)] : []),
  ];
}

export const columnsOfRollouts = (extra: Extra): readonly Column<Rollout>[] => [
  ...before<Rollout>(extra),
  ...rolloutColumns,
  ...(extra.wide ? wideColumns : []),
];

export const columnsOfExperiments = (extra: Extra): readonly Column<Experiment>[] => [
  ...before<Experiment>(extra),
  ...experimentColumns,
  ...(extra.wide ? wideExperimentColumns : []),
];

export const headersOf = <T>(columns: readonly Column<T>[]): readonly string[] => columns.map(({ header }) => header);

export const textsOf = <T>(columns: readonly Column<T>[], object: T, nowMs: number): readonly string[] =>
  columns.map(({ of, least }) => of(object, nowMs).padEnd(least));

/** For -o json and yaml: as `get` has it, as far as the object alone says it. */
export const summaryOf = { rollout: rolloutSummary, experiment: summaryOfExperiment } as const;

const NOBODY = { replicaSets: () => [], pods: () => [], experiments: () => [], analysisRuns: () => [] };

function summaryOfExperiment(experiment: Experiment) {
  const { replicaSets: _, analysisRuns: __, ...summary } = experimentInfo(experiment, NOBODY);
  return summary;
}
