import { describe, expect, test } from "bun:test";
import { helloText, kubeconfigText, quoted, welcomeText } from "./devFiles.ts";
import { parseDevOptions } from "./devOptions.ts";
import { programName } from "./programName.ts";

describe("the arguments of dev", () => {
  test("are none, or a port, a file, nodes and a log level", () => {
    expect(parseDevOptions([])).toEqual({
      kind: "run",
      options: { port: 0, hosts: undefined, data: undefined, nodes: 1, logLevel: "warn" },
    });
    expect(parseDevOptions(["--port=6443", "--data", "a.json", "-n", "3", "--loglevel", "debug"])).toEqual({
      kind: "run",
      options: { port: 6_443, hosts: undefined, data: "a.json", nodes: 3, logLevel: "debug" },
    });
  });

  test("may be names to answer to", () => {
    const parsed = parseDevOptions(["--allow-host", "host.docker.internal", "--allow-host=[fd00::1]:6443"]);
    expect(parsed).toMatchObject({ options: { hosts: ["host.docker.internal", "[fd00::1]:6443"] } });
  });

  test.each([
    [["--allow-host", "http://x"], "argument 'http://x' is invalid. It must be a name or an address"],
    [["--allow-host", "*"], "argument '*' is invalid. It must be a name or an address"],
    [["--port", "70000"], "'--port <port>' argument '70000' is invalid. It must be a whole number from 0 to 65535."],
    [["--port", "http"], "argument 'http' is invalid. It must be a whole number from 0 to 65535."],
    [["--nodes", "0"], "argument '0' is invalid. It must be a whole number from 1 to 100."],
    [["--loglevel", "loud"], "Allowed choices are debug, info, warn, error."],
    [["--data"], "option '--data <file>' argument missing"],
    [["--data", ""], "--data is empty: name a file"],
    [["--prot", "1"], "unknown option '--prot'"],
    [["cluster.json"], "too many arguments"],
  ])("are refused in words: %p", (args, words) => {
    const parsed = parseDevOptions(args);
    expect(parsed.kind === "refused" ? parsed.problem : parsed.kind).toContain(words);
  });

  test("are listed on request", () => {
    const parsed = parseDevOptions(["--help"]);
    const text = parsed.kind === "help" ? parsed.text : parsed.kind;
    expect(text).toContain("--data <file>");
    expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  test("come with the images and annotations that break a pod", () => {
    const parsed = parseDevOptions(["-h"]);
    const text = parsed.kind === "help" ? parsed.text : parsed.kind;
    for (const told of [
      "doesnotexist",
      "ErrImagePull",
      "CrashLoopBackOff",
      "never-ready",
      "sim.sluice.dev/crash-after",
    ])
      expect(text).toContain(told);
  });
});

describe("what dev lays out", () => {
  test("the kubeconfig leads to the server, in the namespace default", () => {
    expect(Bun.YAML.parse(kubeconfigText("http://127.0.0.1:1234"))).toMatchObject({
      clusters: [{ name: "sluice-dev", cluster: { server: "http://127.0.0.1:1234" } }],
      contexts: [{ context: { cluster: "sluice-dev", user: "sluice-dev", namespace: "default" } }],
      "current-context": "sluice-dev",
    });
  });

  test("the welcome can be pasted into a shell, whatever the folder is called", () => {
    const folder = "/srv/o'neil/my files";
    const text = welcomeText({
      url: "http://127.0.0.1:1",
      kubeconfig: `${folder}/kubeconfig`,
      hello: `${folder}/hello.yaml`,
      update: `${folder}/hello-2.yaml`,
      broken: `${folder}/hello-broken.yaml`,
      program: "bun run",
      data: undefined,
      found: undefined,
      hasKubectl: false,
      hasPlugin: true,
    });
    expect(text).toContain(`export KUBECONFIG='/srv/o'\\''neil/my files/kubeconfig'`);
    expect(text).toContain("--data FILE keeps it");
    expect(text).toContain("no kubectl on your PATH");
    expect(text).toContain("kubectl argo rollouts promote hello");
    expect(text).toContain("kubectl apply -f '/srv/o'\\''neil/my files/hello-broken.yaml'");
    expect(text).toContain("More ways to break pods: bun run dev --help");
    expect(quoted("/tmp/a-b.yaml")).toBe("/tmp/a-b.yaml");
  });

  test("the Rollout to begin with differs from its update by the image alone", () => {
    expect(helloText("hello:2.0")).toBe(helloText("hello:1.0").replace("hello:1.0", "hello:2.0"));
  });
});

test("the program is called as its user called it", () => {
  expect(programName({ execPath: "/usr/bin/sluice", argv: ["bun", "/$bunfs/root/sluice"] }, "bun@1")).toBe("sluice");
  expect(programName({ execPath: "/usr/bin/bun", argv: ["bun", "/a/main.ts"] }, "bun@1")).toBe("bun run");
  const npx = "/srv/me/.npm/_npx/86/node_modules/bun/bin/bun";
  expect(programName({ execPath: npx, argv: ["bun", "/a/main.ts"] }, "bun@1")).toBe("npx --yes bun@1 run");
});
