/** The figures of one run of the bench, and with what each of them may be compared. */

interface FigureRow {
  readonly words: string;
  /** Bytes are shown as MB. */
  readonly bytes?: true;
  /**
   * What a ratio to ours means something for: another controller ("controllers"), or the floor, too ("all"). Absent: a
   * ratio would mislead, since the figure is near zero or a part of another one.
   */
  readonly ratio?: "controllers" | "all";
}

/** Sizes in bytes, times as the words say, rates per update; `p50`/`p99` over Rollouts. */
const rows = {
  startMs: { words: "start to /healthz, ms" },
  idleRss: { words: "idle, no Rollout: RSS, MB", bytes: true, ratio: "controllers" },
  idleAnonymous: { words: "idle, no Rollout: anonymous, MB", bytes: true, ratio: "controllers" },
  createP50: { words: "create all: Healthy p50, s", ratio: "all" },
  createP99: { words: "create all: Healthy p99, s", ratio: "all" },
  createCpuMs: { words: "create all: CPU a Rollout, ms", ratio: "controllers" },
  fleetRss: { words: "with N Rollouts: RSS, MB", bytes: true, ratio: "controllers" },
  fleetEachKb: { words: "with N Rollouts: anonymous memory a Rollout, KB", ratio: "controllers" },
  fleetAnonymous: { words: "with N Rollouts: anonymous, MB", bytes: true, ratio: "controllers" },
  idleCpuPct: { words: "with N, idle: CPU, % of a core" },
  idleWrites: { words: "with N, idle: writes (no Lease)" },
  idleLeaseWrites: { words: "with N, idle: Lease writes a second" },
  singleObjectWrites: { words: "single update: object writes", ratio: "all" },
  singleStatusWrites: { words: "single update: … of the Rollout's status", ratio: "all" },
  singleReplicaSetWrites: { words: "single update: … of ReplicaSets", ratio: "all" },
  singleEventWrites: { words: "single update: event writes", ratio: "all" },
  singleCpuMs: { words: "single update: CPU, ms", ratio: "controllers" },
  firstWriteP50: { words: "single update: event → first write p50, ms", ratio: "controllers" },
  firstWriteMax: { words: "single update: event → first write max, ms" },
  singleHealthyP50: { words: "single update: Healthy p50, s" },
  burstP50: { words: "all at once: Healthy p50, s", ratio: "all" },
  burstP99: { words: "all at once: Healthy p99, s", ratio: "all" },
  burstEachMs: { words: "all at once: until the last is Healthy, an update, ms", ratio: "all" },
  burstLastBeganPct: { words: "all at once: the last has begun, % of the whole" },
  burstObjectWrites: { words: "all at once: object writes an update", ratio: "all" },
  burstStatusWrites: { words: "all at once: … of the status", ratio: "all" },
  burstReplicaSetWrites: { words: "all at once: … of ReplicaSets", ratio: "all" },
  burstOwnerWrites: { words: "all at once: … of the object itself (revision)" },
  burstEventWrites: { words: "all at once: event writes an update", ratio: "all" },
  burstClusterWrites: { words: "all at once: writes of Kubernetes' own part an update" },
  burstConflicts: { words: "all at once: refused writes, all" },
  burstUnfair: { words: "all at once: requests refused for fairness (429), all" },
  burstCpuMs: { words: "all at once: CPU an update, ms", ratio: "controllers" },
  burstApiServerCpuMs: { words: "all at once: … of the API server", ratio: "all" },
  burstEtcdCpuMs: { words: "all at once: … of etcd", ratio: "all" },
  burstManagerCpuMs: { words: "all at once: … of kube-controller-manager", ratio: "all" },
  burstBenchCpuMs: { words: "all at once: … of the scheduler, the pods' player and the bench" },
  burstAllCpuMs: { words: "all at once: CPU of all of these an update, ms", ratio: "all" },
  burstBusyPct: { words: "all at once: they kept the cores busy, %" },
  burstForeignPct: { words: "all at once: other programs did so, %" },
  afterRss: { words: "after the updates: RSS, MB", bytes: true, ratio: "controllers" },
  afterAnonymous: { words: "after the updates: anonymous, MB", bytes: true, ratio: "controllers" },
  restedRss: { words: "a minute after the updates: RSS, MB", bytes: true, ratio: "controllers" },
  restedAnonymous: { words: "a minute after the updates: anonymous, MB", bytes: true, ratio: "controllers" },
  peakRss: { words: "highest RSS, MB", bytes: true, ratio: "controllers" },
} as const satisfies Readonly<Record<string, FigureRow>>;

export type FigureName = keyof typeof rows;

export const figures: Readonly<Record<FigureName, FigureRow>> = rows;

/** The figures of one run; NaN is what was not measured, or does not exist for the floor. */
export type Figures = Readonly<Record<FigureName, number>>;

export const figureNames = Object.keys(rows) as FigureName[];

/** Those that are given, and NaN for the rest. */
export const figuresOf = (given: Partial<Figures>): Figures => ({
  ...(Object.fromEntries(figureNames.map((name) => [name, Number.NaN])) as Record<FigureName, number>),
  ...given,
});
