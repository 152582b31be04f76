import { describe, expect, test } from "bun:test";
import { job } from "./job.ts";
import type { Answer, Asking, KubeQuestion, Next, RunningMeasurement } from "./provider.ts";
import { answered, askingFor, NOW } from "./testing.ts";

const UID = "5c5a1c3e-7a42-4b8e-9d5a-111111111111";
const NAME = `${UID}.smoke.1`;
const spec = {
  backoffLimit: 0,
  template: { metadata: { labels: { app: "smoke" } }, spec: { restartPolicy: "Never", containers: [{ name: "c" }] } },
};
const run = { namespace: "shop", name: "run", uid: UID, labels: {} };
type Around = NonNullable<Parameters<typeof askingFor>[1]>;
const asking = (more: Around = {}, settings: object = {}): Asking =>
  askingFor({ spec, ...settings }, { metric: "smoke", run, ...more });

const running: RunningMeasurement = {
  startedAt: NOW - 50_000,
  metadata: { "job-name": NAME, "job-namespace": "shop" },
};

interface Talk {
  readonly questions: readonly (readonly KubeQuestion[])[];
  readonly end: Next | undefined;
}

/** Each round is answered by a list of answers. */
function talk(asked: Asking, rounds: readonly (readonly Answer[])[], resumed?: RunningMeasurement): Talk {
  const questions: KubeQuestion[][] = [];
  let end = resumed === undefined ? job.measure.begin(asked) : job.measure.resume?.(asked, resumed);
  for (const answers of rounds) {
    if (end?.kind !== "ask") break;
    questions.push(end.questions as KubeQuestion[]);
    end = job.measure.read?.(asked, answers, end.state);
  }
  return { questions, end };
}

const lines = ({ questions }: Talk): readonly (readonly string[])[] =>
  questions.map((round) => round.map(({ method, path }) => `${method} ${path}`));

const refused = (status: number, message: string): Answer => answered({ kind: "Status", message }, status);

const jobObject = (conditions: readonly object[] = [], more: object = {}) => ({
  metadata: {
    name: NAME,
    namespace: "shop",
    uid: "job-uid",
    labels: { "analysisrun.argoproj.io/uid": UID },
    annotations: { "analysisrun.argoproj.io/metric-name": "smoke" },
    ownerReferences: [{ uid: UID, controller: true }],
    ...more,
  },
  spec: { selector: { matchLabels: { "batch.kubernetes.io/controller-uid": "job-uid" } } },
  status: { conditions },
});

const FAILED = { type: "Failed", status: "True", reason: "BackoffLimitExceeded", message: "too often" };

const pod = (more: { readonly spec?: object; readonly status?: object; readonly metadata?: object } = {}) => ({
  metadata: {
    name: "smoke-x",
    creationTimestamp: "2023-11-14T22:13:00Z",
    ownerReferences: [{ uid: "job-uid" }],
    ...more.metadata,
  },
  spec: { containers: [{ name: "c" }], ...more.spec },
  status: {
    phase: "Failed",
    containerStatuses: [{ name: "c", state: { terminated: { exitCode: 1, reason: "Error" } } }],
    ...more.status,
  },
});

const failedWith = (pods: readonly object[], log: Answer, secrets: readonly Answer[] = []): Talk =>
  talk(asking(), [[answered(jobObject([FAILED]))], [answered({ items: pods })], [log, ...secrets]], running);

const messageOf = ({ end }: Talk): string => (end !== undefined && "message" in end ? (end.message ?? "") : "");

describe("the Job of a measurement", () => {
  test("is created with the names, labels and annotations of the reference, and owned by its run", () => {
    const metadata = { labels: { team: "a" }, annotations: { note: "b" } };
    const [[question] = []] = talk(asking({ measured: 2 }, { metadata }), [[answered({})]]).questions;
    expect(question).toMatchObject({ method: "POST", path: "/apis/batch/v1/namespaces/shop/jobs" });
    expect(JSON.parse(question?.body ?? "")).toEqual({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: {
        name: `${UID}.smoke.3`,
        namespace: "shop",
        labels: { team: "a", "analysisrun.argoproj.io/uid": UID },
        annotations: {
          note: "b",
          "analysisrun.argoproj.io/name": "run",
          "analysisrun.argoproj.io/namespace": "shop",
          "analysisrun.argoproj.io/metric-name": "smoke",
        },
        ownerReferences: [
          {
            apiVersion: "argoproj.io/v1alpha1",
            kind: "AnalysisRun",
            name: "run",
            uid: UID,
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      spec: {
        ...spec,
        template: {
          ...spec.template,
          metadata: { labels: { app: "smoke", "analysisrun.argoproj.io/uid": UID } },
        },
      },
    });
  });

  test.each([
    ["smoke", 0, `${UID}.smoke.1`],
    ["a-name-of-a-metric-that-is-long", 0, `${UID}.a-name-of-a-metric-that.1`],
    ["a-name-of-a-metric-that-is-long", 9, `${UID}.a-name-of-a-metric-that.10`],
    ["a-name-of-a-metric-tha", 99, `${UID}.a-name-of-a-metric-tha.100`],
  ])("of metric %s after %i others fits into a label: %s", (metric, measured, name) => {
    const [[question] = []] = talk(asking({ metric, measured }), [[answered({})]]).questions;
    expect(JSON.parse(question?.body ?? "{}")).toMatchObject({ metadata: { name } });
    expect(name.length).toBeLessThanOrEqual(63);
  });

  test("runs in the namespace that the environment names, without an owner there", () => {
    const variables = { ARGO_ROLLOUTS_ANALYSIS_JOB_NAMESPACE: "jobs" };
    const { questions, end } = talk(asking({ variables }), [[answered({})]]);
    expect(questions[0]?.[0]?.path).toBe("/apis/batch/v1/namespaces/jobs/jobs");
    expect(questions[0]?.[0]?.body).not.toContain("ownerReferences");
    expect(end).toMatchObject({ metadata: { "job-namespace": "jobs" } });
  });

  test("is not made in another cluster", () => {
    const variables = { ARGO_ROLLOUTS_ANALYSIS_JOB_KUBECONFIG: "/etc/other" };
    expect(talk(asking({ variables }), []).end?.kind).toBe("error");
  });

  test("is looked at at once, and named in the metadata", () => {
    expect(talk(asking(), [[answered({}, 201)]]).end).toEqual({
      kind: "running",
      resumeAt: NOW,
      metadata: { "job-name": NAME, "job-namespace": "shop" },
    });
  });

  test("that exists already, because its beginning was not stored, is taken up", () => {
    const { questions, end } = talk(asking(), [[refused(409, "exists")], [answered(jobObject())]]);
    expect(questions[1]?.[0]?.path).toBe(`/apis/batch/v1/namespaces/shop/jobs/${NAME}`);
    expect(end).toMatchObject({ kind: "running", metadata: { "job-name": NAME } });
  });

  test.each([
    ["of another run", { ownerReferences: [{ uid: "other" }] }, "exists"],
    ["of nobody", { ownerReferences: [] }, "exists"],
    [
      "of a metric whose name begins alike",
      { annotations: { "analysisrun.argoproj.io/metric-name": "smoke-2" } },
      "exists: it belongs to metric 'smoke-2', whose name begins in the same way",
    ],
  ])("that exists already %s is an error", (_, more, message) => {
    const { end } = talk(asking(), [[refused(409, "exists")], [answered(jobObject([], more))]]);
    expect(end).toEqual({ kind: "error", message });
  });

  test("that the API server refuses is an error in its words", () => {
    const { end } = talk(asking(), [[refused(422, 'Job.batch "x" is invalid')]]);
    expect(end).toEqual({ kind: "error", message: 'Job.batch "x" is invalid' });
  });
});

describe("a Job that was made", () => {
  test.each([
    [[{ type: "Complete", status: "True" }], "Successful"],
    [
      [
        { type: "Failed", status: "True" },
        { type: "Complete", status: "True" },
      ],
      "Successful",
    ],
    [
      [
        { type: "SuccessCriteriaMet", status: "True" },
        { type: "Complete", status: "True" },
      ],
      "Successful",
    ],
  ] as const)("with %j is %s", (conditions, phase) => {
    expect(talk(asking(), [[answered(jobObject(conditions))]], running).end).toEqual({ kind: "decided", phase });
  });

  test.each([
    [[FAILED]],
    [[{ type: "Complete", status: "True" }, FAILED]],
    [[{ type: "FailureTarget", status: "True" }, FAILED]],
  ])("with %j is Failed", (conditions) => {
    const rounds = [[answered(jobObject(conditions))], [answered({ items: [] })]];
    expect(talk(asking(), rounds, running).end).toMatchObject({ kind: "decided", phase: "Failed" });
  });

  test.each([
    [0, 0],
    [2_000, 2_000],
    [50_000, 10_000],
    [200_000, 20_000],
    [1_800_000, 60_000],
  ])("%i ms ago, and goes on, is asked for again in %i ms", (ago, later) => {
    const rounds = [[answered(jobObject())], [answered({ items: [pod({ status: { containerStatuses: [] } })] })]];
    const { end } = talk(asking(), rounds, { ...running, startedAt: NOW - ago });
    expect(end).toEqual({ kind: "running", resumeAt: NOW + later });
  });

  test.each(["ErrImagePull", "ImagePullBackOff", "InvalidImageName"])(
    "whose pod waits for %s is Inconclusive, in the reference's words",
    (reason) => {
      const status = { initContainerStatuses: [{ name: "i", state: { waiting: { reason, message: "no such" } } }] };
      const { end } = talk(asking(), [[answered(jobObject())], [answered({ items: [pod({ status })] })]], running);
      const message = `Pod smoke-x, container i has terminal error (${reason}): no such\n`;
      expect(end).toEqual({ kind: "decided", phase: "Inconclusive", message });
    },
  );

  test("that is gone is an error in the reference's words", () => {
    const { end } = talk(asking(), [[refused(404, "not found")]], running);
    expect(end).toEqual({ kind: "error", message: `job.batch "${NAME}" not found` });
  });

  test.each([
    [{}],
    [{ "job-name": "other" }],
    [{ "job-name": NAME, "job-namespace": "kube-system" }],
    [{ "job-name": `x${NAME}` }],
  ])("and of which the status says %j is neither read nor deleted", (metadata) => {
    const told = { startedAt: NOW, metadata };
    expect(talk(asking(), [], told).end).toEqual({ kind: "error", message: "job metadata reference missing" });
    expect(job.measure.terminate?.(asking(), told)).toEqual([]);
    expect(job.measure.collect?.(asking(), told)).toEqual([]);
  });

  test("is deleted, its pods first, when it is terminated and when it is no longer kept", () => {
    for (const questions of [job.measure.terminate?.(asking(), running), job.measure.collect?.(asking(), running)]) {
      expect(questions).toHaveLength(1);
      expect(questions?.[0]).toMatchObject({ method: "DELETE", path: `/apis/batch/v1/namespaces/shop/jobs/${NAME}` });
      expect(questions?.[0]?.body).toContain('"propagationPolicy":"Foreground"');
    }
  });
});

describe("of a Job that failed", () => {
  test("the message has its name, its pod and the end of its log", () => {
    const told = failedWith([pod()], answered("first\nconnection refused\n"));
    expect(lines(told).slice(1)).toEqual([
      ["GET /api/v1/namespaces/shop/pods?labelSelector=batch.kubernetes.io%2Fcontroller-uid%3Djob-uid&limit=20"],
      ["GET /api/v1/namespaces/shop/pods/smoke-x/log?container=c&tailLines=20&limitBytes=65536"],
    ]);
    expect(told.end).toEqual({
      kind: "decided",
      phase: "Failed",
      message: `Job ${NAME} failed (BackoffLimitExceeded: too often); pod smoke-x, container c ended with exit code 1 (Error); its log ends with:\nfirst\nconnection refused`,
    });
  });

  test("the log is that of the youngest pod and of the container that failed", () => {
    const young = {
      metadata: { name: "young", creationTimestamp: "2023-11-14T22:14:00Z" },
      status: {
        containerStatuses: [
          { name: "fine", state: { terminated: { exitCode: 0 } } },
          { name: "bad", state: { running: {} }, lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } } },
        ],
      },
    };
    const told = failedWith([pod(), pod(young)], answered("x"));
    expect(lines(told)[2]?.[0]).toBe(
      "GET /api/v1/namespaces/shop/pods/young/log?container=bad&tailLines=20&limitBytes=65536&previous=true",
    );
    expect(messageOf(told)).toContain("exit code 137 (OOMKilled)");
  });

  test("pods of others, which a selector may find as well, are not read", () => {
    const other = pod({ metadata: { ownerReferences: [{ uid: "database" }] } });
    expect(messageOf(failedWith([other], answered("secret rows")))).toContain("its pods are gone");
  });

  test("no more than the last ten lines are told, and no longer ones", () => {
    const log = Array.from({ length: 20 }, (_, n) => `${n} ${"x".repeat(5_000)}`).join("\n");
    const message = messageOf(failedWith([pod()], answered(log)));
    expect(message.length).toBeLessThan(2_000);
    expect(message).toContain("\n19 x");
  });

  test("what steers a terminal is left out", () => {
    const message = messageOf(failedWith([pod()], answered("\u001B[31mred\u001B[0m \u0007bell\rnext")));
    expect(message).toEndWith(":\nred  bell\nnext");
  });

  const KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0\n-----END PRIVATE KEY-----";
  const SECRETS = {
    spec: {
      containers: [
        {
          name: "c",
          env: [
            { name: "A", valueFrom: { secretKeyRef: { name: "one", key: "a" } } },
            { name: "DB_PASSWORD", value: "plain-4711" },
          ],
          envFrom: [{ secretRef: { name: "two" } }],
        },
      ],
      volumes: [{ secret: { secretName: "three" } }, { projected: { sources: [{ secret: { name: "four" } }] } }],
    },
  };
  const secret = (value: string): Answer => answered({ data: { k: Buffer.from(value).toString("base64") } });

  test("the values of all Secrets that its pod reads are cut", () => {
    const log = `a=one-4711 b=two-4711 c=${Buffer.from("three-4711").toString("base64")} plain-4711\nMIIEvQIBADANBgkqhkiG9w0`;
    const values = [secret("one-4711"), secret("two-4711"), secret("three-4711"), secret(KEY)];
    const told = failedWith([pod(SECRETS)], answered(log), values);
    expect(lines(told)[2]?.slice(1)).toEqual(
      ["one", "two", "three", "four"].map((name) => `GET /api/v1/namespaces/shop/secrets/${name}`),
    );
    expect(messageOf(told)).not.toContain("4711");
    expect(messageOf(told)).not.toContain("MIIE");
    expect(messageOf(told)).toContain("a=***** b=***** c=***** *****");
  });

  test("a Secret that is not there hides nothing", () => {
    const values = [refused(404, "no"), secret("two-4711"), secret("x"), secret("y")];
    expect(messageOf(failedWith([pod(SECRETS)], answered("hello"), values))).toEndWith("\nhello");
  });

  test("the log is not shown where a Secret cannot be read", () => {
    const values = [refused(403, "no"), secret("two"), secret("x"), secret("y")];
    const message = messageOf(failedWith([pod(SECRETS)], answered("one-4711"), values));
    expect(message).not.toContain("4711");
    expect(message).toContain("Secret one, which the pod reads, cannot be read");
  });

  test.each([
    ["password=geheim4711", "password=*****"],
    ['{"token": "geheim4711 x"}', '{"token": *****}'],
    ["Authorization: Bearer geheim4711", "Authorization: Bearer *****"],
    ["GET http://me:geheim4711@host/", "GET http://me:*****@host/"],
    ["AKIAGEHEIM4711GEHEIM", "*****"],
    ["eyJhbGciOiJI.geheim4711.x", "*****"],
    ["ghp_geheim4711geheim4711", "*****"],
    ["key is geheim", "key is geheim"],
  ])("what looks like a credential is cut: %s", (log, shown) => {
    expect(messageOf(failedWith([pod()], answered(log)))).toEndWith(`:\n${shown}`);
  });

  test("the run fails as well where pods or log cannot be read", () => {
    const noPods = talk(asking(), [[answered(jobObject([FAILED]))], [refused(403, "no")]], running);
    expect(noPods.end).toMatchObject({ kind: "decided", phase: "Failed" });
    const noLog = failedWith([pod()], { kind: "failed", message: "no answer" });
    expect(messageOf(noLog)).toEndWith("its log is not shown: no answer");
  });
});
