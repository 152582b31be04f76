/** A cluster of its own on which controllers replace each other: Sluice, and the reference's if its binary is given. */
import { join } from "node:path";
import { startKubelet } from "../../../simulator/kubelet/kubelet.ts";
import { connect, type Api, type KubeObject } from "./api.ts";
import { otherController, ownController, startController } from "./controllerProcess.ts";
import { type ControlPlane, startControlPlane } from "./controlPlane.ts";
import { applyCrds } from "./crds.ts";
import type { Harness } from "./harness.ts";
import { harnessOf } from "./installation.ts";
import { kubeletPort } from "./kubeletPort.ts";
import { freePort } from "./ports.ts";
import { type Child, logTail, newNursery } from "./processes.ts";
import { until } from "./until.ts";

/** The reference's controller: it is not part of this repository, so its path is given by the environment. */
export const referenceBinary = (): string | undefined => {
  const path = Bun.env.SLUICE_REFERENCE ?? "";
  return path === "" ? undefined : path;
};

export type Runner = "sluice" | "reference";

/** The user of this controller in the audit log. */
export const userOf = (runner: Runner): string => `${runner}-under-test`;

export interface Relay {
  readonly plane: ControlPlane;
  readonly api: Api;
  /** For `newWorld`. */
  readonly cluster: Harness;
  /** Starts one; does not wait until it is ready. */
  start(runner: Runner): Promise<Child>;
  /** Waits until a controller holds the Lease; @returns which one, and after how many milliseconds. */
  led(by: Child): Promise<number>;
  stop(): Promise<void>;
}

const leasePath = "/apis/coordination.k8s.io/v1/namespaces/argo-rollouts/leases/argo-rollouts-controller-lock";

type Lease = KubeObject & { readonly spec?: { readonly holderIdentity?: string } };

/** The holder of the Lease that both controllers use; "" if there is none. */
export const holder = async (api: Api): Promise<string> =>
  (await api.get<Lease>(leasePath).catch(() => undefined))?.spec?.holderIdentity ?? "";

export async function startRelay(): Promise<Relay> {
  const nursery = newNursery();
  const plane = await startControlPlane();
  const api = await connect(await plane.identity("sluice-test"), "sluice-test");
  const kubelet = await startKubelet(kubeletPort(await connect(await plane.identity("sluice-kubelet"), "kubelet")), {
    onError: console.error,
  });
  await applyCrds((args) => plane.kubectl(args), api);
  await api.create("/api/v1/namespaces", { metadata: { name: "argo-rollouts" } });
  const failure = Promise.race([nursery.failure, plane.failure]);
  failure.catch(() => undefined);
  let count = 0;
  let before = "";
  return {
    plane,
    api,
    cluster: harnessOf(plane, api, failure),
    start: async (runner) => {
      before = await holder(api);
      const kubeconfig = await plane.identity(userOf(runner));
      const called = `${runner}-${++count}`;
      if (runner === "sluice") {
        const command = otherController() ?? ownController;
        return startController({ nursery, name: called, kubeconfig, logs: plane.dir, command }).child;
      }
      const flags = ["--kubeconfig", kubeconfig, "--metricsPort", `${freePort()}`, "--healthzPort", `${freePort()}`];
      return nursery.spawn(called, [referenceBinary() ?? "", ...flags], {
        logFile: join(plane.dir, `${called}.log`),
        cwd: plane.dir,
      });
    },
    led: async (by) => {
      const other = async (): Promise<boolean> => !["", before].includes(await holder(api));
      return until(`${by.name} leads`, other, 60_000, () => logTail(by.logFile));
    },
    stop: async () => {
      await nursery.release();
      await kubelet.stop();
      await plane.stop();
    },
  };
}
