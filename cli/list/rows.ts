/** The lines of `list`, column by column, as the official plugin prints them. */
import { isCompleted } from "../../controller/analysis/decide/phase.ts";
import { experimentInfo } from "../../controller/view/experiments.ts";
import type { RolloutSummary } from "../../controller/view/info.ts";
import { rolloutSummary } from "../../controller/view/rollout.ts";
import { goDurationMs } from "../../kube/object/goDuration.ts";
import { humanDuration } from "../../kube/object/humanDuration.ts";
import { instant, timestamp } from "../../kube/object/time.ts";
import type { Experiment } from "../../schema/experiment.ts";

export interface Column<T> {
  readonly header: string;
  /** Shorter texts are filled with blanks. */
  readonly least: number;
  readonly of: (row: T, nowMs: number) => string;
}

/** Which columns there are beside the usual ones. */
export interface Extra {
  readonly namespace: boolean;
  readonly timestamp: boolean;
  readonly wide: boolean;
}

const column = <T>(header: string, least: number, of: Column<T>["of"]): Column<T> => ({ header, least, of });

const ageText = (created: string | null | undefined, nowMs: number): string =>
  humanDuration(nowMs - (instant(created) ?? nowMs));

const dash = (text: string): string => (text === "" ? "-" : text);

const rolloutColumns: readonly Column<RolloutSummary>[] = [
  column("NAME", 10, ({ objectMeta }) => objectMeta.name),
  column("STRATEGY", 9, ({ strategy }) => strategy || "unknown"),
  column("STATUS", 12, ({ status }) => status),
  column("STEP", 4, ({ step }) => dash(step)),
  column("SET-WEIGHT", 10, ({ setWeight }) => dash(setWeight)),
  column("READY", 5, ({ ready, current }) => `${ready}/${current}`),
  column("DESIRED", 7, ({ desired }) => String(desired)),
  column("UP-TO-DATE", 10, ({ updated }) => String(updated)),
  column("AVAILABLE", 9, ({ available }) => String(available)),
];

const wideColumns: readonly Column<RolloutSummary>[] = [
  column("AGE", 3, ({ objectMeta }, nowMs) => ageText(objectMeta.creationTimestamp, nowMs)),
  column("MESSAGE", 7, ({ message }) => dash(message)),
];

function remaining({ spec, status }: Experiment, nowMs: number): string {
  const durationMs = goDurationMs(spec.duration ?? "");
  const sinceMs = instant(status?.availableAt);
  if (durationMs === undefined || sinceMs === undefined || isCompleted(status?.phase)) return "-";
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
  column("AGE", 3, ({ metadata }, nowMs) => ageText(metadata.creationTimestamp, nowMs)),
];

const wideExperimentColumns: readonly Column<Experiment>[] = [
  column("MESSAGE", 7, ({ status }) => dash(status?.message ?? "")),
];

function before<T>({ namespace, timestamp: hasTime }: Extra, namespaceOf: (row: T) => string): readonly Column<T>[] {
  return [
    ...(hasTime ? [column<T>("TIMESTAMP", 20, (_, nowMs) => timestamp(nowMs))] : []),
    ...(namespace ? [column<T>("NAMESPACE", 9, namespaceOf)] : []),
  ];
}

export const columnsOfRollouts = (extra: Extra): readonly Column<RolloutSummary>[] => [
  ...before<RolloutSummary>(extra, ({ objectMeta }) => objectMeta.namespace),
  ...rolloutColumns,
  ...(extra.wide ? wideColumns : []),
];

export const columnsOfExperiments = (extra: Extra): readonly Column<Experiment>[] => [
  ...before<Experiment>(extra, ({ metadata }) => metadata.namespace),
  ...experimentColumns,
  ...(extra.wide ? wideExperimentColumns : []),
];

export const headersOf = <T>(columns: readonly Column<T>[]): readonly string[] => columns.map(({ header }) => header);

export const textsOf = <T>(columns: readonly Column<T>[], row: T, nowMs: number): readonly string[] =>
  columns.map(({ of, least }) => of(row, nowMs).padEnd(least));

/** For -o json and yaml: as `get` has it, as far as the object alone says it. */
export const summaryOf = { rollout: rolloutSummary, experiment: summaryOfExperiment } as const;

const NOBODY = { replicaSets: () => [], pods: () => [], experiments: () => [], analysisRuns: () => [] };

function summaryOfExperiment(experiment: Experiment) {
  const { replicaSets: _, analysisRuns: __, ...summary } = experimentInfo(experiment, NOBODY);
  return summary;
}
