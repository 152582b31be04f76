import { describe, expect, test } from "bun:test";
import { Command } from "commander";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiError } from "../../kube/client/apiError.ts";
import { testApi } from "../../test/apiServer.ts";
import type { CommandRow } from "../commands.ts";
import { booleanFlag } from "../flagValues.ts";
import { withKubeFlags } from "../kubeFlags.ts";
import { parsedOrTold } from "../parsed.ts";
import type { CliPorts, ConnectOptions } from "../ports.ts";
import { testPorts } from "../testing.ts";
import { runComplete } from "./candidates.ts";

const row = (commandOf: () => Command): CommandRow => ({
  name: commandOf().name().split(" ")[1] ?? "",
  group: "Test:",
  summary: "do it",
  load: async () => async (args, ports) => ((await parsedOrTold(commandOf, args, ports)) === 0 ? 0 : 1),
});

function get(): Command {
  const command = withKubeFlags(new Command("sluice get")).description("Shows things.");
  for (const [name, alias] of [
    ["rollout", "ro"],
    ["experiment", "exp"],
    ["analysisrun", "ar"],
  ] as const)
    command
      .command(name)
      .alias(alias)
      .description(`Shows one ${name}.`)
      .argument("[names...]")
      .addOption(booleanFlag("-w, --watch", "go on"))
      .action(() => {});
  return command;
}

const withOperands = (name: string) => () =>
  withKubeFlags(new Command(name))
    .argument("[operands...]")
    .action(() => {});

/** As the verbs are: kubectl's flags on what is below alone. */
function set(): Command {
  const command = new Command("sluice set");
  withKubeFlags(command.command("image").argument("[operands...]")).action(() => {});
  return command;
}

const lint = (): Command =>
  new Command("sluice lint")
    .argument("[files...]")
    .option("-f, --filename <file>", "a file")
    .action(() => {});

const rows: readonly CommandRow[] = [
  row(get),
  row(withOperands("sluice promote")),
  row(set),
  row(lint),
  { ...row(lint), name: "__complete", isHidden: true },
  { name: "mute", group: "Test:", summary: "describe nothing", load: async () => async () => 1 },
];

/** A cluster with two Rollouts in "shop" and one in "default". */
function cluster(): { readonly connect: CliPorts["connect"]; readonly asked: ConnectOptions[] } {
  const api = testApi({ namespaces: ["shop"], installed: true });
  for (const [namespace, name] of [
    ["shop", "web"],
    ["shop", "worker"],
    ["default", "blog"],
  ] as const)
    api.core.create("rollouts.argoproj.io", { metadata: { name, namespace }, spec: {} });
  const asked: ConnectOptions[] = [];
  return {
    asked,
    connect: async (options) => {
      asked.push(options);
      return { client: api.client, namespace: options.namespace ?? "default", source: "test" };
    },
  };
}

/** The candidates for a line of which the last word is being typed, without what they are; and the last line. */
async function completed(line: string, ports: Partial<CliPorts> = {}): Promise<readonly string[]> {
  const { told, ...given } = testPorts({ connect: cluster().connect, ...ports });
  await runComplete(line.split(" "), { ...given, told } as CliPorts, rows);
  return told.out
    .trimEnd()
    .split("\n")
    .map((each) => each.split("\t")[0] ?? "");
}

describe("a shell is told", () => {
  test.each([
    ["", ["get", "promote", "set", "lint", "mute", "help", ":4"]],
    ["g", ["get", ":4"]],
    ["help p", ["promote", ":4"]],
    ["help get ", ["rollout", "experiment", "analysisrun", ":4"]],
    ["--con", ["--context", ":4"]],
    ["-n shop ge", ["get", ":4"]],
    ["get ", ["rollout", "experiment", "analysisrun", ":4"]],
    ["get r", ["rollout", ":4"]],
    ["-n shop get r", ["rollout", ":4"]],
    ["get -n shop r", ["rollout", ":4"]],
    ["get rollout --w", ["--watch", ":4"]],
    ["get rollout web --kubec", ["--kubeconfig", ":4"]],
    ["get nothing x", [":4"]],
    ["mute x", [":4"]],
    ["frobnicate x", [":4"]],
  ])("the commands and flags that may follow: %j", async (line, expected) => {
    expect(await completed(line)).toEqual(expected);
  });

  test.each([
    ["get rollout ", ["blog", ":4"]],
    ["get rollout -n shop ", ["web", "worker", ":4"]],
    ["get ro -n shop wo", ["worker", ":4"]],
    ["-n shop get rollout w", ["web", "worker", ":4"]],
    ["get rollout web -n shop ", ["worker", ":4"]],
    ["get rollout -w -n=shop we", ["web", ":4"]],
    ["promote -nshop w", ["web", "worker", ":4"]],
    ["promote -n shop -- w", ["web", "worker", ":4"]],
    ["set image -n shop wo", ["worker", ":4"]],
    ["-n shop set image wo", ["worker", ":4"]],
    ["set -n shop image wo", ["worker", ":4"]],
    ["set image -n shop web ", [":4"]],
    ["get experiment -n shop ", [":4"]],
    ["promote -n sh", ["shop", ":4"]],
    ["promote --namespace=sh", ["--namespace=shop", ":4"]],
    ["-n sh", ["shop", ":4"]],
  ])("the names that are in the cluster: %j", async (line, expected) => {
    expect(await completed(line)).toEqual(expected);
  });

  test.each(["lint ", "lint -f ", "lint --filename=", "promote --kubeconfig "])(
    "that files may follow: %j",
    async (line) => {
      expect(await completed(line)).toEqual([":0"]);
    },
  );

  test("what each command is, beside its name", async () => {
    const ports = testPorts();
    await runComplete(["ge"], ports, rows);
    expect(ports.told.out).toBe("get\tdo it\n:4\n");
  });

  test("names from the cluster that the line names, as the user that it names", async () => {
    const { connect, asked } = cluster();
    await completed("promote --context prod --as=me --request-timeout 1s -n shop w", { connect });
    expect(asked).toEqual([
      expect.objectContaining({ context: "prod", as: "me", namespace: "shop", requestTimeout: "1s" }) as ConnectOptions,
    ]);
  });

  test("the contexts, clusters and users of the kubeconfig", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-completion-"));
    try {
      const kubeconfig = join(folder, "config");
      await Bun.write(
        kubeconfig,
        JSON.stringify({
          clusters: [{ name: "k3s", cluster: { server: "https://k3s:6443" } }],
          users: [{ name: "me", user: {} }],
          contexts: [
            { name: "home", context: { cluster: "k3s", user: "me" } },
            { name: "prod", context: { cluster: "k3s", user: "me" } },
          ],
        }),
      );
      const env = { KUBECONFIG: kubeconfig };
      expect(await completed("promote --context ", { env })).toEqual(["home", "prod", ":4"]);
      expect(await completed("promote --context=p", { env })).toEqual(["--context=prod", ":4"]);
      expect(await completed("promote --cluster ", { env })).toEqual(["k3s", ":4"]);
      expect(await completed(`promote --kubeconfig ${kubeconfig} --user `)).toEqual(["me", ":4"]);
      await Bun.write(kubeconfig, "{");
      expect(await completed("promote --context ", { env })).toEqual([":4"]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("nothing, and no error, where there is no cluster, no right, or no answer in time", async () => {
    expect(await completed("promote ", { connect: testPorts().connect })).toEqual([":4"]);
    const refused: CliPorts["connect"] = async () => {
      throw new ApiError("forbidden", { status: 403, reason: "Forbidden" });
    };
    expect(await completed("promote ", { connect: refused })).toEqual([":4"]);
    const ports = testPorts({ connect: () => new Promise(() => {}) });
    const clock = { ...ports.clock, after: (_: number, fn: () => void) => (setTimeout(fn), () => {}) };
    expect(await completed("promote ", { connect: ports.connect, clock })).toEqual([":4"]);
  });

  test("the same for an empty word that PowerShell had to quote", async () => {
    expect(await completed('get ""')).toEqual(["rollout", "experiment", "analysisrun", ":4"]);
  });
});
