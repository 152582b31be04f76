/** Replaces bun:test, world and timelines for the golden tests, and records what they do. */
import {
  createWorld as createGoldenWorld,
  type Meddler,
  type World,
  type WorldOptions,
} from "../../golden/goldenWorld.ts";
import type { AnalysisRunFacts, ExperimentFacts } from "../../../controller/rollout/model/model.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import { image } from "../../golden/edits.ts";
import type { Deed, Script, Step } from "../script/script.ts";

export interface Scenario {
  readonly name: string;
  readonly script: Script;
  /** Something that the simulated cluster does not have; such a scenario is not played. */
  readonly missing: string | undefined;
}

interface Record {
  readonly manifest: Rollout;
  readonly options: WorldOptions;
  readonly steps: Step[];
  waitedMs: number;
  missing: string | undefined;
}

export const scenarios: Scenario[] = [];
const records = new WeakMap<World, Record>();

type Play = (...row: unknown[]) => void;

/** A test for each row; a row that is a list is the arguments. */
const each =
  (rows: readonly unknown[]) =>
  (_: string, play: Play): void => {
    for (const row of rows) play(...(Array.isArray(row) ? (row as readonly unknown[]) : [row]));
  };

const atOnce = (_: string, play: Play): void => play();

/** @public as bun:test */
export const describe = Object.assign((name: string, tests: Play): void => atOnce(name, tests), { each });
/** @public as bun:test */
export const test = Object.assign((name: string, play: Play): void => atOnce(name, play), { each });

/** Every matcher, and what stands before one (`not`, `resolves`): nothing is expected here. */
const matcher: object = new Proxy(() => undefined, { get: (_, key) => (key === "then" ? undefined : matcher) });

/** Checks nothing. @public as bun:test */
export const expect = (): object => matcher;

/** A world that is only played when its result is read. @public as test/golden/goldenWorld.ts */
export function createWorld(manifest: Rollout, options: WorldOptions = {}): World {
  const missing =
    manifest.spec.workloadRef !== undefined && options.deployment === undefined
      ? "a Deployment that comes later"
      : undefined;
  const record: Record = { manifest, options, steps: [], waitedMs: 0, missing };
  const deeds: ((world: World) => void)[] = [];
  const played = (): World => {
    const world = createGoldenWorld(manifest, options);
    for (const deed of deeds) deed(world);
    return world;
  };
  const recorded = {
    edit(what, edit) {
      add(record, what, { kind: "edit", edit });
      deeds.push((world) => world.edit(what, edit));
    },
    pass(ms) {
      record.waitedMs += ms;
      deeds.push((world) => world.pass(ms));
    },
    meddle(what, change) {
      change(meddlerOf(record, what));
      deeds.push((world) => world.meddle(what, change));
    },
  } satisfies Partial<World>;
  const world = new Proxy(recorded as unknown as World, {
    get: (own, key) => (key in own ? own[key as keyof World] : played()[key as keyof World]),
  });
  records.set(world, record);
  return world;
}

function add(record: Record, what: string, deed: Deed): void {
  record.steps.push({ when: { kind: "soon", ms: record.waitedMs }, what, deed });
  record.waitedMs = 0;
}

function meddlerOf(record: Record, what: string): Meddler {
  const missing = (thing: string) => (): void => {
    record.missing = thing;
  };
  return {
    deleteSet: (image) => add(record, what, { kind: "deleteSet", image }),
    disown: (image) => add(record, what, { kind: "changeSet", image, change: () => ({ ownerReferences: [] }) }),
    relabel: (image, labels) =>
      add(record, what, { kind: "changeSet", image, change: (old) => ({ labels: { ...old.labels, ...labels } }) }),
    failPods: (image, count, ms) => add(record, what, { kind: "failPods", image, count, ms }),
    setDeployment: ({ image: name, replicas }) => {
      if (name !== undefined) add(record, what, { kind: "edit", edit: image(name) });
      if (replicas !== undefined) add(record, what, { kind: "sizeDeployment", replicas });
    },
    deleteDeployment: missing("a Deployment that goes"),
    addService: (name) => add(record, what, { kind: "service", name, change: "create" }),
    deleteService: (name) => add(record, what, { kind: "service", name, change: "delete" }),
    resetService: missing("a Service that is applied anew"),
    change: missing("a change beside another"),
    loseEverything: missing("a Rollout without its status"),
    waitFor: missing("a pod that waits for what a test says"),
    setFailure: missing("a ReplicaSet whose pods are refused"),
    occupy: missing("a ReplicaSet of somebody else's"),
    refuse: missing("an API server that takes no ReplicaSet"),
    breakRouter: missing("a router that cannot follow"),
    setTemplate: missing("a template that changes"),
    deleteRun: missing("an AnalysisRun that somebody deletes"),
    forgetRoutes: missing("somebody else who routes"),
  };
}

/** What the runs of a story come to; by the metric's source there is only good and bad. */
const outcomeOf = ({ course }: WorldOptions): string | undefined => course?.(ANY_RUN)?.phase;

const ANY_RUN: AnalysisRunFacts = {
  name: "web-2",
  uid: "",
  labels: {},
  createdAt: 0,
  deleting: false,
  phase: "",
  message: "",
  terminated: false,
  measured: false,
  generations: undefined,
  spec: { metrics: [] },
};

function unplayable(options: WorldOptions): string | undefined {
  // Plugins have worlds of their own, with faults at any write (test/sim/script/pluginWorlds.ts).
  if ((options.plugins ?? options.routerPlugins) !== undefined) return "a plugin that answers by the script of a test";
  if (options.templates === undefined) return undefined;
  if (Object.keys(options.templates).length === 0) return "a template that comes late";
  const outcome = outcomeOf(options);
  return outcome === "Successful" || outcome === "Failed" ? undefined : "an analysis that is neither good nor bad";
}

const ANY_TRIAL: ExperimentFacts = { ...ANY_RUN, templates: [], outline: {} };

/** Experiments run as they are: one that has to end in another way than well has no source for that. */
function untriable({ spec }: Rollout, { trial }: WorldOptions): string | undefined {
  const { steps = [], trafficRouting } = spec.strategy?.canary ?? {};
  if (steps.every(({ experiment }) => experiment === undefined)) return undefined;
  return trial?.(ANY_TRIAL)?.phase === "Successful" && trafficRouting === undefined
    ? undefined
    : "an Experiment that follows a script";
}

const analysesOf = (options: WorldOptions): Pick<Script, "templates" | "failing"> => ({
  ...(options.templates === undefined ? {} : { templates: options.templates }),
  ...(outcomeOf(options) === "Failed" ? { failing: "*" } : {}),
});

/** @public as test/golden/timeline.ts */
export function expectTimeline(name: string, world: World): void {
  const record = records.get(world);
  if (record === undefined) throw new Error(`The world of ${name} was not written down`);
  const { manifest, options, steps } = record;
  const missing = record.missing ?? unplayable(options) ?? untriable(manifest, options);
  const { services = [], readyAfterMs = () => 1_000, deployment } = options;
  const recorded = new Map<string, number | undefined>();
  // The same for all pods of an image, since it is part of the template.
  const readyMs = (name: string): number | undefined => {
    if (!recorded.has(name)) recorded.set(name, readyAfterMs(name));
    return recorded.get(name);
  };
  const script: Script = { manifest, services, steps, readyMs, ...analysesOf(options) };
  if (deployment === undefined) return void scenarios.push({ name, missing, script });
  const { spec } = image(deployment.image)(manifest);
  const resolved = { ...manifest, spec: { ...spec, selector: { matchLabels: { app: "web" } } } };
  scenarios.push({ name, missing, script: { ...script, manifest: resolved, deployment } });
}
