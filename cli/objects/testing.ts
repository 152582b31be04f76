/** Running commands of a cluster in tests, on the simulator's API server and a clock that is moved by hand. */
import type { ApiObject, Draft } from "../../simulator/model/model.ts";
import { testApi } from "../../test/apiServer.ts";
import type { RunCommand } from "../commands.ts";
import type { CliPorts } from "../ports.ts";
import { testPorts } from "../testing.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** The writes, as `PATCH rollouts/web/status {"status":{"abort":true}}`. */
  readonly writes: readonly string[];
}

/** A cluster with the namespace `shop`, and the kinds of argoproj.io. */
export function shop() {
  const api = testApi({ namespaces: ["shop"], installed: true });
  const { client, clock, core, requests } = api;
  const ending = new AbortController();
  /** Runs it to its end; the clock moves on by itself. */
  const run = async (command: RunCommand, args: readonly string[], given: Partial<CliPorts> = {}): Promise<Ran> => {
    const connect: CliPorts["connect"] = async ({ namespace = "shop" }) => ({ client, namespace, source: "a test" });
    const ports = testPorts({ clock, signal: ending.signal, connect, ...given });
    const from = requests.length;
    let isOver = false;
    const ended = command(args, ports).finally(() => (isOver = true));
    // Awaited below: an error that comes before that must not count as unhandled.
    ended.catch(() => undefined);
    while (!isOver) await clock.advance(100);
    const code = await ended;
    const writes = requests
      .slice(from)
      .filter(({ method }) => method !== "GET")
      .map(
        ({ method, path, body }) => `${method} ${path.replace(/^.*namespaces\/shop\//, "")} ${JSON.stringify(body)}`,
      );
    return { code, ...ports.told, writes };
  };
  const create = (object: Draft & { readonly kind: string }): ApiObject => {
    const plural = `${object.kind.toLowerCase()}s`;
    const group = plural === "deployments" || plural === "replicasets" ? "apps" : "argoproj.io";
    return core.create(plural === "podtemplates" ? plural : `${plural}.${group}`, object);
  };
  const at = (name: string) => ({ resource: "rollouts.argoproj.io", namespace: "shop", name });
  /** Writes as a controller does: what it changes of the status, whatever others have written. */
  const status = (name: string, change: object): ApiObject =>
    core.modify(
      at(name),
      (object) => ({ ...object, status: { ...(object["status"] as object | undefined), ...change } }),
      { subresource: "status" },
    );
  return { ...api, run, create, status, end: () => ending.abort(), read: (name: string) => core.get(at(name)) };
}

export const template = (image: string) => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image }] },
});

export const steps = { canary: { steps: [{ setWeight: 20 }, { pause: {} }, { setWeight: 40 }] } };

export const rollout = (name: string, spec: object = {}, labels: Readonly<Record<string, string>> = {}) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name, namespace: "shop", labels },
  spec: { selector: { matchLabels: { app: "web" } }, template: template("web:2"), strategy: steps, ...spec },
});

export const PAUSED = {
  currentPodHash: "b",
  stableRS: "a",
  currentStepIndex: 1,
  controllerPause: true,
  pauseConditions: [{ reason: "CanaryPauseStep", startTime: "2026-01-01T00:00:00Z" }],
  phase: "Paused",
  message: "CanaryPauseStep",
  observedGeneration: "1",
};

export const HEALTHY = {
  ...PAUSED,
  pauseConditions: [],
  controllerPause: false,
  stableRS: "b",
  phase: "Healthy",
  message: "",
};
