/** The scripts in real shells, where they are installed, against the program as a process. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { systemClock } from "../../kube/clock/clock.ts";
import { type HttpServer, serveHttp } from "../../simulator/server/http/http.ts";
import { createApiServer } from "../../simulator/server/requests/inMemoryServer.ts";
import { kubeconfigText } from "../devFiles.ts";
import { testPorts } from "../testing.ts";
import { run } from "./command.ts";
import { scripts } from "./scripts.ts";

const main = resolve(import.meta.dir, "../../main.ts");
const patienceMs = 60_000;

let folder = "";
let http: HttpServer | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-shells-"));
  const server = createApiServer({ clock: systemClock, random: Math.random });
  server.core.create("namespaces", { metadata: { name: "shop" } });
  server.core.create("namespaces", { metadata: { name: "shipping" } });
  http = serveHttp({ server, port: 0 });
  await Bun.write(join(folder, "config"), kubeconfigText(http.url));
  await Bun.write(join(folder, "sluice"), `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`);
  await Bun.spawn(["chmod", "+x", join(folder, "sluice")]).exited;
});
afterAll(async () => {
  await http?.stop();
  await rm(folder, { recursive: true });
});

/** @returns what it prints */
async function shell(command: readonly string[], input: string): Promise<string> {
  const env = { ...process.env, PATH: `${folder}:${process.env["PATH"]}`, KUBECONFIG: join(folder, "config") };
  const child = Bun.spawn([...command], { cwd: folder, env, stdin: new Blob([input]), stdout: "pipe", stderr: "pipe" });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")}: ${err}`);
  return out;
}

/** What bash would offer behind the line. */
const inBash = async (line: string): Promise<readonly string[]> => {
  const script = `source <(sluice completion bash)
COMP_LINE=${JSON.stringify(line)} COMP_POINT=${line.length}
__sluice_complete sluice
printf '%s\\n' "\${COMPREPLY[@]}"`;
  return (await shell(["bash", "--norc", "-s"], script)).trimEnd().split("\n");
};

describe.if(Bun.which("bash") !== null)("bash", () => {
  test.each([
    ["sluice conv", ["convert"]],
    ["sluice convert --to ", ["rollout", "deployment"]],
    ["sluice convert --to=d", ["deployment"]],
    ["sluice  convert   --mo", ["--mode"]],
    ["sluice convert --plan -n sh", ["shipping", "shop"]],
    ["sluice convert --plan --namespace=sho", ["shop"]],
    ["sluice convert --context ", ["sluice-dev"]],
    ["sluice frobnicate ", [""]],
  ])(
    "offers for %j what the program answers",
    async (line, expected) => {
      expect((await inBash(line)).toSorted()).toEqual(expected.toSorted());
    },
    patienceMs,
  );

  test(
    "completes the program by the function of its script",
    async () => {
      const out = await shell(["bash", "--norc", "-s"], "source <(sluice completion bash)\ncomplete -p sluice");
      expect(out.trim()).toBe("complete -o default -F __sluice_complete sluice");
    },
    patienceMs,
  );
});

for (const [name, check] of [
  ["zsh", ["zsh", "-n"]],
  ["fish", ["fish", "--no-execute"]],
] as const)
  test.if(Bun.which(name) !== null)(`${name} takes its script`, async () => {
    const file = join(folder, `script.${name}`);
    await Bun.write(file, scripts[name]("sluice"));
    await shell([...check, file], "");
  });

describe("the script", () => {
  test.each(["bash", "zsh", "fish", "powershell"] as const)("of %s is for the file that is called", async (name) => {
    const ports = testPorts({ program: "kubectl argo rollouts" });
    expect(await run([name], ports)).toBe(0);
    expect(ports.told.out).toContain("kubectl-argo-rollouts");
    expect(ports.told.out).toContain("__complete");
    expect(ports.told.out).not.toMatch(/(^|[^_\w])sluice/);
  });

  test.each([
    [[], "missing required argument 'shell'"],
    [["tcsh"], "Allowed choices are bash, zsh, fish, powershell"],
  ])("of no shell is refused: %j", async (args, problem) => {
    const ports = testPorts();
    expect(await run(args, ports)).toBe(1);
    expect(ports.told.err).toContain(problem);
  });
});
