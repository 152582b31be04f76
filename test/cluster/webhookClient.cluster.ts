/** An API server with a client certificate, set up as in docs/install.md, and a webhook that requires one. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Configuration, configurationName, VALIDATING } from "../../webhook/configuration/configuration.ts";
import { reviewOf, rolloutObject } from "../../webhook/http/testing.ts";
import { type Api, connect, type KubeObject } from "./harness/api.ts";
import { newAuthority } from "./harness/certificates.ts";
import { type ControlPlane, startControlPlane } from "./harness/controlPlane.ts";
import { applyCrds } from "./harness/crds.ts";
import { otherController } from "./harness/controllerProcess.ts";
import { freePort } from "./harness/ports.ts";
import { type Child, logTail, newNursery } from "./harness/processes.ts";
import { until } from "./harness/until.ts";

const main = resolve(import.meta.dir, "../../main.ts");
const ownNamespace = "argo-rollouts";
const nursery = newNursery();
const webhookPort = freePort();
const address = `127.0.0.1:${webhookPort}`;
const ours = test.skipIf(otherController() !== undefined);
let plane: ControlPlane;
let api: Api;
let pod: Child;

/** The two files of that section; here the kubeconfig contains the certificates instead of naming files. */
async function admissionConfig(dir: string, client: { readonly cert: string; readonly key: string }): Promise<string> {
  const user = { "client-certificate-data": btoa(client.cert), "client-key-data": btoa(client.key) };
  const kubeConfigFile = join(dir, "sluice-client.kubeconfig");
  const users = [{ name: address, user }];
  await Bun.write(kubeConfigFile, JSON.stringify({ apiVersion: "v1", kind: "Config", users }));
  const file = join(dir, "admission.json");
  const configuration = {
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "WebhookAdmissionConfiguration",
    kubeConfigFile,
  };
  const plugins = [{ name: "ValidatingAdmissionWebhook", configuration }];
  const config = { apiVersion: "apiserver.config.k8s.io/v1", kind: "AdmissionConfiguration", plugins };
  await Bun.write(file, JSON.stringify(config));
  return file;
}

beforeAll(async () => {
  if (otherController() !== undefined) return;
  const dir = await mkdtemp(join(tmpdir(), "sluice-client-"));
  nursery.removeLater(dir);
  const clients = await newAuthority();
  const clientCa = join(dir, "client-ca.crt");
  await Bun.write(clientCa, clients.ca);
  const file = await admissionConfig(dir, await clients.client("kube-apiserver"));
  plane = await startControlPlane({ audit: false, apiServerFlags: { "admission-control-config-file": file } });
  api = await connect(await plane.identity("sluice-test"), "sluice-test");
  await applyCrds((args) => plane.kubectl(args), api);
  await api.create("/api/v1/namespaces", { metadata: { name: ownNamespace } });
  const flags = {
    kubeconfig: await plane.identity("sluice-controller"),
    metricsPort: freePort(),
    healthzPort: freePort(),
    "webhook-port": webhookPort,
    "webhook-url": `https://${address}`,
    "webhook-failure-policy": "Fail",
    "webhook-client-ca": clientCa,
  };
  const given = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);
  pod = nursery.spawn("sluice", [process.execPath, main, "controller", ...given], {
    logFile: join(plane.dir, "pod.log"),
  });
}, 60_000);

afterAll(async () => {
  await nursery.release();
  await plane?.stop();
});

const configurations = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
const configuration = () => api.get<KubeObject & Configuration>(`${configurations}/${configurationName("")}`);
const rollouts = "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts";
const tail = () => logTail(pod.logFile);

ours(
  "the API server gets through to it: the keeper's probe comes back, so that Fail stands",
  async () => {
    const stands = async (): Promise<boolean> => {
      const { webhooks } = await configuration();
      return webhooks?.some(({ name, failurePolicy }) => name === VALIDATING && failurePolicy === "Fail") ?? false;
    };
    await until("the configuration says Fail", () => stands().catch(() => false), 30_000, tail);
  },
  60_000,
);

ours(
  "who writes is refused in words, and break-glass is told with the user that the API server names",
  async () => {
    const metadata = { namespace: "default", name: "wrong", uid: undefined };
    const wrong = (more: object = {}) => rolloutObject({ replicas: 0, minReadySeconds: 700 }, { ...metadata, ...more });
    const refused = async (): Promise<boolean> =>
      (await api.create(rollouts, wrong()).then(() => "stored", String)).includes("denied the request: Rollout");
    await until("a wrong Rollout is refused", refused, 15_000, tail);
    await api.create(rollouts, wrong({ annotations: { "sluice.dev/admission": "warn" } }));
    const isLogged = async (): Promise<boolean> => {
      const events = await api.list<KubeObject & { message: string; reason: string }>(
        "/api/v1/namespaces/default/events",
      );
      return events.items.some(
        ({ reason, message }) => reason === "AdmissionOverridden" && message.includes("(sluice-test)"),
      );
    };
    await until("the event is there", isLogged, 15_000, tail);
  },
  60_000,
);

ours("who has no certificate is not answered", async () => {
  const ca = atob((await configuration()).webhooks?.[0]?.clientConfig.caBundle ?? "");
  const body = JSON.stringify(reviewOf(rolloutObject()));
  const asked = fetch(`https://${address}/validate`, { method: "POST", body, tls: { ca } });
  expect(
    await asked.then(
      ({ status }) => `answered with ${status}`,
      () => "not let in",
    ),
  ).toBe("not let in");
});
