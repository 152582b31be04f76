import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startKubelet } from "../../../simulator/kubelet/kubelet.ts";
import { type Api, connect } from "./api.ts";
import {
  type Controller,
  type ControllerOptions,
  otherController,
  ownController,
  startController,
} from "./controllerProcess.ts";
import { applyCrds } from "./crds.ts";
import { type CommandResult, type ControlPlane, run, startControlPlane } from "./controlPlane.ts";
import { kubeBinary } from "./kubeBinary.ts";
import { kubeletPort } from "./kubeletPort.ts";
import { podNetwork } from "./podNetwork.ts";
import { logTail, newNursery } from "./processes.ts";

/** What the cluster tests share: one cluster, one client, and the controllers that are running. */
export interface Harness {
  readonly kubeconfig: string;
  /** Sends requests as user and user agent `sluice-test`. */
  readonly api: Api;
  /** Undefined on a given cluster: tests that stop the API server or read its audit log need one of ours. */
  readonly plane: ControlPlane | undefined;
  readonly logs: string;
  kubectl(args: readonly string[], stdin?: string): Promise<CommandResult>;
  /** Starts one more controller and waits until its health server answers. `command`: another one than the first. */
  startController(command?: string): Promise<Controller>;
  /** The controllers that are running. */
  controllers(): readonly Controller[];
  /** Rejects when a controller or a component of the control plane ended without being stopped by a test. */
  readonly failure: Promise<never>;
}

export interface StartedHarness extends Harness {
  /** Ends the controllers and, unless it was given, the cluster. */
  stop(): Promise<void>;
}

export interface HarnessOptions {
  /** The controller's command line: by default $SLUICE_CONTROLLER, else this repository's. */
  readonly controller?: string;
  /** Folder for data and logs, of this cluster alone: by default a temporary one, in $SLUICE_CLUSTER_DIR where that is set. */
  readonly dir?: string;
  /** Done before the first controller starts. */
  readonly prepare?: (cluster: Pick<Harness, "api" | "kubectl">) => Promise<void>;
}

/** The user whose writes in the audit log are the controller's. */
export const controllerUser = "controller-under-test";

async function ownCluster(dir: string) {
  const plane = await startControlPlane({ dir });
  const api = await connect(await plane.identity("sluice-kubelet"), "sluice-kubelet");
  // The back-off of a crash loop is short, so that tests see several restarts.
  const kubelet = await startKubelet(kubeletPort(api), {
    onError: console.error,
    settings: { backoffMs: 2000, maxBackoffMs: 4000 },
    firstAddress: podNetwork.firstAddress,
  });
  const stop = async (): Promise<void> => {
    await kubelet.stop();
    await plane.stop();
  };
  return {
    plane,
    stop,
    kubeconfig: await plane.identity("sluice-test"),
    controllerConfig: await plane.identity(controllerUser),
  };
}

async function givenCluster(kubeconfig: string) {
  const kubelet =
    Bun.env.SLUICE_FAKE_KUBELET === "1"
      ? await startKubelet(kubeletPort(await connect(kubeconfig, "sluice-kubelet")), { onError: console.error })
      : undefined;
  return { plane: undefined, kubeconfig, controllerConfig: kubeconfig, stop: async () => kubelet?.stop() };
}

const kubectlWith = (kubeconfig: string): Harness["kubectl"] => {
  const program = Bun.which("kubectl");
  return async (args, stdin) => {
    const command = program === null ? [await kubeBinary(), "kubectl"] : [program];
    return run([...command, ...args], { KUBECONFIG: kubeconfig }, stdin);
  };
};

function controllerStarter(options: Omit<ControllerOptions, "name">) {
  const running = new Set<Controller>();
  let count = 0;
  const start = async (command = options.command): Promise<Controller> => {
    const controller = startController({ ...options, command, name: `controller-${++count}` });
    running.add(controller);
    void controller.child.exited.then(() => running.delete(controller));
    const end = Date.now() + 30_000;
    while ((await controller.health("/healthz")) !== 200) {
      if (!controller.child.running() || Date.now() > end) {
        throw new Error(
          `${controller.child.name} does not answer /healthz\n${await logTail(controller.child.logFile)}`,
        );
      }
      await Bun.sleep(50);
    }
    return controller;
  };
  return { start, running };
}

/** A cluster ($KUBECONFIG's, else one of its own) with the CRDs and one controller that is ready. */
export async function startHarness(options: HarnessOptions = {}): Promise<StartedHarness> {
  const command = options.controller ?? otherController() ?? ownController;
  const dir = options.dir ?? (await mkdtemp(join(Bun.env.SLUICE_CLUSTER_DIR ?? tmpdir(), "sluice-cluster-")));
  const logs = join(dir, "logs");
  await mkdir(logs, { recursive: true });
  const given = Bun.env.KUBECONFIG;
  const cluster = given === undefined || given === "" ? await ownCluster(dir) : await givenCluster(given);
  const api = await connect(cluster.kubeconfig, "sluice-test");
  const kubectl = kubectlWith(cluster.kubeconfig);
  await applyCrds(kubectl, api);
  await kubectl(["create", "namespace", "argo-rollouts"]);
  await options.prepare?.({ api, kubectl });
  const nursery = newNursery();
  const controllers = controllerStarter({ nursery, kubeconfig: cluster.controllerConfig, logs, command });
  const failure = Promise.race([nursery.failure, ...(cluster.plane === undefined ? [] : [cluster.plane.failure])]);
  // Handled by each wait; between waits it must not count as an unhandled rejection.
  failure.catch(() => undefined);
  const first = await controllers.start();
  console.log(`cluster: ${api.server}, controller: ${command} (pid ${first.child.pid}), logs: ${logs}`);
  return {
    kubeconfig: cluster.kubeconfig,
    api,
    plane: cluster.plane,
    logs,
    kubectl,
    startController: controllers.start,
    controllers: () => [...controllers.running],
    failure,
    stop: async () => {
      await nursery.release();
      await cluster.stop();
    },
  };
}

const shared = globalThis as { sluiceHarness?: Promise<Harness> };

/** The harness of this process: started by the first call, ended with the process. Test files share it. */
export function harness(): Promise<Harness> {
  const dir = Bun.env.SLUICE_CLUSTER_DIR;
  shared.sluiceHarness ??= startHarness(dir === undefined ? {} : { dir });
  return shared.sluiceHarness;
}
