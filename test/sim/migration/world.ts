/**
 * A cluster in virtual time in which a Deployment migrates: all controllers of Kubernetes, ours as it is wired for a real
 * cluster, and people whose writes a webhook reviews while it is there.
 */
import { messageOf } from "../../../kube/object/errors.ts";
import type { Change } from "../../../simulator/model/model.ts";
import { startControllers } from "../../../simulator/controllers/controllers.ts";
import { createApiServer } from "../../../simulator/server/requests/inMemoryServer.ts";
import type { Violation } from "../judge/court.ts";
import { chanceOf } from "../script/chance.ts";
import type { Faults } from "../world/faults.ts";
import { install } from "../world/installCrds.ts";
import { rememberPast } from "../world/past.ts";
import { sound, startProcess, type Breakage, type Process } from "../world/process.ts";
import { virtualClock } from "../world/virtualClock.ts";
import { createMigrationJudge } from "./judge.ts";
import {
  createAutoscaler,
  createDeployment,
  DEPLOYMENT,
  type Meant,
  type People,
  perform,
  SELECTOR,
} from "./people.ts";
import { type Deed, type MigrationScript, wordsOf } from "./script.ts";

export interface MigrationOptions {
  readonly seed: number;
  readonly script: MigrationScript;
  readonly faults: Faults;
  readonly breakage?: Breakage | undefined;
  readonly crashAfterWrite?: number | undefined;
  readonly print?: ((line: string) => void) | undefined;
}

export interface MigrationOutcome {
  readonly violation: Violation | undefined;
  /** Requests of our controller to write objects. */
  readonly writes: number;
  readonly faults: number;
  /** Virtual time, ms. */
  readonly lastedMs: number;
}

const START_MS = Date.parse("2026-01-01T00:00:00Z");
/** Longer than a pause of the profile, and than the silence by which a dead watch is noticed. */
const REST_MS = 400_000;
/** How long the world may take to come to rest after a deed. */
const LONGEST_MS = 2 * 3_600_000;
/** The Deployment is complete before anything happens. */
const BEGIN_MS = 60_000;
/** Faults go on for so long after the last deed. */
const FAULTS_MS = 60_000;
/** Requests of the controller in ten seconds; more is a loop that runs hot. */
const HOT = 600;

/** In one world in so many ReplicaSets are slower than Deployments. */
const SLOW_EVERY = 4;

const bookkeeping = new Set(["leases.coordination.k8s.io", "events", "endpoints", "endpointslices.discovery.k8s.io"]);

interface State {
  violation: Violation | undefined;
  changedMs: number;
  writes: number;
  actor: string | undefined;
}

export function runMigration(options: MigrationOptions): MigrationOutcome {
  const { script, faults } = options;
  const world = openWorld(options);
  const { clock, state, judge, people, report } = world;
  const isOver = (): boolean => state.violation !== undefined;
  const comeToRest = (): void => {
    const from = clock.now();
    while (!isOver() && clock.now() - state.changedMs < REST_MS) {
      clock.pass(state.changedMs + REST_MS - clock.now(), isOver);
      if (clock.now() - from > LONGEST_MS) report({ rule: "convergence", what: "no rest within 2 hours" });
    }
    if (!isOver()) judge.rest();
  };
  const act = (deed: Deed): void => {
    world.line("user", wordsOf(deed));
    judge.expect(deed);
    clock.after(0, () => perform(people, deed));
    clock.pass(0);
    judge.meant();
    if (deed.kind !== "webhook") state.changedMs = clock.now();
  };
  clock.pass(BEGIN_MS, isOver);
  for (const { soonMs, deed } of script.steps) {
    if (isOver()) break;
    if (soonMs === undefined) comeToRest();
    else clock.pass(soonMs, isOver);
    if (!isOver()) act(deed);
  }
  clock.pass(FAULTS_MS, isOver);
  faults.end();
  comeToRest();
  if (people.meant.doubled && !isOver()) {
    // Whoever has made a Deployment beside the Rollout takes it away, and does as the webhook would have said.
    act({ kind: "webhook", there: true });
    act({ kind: "deleteDeployment" });
    comeToRest();
    if (people.meant.mode !== undefined && !isOver()) {
      people.meant.doubled = false;
      act({ kind: "apply", replicas: script.replicas });
      comeToRest();
    }
  }
  world.process.stop();
  const { violation, writes } = state;
  return { violation, writes, faults: faults.count, lastedMs: clock.now() - START_MS };
}

function openWorld(options: MigrationOptions) {
  const { script, seed, print } = options;
  const chance = chanceOf(seed);
  const clock = virtualClock(START_MS);
  const server = createApiServer({ clock, random: chance.fork("server").fraction });
  const { core } = server;
  install(core);
  const state: State = { violation: undefined, changedMs: START_MS, writes: 0, actor: undefined };
  const line = (who: string, what: string): void =>
    print?.(`+${((clock.now() - START_MS) / 1_000).toFixed(3).padStart(9)}s ${who.padEnd(4)} ${what}`);
  const report = (violation: Violation): void => {
    line("", `VIOLATION of ${violation.rule}: ${violation.what}`);
    state.violation ??= violation;
  };
  const as = <T>(actor: string | undefined, run: () => T): T => {
    const before = state.actor;
    state.actor = actor;
    try {
      return run();
    } finally {
      state.actor = before;
    }
  };
  const meant: Meant = {
    image: "web:1",
    sizes: new Set([script.replicas]),
    mode: script.born,
    by: "annotation",
    doubled: false,
    isGone: false,
    extra: 0,
  };
  const people: People = { core, meant, readyMs: script.readyMs, isWebhookThere: true };
  const haveSlowSets = seed % SLOW_EVERY === 0;
  const judge = createMigrationJudge({ core, meant, haveSlowSets }, report);
  core.onChange((change) => {
    if (bookkeeping.has(change.resource)) return;
    state.changedMs = clock.now();
    if (print !== undefined) line(state.actor ?? "", textOf(change));
    judge.change(change);
  });
  const past = rememberPast(core, (run) => as(undefined, run));
  const lag = chance.fork("cluster");
  startControllers(core, {
    run: ["deployments", "replicaSets", "endpointSlices", "scheduler", "kubelet"],
    lagMs: {
      deployments: () => 10 + lag.below(40),
      replicaSets: () => 1 + lag.below(haveSlowSets ? 60 : 8),
      scheduler: 1,
      kubelet: 1,
    },
    kubelet: { reportCreating: false },
    nodes: 1,
    events: false,
  });
  judge.meant();
  const ports = [{ port: 80 }];
  core.create("services", { metadata: { name: "web", namespace: "default" }, spec: { selector: SELECTOR, ports } });
  if (script.hasAutoscaler) createAutoscaler(people);
  createDeployment(people, script.replicas);
  return {
    clock,
    state,
    judge,
    people,
    report,
    line,
    process: started(options, { clock, server, past, state, line, report, as }),
  };
}

interface Scene {
  readonly clock: ReturnType<typeof virtualClock>;
  readonly server: ReturnType<typeof createApiServer>;
  readonly past: ReturnType<typeof rememberPast>;
  readonly state: State;
  readonly line: (who: string, what: string) => void;
  readonly report: (violation: Violation) => void;
  readonly as: <T>(actor: string | undefined, run: () => T) => T;
}

function started(options: MigrationOptions, { clock, server, past, state, line, report, as }: Scene): Process {
  const { faults, seed, breakage = sound, crashAfterWrite } = options;
  let crashed = false;
  let period = 0;
  let count = 0;
  return startProcess({
    wire: { server, clock, past },
    clock,
    faults,
    chance: chanceOf(seed).fork("a"),
    name: "a",
    leases: false,
    breakage,
    as,
    metrics: () => async () => ({ kind: "failed", message: "nothing is measured here" }),
    migration: { ownNamespace: "sluice" },
    onLog(identity, level, message, fields) {
      const { error } = (fields ?? {}) as { readonly error?: unknown };
      line(identity, `${level}: ${message}${error === undefined ? "" : `: ${messageOf(error)}`}`);
      if (error instanceof TypeError || error instanceof RangeError)
        report({ rule: "bug", what: `${message}: ${error.stack ?? error.message}` });
    },
    onFate: (identity, fate, { method, path }) => {
      if (fate.kind !== "served") line(identity, `  ! ${fate.kind}: ${method} ${path}`);
    },
    onRequest(identity, { method, path, body }) {
      const now = Math.floor(clock.now() / 10_000);
      count = now === period ? count + 1 : 1;
      period = now;
      if (count === HOT) report({ rule: "heat", what: `${identity} sends ${HOT} requests in ten seconds` });
      if (method === "GET" || path.includes("/events") || path.includes("/leases")) return;
      line(identity, `  ${method} ${path} ${JSON.stringify(body)}`.slice(0, 300));
      state.writes += 1;
    },
    crashesNow() {
      if (crashed || state.writes !== crashAfterWrite) return false;
      return (crashed = true);
    },
    onDecision: () => {},
  });
}

function textOf({ type, resource, object, old }: Change): string {
  const { name, deletionTimestamp, ownerReferences = [], annotations } = object.metadata;
  const replicas = (of: typeof object | undefined) => (of?.["spec"] as { replicas?: number } | undefined)?.replicas;
  const status = object["status"] as Readonly<Record<string, string | number>> | undefined;
  const parts = [
    type === "MODIFIED" ? "" : type,
    deletionTimestamp === undefined ? "" : "going",
    replicas(object) === undefined ? "" : `size ${replicas(old) ?? "-"}→${replicas(object)}`,
    resource === "pods" || status === undefined
      ? ""
      : `has ${status["replicas"] ?? 0}/${status["availableReplicas"] ?? 0} ${status["phase"] ?? ""}`,
    ownerReferences.map(({ kind }) => `of ${kind}`).join(" "),
    resource === DEPLOYMENT.resource ? JSON.stringify(annotations ?? {}) : "",
  ];
  return `    ${resource.split(".")[0]} ${name} ${parts.filter((part) => part !== "").join(" ")}`;
}
