/** What stories about Experiments do and see on a real API server. */
import type { AnalysisRun } from "../../../schema/analysis.ts";
import type { Experiment } from "../../../schema/experiment.ts";
import type { KubeObject } from "./api.ts";
import { newWorld, type World } from "./clusterWorld.ts";
import { leftOut } from "./goldenStories.ts";
import { until } from "./until.ts";

export interface StoryWorld extends World {
  createTemplate(name: string): Promise<void>;
  experiments(): Promise<readonly Experiment[]>;
  patchExperiment(patch: object): Promise<void>;
  /** Waits until the oldest Experiment has this phase. */
  experimentIs(phase: string): Promise<unknown>;
  messageIs(message: string): Promise<unknown>;
  conditionIs(type: string): Promise<unknown>;
  /** Waits until a run of this name is known to its Experiment. */
  runIs(name: string | RegExp): Promise<string>;
  /** Writes its result, as if it had been measured. */
  endRun(name: string | RegExp, phase: string, message?: string): Promise<void>;
  /** Waits until the pods and Services of all Experiments are gone. */
  podsGone(): Promise<unknown>;
  seen(): Promise<object>;
  keep(what: string, seen: object): void;
  readonly kept: Readonly<Record<string, object>>;
}

const metric = (name: string) => ({
  name,
  initialDelay: "1h",
  count: 1,
  successCondition: "result < {{args.limit}}",
  provider: { web: { url: "http://metrics.invalid/{{args.trial}}", jsonPath: "{$.errors}" } },
});

const spec = {
  args: [
    { name: "limit", value: "5" },
    { name: "trial", value: "none" },
    ..."latest stable team".split(" ").map((name) => ({ name, value: "none" })),
  ],
  metrics: [metric("errors"), metric("other")],
};

const byName = <T extends KubeObject>(items: readonly T[]): readonly T[] =>
  items.toSorted((a, b) => ((a.metadata.name ?? "") < (b.metadata.name ?? "") ? -1 : 1));

/** Times, versions, and what only the reference's encoding writes. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  "authentication",
  "uid",
  "resourceVersion",
  "managedFields",
  "creationTimestamp",
  "generation",
  "lastTransitionTime",
  "lastUpdateTime",
  "availableAt",
  "sluice.dev/template-generations",
]);

/** The reference sometimes leaves the name of a Service that is gone in the status. */
function withoutStaleServices(experiment: Experiment): object {
  const { status } = experiment;
  if (status?.templateStatuses === undefined) return experiment;
  const templateStatuses = status.templateStatuses.map(({ serviceName, podTemplateHash, ...rest }) =>
    rest.availableReplicas === 0 ? rest : { ...rest, serviceName, podTemplateHash },
  );
  return { ...experiment, status: { ...status, templateStatuses } };
}

/** The reference, which reads its own status from a cache, tells some transitions again, or from an older phase. */
function asOfNow(told: readonly string[]): readonly string[] {
  const lines = told.map((line) =>
    line.replace(/(AnalysisRun '.*') transitioned from {2}-> Running/, "$1 transitioned from Pending -> Running"),
  );
  const isToldAgain = (line: string): boolean => {
    const [start = "", end = ""] = line.split(" from  -> ");
    return (
      end !== "" && lines.some((other) => other !== line && other.startsWith(start) && other.endsWith(` -> ${end}`))
    );
  };
  return [...new Set(lines.filter((line) => !isToldAgain(line)))].toSorted();
}

const isOf = (kind: string, { metadata }: KubeObject): boolean =>
  (metadata["ownerReferences"] as readonly { kind: string }[] | undefined)?.some((owner) => owner.kind === kind) ===
  true;

type Set = KubeObject & {
  readonly spec: { readonly replicas: number };
  readonly status?: { readonly replicas?: number };
};
type Event = KubeObject & {
  readonly involvedObject: { readonly kind: string };
  readonly type: string;
  readonly reason: string;
  readonly message: string;
};

export async function clusterStory(topic: string): Promise<StoryWorld> {
  const world = await newWorld(`experiment-${topic}`);
  const { api } = world.harness;
  const list = async <T extends KubeObject>(path: string): Promise<readonly T[]> =>
    byName((await api.list<T>(path)).items);
  const core = `/api/v1/namespaces/${world.namespace}`;
  const experiments = () => list<Experiment & KubeObject>(world.path("Experiment"));
  const setsOf = () =>
    list<Set>(`/apis/apps/v1/namespaces/${world.namespace}/replicasets`).then((all) =>
      all.filter((set) => isOf("Experiment", set)),
    );
  const servicesOf = () =>
    list<KubeObject>(`${core}/services`).then((all) => all.filter((each) => isOf("Experiment", each)));
  const isNamed = (name: string | RegExp, found: string): boolean =>
    typeof name === "string" ? name === found : name.test(found);

  const runIs = async (name: string | RegExp): Promise<string> => {
    let found = "";
    await until(
      `an Experiment knows its run ${String(name)}`,
      async () => {
        const known = (await experiments()).flatMap(({ status }) => status?.analysisRuns ?? []);
        found = known.find(({ analysisRun }) => isNamed(name, analysisRun))?.analysisRun ?? "";
        return found !== "";
      },
      30_000,
    );
    return found;
  };
  const seen = async (): Promise<object> => {
    await Bun.sleep(1_500);
    const events = await list<Event>(`${core}/events`);
    const told = events
      .filter(
        ({ involvedObject, message }) => involvedObject.kind === "Experiment" || /Experiment|AnalysisRun/.test(message),
      )
      .map(({ involvedObject, type, reason, message }) => `${involvedObject.kind}: ${type} ${reason}: ${message}`);
    const everything = {
      experiments: (await experiments()).map((each) => withoutStaleServices(each)),
      replicaSets: (await setsOf()).map(({ metadata, spec: of }) => ({ metadata, spec: of })),
      services: (await servicesOf()).map(({ metadata, spec: of }) => {
        const { ports, selector } = of as { ports: unknown; selector: unknown };
        return { metadata, ports, selector };
      }),
      runs: (await list<AnalysisRun & KubeObject>(world.path("AnalysisRun"))).map(({ metadata, spec: of }) => ({
        metadata,
        spec: of,
      })),
      events: asOfNow(told),
    };
    const text = JSON.stringify(leftOut(everything, LEFT_OUT));
    return JSON.parse(
      text.replaceAll(world.namespace, "NAMESPACE").replaceAll(/20\d\d-\d\d-\d\dT[\d:]+Z/g, "TIME"),
    ) as object;
  };
  const kept: Record<string, object> = {};
  const createTemplate = (name: string): Promise<void> =>
    world.create({ apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisTemplate", metadata: { name }, spec });
  await createTemplate("errors");
  return {
    ...world,
    createTemplate,
    experiments,
    patchExperiment: async (patch) => void (await api.patch(world.path("Experiment", "exp"), "merge", patch)),
    experimentIs: (phase) =>
      until(`the Experiment is ${phase}`, async () => (await experiments())[0]?.status?.phase === phase, 40_000),
    messageIs: (message) =>
      until(`it says ${message}`, async () => (await experiments())[0]?.status?.message === message, 20_000),
    conditionIs: (type) =>
      until(
        `the Experiment is ${type}`,
        async () => (await experiments())[0]?.status?.conditions?.some((each) => each.type === type) === true,
        20_000,
      ),
    runIs,
    async endRun(name, phase, message) {
      const run = await runIs(name);
      await Bun.sleep(500);
      const completedAt = new Date().toISOString().replace(/\.\d+/, "");
      await api.patch(world.path("AnalysisRun", run), "merge", {
        status: { phase, message: message ?? null, completedAt },
      });
    },
    podsGone: () =>
      until(
        "the pods of all Experiments are gone",
        async () => {
          const sets = await setsOf();
          const isGone = sets.every(({ spec: of, status }) => of.replicas === 0 && (status?.replicas ?? 0) === 0);
          return isGone && (await servicesOf()).length === 0;
        },
        40_000,
      ),
    seen,
    keep: (what, of) => void (kept[what] = of),
    kept,
  };
}
