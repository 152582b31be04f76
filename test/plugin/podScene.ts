/** Pods in all states that a table of pods knows. */
import { ended, pod, ready, replicaSet, rollout, type Scene, waiting } from "./scene.ts";

const owner = "web-a";
const two = {
  containers: [
    { name: "c0", image: "reg/app:1" },
    { name: "c1", image: "reg/app:1" },
  ],
};
const init = (restartPolicy?: string) => ({
  initContainers: [
    { name: "i0", image: "reg/init:1", ...(restartPolicy === undefined ? {} : { restartPolicy }) },
    { name: "i1", image: "reg/init:1" },
  ],
});
const starting = (...initContainerStatuses: readonly object[]) => ({
  phase: "Pending",
  initContainerStatuses,
  containerStatuses: [waiting("PodInitializing")],
});
const done = ended({ exitCode: 0, reason: "Completed" }, { restartCount: 2 }, "i0");
const failed = (...containerStatuses: readonly object[]) => ({ phase: "Failed", containerStatuses });
const running = (...containerStatuses: readonly object[]) => ({ phase: "Running", containerStatuses });

export const podScene: Scene = {
  name: "pods",
  objects: () => [
    rollout(
      "web",
      { strategy: { canary: {} } },
      { observedGeneration: "1", phase: "Healthy", currentPodHash: "a", stableRS: "a" },
    ),
    replicaSet({ owner: "web", hash: "a", revision: 1, image: "reg/app:1", pods: [30, 30, 30] }),
    pod(owner, "01", { phase: "Pending" }),
    pod(owner, "02", running(waiting("ContainerCreating"))),
    pod(owner, "03", running(waiting("CrashLoopBackOff", { restartCount: 7 }))),
    pod(owner, "04", running(waiting("ImagePullBackOff"))),
    pod(owner, "05", running(waiting("ErrImagePull"))),
    pod(owner, "06", running(waiting("CreateContainerConfigError"))),
    pod(owner, "07", running(waiting("InvalidImageName"))),
    pod(owner, "08", running(waiting("RegistryUnavailable"))),
    pod(owner, "09", failed(ended({ exitCode: 1, reason: "Error" }))),
    pod(owner, "10", failed(ended({ exitCode: 137, reason: "OOMKilled" }))),
    pod(owner, "11", failed(ended({ exitCode: 3 }))),
    pod(owner, "12", failed(ended({ exitCode: 137, signal: 9 }))),
    pod(owner, "13", { phase: "Failed", reason: "Evicted" }),
    pod(owner, "14", { phase: "Unknown" }),
    pod(owner, "15", { phase: "Succeeded", containerStatuses: [ended({ exitCode: 0, reason: "Completed" })] }),
    pod(owner, "16", running(ended({ exitCode: 0, reason: "Completed" }), ready({ restartCount: 1 }, "c1")), two),
    pod(owner, "17", running(waiting("One"), waiting("Two", { restartCount: 4 }, "c1")), two),
    pod(owner, "18", running(ready(), waiting("CrashLoopBackOff", { restartCount: 2 }, "c1")), two),
    pod(owner, "19", starting(waiting("PodInitializing", {}, "i0")), init()),
    pod(owner, "20", starting(done, waiting("PodInitializing", {}, "i1")), init()),
    pod(owner, "21", starting(done, waiting("ImagePullBackOff", {}, "i1")), init()),
    pod(owner, "22", starting(ended({ exitCode: 2 }, { restartCount: 3 }, "i0")), init()),
    pod(owner, "23", starting(ended({ exitCode: 2, signal: 15 }, {}, "i0")), init()),
    pod(owner, "24", starting(ended({ exitCode: 2, reason: "Error" }, {}, "i0")), init()),
    pod(
      owner,
      "25",
      { ...starting(ready({ started: true, restartCount: 1 }, "i0"), done), containerStatuses: [ready()] },
      init("Always"),
    ),
    pod(owner, "26", starting(ready({ started: true, ready: false }, "i0")), init("Always")),
    pod(owner, "27", starting(ready({ started: false, ready: false }, "i0")), init("Always")),
    { ...pod(owner, "28"), going: true },
    { ...pod(owner, "29", { phase: "Running", reason: "NodeLost", containerStatuses: [ready()] }), going: true },
    pod(owner, "30", running(ready({ ready: false }))),
  ],
};
