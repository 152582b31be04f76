/**
 * What a kubelet reports of a pod, as a pure function of the pod's spec and of the time since the pod was assigned.
 * No clock, no I/O: the driver (kubelet.ts) calls `podAt` for the report of a moment and the next moment that differs.
 */
import { goDurationMs } from "../../kube/object/goDuration.ts";
import { imageFate } from "./image.ts";

/** How long things take, in ms; annotations of a pod override them for that pod. */
export interface KubeletSettings {
  /** From assignment to Ready (or, for pods that end by themselves, to Running). */
  readonly readyAfterMs: number;
  /** From the deletion request to the object's removal. */
  readonly goneAfterMs: number;
  /** The first wait of a CrashLoopBackOff; doubles up to `maxBackoffMs`. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** Whether to report Pending with ContainerCreating first, as a real kubelet does; false saves a write per pod. */
  readonly reportCreating: boolean;
}

export const defaultSettings: KubeletSettings = {
  readyAfterMs: 1200,
  goneAfterMs: 700,
  backoffMs: 10_000,
  maxBackoffMs: 300_000,
  reportCreating: true,
};

/** The parts of a pod that decide how it goes. */
export interface PodSpecView {
  readonly restartPolicy?: string;
  readonly nodeName?: string;
  readonly containers: readonly ContainerView[];
  readonly initContainers?: readonly ContainerView[];
  readonly readinessGates?: readonly { readonly conditionType: string }[];
}

export interface ContainerView {
  readonly name: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly readinessProbe?: { readonly initialDelaySeconds?: number };
  readonly lifecycle?: { readonly postStart?: HookView; readonly preStop?: HookView };
}

/** What a container does before it counts as started, or before it is signalled to end. */
interface HookView {
  readonly exec?: { readonly command?: readonly string[] };
  readonly sleep?: { readonly seconds?: number };
}

/** How a container behaves once it is started. */
type Behaviour =
  | { readonly kind: "serves"; readonly readyDelayMs: number }
  | { readonly kind: "exits"; readonly afterMs: number; readonly code: number }
  | { readonly kind: "crashes" }
  | { readonly kind: "cannotPull"; readonly why: string }
  | { readonly kind: "invalidName"; readonly why: string };

interface ContainerPlan {
  readonly name: string;
  readonly image: string;
  readonly behaviour: Behaviour;
}

/** A pod, reduced to what its future depends on; small enough to keep one for each of thousands of pods. */
export interface PodPlan {
  readonly containers: readonly ContainerPlan[];
  readonly initContainers: readonly ContainerPlan[];
  readonly restarts: "Always" | "OnFailure" | "Never";
  readonly readyAfterMs: number;
  readonly goneAfterMs: number;
  readonly neverReady: boolean;
}

export interface ContainerState {
  readonly waiting?: { readonly reason: string; readonly message?: string };
  readonly running?: { readonly startedAtMs: number };
  readonly terminated?: {
    readonly reason: string;
    readonly exitCode: number;
    readonly startedAtMs: number;
    readonly finishedAtMs: number;
  };
}

export interface ContainerReport {
  readonly name: string;
  readonly image: string;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly state: ContainerState;
  readonly lastState: ContainerState;
}

/** The state of a pod at one moment. Times are in ms since the pod's assignment. */
export interface PodReport {
  readonly phase: "Pending" | "Running" | "Succeeded" | "Failed";
  readonly initialized: boolean;
  readonly containers: readonly ContainerReport[];
  readonly initContainers: readonly ContainerReport[];
  /** When the report changes next; undefined when it never does. */
  readonly nextMs: number | undefined;
}

const secondsIn = (text: string): number => {
  const match = /\bsleep\s+([\d.]+)(ms|s|m|h)?/.exec(text);
  const unit = { ms: 0.001, s: 1, m: 60, h: 3600 }[match?.[2] ?? "s"] ?? 1;
  return match === null ? 0 : Number(match[1]) * unit;
};

/** Reads `sleep N` and `exit N` out of a command line; null when it has neither. */
export function scriptOf(container: ContainerView): { afterMs: number; code: number } | null {
  const words = [...(container.command ?? []), ...(container.args ?? [])];
  const text = words.join(" ");
  const exit = /\bexit\s+(\d+)/.exec(text);
  const last = words.at(-1)?.split("/").at(-1);
  if (exit === null && !/\bsleep\s/.test(text) && last !== "false" && last !== "true") return null;
  return { afterMs: secondsIn(text) * 1000, code: exit === null ? Number(last === "false") : Number(exit[1]) };
}

function behaviourOf(container: ContainerView, ends: boolean): Behaviour {
  const fate = imageFate(container.image ?? "");
  if (fate.kind === "cannotPull" || fate.kind === "invalidName") return fate;
  const bad = (container.command ?? []).some((word) => word.startsWith("/bad-command"));
  if (bad || fate.kind === "crashes") return { kind: "crashes" };
  if (ends) return { kind: "exits", ...(scriptOf(container) ?? { afterMs: 0, code: 0 }) };
  if (fate.kind === "neverReady") return { kind: "serves", readyDelayMs: Infinity };
  return { kind: "serves", readyDelayMs: (container.readinessProbe?.initialDelaySeconds ?? 0) * 1000 };
}

const planContainer = (container: ContainerView, ends: boolean, crashAfterMs?: number): ContainerPlan => ({
  name: container.name,
  image: container.image ?? "",
  behaviour:
    crashAfterMs === undefined
      ? behaviourOf(container, ends)
      : { kind: "exits", afterMs: Math.max(100, crashAfterMs), code: 1 },
});

const hookMs = (hook: HookView | undefined): number =>
  1000 * (hook?.sleep?.seconds ?? secondsIn((hook?.exec?.command ?? []).join(" ")));

/** The containers of a pod start and end side by side. */
const longestHookMs = (spec: PodSpecView, hook: "postStart" | "preStop"): number =>
  Math.max(0, ...spec.containers.map(({ lifecycle }) => hookMs(lifecycle?.[hook])));

/** The pod's own time by an annotation; undefined when the annotation is absent or cannot be read. */
function ownMs(annotations: Readonly<Record<string, string>>, what: string): number | undefined {
  const ms = goDurationMs(annotations[`sim.sluice.dev/${what}`] ?? "");
  return ms === undefined || ms < 0 ? undefined : ms;
}

/**
 * Reads a pod's spec and annotations once: `sim.sluice.dev/ready-after`, `/gone-after`, `/never-ready`, and
 * `/crash-after`, with which the containers are ready for so long, end with exit code 1, and start again.
 */
export function planPod(
  spec: PodSpecView,
  annotations: Readonly<Record<string, string>>,
  settings: KubeletSettings,
): PodPlan {
  const restarts = spec.restartPolicy === "Never" || spec.restartPolicy === "OnFailure" ? spec.restartPolicy : "Always";
  const crashAfterMs = ownMs(annotations, "crash-after");
  const readyAfterMs = ownMs(annotations, "ready-after") ?? settings.readyAfterMs;
  const goneAfterMs = ownMs(annotations, "gone-after") ?? settings.goneAfterMs;
  return {
    containers: spec.containers.map((container) => planContainer(container, restarts !== "Always", crashAfterMs)),
    initContainers: (spec.initContainers ?? []).map((container) => planContainer(container, true)),
    restarts,
    readyAfterMs: readyAfterMs + longestHookMs(spec, "postStart"),
    goneAfterMs: goneAfterMs + longestHookMs(spec, "preStop"),
    neverReady: annotations["sim.sluice.dev/never-ready"] === "true",
  };
}

/** One container between two moments: its report at `atMs`, when that changes, and when (and how) it ended for good. */
interface Course {
  readonly report: ContainerReport;
  readonly nextMs: number | undefined;
  readonly ended: { readonly atMs: number; readonly code: number } | undefined;
}

const waiting = (
  plan: ContainerPlan,
  reason: string,
  restartCount = 0,
  lastState: ContainerState = {},
): ContainerReport => ({
  name: plan.name,
  image: plan.image,
  ready: false,
  restartCount,
  state: { waiting: { reason, ...waitingMessage(reason, plan) } },
  lastState,
});

/** The messages that people read are those of a real kubelet. */
function waitingMessage(reason: string, { name, image, behaviour }: ContainerPlan): { readonly message?: string } {
  if (reason === "ErrImagePull" || reason === "InvalidImageName")
    return "why" in behaviour ? { message: behaviour.why } : {};
  if (reason === "ImagePullBackOff") return { message: `Back-off pulling image "${image}"` };
  return reason === "CrashLoopBackOff" ? { message: `back-off restarting failed container=${name}` } : {};
}

/** Never less than 100 ms, so that the loop below ends for a container which fails at once. */
const backoff = (attempt: number, settings: KubeletSettings): number =>
  Math.max(100, Math.min(settings.backoffMs * 2 ** attempt, settings.maxBackoffMs));

/** An image that cannot be pulled: the error shows briefly, then again after each growing wait, as in kubelet. */
function pullCourse(plan: ContainerPlan, startMs: number, atMs: number, settings: KubeletSettings): Course {
  const errorShowsMs = 500;
  const reason = atMs < startMs + errorShowsMs ? "ErrImagePull" : "ImagePullBackOff";
  const nextMs = reason === "ErrImagePull" ? startMs + Math.min(errorShowsMs, settings.backoffMs) : undefined;
  return { report: waiting(plan, reason), nextMs, ended: undefined };
}

interface Run {
  readonly startMs: number;
  readonly afterMs: number;
  readonly code: number;
  readonly reason: string;
}

/** Runs that end with failure are repeated with growing waits when the restart policy wants it; walks up to `atMs`. */
function repeatedCourse(
  plan: ContainerPlan,
  run: Run,
  repeats: boolean,
  atMs: number,
  settings: KubeletSettings,
): Course {
  let { startMs } = run;
  let lastState: ContainerState = {};
  for (let attempt = 0; ; attempt++) {
    const finishedAtMs = startMs + run.afterMs;
    const base = { name: plan.name, image: plan.image, ready: false, restartCount: attempt, lastState };
    if (atMs < finishedAtMs) {
      const report = { ...base, ready: true, state: { running: { startedAtMs: startMs } } };
      return { report, nextMs: finishedAtMs, ended: undefined };
    }
    const terminated: ContainerState = {
      terminated: { reason: run.reason, exitCode: run.code, startedAtMs: startMs, finishedAtMs },
    };
    if (!repeats) {
      return {
        report: { ...base, state: terminated },
        nextMs: undefined,
        ended: { atMs: finishedAtMs, code: run.code },
      };
    }
    lastState = terminated;
    startMs = finishedAtMs + backoff(attempt, settings);
    if (atMs < startMs) {
      return { report: waiting(plan, "CrashLoopBackOff", attempt, lastState), nextMs: startMs, ended: undefined };
    }
  }
}

function servingCourse(plan: ContainerPlan, startMs: number, readyAtMs: number, atMs: number): Course {
  const report: ContainerReport = {
    name: plan.name,
    image: plan.image,
    ready: atMs >= readyAtMs,
    restartCount: 0,
    state: { running: { startedAtMs: startMs } },
    lastState: {},
  };
  return { report, nextMs: report.ready || readyAtMs === Infinity ? undefined : readyAtMs, ended: undefined };
}

function course(plan: ContainerPlan, pod: PodPlan, startMs: number, atMs: number, settings: KubeletSettings): Course {
  const { behaviour } = plan;
  switch (behaviour.kind) {
    case "serves":
      return servingCourse(plan, startMs, pod.neverReady ? Infinity : startMs + behaviour.readyDelayMs, atMs);
    case "cannotPull":
      return pullCourse(plan, startMs, atMs, settings);
    case "invalidName":
      return { report: waiting(plan, "InvalidImageName"), nextMs: undefined, ended: undefined };
    case "crashes": {
      const run = { startMs, afterMs: 0, code: 128, reason: "StartError" };
      return repeatedCourse(plan, run, pod.restarts !== "Never", atMs, settings);
    }
    case "exits": {
      const run = { startMs, ...behaviour, reason: behaviour.code === 0 ? "Completed" : "Error" };
      return repeatedCourse(plan, run, pod.restarts !== "Never" && behaviour.code !== 0, atMs, settings);
    }
    default:
      return behaviour satisfies never;
  }
}

const earliest = (courses: readonly Course[]): number | undefined => {
  const times = courses.flatMap(({ nextMs }) => nextMs ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
};

/** Init containers run one after another; the result has the time when the last ended, if it did. */
function initCourses(pod: PodPlan, startMs: number, atMs: number, settings: KubeletSettings) {
  const courses: Course[] = [];
  let nextStartMs: number | undefined = startMs;
  for (const plan of pod.initContainers) {
    if (nextStartMs === undefined || nextStartMs > atMs) {
      courses.push({ report: waiting(plan, "PodInitializing"), nextMs: undefined, ended: undefined });
      nextStartMs = undefined;
      continue;
    }
    const current = course(plan, pod, nextStartMs, atMs, settings);
    courses.push(current);
    nextStartMs = current.ended?.code === 0 ? current.ended.atMs : undefined;
  }
  const failed = courses.some(({ ended }) => ended !== undefined && ended.code !== 0);
  return { courses, doneMs: nextStartMs, failed };
}

const phaseOf = (courses: readonly Course[]): PodReport["phase"] => {
  if (courses.every(({ ended }) => ended !== undefined)) {
    return courses.some(({ ended }) => ended?.code !== 0) ? "Failed" : "Succeeded";
  }
  const begun = courses.some(
    ({ report: { state, lastState } }) => state.waiting === undefined || lastState.terminated !== undefined,
  );
  return begun ? "Running" : "Pending";
};

const notBegun = (plans: readonly ContainerPlan[], reason: string) => plans.map((plan) => waiting(plan, reason));

/** The report of a pod `atMs` after its assignment, and when it changes next. Never throws: any spec gives a report. */
export function podAt(pod: PodPlan, atMs: number, settings: KubeletSettings): PodReport {
  const startMs = pod.readyAfterMs;
  if (atMs < startMs) {
    const reason = pod.initContainers.length > 0 ? "PodInitializing" : "ContainerCreating";
    return {
      phase: "Pending",
      initialized: pod.initContainers.length === 0,
      containers: notBegun(pod.containers, reason),
      initContainers: notBegun(pod.initContainers, "PodInitializing"),
      nextMs: startMs,
    };
  }
  const init = initCourses(pod, startMs, atMs, settings);
  const initContainers = init.courses.map(({ report }) => report);
  if (init.doneMs === undefined || init.doneMs > atMs) {
    return {
      phase: init.failed ? "Failed" : "Pending",
      initialized: false,
      containers: notBegun(pod.containers, "PodInitializing"),
      initContainers,
      nextMs: earliest(init.courses),
    };
  }
  const begunMs = init.doneMs;
  const courses = pod.containers.map((plan) => course(plan, pod, begunMs, atMs, settings));
  return {
    phase: phaseOf(courses),
    initialized: true,
    containers: courses.map(({ report }) => report),
    initContainers,
    nextMs: earliest(courses),
  };
}
