/** The tree below a Rollout or an Experiment: a row for each object, as the official plugin prints it. */
import { humanDuration, since } from "../../kube/object/humanDuration.ts";
import { BAD, OK, UNKNOWN, WARNING } from "../../controller/view/icons.ts";
import type {
  AnalysisRunInfo,
  ExperimentInfo,
  JobInfo,
  ObjectInfo,
  PodInfo,
  ReplicaSetInfo,
  RolloutInfo,
} from "../../controller/view/info.ts";
import type { Cell, Span } from "./cells.ts";
import { tinted } from "./colours.ts";

export interface TreeRow {
  /** What shows where it hangs, and its kind: `│  └──□ `. */
  readonly branch: string;
  readonly name: Span;
  readonly kind: string;
  readonly status: Cell;
  readonly age: string;
  readonly info: Cell;
  /** For -o wide: images, and messages. */
  readonly detail: string;
}

/** Where a row hangs: what is before it, and before its own children. */
interface Branch {
  readonly own: string;
  readonly below: string;
}

const ROOT: Branch = { own: "", below: "" };

type Rows = readonly TreeRow[];
/** A child with all that is below it. */
type Grow = (at: Branch) => Rows;

const children = (above: string, of: readonly Grow[]): Rows =>
  of.flatMap((grow, index) =>
    index === of.length - 1
      ? grow({ own: `${above}└──`, below: `${above}   ` })
      : grow({ own: `${above}├──`, below: `${above}│  ` }),
  );

const grown = <T>(
  of: readonly T[],
  rows: (one: T, at: Branch, nowMs: number) => Rows,
  nowMs: number,
): readonly Grow[] => of.map((one) => (at) => rows(one, at, nowMs));

const statusCell = (icon: string, status: string): Cell => [tinted(icon), { text: ` ${status}` }];

const joined = (parts: readonly Cell[]): Cell =>
  parts.flatMap((part, index) => (index === 0 ? part : [{ text: "," }, ...part]));

interface Shown {
  readonly objectMeta: ObjectInfo;
  readonly icon: string;
  readonly status: string;
}

const rowOf = (
  { objectMeta, icon, status }: Shown,
  nowMs: number,
  rest: Pick<TreeRow, "branch" | "kind"> & Partial<TreeRow>,
): TreeRow => ({
  name: { text: objectMeta.name },
  status: statusCell(icon, status),
  age: since(objectMeta.creationTimestamp, nowMs),
  info: [],
  detail: "",
  ...rest,
});

function podRows(pod: PodInfo, { own }: Branch, nowMs: number): Rows {
  const restarts = pod.restarts > 0 ? `,restarts:${pod.restarts}` : "";
  return [rowOf(pod, nowMs, { branch: `${own}□ `, kind: "Pod", info: [{ text: `ready:${pod.ready}${restarts}` }] })];
}

/** A deadline that is no time is shown without one. */
function delayText(deadline: string, nowMs: number): string {
  const ms = /^\d{4}-\d\d-\d\d[Tt]/.test(deadline) ? Date.parse(deadline) : Number.NaN;
  if (Number.isNaN(ms)) return "delay:";
  return ms < nowMs ? "delay:passed" : `delay:${humanDuration(ms - nowMs)}`;
}

/** The parts it plays, and what colours its name: the last of them. */
function replicaSetTags(rs: ReplicaSetInfo): readonly string[] {
  const role = rs.canary ? ["canary"] : rs.active ? ["active"] : rs.preview ? ["preview"] : [];
  return [...(rs.stable ? ["stable"] : []), ...role, ...(rs.ping ? ["ping"] : []), ...(rs.pong ? ["pong"] : [])];
}

function replicaSetRows(rs: ReplicaSetInfo, at: Branch, nowMs: number): Rows {
  const tags = replicaSetTags(rs);
  const delay = rs.scaleDownDeadline === "" ? [] : [[{ text: delayText(rs.scaleDownDeadline, nowMs) }]];
  const row = rowOf(rs, nowMs, {
    branch: `${at.own}⧉ `,
    name: tinted(rs.objectMeta.name, tags.at(-1) ?? ""),
    kind: "ReplicaSet",
    info: joined([...tags.map((tag) => [tinted(tag)]), ...delay]),
    detail: rs.images.join(","),
  });
  return [row, ...children(at.below, grown(rs.pods, podRows, nowMs))];
}

const jobRows = (job: JobInfo, { own }: Branch, nowMs: number): Rows => [
  rowOf(job, nowMs, { branch: `${own}⊞ `, name: tinted(job.objectMeta.name, job.status), kind: "Job" }),
];

function analysisRunRows(run: AnalysisRunInfo, at: Branch, nowMs: number): Rows {
  const counts: readonly (readonly [icon: string, count: number])[] = [
    [OK, run.successful],
    [BAD, run.failed],
    [UNKNOWN, run.inconclusive],
    [WARNING, run.error],
  ];
  const row = rowOf(run, nowMs, {
    branch: `${at.own}α `,
    name: tinted(run.objectMeta.name, run.status),
    kind: "AnalysisRun",
    info: joined(counts.filter(([, n]) => n > 0).map(([icon, n]) => [tinted(icon), { text: ` ${n}` }])),
    detail: run.specAndStatus.status?.message ?? "",
  });
  return [row, ...children(at.below, grown(run.jobs, jobRows, nowMs))];
}

function experimentRows(experiment: ExperimentInfo, at: Branch, nowMs: number): Rows {
  const { objectMeta, status, message, replicaSets, analysisRuns } = experiment;
  const row = rowOf(experiment, nowMs, {
    branch: `${at.own}Σ `,
    name: tinted(objectMeta.name, status),
    kind: "Experiment",
    detail: message,
  });
  const below = [...grown(replicaSets, replicaSetRows, nowMs), ...grown(analysisRuns, analysisRunRows, nowMs)];
  return [row, ...children(at.below, below)];
}

function revisionRows(revision: number, info: RolloutInfo, at: Branch, nowMs: number): Rows {
  const its = <T extends { readonly revision: number }>(all: readonly T[]): readonly T[] =>
    all.filter((one) => one.revision === revision);
  const row: TreeRow = {
    branch: `${at.own}# `,
    name: { text: `revision:${revision}` },
    kind: "",
    status: [{ text: " " }],
    age: "",
    info: [],
    detail: "",
  };
  const below = [
    ...grown(its(info.replicaSets), replicaSetRows, nowMs),
    ...grown(its(info.experiments), experimentRows, nowMs),
    ...grown(its(info.analysisRuns), analysisRunRows, nowMs),
  ];
  return [row, ...children(at.below, below)];
}

/** Newest revision first; those of no revision are under 0. */
const revisionsOf = ({ replicaSets, experiments, analysisRuns }: RolloutInfo): readonly number[] =>
  [...new Set([...replicaSets, ...experiments, ...analysisRuns].map(({ revision }) => revision))].toSorted(
    (a, b) => b - a,
  );

export function rolloutTree(info: RolloutInfo, nowMs: number): Rows {
  const row = rowOf(info, nowMs, { branch: "⟳ ", kind: "Rollout", detail: info.message });
  const revisions = grown(revisionsOf(info), (revision, at) => revisionRows(revision, info, at, nowMs), nowMs);
  return [row, ...children("", revisions)];
}

export const experimentTree = (info: ExperimentInfo, nowMs: number): Rows => experimentRows(info, ROOT, nowMs);
