/**
 * The shipped binary with its webhook on a cluster of its own: certificates that change under load, a pod that is
 * killed, and a cluster that starts cold while its webhook configuration has `failurePolicy: Fail`. Tests build on each
 * other, in order.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { connect as connectTls } from "node:tls";
import {
  type Configuration,
  configurationName,
  secretName,
  VALIDATING,
} from "../../webhook/configuration/configuration.ts";
import type { Secret } from "../../webhook/certificates/secret.ts";
import { rolloutObject } from "../../webhook/http/testing.ts";
import { type Api, ApiError, connect, type KubeObject } from "./harness/api.ts";
import { type ControlPlane, startControlPlane } from "./harness/controlPlane.ts";
import { applyCrds } from "./harness/crds.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { freePort } from "./harness/ports.ts";
import { type Child, logTail, newNursery } from "./harness/processes.ts";
import { until as waitUntil } from "./harness/until.ts";

const repository = resolve(import.meta.dir, "../..");
const program = resolve(repository, "dist/sluice");
const ownNamespace = "argo-rollouts";
const configurationPath = `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/${configurationName("")}`;
const secretPath = `/api/v1/namespaces/${ownNamespace}/secrets/${secretName("")}`;
const rolloutsIn = (namespace: string): string => `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/rollouts`;
const rollouts = rolloutsIn("default");

const nursery = newNursery();
const webhookPort = freePort();
let plane: ControlPlane;
let api: Api;
let pod: Child;
let count = 0;
const ours = test.skipIf(otherController() !== undefined);

/** One replica; with `failurePolicy: Fail` this is the hardest case for the cluster's users while it is down. */
async function startPod(policy: "Fail" | "Ignore"): Promise<Child> {
  const ports = [
    "--metricsPort",
    `${freePort()}`,
    "--healthzPort",
    `${freePort()}`,
    "--webhook-port",
    `${webhookPort}`,
  ];
  const where = [
    "--kubeconfig",
    await plane.identity("sluice-controller"),
    "--webhook-url",
    `https://127.0.0.1:${webhookPort}`,
  ];
  const command = [program, "controller", ...where, ...ports, "--webhook-failure-policy", policy];
  return nursery.spawn("sluice", command, { logFile: join(plane.dir, `sluice-${++count}.log`) });
}

beforeAll(async () => {
  if (otherController() !== undefined) return;
  const build = Bun.spawn([process.execPath, "run", "build", "--here"], {
    cwd: repository,
    stdio: ["ignore", "ignore", "inherit"],
  });
  expect(await build.exited).toBe(0);
  plane = await startControlPlane({ audit: false });
  api = await connect(await plane.identity("sluice-test"), "sluice-test");
  await applyCrds((args) => plane.kubectl(args), api);
  await api.create("/api/v1/namespaces", { metadata: { name: ownNamespace } });
  pod = await startPod("Fail");
}, 60_000);

afterAll(async () => {
  await nursery.release();
  await plane?.stop();
});

const until = async (what: string, holds: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<number> =>
  Math.round(await waitUntil(what, holds, timeoutMs, async () => ` (${last})\n${await logTail(pod.logFile)}`));

/** An object that is invalid for two reasons that a schema cannot check. */
const wrong = () => {
  const strategy = { canary: { steps: [{ setWeight: 101 }] } };
  return rolloutObject({ minReadySeconds: 700, strategy }, { namespace: "default", name: "wrong", uid: undefined });
};
const right = (name: string, namespace = "default") =>
  rolloutObject({ replicas: 0 }, { namespace, name, uid: undefined }) as unknown as KubeObject;

/** The result of a write: "refused" by our rules, "stored", or why the API server could not call the webhook. */
async function verdictOn(object: unknown, namespace = "default"): Promise<string> {
  const error = await api.create(`${rolloutsIn(namespace)}?dryRun=All`, object).catch((caught: unknown) => caught);
  if (!(error instanceof ApiError)) return "stored";
  return error.message.includes("denied the request") ? "refused" : error.message;
}
let last = "";
const refuses = async (): Promise<boolean> => (last = await verdictOn(wrong())) === "refused";

const secret = () => api.get<KubeObject & Secret>(secretPath);
const stored = async (): Promise<string> => atob((await secret().catch(() => undefined))?.data?.["tls.crt"] ?? "");
const trusted = async (): Promise<string> => {
  const { webhooks } = await api.get<KubeObject & Configuration>(configurationPath);
  return atob(webhooks?.[0]?.clientConfig.caBundle ?? "");
};

/** The serving certificate as a client gets it now, in base64 without line breaks. */
function served(): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port: webhookPort, host: "127.0.0.1", rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().raw.toString("base64"));
      socket.destroy();
    });
    socket.once("error", reject);
  });
}
const firstOf = (pem: string): string =>
  (pem.split("-----BEGIN CERTIFICATE-----")[1] ?? "").split("-----END")[0]?.replaceAll(/\s/g, "") ?? "";

/** If the key is lost, only the certificate is made anew; if the Secret is lost, its CA as well. */
async function rotate(withAuthority: boolean): Promise<void> {
  if (withAuthority) {
    const { uid } = (await secret()).metadata;
    await api.delete(secretPath);
    await until(
      "there is a new Secret",
      async () => ((await secret().catch(() => undefined))?.metadata.uid ?? uid) !== uid,
    );
    const authority = firstOf(atob((await secret()).data?.["ca.crt"] ?? ""));
    await until("its authority is trusted", async () => (await trusted()).replaceAll(/\s/g, "").includes(authority));
  }
  const before = await stored();
  await api.patch(secretPath, "json", [{ op: "replace", path: "/data/tls.key", value: btoa("lost") }]);
  await until("there is a new certificate", async () => !["", before].includes(await stored()));
  const current = firstOf(await stored());
  await until("it is served", async () => (await served()) === current);
}

ours("the binary configures itself, and refuses what is wrong", async () => {
  const tookMs = await until("a wrong Rollout is refused", refuses, 30_000);
  console.log(`webhook: first refusal ${tookMs} ms after the process began`);
  const error = await api.create(rollouts, wrong()).catch((caught: unknown) => caught);
  expect(String(error)).toContain("spec.strategy.canary.steps[0].setWeight");
  expect(String(error)).toContain("spec.progressDeadlineSeconds");
});

ours(
  "a hundred new certificates, ten new authorities among them, lose none of 50 reviews a second",
  async () => {
    const lost: string[] = [];
    const inFlight = new Set<Promise<void>>();
    let reviews = 0;
    const start = performance.now();
    let busy = true;
    const load = (async () => {
      for (let next = 0; busy; next++) {
        await Bun.sleep(Math.max(0, start + next * 20 - performance.now()));
        const review = verdictOn(wrong()).then((verdict) => void (verdict === "refused" || lost.push(verdict)));
        inFlight.add(review);
        void review.finally(() => inFlight.delete(review));
        reviews++;
      }
      await Promise.all(inFlight);
    })();
    for (let rotation = 1; rotation <= 100; rotation++) await rotate(rotation % 10 === 0);
    const seconds = (performance.now() - start) / 1_000;
    busy = false;
    await load;
    console.log(
      `webhook: 100 rotations in ${seconds.toFixed(0)} s, ${(reviews / seconds).toFixed(0)} reviews/s, ${lost.length} lost`,
    );
    expect(lost).toEqual([]);
  },
  400_000,
);

ours(
  "while the pod is killed, Rollouts are deleted and their status written; its own namespace is never in the way",
  async () => {
    for (const name of ["doomed", "kept"]) await api.create(rollouts, right(name));
    await pod.stop("SIGKILL");
    expect(await verdictOn(right("new"))).toContain("failed calling webhook");
    await api.patch(`${rollouts}/kept/status`, "merge", { status: { message: "written" } });
    await api.patch(`${rollouts}/kept`, "merge", { metadata: { labels: { edited: "yes" } } });
    await api.delete(`${rollouts}/doomed`);
    await until("it is gone", async () => (await api.get(`${rollouts}/doomed`).catch(() => undefined)) === undefined);
    // Where the controller itself is run by a Rollout, it can still be repaired.
    expect(await verdictOn(right("self", ownNamespace), ownNamespace)).toBe("stored");
    expect(await verdictOn(right("system", "kube-system"), "kube-system")).toBe("stored");
  },
);

ours("a new pod takes over, though the configuration of the old one says Fail", async () => {
  pod = await startPod("Fail");
  const tookMs = await until("a wrong Rollout is refused", refuses, 30_000);
  expect(await verdictOn(right("new"))).toBe("stored");
  console.log(`webhook: refuses again ${tookMs} ms after a new pod began`);
});

ours(
  "a cluster that starts cold comes up: first the API server, then the pod, though nobody can be asked in between",
  async () => {
    await pod.stop("SIGKILL");
    await plane.apiServer.stop();
    await plane.apiServer.start();
    // The objects that have to be written before the pod can run.
    const pods = `/api/v1/namespaces/${ownNamespace}/pods`;
    const container = { name: "sluice", image: "sluice:dev" };
    await api.create(pods, { metadata: { name: "sluice" }, spec: { containers: [container] } });
    expect(await verdictOn(right("new"))).toContain("failed calling webhook");
    pod = await startPod("Fail");
    const tookMs = await until("a wrong Rollout is refused", refuses, 30_000);
    expect(await verdictOn(right("new"))).toBe("stored");
    console.log(`webhook: refuses ${tookMs} ms after the pod of a cold cluster began`);
  },
  120_000,
);

ours(
  "a pod that starts while the API server is away waits for it",
  async () => {
    await pod.stop("SIGKILL");
    await plane.apiServer.stop();
    pod = await startPod("Fail");
    await Bun.sleep(2_000);
    expect(pod.running()).toBe(true);
    await plane.apiServer.start();
    await until("a wrong Rollout is refused", refuses, 45_000);
  },
  120_000,
);

ours("alone, it fails open: while it is killed, a Rollout is changed, undone and deleted", async () => {
  // It may not lead yet, and then leaves the configuration to whoever does (troubleAtStart.cluster.ts shows that a leader
  // deletes it).
  await pod.stop("SIGTERM");
  pod = await startPod("Ignore");
  await until(
    "it is configured to fail open",
    async () => {
      const none = { webhooks: undefined };
      const { webhooks } = await api.get<KubeObject & Configuration>(configurationPath).catch(() => none);
      return webhooks?.find(({ name }) => name === VALIDATING)?.failurePolicy === "Ignore" && (await refuses());
    },
    30_000,
  );
  await api.create(rollouts, right("free"));
  await pod.stop("SIGKILL");
  const image = (value: string) =>
    api.patch(`${rollouts}/free`, "json", [{ op: "replace", path: "/spec/template/spec/containers/0/image", value }]);
  await image("web:broken");
  await image("web:1");
  await api.delete(`${rollouts}/free`);
  await until("it is gone", async () => (await api.get(`${rollouts}/free`).catch(() => undefined)) === undefined);
});
