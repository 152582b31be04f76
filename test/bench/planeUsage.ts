/** Where the CPU of the machine goes while many updates run: to the components of the control plane, to this process, to others. */
import { readFileSync } from "node:fs";
import type { ControlPlane } from "../cluster/harness/controlPlane.ts";
import { processUsage } from "./processUsage.ts";

/** ms of CPU since each process began; `machine`: of all processes since the machine began. */
export interface PlaneUsage {
  readonly apiserver: number;
  readonly etcd: number;
  readonly manager: number;
  /** The scheduler, and this process: what plays the pods, sends the updates and watches them. */
  readonly bench: number;
  readonly machine: number;
}

/** USER_HZ, as of `processUsage`. */
const msPerTick = 10;

/** What all processors have worked, of the first line of /proc/stat: without what they waited and what another guest took. */
export function workedMs(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? "")
    .split(" ")
    .map(Number);
  return (user + nice + system + irq + softirq) * msPerTick;
}

export async function planeUsage(plane: ControlPlane): Promise<PlaneUsage> {
  const { apiserver, etcd, manager, scheduler } = plane.pids();
  const [api, store, controllers, scheduling, own] = await Promise.all(
    [apiserver, etcd, manager, scheduler, process.pid].map(async (pid) => (await processUsage(pid)).cpuMs),
  );
  return {
    apiserver: api ?? Number.NaN,
    etcd: store ?? Number.NaN,
    manager: controllers ?? Number.NaN,
    bench: (scheduling ?? Number.NaN) + (own ?? Number.NaN),
    machine: workedMs(readFileSync("/proc/stat", "utf8")),
  };
}

export const between = (before: PlaneUsage, after: PlaneUsage): PlaneUsage => ({
  apiserver: after.apiserver - before.apiserver,
  etcd: after.etcd - before.etcd,
  manager: after.manager - before.manager,
  bench: after.bench - before.bench,
  machine: after.machine - before.machine,
});

/** How often the API server has refused a request with 429, of all clients, by its own metric. */
export async function unfairlyRefused(plane: ControlPlane): Promise<number> {
  const { code, stdout, stderr } = await plane.kubectl(["get", "--raw", "/metrics"]);
  if (code !== 0) throw new Error(`Cannot read the metrics of the API server: ${stderr.trim()}`);
  return sumOf(stdout, "apiserver_flowcontrol_rejected_requests_total");
}

/** Over all series of a counter, in the text format of Prometheus. */
export const sumOf = (text: string, family: string): number =>
  text
    .split("\n")
    .filter((line) => line.startsWith(`${family}{`) || line.startsWith(`${family} `))
    .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
