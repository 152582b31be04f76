/** AnalysisRuns whose metrics are Jobs, in the cluster in the process, whose Job controller and kubelet run them. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Log } from "../controller/process/log.ts";
import { collectionPath, objectPath } from "../kube/client/path.ts";
import { ANALYSIS_RUNS } from "../kube/client/resources.ts";
import { type ManualClock, manualClock } from "../kube/clock/clock.ts";
import type { AnalysisRun } from "../schema/analysis.ts";
import { randomOf } from "../simulator/demo/random.ts";
import { type LocalCluster, startLocalCluster } from "../simulator/local/localCluster.ts";

const namespace = "default";
const log: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
let clock: ManualClock;
let cluster: LocalCluster;

beforeEach(async () => {
  clock = manualClock(Date.UTC(2026, 0, 1));
  cluster = await startLocalCluster({ clock, log, version: "0.0.0", random: randomOf(7) });
});
afterEach(() => cluster.stop());

async function send(method: "POST" | "PATCH", name: string, body: object): Promise<void> {
  const path =
    method === "POST" ? collectionPath(ANALYSIS_RUNS, namespace) : objectPath(ANALYSIS_RUNS, { namespace, name });
  const contentType = method === "POST" ? "application/json" : "application/merge-patch+json";
  const answer = await cluster.server.handle({ method, path, query: {}, userAgent: "kubectl", contentType, body });
  expect(answer.kind === "watch" || answer.status > 299 ? answer : "").toBe("");
}

const create = (name: string, command: string, more: object = {}, image = "tool:1"): Promise<void> =>
  send("POST", name, {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: { name },
    spec: {
      metrics: [
        {
          name: "smoke",
          ...more,
          provider: {
            job: {
              spec: {
                backoffLimit: 0,
                template: {
                  spec: { restartPolicy: "Never", containers: [{ name: "c", image, command: ["sh", "-c", command] }] },
                },
              },
            },
          },
        },
      ],
      measurementRetention: [{ metricName: "smoke", limit: 1 }],
    },
  });

const read = (name: string): AnalysisRun =>
  cluster.core.get({ resource: "analysisruns.argoproj.io", namespace, name }) as unknown as AnalysisRun;

const jobNames = (): readonly string[] => cluster.core.list("jobs.batch").map(({ metadata }) => metadata.name);

/** Lets virtual time pass until the run is over. */
async function ended(name: string): Promise<AnalysisRun> {
  for (let seconds = 0; seconds < 300; seconds += 1) {
    await clock.advance(1_000);
    if (!["", "Running"].includes(read(name).status?.phase ?? "")) break;
  }
  await clock.advance(60_000);
  return read(name);
}

describe("a metric that is a Job", () => {
  test("succeeds with it, and names it", async () => {
    await create("good", "sleep 20; exit 0");
    const { metadata, status } = await ended("good");
    expect(status?.phase).toBe("Successful");
    const name = `${metadata.uid}.smoke.1`;
    expect(jobNames()).toEqual([name]);
    expect(status?.metricResults?.[0]?.measurements).toMatchObject([
      { phase: "Successful", metadata: { "job-name": name, "job-namespace": namespace } },
    ]);
  });

  test("fails with it, and the message of the run says which pod ended how", async () => {
    await create("bad", "exit 3");
    const { metadata, status } = await ended("bad");
    expect(status?.phase).toBe("Failed");
    expect(status?.message).toStartWith(
      `Metric "smoke" assessed Failed due to failed (1) > failureLimit (0): "Error Message: Job ${metadata.uid}.smoke.1 failed (BackoffLimitExceeded: Job has reached the specified backoff limit); pod `,
    );
    expect(status?.message).toContain("container c ended with exit code 3 (Error)");
  });

  test("is Inconclusive where its image cannot be pulled", async () => {
    await create("no-image", "exit 0", {}, "tool:missing");
    expect((await ended("no-image")).status).toMatchObject({
      phase: "Inconclusive",
      message: expect.stringContaining("container c has terminal error (") as string,
    });
  });

  test("leaves the Jobs of the measurements that are kept, and no others", async () => {
    await create("kept", "exit 0", { interval: "5s", count: 3 });
    const { metadata, status } = await ended("kept");
    expect(status?.phase).toBe("Successful");
    expect(jobNames()).toEqual([`${metadata.uid}.smoke.3`]);
  });

  test("ends its Job with the run", async () => {
    await create("ended", "sleep 6000");
    await clock.advance(10_000);
    expect(jobNames()).toHaveLength(1);
    await send("PATCH", "ended", { spec: { terminate: true } });
    expect((await ended("ended")).status?.phase).toBe("Inconclusive");
    expect(jobNames()).toEqual([]);
  });
});
