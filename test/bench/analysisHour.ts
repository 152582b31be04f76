/**
 * An hour of AnalysisRuns in virtual time: our controller in this process, before the simulator's API server. What counts
 * is whether the heap, once collected, grows while nothing but measuring happens.
 */
import { heapStats } from "bun:jsc";
import { unobserved } from "../../controller/controller.ts";
import type { Log } from "../../controller/process/log.ts";
import { wireController } from "../../controller/wiring.ts";
import type { Answer } from "../../providers/metrics/provider.ts";
import type { Draft } from "../../simulator/model/model.ts";
import { inProcessClient } from "../../simulator/server/http/client.ts";
import { createApiServer } from "../../simulator/server/requests/inMemoryServer.ts";
import { installDefinitions } from "../apiServer.ts";
import { virtualClock } from "../sim/world/virtualClock.ts";

export interface HourLoad {
  /** AnalysisRuns that measure every ten seconds without end. */
  readonly running: number;
  /** AnalysisRuns that begin in each minute, measure six times, and are deleted half a minute later. */
  readonly passing: number;
}

const MINUTE = 60_000;
const SHOWN_EVERY = 5;
const RUNS = "analysisruns.argoproj.io";
const MiB = 2 ** 20;

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const good: Answer = { kind: "answered", status: 200, headers: {}, body: '{"data":{"ok":true,"successPercent":99.7}}' };

const provider = { web: { url: "http://metrics.test/{{args.service}}", jsonPath: "{$.data}" } };
const metric = { name: "success-rate", interval: "10s", successCondition: "result.successPercent >= 95", provider };

const runOf = (name: string, spec: object): Draft => ({
  metadata: { name, namespace: "default" },
  spec: { args: [{ name: "service", value: name }], ...spec },
});

/** @returns a Markdown table */
export function benchHour({ running, passing }: HourLoad): string {
  const clock = virtualClock(Date.UTC(2026, 0, 1));
  const server = createApiServer({ clock, frozen: true });
  const { core } = server;
  installDefinitions(core);
  let measured = 0;
  const until = new AbortController();
  const { lead } = wireController(
    {
      client: inProcessClient({ server, clock, userAgent: "sluice" }),
      clock,
      log: silent,
      observer: unobserved,
      measuring: {
        http: () => {
          measured += 1;
          return new Promise((resolve) => void clock.after(20, () => resolve(good)));
        },
        environment: () => undefined,
        ownNamespace: "sluice",
      },
    },
    { namespace: undefined, instanceId: "", resyncMs: 15 * MINUTE, concurrency: 10 },
  );
  void lead({ election: undefined, until: until.signal });
  clock.pass(1_000);
  for (let n = 0; n < running; n++) {
    core.create(RUNS, runOf(`running-${n}`, { metrics: [metric] }));
    clock.pass(10_000 / running);
  }
  const rows: string[] = [];
  for (let minute = 0; minute <= 60; minute++) {
    if (minute % SHOWN_EVERY === 0) rows.push(`| ${minute} | ${measured} | ${heap()} |`);
    for (let n = 0; n < passing; n++) {
      const spec = { metrics: [{ ...metric, count: 6 }], ttlStrategy: { secondsAfterCompletion: 30 } };
      core.create(RUNS, runOf(`passing-${minute}-${n}`, spec));
    }
    clock.pass(MINUTE);
  }
  until.abort();
  clock.pass(1_000);
  const head = `| minute (${running} AnalysisRuns, and ${passing} that come and go a minute) | measurements | heap, MB |`;
  return [head, "| ---: | ---: | ---: |", ...rows].join("\n");
}

function heap(): string {
  Bun.gc(true);
  return (heapStats().heapSize / MiB).toFixed(2);
}
