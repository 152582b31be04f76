/**
 * More AnalysisRuns on a real API server: outcomes side by side, Jobs, retention, terminations, times to live, each with
 * its events. golden/analysisRunsLife.json was recorded under the reference controller (SLUICE_RECORD=1).
 */
import { afterAll, beforeAll } from "bun:test";
import type { AnalysisRun, Metric } from "../../schema/analysis.ts";
import { goldenStories, without } from "./harness/goldenStories.ts";
import { every, isOver, metric, newRunWorld, type RunSpec, type RunWorld, timeless } from "./harness/runStory.ts";
import { until } from "./harness/until.ts";

let world: RunWorld;

beforeAll(async () => {
  world = await newRunWorld("analysis-run-life", "geheim4711");
}, 120_000);

afterAll(() => world?.stop());

/** What Sluice says behind the text of a mistake (docs/differences.md). */
const HELP = "; there is result, and there are functions such as len()";

/** Waits for its end; the status without times and uids, and its events. */
async function ended(name: string): Promise<object> {
  await world.runOver(name, 80_000);
  // The reference ends some runs by two writes, and events are written aside.
  await Bun.sleep(1_500);
  const { metadata, status } = await world.readRun(name);
  const text = JSON.stringify({ status: timeless(status ?? { phase: "" }), events: await world.eventsOfRun(name) });
  const named = text.replaceAll(metadata.uid ?? "", "UID").replaceAll(world.namespace, "NAMESPACE");
  return JSON.parse(named.replaceAll(/"resumeAt":"[^"]+"/g, '"resumeAt":"TIME"').replaceAll(HELP, "")) as object;
}

const measured = (name: string, spec: RunSpec) => async (): Promise<object> => {
  await world.createRun(name, spec);
  return ended(name);
};

/** Ended by a person once `holds`. */
const cut = (name: string, spec: RunSpec, holds: (run: AnalysisRun) => boolean) => async (): Promise<object> => {
  await world.createRun(name, spec);
  await until(`AnalysisRun ${name} has come so far`, async () => holds(await world.readRun(name)), 30_000);
  await world.terminateRun(name);
  return ended(name);
};
const hasMeasured = ({ status }: AnalysisRun): boolean =>
  status?.metricResults?.some(({ measurements = [] }) => measurements.some(({ phase }) => phase !== "Running")) ===
  true;

const job = (
  name: string,
  command: string,
  more: Partial<Metric> = {},
  image = "tool:1",
  spec: object = {},
): Metric => ({
  name,
  ...more,
  provider: {
    job: {
      metadata: { labels: { team: "a" } },
      spec: {
        backoffLimit: 0,
        template: {
          metadata: { labels: { team: "b" } },
          spec: { restartPolicy: "Never", containers: [{ name: "c", image, command: ["sh", "-c", command] }] },
        },
        ...spec,
      },
    },
  },
});

interface Left {
  readonly metadata: { readonly name: string; readonly labels?: object; readonly ownerReferences?: readonly object[] };
  readonly spec: { readonly backoffLimit?: number; readonly template: { readonly metadata: { labels?: object } } };
}

/** The Jobs of a run, too, but no messages: what a failed Job says is more with Sluice (docs/differences.md). */
const withJobs = (name: string, story: () => Promise<object>) => async (): Promise<object> => {
  const end = await without("message", story)();
  const { metadata } = await world.readRun(name);
  const { items } = await world.harness.api.list<Left>(`/apis/batch/v1/namespaces/${world.namespace}/jobs`);
  const jobs = items
    .filter((each) => JSON.stringify(each.metadata).includes(metadata.uid ?? "?"))
    .map(({ metadata: { name: of, labels }, spec: { backoffLimit, template } }) => {
      const podLabels = Object.fromEntries(
        Object.entries(template.metadata.labels ?? {}).filter(([key]) => !key.includes("controller-uid")),
      );
      return { of, labels, backoffLimit, podLabels };
    })
    .toSorted((one, other) => (one.of < other.of ? -1 : 1));
  return JSON.parse(JSON.stringify({ ...end, jobs }).replaceAll(metadata.uid ?? "?", "UID")) as object;
};
const measuredJobs = (name: string, spec: RunSpec) => withJobs(name, measured(name, spec));

/** Whether it is gone after its time to live; the reference looks again when the run changes. */
const lived = (name: string, spec: RunSpec) => async (): Promise<object> => {
  await world.createRun(name, spec);
  const found = (): Promise<AnalysisRun | undefined> => world.readRun(name).catch(() => undefined);
  const isGoneOrOver = async (): Promise<boolean> => {
    const run = await found();
    return run === undefined || isOver(run);
  };
  await until(`AnalysisRun ${name} is over`, isGoneOrOver, 30_000);
  await Bun.sleep(4_000);
  const touched = { metadata: { annotations: { touched: "yes" } } };
  await world.harness.api.patch(world.path("AnalysisRun", name), "merge", touched).catch(() => undefined);
  await Bun.sleep(2_000);
  return { isGone: (await found()) === undefined };
};

const token = [{ name: "secret", valueFrom: { secretKeyRef: { name: "credentials", key: "token" } } }];
const three = (letters: string): Metric[] =>
  letters.split("").map((letter, n) => metric(`m${n}`, letter, { consecutiveErrorLimit: 0 }));
const soon = { secondsAfterSuccess: 1, secondsAfterFailure: 1_000, secondsAfterCompletion: 1_000 };

goldenStories("%s: status, events and Jobs are the reference's", "analysisRunsLife.json", {
  "failed beside an error": measured("failed-error", { metrics: three("FE") }),
  "an error beside undecided": measured("error-undecided", { metrics: three("EI") }),
  "undecided beside a success": measured("undecided-success", { metrics: three("IS") }),
  "all outcomes at once": measured("all-four", { metrics: three("SIEF") }),
  "no row of successes, without a limit of failures": measured("no-row", {
    metrics: [metric("a", "SIS", every("1s", 3, { consecutiveSuccessLimit: 2, inconclusiveLimit: 1 }))],
  }),
  "a row of successes before a failure": measured("row-then-failure", {
    metrics: [metric("a", "SSF", every("1s", 3, { consecutiveSuccessLimit: 2 }))],
  }),
  "errors do not count": measured("errors-do-not-count", { metrics: [metric("a", "SES", every("1s", 2))] }),
  "an error breaks a row": measured("error-in-row", {
    metrics: [metric("a", "SESS", every("1s", 4, { consecutiveSuccessLimit: 2 }))],
  }),
  "errors that are not in a row": measured("errors-apart", {
    metrics: [metric("a", "ESES", every("1s", 2, { consecutiveErrorLimit: 1 }))],
  }),
  "a dry run with an error": measured("dry-error", {
    metrics: [metric("bad", "E", { consecutiveErrorLimit: 0 }), metric("good", "S")],
    dryRun: [{ metricName: "bad" }],
  }),
  "a dry run that is undecided": measured("dry-undecided", {
    metrics: [metric("bad", "I"), metric("good", "S")],
    dryRun: [{ metricName: "bad" }],
  }),
  "the last ten measurements": measured("ten", {
    metrics: [metric("a", "SSSSFSSSSSSF", every("1s", 12, { failureLimit: 5 }))],
  }),
  "the last rule of retention": measured("last-rule", {
    metrics: [metric("a", "SSSF", every("1s", 4, { failureLimit: 2 }))],
    measurementRetention: [
      { metricName: ".*", limit: 3 },
      { metricName: "a", limit: 2 },
    ],
  }),
  "a rule of retention of none": measured("retention-none", {
    metrics: [metric("a", "SSSF", every("1s", 4, { failureLimit: 2 }))],
    measurementRetention: [{ metricName: "a", limit: 0 }],
  }),
  "a Secret in the words of an error": measured("secret-words", {
    metrics: [metric("a", "S", { successCondition: "result == 1 && {{args.secret}}(1)", consecutiveErrorLimit: 0 })],
    args: token,
  }),
  "terminated after a failure within the limit": cut(
    "cut-failure",
    { metrics: [metric("a", "F", { interval: "1m", failureLimit: 1 }), metric("b", "S", { interval: "1m" })] },
    hasMeasured,
  ),
  "terminated beside a metric that has not begun": cut(
    "cut-early",
    { metrics: [metric("a", "S", { interval: "1m" }), metric("b", "S", { initialDelay: "1h" })] },
    hasMeasured,
  ),
  "a Job that completes": measuredJobs("job-good", { metrics: [job("a", "exit 0")] }),
  "a Job that fails": measuredJobs("job-bad", { metrics: [job("a", "exit 3")] }),
  "a Job that fails within the limit": measuredJobs("job-within", {
    metrics: [job("a", "exit 3", { failureLimit: 1, interval: "1s", count: 2 }), metric("b", "S")],
  }),
  "two Jobs of a metric": measuredJobs("job-two", { metrics: [job("a", "exit 0", { interval: "1s", count: 2 })] }),
  "a Job whose image is not there": measuredJobs("job-image", { metrics: [job("a", "exit 0", {}, "tool:missing")] }),
  "a Job that has a deadline": measuredJobs("job-deadline", {
    metrics: [job("a", "sleep 600", {}, "tool:1", { activeDeadlineSeconds: 3 })],
  }),
  "a Job that is tried again": measuredJobs("job-again", {
    metrics: [job("a", "exit 1", {}, "tool:1", { backoffLimit: 1 })],
  }),
  "a Job of a metric with arguments": measuredJobs("job-args", {
    metrics: [job("a", "exit {{args.code}}")],
    args: [{ name: "code", value: "0" }],
  }),
  "terminated while its Job runs": withJobs(
    "job-cut",
    cut("job-cut", { metrics: [job("a", "sleep 600")] }, ({ status }) => (status?.metricResults ?? []).length > 0),
  ),
  "terminated while one Job runs and another has completed": withJobs(
    "job-cut-two",
    cut("job-cut-two", { metrics: [job("a", "sleep 600"), job("b", "exit 0")] }, hasMeasured),
  ),
  "a failure that ends a Job": measuredJobs("job-ended", {
    metrics: [job("a", "sleep 600"), metric("b", "F", { initialDelay: "3s" })],
  }),
  "time to live after a success": lived("ttl-success", { metrics: [metric("a", "S")], ttlStrategy: soon }),
  "time to live after a failure": lived("ttl-failure", {
    metrics: [metric("a", "F")],
    ttlStrategy: { secondsAfterFailure: 1, secondsAfterCompletion: 1_000 },
  }),
  "time to live of a failure by that of a success": lived("ttl-other", {
    metrics: [metric("a", "F")],
    ttlStrategy: { secondsAfterSuccess: 1 },
  }),
  "time to live after completion": lived("ttl-completion", {
    metrics: [metric("a", "F")],
    ttlStrategy: { secondsAfterSuccess: 1_000, secondsAfterCompletion: 1 },
  }),
  "time to live of an error": lived("ttl-error", {
    metrics: [metric("a", "E", { consecutiveErrorLimit: 0 })],
    ttlStrategy: { secondsAfterFailure: 1 },
  }),
  "time to live of an undecided run": lived("ttl-undecided", {
    metrics: [metric("a", "I")],
    ttlStrategy: { secondsAfterFailure: 1_000, secondsAfterCompletion: 1 },
  }),
  "time to live of a run that is invalid": lived("ttl-invalid", {
    metrics: [metric("a", "S", { count: 2 })],
    ttlStrategy: { secondsAfterCompletion: 1 },
  }),
});
