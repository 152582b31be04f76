/** The controller as a process: how it starts, what it logs while it cannot work, and how it ends. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { kubeconfigText } from "../devFiles.ts";
import { serveHttp } from "../../simulator/server/http/http.ts";
import type { ApiObject, ApiResponse, ApiServer } from "../../simulator/model/model.ts";
import { createApiServer } from "../../simulator/server/requests/inMemoryServer.ts";
import { systemClock } from "../../kube/clock/clock.ts";
import { installDefinitions } from "../../test/apiServer.ts";

const main = resolve(import.meta.dir, "../../main.ts");
const patienceMs = 60_000;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-process-test-"));
});
const running = new Set<Bun.Subprocess>();
afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

let files = 0;
async function fileWith(text: string): Promise<string> {
  const path = join(folder, `${(files += 1)}`);
  await writeFile(path, text);
  return path;
}

/** An API server with our kinds and no Rollouts; `asked`: "VERB path" of every request. */
function serveApi() {
  const asked: string[] = [];
  const state = { silent: false };
  const server = createApiServer({ clock: systemClock, random: Math.random });
  const { core } = server;
  core.create("namespaces", { metadata: { name: "argo-rollouts" } });
  installDefinitions(core);
  const never = new Promise<ApiResponse>(() => {});
  const listening: ApiServer = {
    ...server,
    handle(request) {
      asked.push(`${request.method} ${request.path}`);
      return state.silent ? never : server.handle(request);
    },
  };
  const http = serveHttp({ server: listening, port: 0 });
  const leases = () => core.list("leases.coordination.k8s.io");
  const holderOf = ({ spec }: ApiObject): string => (spec as { holderIdentity?: string }).holderIdentity ?? "";
  return {
    asked,
    state,
    holders: () => leases().map(holderOf),
    /** Makes another process the holder of the Lease. */
    steal: () => {
      for (const lease of leases()) {
        const spec = { ...(lease["spec"] as object), holderIdentity: "thief" };
        core.update("leases.coordination.k8s.io", { ...lease, spec });
      }
    },
    kubeconfig: () => fileWith(kubeconfigText(http.url)),
    [Symbol.asyncDispose]: () => http.stop(),
  };
}

interface Controller {
  readonly child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  /** All that was logged so far. */
  log(): string;
  /** Resolves when `text` has been logged. */
  printed(text: string): Promise<void>;
  ended(): Promise<readonly [code: number, log: string]>;
}

function start(...args: string[]): Controller {
  const child = Bun.spawn([process.execPath, main, "controller", ...args], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, POD_NAMESPACE: "", KUBECONFIG: "" },
  });
  running.add(child);
  let text = "";
  let check = (): void => {};
  const read = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stderr) {
      text += decoder.decode(chunk, { stream: true });
      check();
    }
  })();
  return {
    child,
    log: () => text,
    printed: (wanted) =>
      new Promise((found, fail) => {
        check = (): void => void (text.includes(wanted) && found());
        check();
        void child.exited.then((code) => fail(new Error(`It ended with ${code} and never said "${wanted}": ${text}`)));
      }),
    async ended() {
      const code = await child.exited;
      await read;
      running.delete(child);
      return [code, text];
    },
  };
}

const freePorts = ["--healthzPort=0", "--metricsPort=0"];

/** A port that another process has taken. */
function taken() {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  return { port: server.port ?? 0, [Symbol.dispose]: () => void server.stop(true) };
}

describe("a start that cannot succeed ends with exit code 1 and its reason, and the cluster has seen nothing of it", () => {
  test.each([
    ["the health port is taken", (port: number) => [`--healthzPort=${port}`, "--metricsPort=0"]],
    ["the metrics port is taken", (port: number) => ["--healthzPort=0", `--metricsPort=${port}`]],
    ["the webhook's port is taken", (port: number) => [...freePorts, `--webhook-port=${port}`]],
    [
      "a port is taken while the webhook could be served",
      (port: number) => [`--healthzPort=${port}`, "--metricsPort=0", "--webhook-port=0"],
    ],
  ] as const)(
    "when %s",
    async (_when, flags) => {
      await using api = serveApi();
      using other = taken();
      const [code, log] = await start("--kubeconfig", await api.kubeconfig(), ...flags(other.port)).ended();
      expect(log).toContain(`Cannot listen on port ${other.port} (--`);
      expect([code, api.asked]).toEqual([1, []]);
    },
    patienceMs,
  );

  test(
    "when the kubeconfig cannot be used",
    async () => {
      const absent = join(folder, "absent");
      const garbage = await fileWith("{ not: [yaml");
      const badServer = await fileWith(kubeconfigText("ftp://127.0.0.1"));
      const cases: readonly [string[], string][] = [
        [["--kubeconfig", absent], `Cannot read kubeconfig ${absent}`],
        [["--kubeconfig", garbage], garbage],
        [["--kubeconfig", badServer], "ftp://127.0.0.1"],
      ];
      for (const [args, reason] of cases) {
        const [code, log] = await start(...freePorts, ...args).ended();
        expect(log).toContain(reason);
        expect(code).toBe(1);
      }
    },
    patienceMs,
  );

  test(
    "when a file with a certificate or a token holds or is nothing of the kind",
    async () => {
      const garbage = await fileWith("garbage");
      const absent = join(folder, "absent");
      const where = ["--kubeconfig", await fileWith(kubeconfigText("https://127.0.0.1:1"))];
      const withToken = kubeconfigText("https://127.0.0.1:1").replace("user: {}", `user: { tokenFile: ${absent} }`);
      const cases: readonly (readonly [string, ...string[]])[] = [
        [garbage, "--certificate-authority", garbage],
        [absent, "--certificate-authority", absent],
        [garbage, "--client-certificate", garbage, "--client-key", garbage],
        [absent, "--kubeconfig", await fileWith(withToken)],
      ];
      for (const [named, ...args] of cases) {
        const [code, log] = await start(...freePorts, ...where, ...args).ended();
        expect(log).toContain(named);
        expect(code).toBe(1);
      }
    },
    patienceMs,
  );

  test(
    "when flags are wrong, with a line for each, and where to see what is right",
    async () => {
      const [code, log] = await start("--webhook-url=host:1", "--burst=0").ended();
      expect(log.trim().split("\n")).toEqual([
        "Error: --burst must be at least 1",
        "Error: --webhook-url without --webhook-port: no webhook is served",
        'Error: --webhook-url is "host:1", without a scheme: write it like https://host:8443',
        "Run 'sluice controller --help' for usage.",
      ]);
      expect(code).toBe(1);
    },
    patienceMs,
  );
});

describe("while the cluster lacks what it needs", () => {
  const readyz = async (port: string): Promise<[number, string]> => {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`, { keepalive: false });
    return [response.status, await response.text()];
  };
  test(
    "the controller says once how to mend it, is not ready, and begins by itself once that is done",
    async () => {
      const server = createApiServer({ clock: systemClock, random: Math.random });
      const http = serveHttp({ server, port: 0 });
      using free = taken();
      free[Symbol.dispose]();
      const { port } = free;
      const kubeconfig = await fileWith(kubeconfigText(http.url));
      const controller = start("--kubeconfig", kubeconfig, `--healthzPort=${port}`, "--metricsPort=0");
      const kinds = "`kubectl apply -f manifests/crds` installs the kinds of argoproj.io";
      const namespace = "`kubectl create namespace argo-rollouts` makes it";
      await controller.printed(kinds);
      await controller.printed(namespace);
      const [code, why] = await readyz(String(port));
      expect([code, why.includes(kinds), why.includes(namespace)]).toEqual([503, true, true]);

      server.core.create("namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "argo-rollouts" } });
      installDefinitions(server.core);
      await controller.printed("msg=Leading");
      expect(await readyz(String(port))).toEqual([200, "ok"]);
      controller.child.kill("SIGTERM");
      const [exitCode, log] = await controller.ended();
      await http.stop();
      expect(exitCode).toBe(0);
      expect(log.split("\n").filter((line) => line.includes("level=warning"))).toHaveLength(2);
    },
    patienceMs,
  );
});

describe("a signal", () => {
  /** A controller that leads. */
  async function leading(api: ReturnType<typeof serveApi>): Promise<Controller> {
    const controller = start("--kubeconfig", await api.kubeconfig(), ...freePorts);
    await controller.printed("msg=Leading");
    expect(api.holders()).not.toContain("");
    return controller;
  }

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "%s that comes twice gives the Lease back, and ends with exit code 0",
    async (signal) => {
      await using api = serveApi();
      const controller = await leading(api);
      controller.child.kill(signal);
      controller.child.kill(signal);
      const [code, log] = await controller.ended();
      expect(api.holders()).toEqual([""]);
      expect([code, log.split(`Stopping on ${signal}`).length]).toEqual([0, 2]);
    },
    patienceMs,
  );

  test(
    "from a terminal reaches it twice through `bun run`, and gives the Lease back all the same",
    async () => {
      await using api = serveApi();
      const flags = ["--kubeconfig", await api.kubeconfig(), ...freePorts];
      // Its own process group, as a shell makes one for a command: Ctrl-C goes to every process in it.
      const child = Bun.spawn([process.execPath, "run", "controller", ...flags], {
        cwd: resolve(import.meta.dir, "../.."),
        detached: true,
        stdout: "ignore",
        stderr: "ignore",
      });
      running.add(child);
      while (api.holders().length < 1) await Bun.sleep(20);
      process.kill(-child.pid, "SIGINT");
      await child.exited;
      // The parent may end first.
      while (api.holders().some((holder) => holder !== "")) await Bun.sleep(20);
    },
    patienceMs,
  );

  test(
    "that comes a third time ends at once, with the exit code of the signal, where the orderly end takes time",
    async () => {
      await using api = serveApi();
      const controller = await leading(api);
      api.state.silent = true;
      controller.child.kill("SIGINT");
      await controller.printed("Stopping on SIGINT");
      await Bun.sleep(100);
      controller.child.kill("SIGINT");
      await Bun.sleep(100);
      controller.child.kill("SIGINT");
      const [code, log] = await controller.ended();
      expect(log).toContain("Stopped at once on SIGINT: a Lease that is still held expires by itself");
      expect(code).toBe(130);
    },
    patienceMs,
  );

  test(
    "is heeded while it waits for an API server that does not answer",
    async () => {
      await using api = serveApi();
      api.state.silent = true;
      const controller = start("--kubeconfig", await api.kubeconfig(), ...freePorts);
      await controller.printed("msg=Watching");
      controller.child.kill("SIGTERM");
      expect((await controller.ended())[0]).toBe(0);
    },
    patienceMs,
  );

  test(
    "is not needed when somebody else has taken the Lease: exit code 1, and what they hold is left to them",
    async () => {
      await using api = serveApi();
      const controller = await leading(api);
      api.steal();
      const [code, log] = await controller.ended();
      expect(log).toContain("Lost the Lease; stopping");
      expect([code, api.holders()]).toEqual([1, ["thief"]]);
    },
    patienceMs,
  );
});

test(
  "a reader of its log that goes away does not end it",
  async () => {
    await using api = serveApi();
    const command = [process.execPath, main, "controller", "--kubeconfig", await api.kubeconfig(), ...freePorts];
    api.state.silent = true;
    const child = Bun.spawn(command, { stdout: "ignore", stderr: "pipe" });
    running.add(child);
    const reader = child.stderr.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toContain("msg=Watching");
    await reader.cancel();
    api.state.silent = false;
    // It leads, though its logs are not read.
    while (api.holders().length < 1) await Bun.sleep(20);
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
    expect(api.holders()).toEqual([""]);
  },
  patienceMs,
);
