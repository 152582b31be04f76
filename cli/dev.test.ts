import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Rollout } from "../schema/rollout.ts";
import { refusalLines } from "../simulator/demo/kubectl.ts";
import { wrong } from "../simulator/demo/manifests.ts";
import type { Status } from "../simulator/model/statusError.ts";
import { kubeBinary, sharedDir } from "../test/cluster/harness/kubeBinary.ts";
import { helloText } from "./devFiles.ts";

const main = resolve(import.meta.dir, "../main.ts");
const patienceMs = 60_000;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-dev-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Dev {
  readonly url: string;
  readonly kubeconfig: string;
  readonly welcome: string;
  signal(signal: NodeJS.Signals): void;
  /** Ends it by a signal; resolves to the exit code and to what was written on stderr. */
  end(): Promise<readonly [code: number, errors: string]>;
}

const running = new Set<Bun.Subprocess>();
afterAll(() => {
  for (const child of running) child.kill();
});

/** Runs it until it has printed all that it prints at its start. */
async function startDev(...args: string[]): Promise<Dev> {
  const child = Bun.spawn([process.execPath, main, "dev", ...args], { stdout: "pipe", stderr: "pipe" });
  running.add(child);
  let welcome = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    welcome += decoder.decode(chunk, { stream: true });
    if (welcome.includes("Ctrl-C")) break;
  }
  const [, kubeconfig = ""] = /export KUBECONFIG=(\S+)/.exec(welcome) ?? [];
  if (kubeconfig === "") throw new Error(`dev did not start: ${welcome}${await child.stderr.text()}`);
  const [, url = ""] = /server: (\S+)/.exec(await readFile(kubeconfig, "utf8")) ?? [];
  return {
    url,
    kubeconfig,
    welcome,
    signal: (signal) => child.kill(signal),
    async end() {
      child.kill("SIGINT");
      const code = await child.exited;
      running.delete(child);
      return [code, await child.stderr.text()];
    },
  };
}

/** Runs a command that soon fails, to its end. */
const failingDev = (...args: string[]): Promise<{ code: number; err: string }> => failingIn(process.env, ...args);

async function failingIn(env: NodeJS.ProcessEnv, ...args: string[]): Promise<{ code: number; err: string }> {
  const child = Bun.spawn([process.execPath, main, "dev", ...args], { stdout: "ignore", stderr: "pipe", env });
  const [err, code] = await Promise.all([child.stderr.text(), child.exited]);
  return { code, err };
}

const rollouts = "/apis/argoproj.io/v1alpha1/namespaces/default/rollouts";

async function request(dev: Dev, method: string, path: string, body?: unknown, type = "application/json") {
  const init =
    body === undefined ? { method } : { method, body: JSON.stringify(body), headers: { "content-type": type } };
  const response = await fetch(dev.url + path, init);
  return { status: response.status, body: await response.json() };
}

const patch = (dev: Dev, path: string, body: unknown) =>
  request(dev, "PATCH", path, body, "application/merge-patch+json");

const readRollout = async (dev: Dev, name: string): Promise<Rollout> =>
  (await request(dev, "GET", `${rollouts}/${name}`)).body as Rollout;

/** Reads the Rollout until `isThere` holds; only the test's own timeout ends it otherwise. */
async function until(
  dev: Dev,
  name: string,
  isThere: (status: NonNullable<Rollout["status"]>) => boolean,
): Promise<Rollout> {
  for (;;) {
    const rollout = await readRollout(dev, name);
    if (isThere(rollout.status ?? {})) return rollout;
    await Bun.sleep(25);
  }
}

const documents = (text: string): object[] => {
  const parsed: unknown = Bun.YAML.parse(text);
  return (Array.isArray(parsed) ? parsed : [parsed]) as object[];
};

async function create(dev: Dev, text: string): Promise<void> {
  for (const object of documents(text)) {
    const path = (object as { kind: string }).kind === "Rollout" ? rollouts : "/api/v1/namespaces/default/services";
    expect((await request(dev, "POST", path, object)).status).toBe(201);
  }
}

const template = (name: string, image: string) => ({ spec: { template: { spec: { containers: [{ name, image }] } } } });
const names = async (dev: Dev): Promise<string[]> => {
  const { body } = await request(dev, "GET", "/api/v1/namespaces/default/pods");
  return (body as { items: { metadata: { name: string; uid: string } }[] }).items.map(
    ({ metadata }) => `${metadata.name} ${metadata.uid}`,
  );
};

describe("dev", () => {
  test(
    "serves a cluster in which Rollouts are rolled out, wrong ones are refused, and all is there again after a restart",
    async () => {
      const data = join(folder, "cluster.json");
      const first = await startDev("--port", "0", "--data", data);
      expect(first.kubeconfig).toBe(`${data}.kubeconfig`);
      await create(first, helloText("hello:1.0"));
      await until(first, "hello", ({ phase }) => phase === "Healthy");
      await patch(first, `${rollouts}/hello`, template("hello", "hello:2.0"));
      await until(first, "hello", ({ phase }) => phase === "Paused");
      const refused = await request(first, "POST", rollouts, Bun.YAML.parse(wrong));
      expect(refused.status).toBe(422);
      const before = await readRollout(first, "hello");
      const podsBefore = await names(first);
      expect(podsBefore).toHaveLength(5);
      expect(await first.end()).toEqual([0, ""]);

      const second = await startDev("--data", data);
      expect(second.welcome).toContain("where 1 Rollout and 5 Pods came from");
      expect(await readRollout(second, "hello")).toEqual(before);
      expect(await names(second)).toEqual(podsBefore);
      await patch(second, `${rollouts}/hello/status`, { status: { promoteFull: true } });
      const after = await until(second, "hello", ({ phase }) => phase === "Healthy");
      expect(Number(after.metadata.resourceVersion)).toBeGreaterThan(Number(before.metadata.resourceVersion));
      const third = await failingDev("--data", data);
      expect(third.code).toBe(1);
      expect(third.err).toStartWith(`Error: ${data} is in use by process `);
      expect(await second.end()).toEqual([0, ""]);
      expect(existsSync(`${data}.lock`)).toBe(false);
    },
    patienceMs,
  );

  test(
    "leaves nothing behind when nothing is to be kept",
    async () => {
      const dev = await startDev();
      const [, hello = ""] = /apply -f (\S+)/.exec(dev.welcome) ?? [];
      expect(existsSync(hello)).toBe(true);
      expect(await dev.end()).toEqual([0, ""]);
      expect([existsSync(hello), existsSync(dev.kubeconfig)]).toEqual([false, false]);
    },
    patienceMs,
  );

  test(
    "answers no web page, and to another name when it is allowed",
    async () => {
      const dev = await startDev("--allow-host", "box.example");
      const { port } = new URL(dev.url);
      const ask = async (headers: Record<string, string>) =>
        (await fetch(`${dev.url}${rollouts}?dryRun=All`, { method: "POST", body: wrong, headers })).status;
      const yaml = { "content-type": "application/yaml" };
      expect([
        await ask({ host: `evil.example:${port}`, ...yaml }),
        await ask({ origin: "https://evil.example", ...yaml }),
        await ask({ "content-type": "text/plain" }),
        await ask({ host: `box.example:${port}`, ...yaml }),
        await ask(yaml),
      ]).toEqual([403, 403, 415, 422, 422]);
      expect(await dev.end()).toEqual([0, ""]);
    },
    patienceMs,
  );

  test(
    "takes a signal that comes twice, as through `bun run`, for one, and cleans up",
    async () => {
      const dev = await startDev();
      dev.signal("SIGINT");
      expect(await dev.end()).toEqual([0, ""]);
      expect(existsSync(dev.kubeconfig)).toBe(false);
    },
    patienceMs,
  );

  test(
    "says in words why it cannot run",
    async () => {
      const other = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
      const { port } = other;
      const taken = await failingDev("--port", String(port));
      await other.stop(true);
      expect(taken).toEqual({
        code: 1,
        err: `Error: Cannot listen on port ${port}: somebody else listens there. Without --port a free one is taken\n`,
      });
      const text = join(folder, "text.json");
      await writeFile(text, "{}");
      expect(await failingDev("--data", text)).toEqual({
        code: 1,
        err: `Error: Cannot read ${text}: it was not written by sluice dev\n`,
      });
      const nowhere = join(folder, "nowhere", "a.json");
      expect(await failingDev("--data", nowhere)).toEqual({
        code: 1,
        err: `Error: Cannot write ${nowhere}.lock: there is no such folder\n`,
      });
      expect(await failingDev("--port", "x")).toMatchObject({ code: 1 });
      const data = join(folder, "taken.json");
      await mkdir(`${data}.kubeconfig`);
      expect(await failingDev("--data", data)).toEqual({
        code: 1,
        err: `Error: Cannot write ${data}.kubeconfig: it is a folder\n`,
      });
    },
    patienceMs,
  );

  test.each([
    ["nowhere", "there is no such folder"],
    ["a-file", "a part of its path is no folder"],
  ])(
    "says in words that it cannot make its folder in TMPDIR: %s",
    async (name, why) => {
      const temporary = join(folder, name);
      await writeFile(join(folder, "a-file"), "");
      expect(await failingIn({ ...process.env, TMPDIR: temporary })).toEqual({
        code: 1,
        err:
          `Error: Cannot make a folder for the kubeconfig in ${temporary}: ${why}. ` +
          "Set TMPDIR to a folder that exists and that you may write to\n",
      });
    },
    patienceMs,
  );

  test(
    "shows how a pod breaks: the version that no registry has is stuck, and the Rollout says why",
    async () => {
      const dev = await startDev();
      const [hello = "", , broken = ""] = Array.from(dev.welcome.matchAll(/apply -f (\S+)/g), ([, path = ""]) => path);
      await create(dev, await readFile(hello, "utf8"));
      await until(dev, "hello", ({ phase }) => phase === "Healthy");
      const update = documents(await readFile(broken, "utf8")).find((one) => "kind" in one && one.kind === "Rollout");
      await patch(dev, `${rollouts}/hello`, update);
      await patch(dev, `${rollouts}/hello`, { spec: { progressDeadlineSeconds: 3 } });
      const { status } = await until(dev, "hello", ({ phase }) => phase === "Degraded");
      expect(status?.message).toContain('ImagePullBackOff, container "hello", image "hello:doesnotexist"');
      const [code, errors] = await dev.end();
      expect(code).toBe(0);
      expect(errors).toContain('msg="Rollout degraded"');
    },
    patienceMs,
  );
});

const packed = join(sharedDir(), "kube", "kube.zst");
const example = join(sharedDir(), "examples", "rollout-canary.yaml");
const canRun = (process.env["SLUICE_KUBE_BINARY"] ?? "") !== "" || (process.arch === "x64" && existsSync(packed));

if (canRun && existsSync(example)) {
  test(
    "stock kubectl applies an example to it, follows it, goes on, and is told what is wrong as the demo tells it",
    async () => {
      const dev = await startDev();
      const binary = await kubeBinary();
      const kubectl = async (...args: string[]): Promise<{ out: string; err: string; code: number }> => {
        const command = [binary, "kubectl", "--kubeconfig", dev.kubeconfig, `--cache-dir=${folder}`, ...args];
        const child = Bun.spawn(command, { stdout: "pipe", stderr: "pipe" });
        const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
        return { out, err, code };
      };
      const phase = (name: string) => ["wait", "rollout/rollout-canary", `--for=jsonpath={.status.phase}=${name}`];
      const ok = async (...args: string[]): Promise<string> => {
        const { out, err, code } = await kubectl(...args);
        expect([args.join(" "), err, code]).toEqual([args.join(" "), "", 0]);
        return out;
      };
      expect(await ok("apply", "-f", example)).toBe("rollout.argoproj.io/rollout-canary created\n");
      await ok(...phase("Healthy"));
      const image = [
        { op: "replace", path: "/spec/template/spec/containers/0/image", value: "argoproj/rollouts-demo:yellow" },
      ];
      await ok("patch", "rollout", "rollout-canary", "--type=json", "-p", JSON.stringify(image));
      await ok(...phase("Paused"));
      const goOn = ["--subresource=status", "--type=merge", "-p", '{"status":{"pauseConditions":null}}'];
      await ok("patch", "rollout", "rollout-canary", ...goOn);
      await until(dev, "rollout-canary", ({ currentStepIndex = 0 }) => currentStepIndex >= 3);
      expect(await ok("get", "rollouts")).toMatch(
        /^NAME +DESIRED +CURRENT +UP-TO-DATE +AVAILABLE +AGE +PHASE\nrollout-canary +5 .*s +(Paused|Progressing)\n$/,
      );
      expect(await ok("get", "rollouts", "-o", "wide")).toMatch(/ AGE +PHASE +STEP +WEIGHT +MESSAGE\n.*s +\w+ +3 /);

      const foo = join(folder, "foo.yaml");
      await writeFile(foo, "apiVersion: example.com/v1\nkind: Foo\nmetadata: {name: a}\n");
      const unknown = await kubectl("apply", "-f", foo);
      expect([unknown.code, unknown.err]).toEqual([
        1,
        `error: resource mapping not found for name: "a" namespace: "" from "${foo}": ` +
          'no matches for kind "Foo" in version "example.com/v1"\nensure CRDs are installed first\n',
      ]);
      const foos = await kubectl("get", "foos");
      expect([foos.code, foos.err]).toEqual([1, `error: the server doesn't have a resource type "foos"\n`]);

      const file = join(folder, "cart.yaml");
      await writeFile(file, wrong);
      const refused = await kubectl("apply", "-f", file);
      const answer = await request(dev, "POST", rollouts, Bun.YAML.parse(wrong));
      expect(refused).toEqual({ out: "", err: `${refusalLines(answer.body as Status).join("\n")}\n`, code: 1 });
      // Without a Content-Type, which is how kubectl sends raw requests.
      const raw = join(folder, "raw.json");
      await writeFile(raw, JSON.stringify({ metadata: { name: "raw" } }));
      await ok("create", "--raw", "/api/v1/namespaces/default/configmaps", "-f", raw);
      const missing = await kubectl("get", "rollout", "cart");
      const absent = await request(dev, "GET", `${rollouts}/cart`);
      expect(missing.err).toBe(`${refusalLines(absent.body as Status).join("\n")}\n`);
      expect(await dev.end()).toEqual([0, ""]);
    },
    patienceMs,
  );
} else {
  console.log(`skipped: kubectl against dev, for want of ${packed} and ${example} (set SLUICE_SHARED)`);
}
