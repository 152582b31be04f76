import { describe, expect, test } from "bun:test";
import type { ExperimentSpec } from "../../../schema/experiment.ts";
import { decideExperiment } from "./decide.ts";
import {
  factsOf,
  hashOf,
  pass,
  phaseOf,
  podsBecome,
  runBecomes,
  settle,
  started,
  T0,
  templateOf,
  world,
} from "./testing.ts";

const check = (name: string, more: object = {}) => ({ name, templateName: "check", ...more });
const SECOND = 1_000;

describe("pods", () => {
  test("a ReplicaSet for each template, made without pods and then scaled, told in events", () => {
    const w = world({ templates: [templateOf("one"), templateOf("two", { replicas: 3 })] });
    settle(w);
    expect(w.writes).toEqual([
      "create ReplicaSet exp-one",
      "create ReplicaSet exp-two",
      "update ReplicaSet exp-one to 1",
      "update ReplicaSet exp-two to 3",
    ]);
    expect(w.events).toEqual([
      "Normal TemplateProgressing: Template 'one' transitioned from  -> Progressing",
      "Normal TemplateProgressing: Template 'two' transitioned from  -> Progressing",
      "Normal ExperimentPending: Experiment transitioned from  -> Pending",
      "Normal ScalingReplicaSet: Scaled up ReplicaSet exp-one from 0 to 1",
      "Normal ScalingReplicaSet: Scaled up ReplicaSet exp-two from 0 to 3",
    ]);
    expect(hashOf(w, "one")).not.toBe(hashOf(w, "two"));
    expect(w.wakeAt).toBe(T0 + 600 * SECOND + 1);
  });

  test("the Experiment runs, and its time begins, once those of all templates are available", () => {
    const w = world({ templates: [templateOf("one"), templateOf("two")], duration: "1m" });
    settle(w);
    w.now += 5 * SECOND;
    podsBecome(w);
    const two = w.replicaSets.get("two");
    if (two === undefined) throw new Error("no ReplicaSet");
    w.replicaSets.set("two", {
      ...two,
      status: { replicas: 1, readyReplicas: 0, availableReplicas: 0 },
    });
    settle(w);
    expect(phaseOf(w)).toBe("Pending");
    podsBecome(w);
    w.now += SECOND;
    settle(w);
    expect(w.experiment.status).toMatchObject({ phase: "Running", availableAt: "2026-01-01T00:00:06Z" });
    expect(w.wakeAt).toBe(T0 + 66 * SECOND);
  });

  test("that are not available in time fail the Experiment, and go after the delay", () => {
    const w = world({ progressDeadlineSeconds: 10 });
    settle(w);
    w.now = T0 + 10 * SECOND + 1;
    settle(w);
    const message = "Template 'one' exceeded its progressDeadlineSeconds (10)";
    expect(w.experiment.status).toMatchObject({ phase: "Failed", message });
    expect(w.events).toContain(
      `Warning TemplateFailed: Template 'one' transitioned from Progressing -> Failed: ${message}`,
    );
    expect(w.events).toContain("Warning ExperimentFailed: Experiment transitioned from Pending -> Failed");
    expect(w.replicaSets.get("one")?.annotations["scale-down-deadline"]).toBe("2026-01-01T00:00:40Z");
    expect(w.wakeAt).toBe(T0 + 40 * SECOND);
    w.now = T0 + 40 * SECOND;
    settle(w);
    expect(w.replicaSets.get("one")?.replicas).toBe(0);
    expect(w.writes.at(-1)).toBe("update ReplicaSet exp-one to 0");
  });

  test("that are lost while it runs have as long to come back", () => {
    const w = started({ progressDeadlineSeconds: 10 });
    w.now += 100 * SECOND;
    podsBecome(w, 0);
    settle(w);
    expect(phaseOf(w)).toBe("Pending");
    w.now += 11 * SECOND;
    settle(w);
    expect(phaseOf(w)).toBe("Failed");
  });

  test("whose ReplicaSet is refused are an error", () => {
    const w = world({});
    w.refusals.set("createReplicaSet/exp-one", "exceeded quota");
    settle(w);
    expect(w.experiment.status?.templateStatuses).toMatchObject([
      { status: "Error", message: "Failed to create ReplicaSet for template 'one': exceeded quota" },
    ]);
    expect(w.experiment.status?.phase).toBe("Error");
    expect(w.experiment.status?.message).toBe("Failed to create ReplicaSet for template 'one': exceeded quota");
    const told = w.events.filter((event) => event.includes("ReplicaSetCreateError"));
    expect(told).toEqual(['Normal ReplicaSetCreateError: Failed to create new replica set "exp-one": exceeded quota']);
  });

  test("are told to have moved when their delay begins, once", () => {
    const w = started({ duration: "10s", scaleDownDelaySeconds: 20 });
    const movedAt = () => w.experiment.status?.templateStatuses?.[0]?.lastTransitionTime;
    w.now = T0 + 10 * SECOND;
    settle(w);
    expect([phaseOf(w), w.replicaSets.get("one")?.replicas, movedAt()]).toEqual([
      "Successful",
      1,
      "2026-01-01T00:00:10Z",
    ]);
    w.now = T0 + 15 * SECOND;
    settle(w);
    expect(movedAt()).toBe("2026-01-01T00:00:10Z");
  });

  test("go at once where no delay is wanted", () => {
    const w = started({ duration: "10s", scaleDownDelaySeconds: 0 });
    w.now += 10 * SECOND;
    settle(w);
    expect(phaseOf(w)).toBe("Successful");
    expect(w.replicaSets.get("one")?.replicas).toBe(0);
  });
});

describe("Services", () => {
  test("a template that wants one has it as long as it has pods", () => {
    const w = started({
      templates: [templateOf("one", { service: {} }), templateOf("two", { service: { name: "mine" } })],
      duration: "1m",
    });
    expect([...w.services.values()].map(({ name }) => name)).toEqual(["exp-one", "mine"]);
    expect(w.services.get("one")?.selector).toEqual(w.replicaSets.get("one")?.labels ?? {});
    expect(w.experiment.status?.templateStatuses).toMatchObject([
      { serviceName: "exp-one", podTemplateHash: hashOf(w, "one") },
      { serviceName: "mine", podTemplateHash: hashOf(w, "two") },
    ]);
    w.now += 60 * SECOND;
    settle(w);
    expect(w.services.size).toBe(2);
    w.now += 30 * SECOND;
    settle(w);
    podsBecome(w);
    settle(w);
    expect(w.services.size).toBe(0);
    expect(w.experiment.status?.templateStatuses?.[0]).not.toHaveProperty("serviceName");
  });

  test("pods without ports get none", () => {
    const bare = { metadata: { labels: { app: "one" } }, spec: { containers: [{ name: "c", image: "i" }] } };
    expect(started({ templates: [templateOf("one", { service: {}, template: bare })] }).services.size).toBe(0);
  });

  test("one that is refused is an error of the template", () => {
    const w = world({ templates: [templateOf("one", { service: { name: "mine" } })] });
    w.refusals.set("createService/mine", "service mine already exists and is not owned by experiment template one");
    settle(w);
    expect(w.experiment.status).toMatchObject({
      phase: "Error",
      message:
        "Failed to create Service mine for template 'one': service mine already exists and is not owned by experiment template one",
    });
  });
});

interface Row {
  readonly sentence: string;
  readonly analyses: ExperimentSpec["analyses"];
  /** What becomes of the runs, by the names of the analyses. */
  readonly runs: Readonly<Record<string, string>>;
  readonly duration?: string;
  /** Seconds after the runs have come to that. */
  readonly later?: number;
  readonly phase: string;
  readonly message?: string;
}

const rows: readonly Row[] = [
  {
    sentence: "without analyses it succeeds after its time",
    analyses: [],
    runs: {},
    duration: "1m",
    later: 60,
    phase: "Successful",
  },
  { sentence: "without a time it goes on", analyses: [], runs: {}, later: 100_000, phase: "Running" },
  {
    sentence: "an analysis that has succeeded does not end it",
    analyses: [check("a")],
    runs: { a: "Successful" },
    phase: "Running",
  },
  {
    sentence: "one that is required ends it",
    analyses: [check("a", { requiredForCompletion: true })],
    runs: { a: "Successful" },
    phase: "Successful",
    message: "Required AnalysisRuns completed",
  },
  {
    sentence: "those that are not required and still run do not hold it up",
    analyses: [check("a", { requiredForCompletion: true }), check("b")],
    runs: { a: "Successful", b: "Running" },
    phase: "Successful",
    message: "Required AnalysisRuns completed",
  },
  {
    sentence: "all that are required have to succeed",
    analyses: [check("a", { requiredForCompletion: true }), check("b", { requiredForCompletion: true })],
    runs: { a: "Successful", b: "Running" },
    phase: "Running",
  },
  {
    sentence: "one that is required is waited for beyond its time",
    analyses: [check("a", { requiredForCompletion: true })],
    runs: { a: "Running" },
    duration: "1m",
    later: 100,
    phase: "Running",
  },
  {
    sentence: "one that is not required is not",
    analyses: [check("a")],
    runs: { a: "Running" },
    duration: "1m",
    later: 60,
    phase: "Successful",
  },
  ...["Failed", "Error", "Inconclusive"].map((phase): Row => ({
    sentence: `an analysis that ends ${phase} ends it`,
    analyses: [check("a"), check("b", { requiredForCompletion: true })],
    runs: { a: phase, b: "Running" },
    duration: "1m",
    phase,
    message: "why",
  })),
  {
    sentence: "the worst of two counts",
    analyses: [check("a"), check("b")],
    runs: { a: "Inconclusive", b: "Failed" },
    phase: "Failed",
    message: "why",
  },
];

describe("phases", () => {
  test.each(rows.map((row) => ({ ...row })))(
    "$sentence",
    ({ analyses, runs, duration, later = 0, phase, message = "" }) => {
      const w = started({ analyses, ...(duration === undefined ? {} : { duration }) });
      for (const [name, become] of Object.entries(runs))
        runBecomes(w, `exp-${name}`, become, become === "Running" || become === "Successful" ? undefined : "why");
      settle(w);
      w.now += later * SECOND;
      settle(w);
      expect({ phase: phaseOf(w), message: w.experiment.status?.message ?? "" }).toEqual({ phase, message });
      if (phase === "Running") return;
      for (const run of w.runs.values())
        expect(
          run.spec.terminate === true ||
            ["Successful", "Failed", "Error", "Inconclusive"].includes(run.status?.phase ?? ""),
        ).toBe(true);
      w.now += 30 * SECOND;
      settle(w);
      expect(w.replicaSets.get("one")?.replicas).toBe(0);
      expect(phaseOf(w)).toBe(phase);
    },
  );

  test("one that is terminated succeeds, its runs end and its pods go", () => {
    const w = started({ analyses: [check("a", { requiredForCompletion: true })] });
    runBecomes(w, "exp-a", "Running");
    settle(w);
    w.experiment = { ...w.experiment, spec: { ...w.experiment.spec, terminate: true } };
    settle(w);
    expect(w.events).toContain("Normal AnalysisRunTerminating: Terminating a (exp-a)");
    expect(phaseOf(w)).toBe("Running");
    runBecomes(w, "exp-a", "Successful", "Run Terminated");
    settle(w);
    expect(phaseOf(w)).toBe("Successful");
  });

  test("one that is terminated before it begins makes no pods", () => {
    const w = world({ terminate: true, analyses: [check("a")] });
    settle(w);
    expect(w.writes).toEqual([]);
    expect(phaseOf(w)).toBe("Successful");
  });
});

describe("conditions", () => {
  const reasons = (w: ReturnType<typeof world>) =>
    (w.experiment.status?.conditions ?? []).map(({ type, status, reason, message }) => [type, status, reason, message]);

  test("tell how far it is", () => {
    const w = world({ duration: "10s" });
    settle(w);
    expect(reasons(w)).toEqual([["Progressing", "True", "ReplicaSetUpdated", 'Experiment "exp" is progressing.']]);
    podsBecome(w);
    settle(w);
    expect(reasons(w)).toEqual([["Progressing", "True", "NewReplicaSetAvailable", 'Experiment "exp" is running.']]);
    w.now += 10 * SECOND;
    settle(w);
    expect(reasons(w)).toEqual([
      ["Progressing", "False", "ExperimentCompleted", 'Experiment "exp" has successfully ran and completed.'],
    ]);
  });

  test("an invalid one only says so, and goes on once it is mended", () => {
    const w = world({});
    const { status } = decideExperiment({ ...factsOf(w), invalid: "no good" }, T0);
    expect(status?.conditions).toMatchObject([
      { type: "InvalidSpec", status: "True", reason: "InvalidSpec", message: "no good" },
    ]);
    expect(status?.phase).toBeUndefined();
    w.experiment = { ...w.experiment, status: status ?? {} };
    expect(decideExperiment({ ...factsOf(w), invalid: "no good" }, T0 + SECOND).status).toBeUndefined();
    settle(w);
    expect(reasons(w).map(([type]) => type)).toEqual(["Progressing"]);
  });
});

test("a crash after any write leads to the same end", () => {
  const spec = {
    templates: [templateOf("one", { service: {} }), templateOf("two")],
    duration: "1m",
    analyses: [check("a"), check("b", { requiredForCompletion: true })],
  };
  const play = (crashAt: number): object => {
    const w = world(spec);
    let left = crashAt;
    const live = (): void => {
      for (let n = 0; n < 30; n += 1) {
        const before = w.writes.length;
        const { actions, status } = pass(w, left);
        const tried = actions.length + (status === undefined ? 0 : 1);
        left = left < tried ? Number.POSITIVE_INFINITY : left - tried;
        if (tried === 0) return;
        expect(w.writes.length - before).toBeLessThanOrEqual(actions.length);
      }
      throw new Error("does not settle");
    };
    live();
    podsBecome(w);
    live();
    for (const name of w.runs.keys()) runBecomes(w, name, "Successful");
    live();
    w.now += 30 * SECOND;
    live();
    podsBecome(w);
    live();
    return {
      status: w.experiment.status,
      runs: [...w.runs.keys()],
      services: w.services.size,
      sizes: [...w.replicaSets.values()].map(({ replicas }) => replicas),
    };
  };
  const whole = play(Number.POSITIVE_INFINITY);
  expect(whole).toMatchObject({
    status: { phase: "Successful" },
    runs: ["exp-a", "exp-b"],
    services: 0,
    sizes: [0, 0],
  });
  for (let crashAt = 0; crashAt < 25; crashAt += 1) expect(play(crashAt)).toEqual(whole);
});
