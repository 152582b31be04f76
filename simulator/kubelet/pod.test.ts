import { describe, expect, test } from "bun:test";
import { defaultSettings, planPod, podAt, type PodReport, type PodSpecView, scriptOf } from "./pod.ts";

const settings = { ...defaultSettings, readyAfterMs: 1000, backoffMs: 10_000 };
const container = (fields: object = {}) => ({ name: "main", image: "nginx:1", ...fields });

/** A pod's report as a line: phase, then each container (init ones in brackets) with state, readiness and restarts. */
function line({ phase, containers, initContainers, nextMs }: PodReport): string {
  const one = ({ state, ready, restartCount }: PodReport["containers"][number]): string => {
    const what = state.waiting?.reason ?? (state.running ? "running" : `exit ${state.terminated?.exitCode}`);
    return `${what}${ready ? " ready" : ""}${restartCount > 0 ? ` x${restartCount}` : ""}`;
  };
  const init = initContainers.length === 0 ? "" : ` [${initContainers.map(one).join(", ")}]`;
  return `${phase}${init} ${containers.map(one).join(", ")}${nextMs === undefined ? "" : ` next ${nextMs}`}`;
}

const story = (spec: PodSpecView, times: readonly number[], annotations: Record<string, string> = {}): string[] => {
  const plan = planPod(spec, annotations, settings);
  return times.map((atMs) => `${atMs}: ${line(podAt(plan, atMs, settings))}`);
};

describe("a fake pod", () => {
  test("is created, and ready after the set time", () => {
    expect(story({ containers: [container()] }, [0, 999, 1000, 9e9])).toEqual([
      "0: Pending ContainerCreating next 1000",
      "999: Pending ContainerCreating next 1000",
      "1000: Running running ready",
      "9000000000: Running running ready",
    ]);
  });

  test("honours the initial delay of its readiness probe", () => {
    const probed = container({ readinessProbe: { initialDelaySeconds: 3 } });
    expect(story({ containers: [probed, container()] }, [1000, 4000])).toEqual([
      "1000: Running running, running ready next 4000",
      "4000: Running running ready, running ready",
    ]);
  });

  test("follows its annotations", () => {
    const spec = { containers: [container()] };
    expect(story(spec, [4999, 5000], { "sim.sluice.dev/ready-after": "5s" })).toEqual([
      "4999: Pending ContainerCreating next 5000",
      "5000: Running running ready",
    ]);
    expect(story(spec, [9e9], { "sim.sluice.dev/never-ready": "true" })).toEqual(["9000000000: Running running"]);
    expect(planPod(spec, { "sim.sluice.dev/gone-after": "2s" }, settings).goneAfterMs).toBe(2000);
  });

  test("is ready for a while, crashes and starts again when told so", () => {
    const spec = { containers: [container()] };
    expect(story(spec, [1000, 4000, 14_000], { "sim.sluice.dev/crash-after": "3s" })).toEqual([
      "1000: Running running ready next 4000",
      "4000: Running CrashLoopBackOff next 14000",
      "14000: Running running ready x1 next 17000",
    ]);
  });

  test("takes the time of its hooks to start and to end", () => {
    const lifecycle = { postStart: { exec: { command: ["sleep", "5"] } }, preStop: { sleep: { seconds: 2 } } };
    const plan = planPod({ containers: [container({ lifecycle })] }, {}, settings);
    expect([plan.readyAfterMs, plan.goneAfterMs]).toEqual([6000, settings.goneAfterMs + 2000]);
  });

  test("with a bad command crashes again and again, with growing waits", () => {
    const spec = { containers: [container({ command: ["/bad-command2"] })] };
    expect(story(spec, [1000, 11_000, 31_000, 71_000])).toEqual([
      "1000: Running CrashLoopBackOff next 11000",
      "11000: Running CrashLoopBackOff x1 next 31000",
      "31000: Running CrashLoopBackOff x2 next 71000",
      "71000: Running CrashLoopBackOff x3 next 151000",
    ]);
    expect(story({ containers: [container({ image: "argoproj/rollouts-demo:error" })] }, [1000])).toEqual([
      "1000: Running CrashLoopBackOff next 11000",
    ]);
  });

  test("cannot pull an image that does not exist", () => {
    for (const image of ["nonexistent-image:latest", "nginx:1-error"])
      expect(story({ containers: [container({ image })] }, [1000, 1500])).toEqual([
        "1000: Pending ErrImagePull next 1500",
        "1500: Pending ImagePullBackOff",
      ]);
  });

  test("says by its image how it breaks", () => {
    const broken = (image: string) => story({ containers: [container({ image })] }, [1000, 9e9]);
    expect(broken("Hello:1.0")).toEqual(["1000: Pending InvalidImageName", "9000000000: Pending InvalidImageName"]);
    expect(broken("hello:never-ready")).toEqual(["1000: Running running", "9000000000: Running running"]);
    expect(broken("hello:crashes")[0]).toBe("1000: Running CrashLoopBackOff next 11000");
    const { containers } = podAt(
      planPod({ containers: [container({ image: "a.invalid/b" })] }, {}, settings),
      1000,
      settings,
    );
    expect(containers[0]?.state.waiting).toEqual({
      reason: "ErrImagePull",
      message:
        'failed to pull and unpack image "a.invalid/b": failed to do request: dial tcp: lookup a.invalid: no such host',
    });
  });
});

describe("a fake pod of a Job", () => {
  const job = (script: string, restartPolicy = "Never"): PodSpecView => ({
    restartPolicy,
    containers: [container({ command: ["sh", "-c"], args: [script] })],
  });

  test("runs its sleep and ends with its exit code", () => {
    expect(story(job("sleep 2 && exit 0"), [1000, 3000])).toEqual([
      "1000: Running running ready next 3000",
      "3000: Succeeded exit 0",
    ]);
    expect(story(job("sleep 30; exit 1"), [31_000])).toEqual(["31000: Failed exit 1"]);
    expect(story(job("echo done"), [1000])).toEqual(["1000: Succeeded exit 0"]);
  });

  test("is restarted after a failure when its policy says so", () => {
    expect(story(job("sleep 1; exit 3", "OnFailure"), [2000, 12_000, 13_000])).toEqual([
      "2000: Running CrashLoopBackOff next 12000",
      "12000: Running running ready x1 next 13000",
      "13000: Running CrashLoopBackOff x1 next 33000",
    ]);
  });

  test("waits for its init containers, one after another", () => {
    const init = (args: string) => container({ args: [args] });
    const spec = { ...job("exit 0"), initContainers: [init("sleep 1"), init("sleep 2")] };
    expect(story(spec, [500, 1000, 2000, 4000])).toEqual([
      "500: Pending [PodInitializing, PodInitializing] PodInitializing next 1000",
      "1000: Pending [running ready, PodInitializing] PodInitializing next 2000",
      "2000: Pending [exit 0, running ready] PodInitializing next 4000",
      "4000: Succeeded [exit 0, exit 0] exit 0",
    ]);
  });

  test("fails when an init container does", () => {
    const spec = { ...job("exit 0"), initContainers: [container({ args: ["exit 4"] })] };
    expect(story(spec, [1000])).toEqual(["1000: Failed [exit 4] PodInitializing"]);
  });
});

test("scripts are read as people write them", () => {
  const script = (...args: string[]) => scriptOf({ name: "main", args });
  expect(script("sleep 1.5m")).toEqual({ afterMs: 90_000, code: 0 });
  expect(script("sleep 5 && exit 12")).toEqual({ afterMs: 5000, code: 12 });
  expect(script("/bin/false")).toEqual({ afterMs: 0, code: 1 });
  expect(script("serve")).toBeNull();
});
