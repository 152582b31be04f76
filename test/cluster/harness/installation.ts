/** A cluster of its own with the shipped manifests applied, and what tests of them share. */
import { expect } from "bun:test";
import { join, resolve } from "node:path";
import { startKubelet } from "../../../simulator/kubelet/kubelet.ts";
import { type Configuration, configurationName, VALIDATING } from "../../../webhook/configuration/configuration.ts";
import { type Api, connect, type KubeObject } from "./api.ts";
import { type CommandResult, type ControlPlane, startControlPlane } from "./controlPlane.ts";
import type { Harness } from "./harness.ts";
import { kubeletPort } from "./kubeletPort.ts";
import { type Pod, type PodOptions, podsOf, startPod } from "./podProcess.ts";
import { logTail, newNursery } from "./processes.ts";
import type { World } from "./clusterWorld.ts";

const repository = resolve(import.meta.dir, "../../..");
export const manifests = join(repository, "manifests");
export const installYaml = join(manifests, "install.yaml");
/** The controller's namespace in install.yaml. */
export const ownNamespace = "argo-rollouts";
export const configurationPath = `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/${configurationName("")}`;

/** The user name of the controller's ServiceAccount. */
export const account = (namespace: string): string => `system:serviceaccount:${namespace}:sluice`;

export interface Installation {
  readonly plane: ControlPlane;
  readonly api: Api;
  /** For `newWorld`. */
  readonly cluster: Harness;
  /** Runs kubectl, which must succeed. */
  kubectl(...args: string[]): Promise<CommandResult>;
  /** Waits for the pod of a namespace's Deployment and runs the binary in its place. */
  startPod(namespace: string, name: string, instead?: Pick<PodOptions, "binary" | "pod" | "wrap">): Promise<Pod>;
  until(what: string, holds: () => boolean | Promise<boolean>, timeoutMs?: number): Promise<void>;
  stop(): Promise<void>;
}

/** Builds the binary and starts a cluster, whose audit log holds every request. */
export async function startInstallation(): Promise<Installation> {
  const build = Bun.spawn([process.execPath, "run", "build", "--here"], {
    cwd: repository,
    stdio: ["ignore", "ignore", "inherit"],
  });
  expect(await build.exited).toBe(0);
  const nursery = newNursery();
  const plane = await startControlPlane({ audit: "everything" });
  const api = await connect(await plane.identity("sluice-test"), "sluice-test");
  const kubelet = await startKubelet(kubeletPort(await connect(await plane.identity("sluice-kubelet"), "kubelet")), {
    onError: console.error,
  });
  const failure = Promise.race([nursery.failure, plane.failure]);
  failure.catch(() => undefined);
  const logs: string[] = [];
  const until: Installation["until"] = async (what, holds, timeoutMs = 30_000) => {
    const end = Date.now() + timeoutMs;
    while (!(await holds())) {
      if (Date.now() > end) {
        throw new Error(
          `Not within ${timeoutMs} ms: ${what}\n${(await Promise.all(logs.map((log) => logTail(log)))).join("\n")}`,
        );
      }
      await Promise.race([Bun.sleep(50), failure]);
    }
  };
  return {
    plane,
    api,
    until,
    cluster: harnessOf(plane, api, failure),
    kubectl: async (...args) => {
      const result = await plane.kubectl(args);
      if (result.code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${result.stderr}`);
      return result;
    },
    startPod: async (namespace, name, instead = {}) => {
      await until("the Deployment has a pod", async () => (await podsOf(api, namespace)).length > 0);
      const pod = await startPod({ plane, nursery, api, namespace, name, ...instead });
      logs.push(pod.child.logFile);
      return pod;
    },
    stop: async () => {
      await nursery.release();
      await kubelet.stop();
      await plane.stop();
    },
  };
}

export const harnessOf = (plane: ControlPlane, api: Api, failure: Promise<never>): Harness => ({
  kubeconfig: plane.kubeconfig,
  api,
  plane,
  logs: plane.dir,
  kubectl: (args, stdin) => plane.kubectl(args, stdin === undefined ? {} : { stdin }),
  startController: () => Promise.reject(new Error("The binary is started as the Deployment says")),
  controllers: () => [],
  failure,
});

export const lines = ({ stdout }: CommandResult): string[] => stdout.trim().split("\n");

export const podsIn = async ({ namespace, harness }: World): Promise<KubeObject[]> =>
  (await harness.api.list(`/api/v1/namespaces/${namespace}/pods`)).items;

export const uidsOf = (objects: readonly KubeObject[]): string[] =>
  objects.map(({ metadata }) => metadata.uid ?? "").toSorted();

/** The webhook configuration for our kinds; undefined if there is none. */
export const policyOf = async ({ api }: Installation): Promise<string | undefined> => {
  const found = await api.get<KubeObject & Configuration>(configurationPath).catch(() => undefined);
  return found?.webhooks?.find(({ name }) => name === VALIDATING)?.failurePolicy;
};
