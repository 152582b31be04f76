import { describe, expect, test } from "bun:test";
import { Command } from "commander";
import type { DescribedCommand } from "./describe.ts";
import { booleanFlag } from "./flagValues.ts";
import { connectOptionsOf, withKubeFlags } from "./kubeFlags.ts";
import { parsed, parsedOrTold } from "./parsed.ts";
import { testPorts } from "./testing.ts";

/** As `get` is: kubectl's flags on the command, others on what is below it. */
function commandOf(): Command {
  const command = withKubeFlags(new Command("sluice get").description("Shows things."));
  command
    .command("rollout")
    .alias("ro")
    .argument("<name>")
    .description("Shows a Rollout.")
    .addOption(booleanFlag("-w, --watch", "go on"))
    .addOption(booleanFlag("--color", "paint it", true))
    .addHelpText("after", "\nExamples:\n  sluice get rollout web")
    .action(() => {});
  command
    .command("experiment")
    .argument("<name>")
    .action(() => {});
  return command;
}

function commandFor(...args: readonly string[]): Command {
  const found = parsed(commandOf, args);
  if (found.kind !== "parsed") throw new Error(JSON.stringify(found));
  return found.command;
}

const problemOf = (...args: readonly string[]): string => {
  const found = parsed(commandOf, args);
  return found.kind === "refused" ? found.problem : found.kind;
};

describe("arguments", () => {
  test("lead to the command below, by each of its names", () => {
    expect(commandFor("rollout", "web").name()).toBe("rollout");
    expect(commandFor("ro", "web").args).toEqual(["web"]);
  });

  test("may have kubectl's flags anywhere", () => {
    for (const args of [
      ["-n", "shop", "rollout", "web"],
      ["rollout", "-n", "shop", "web"],
      ["rollout", "web", "-n=shop"],
      ["rollout", "web", "--namespace=shop"],
    ])
      expect(connectOptionsOf(commandFor(...args)), args.join(" ")).toMatchObject({ namespace: "shop" });
  });

  test("may have the flags of the command below before its name", () => {
    for (const args of [
      ["-w", "rollout", "web"],
      ["-n", "shop", "-w", "ro", "web"],
      ["--color=false", "--watch", "rollout", "web"],
    ]) {
      const command = commandFor(...args);
      expect([command.name(), command.args, command.opts()["watch"]], args.join(" ")).toEqual([
        "rollout",
        ["web"],
        true,
      ]);
    }
  });

  test.each([
    [["-w"], true],
    [["--watch"], true],
    [["--watch=false"], false],
    [["-w=false"], false],
    [["--watch=T"], true],
    [[], false],
  ])("have booleans as Go has them: %j is %p", (args, expected) => {
    expect(commandFor("rollout", ...args, "web").opts()).toMatchObject({ watch: expected, color: true });
  });

  test("of a boolean are not taken from what follows it", () => {
    expect(commandFor("rollout", "-w", "web").args).toEqual(["web"]);
    expect(commandFor("rollout", "--color=false", "--watch", "web").opts()).toEqual({ watch: true, color: false });
  });

  test("behind -- are names, whatever they look like", () => {
    expect(commandFor("rollout", "--", "-w").args).toEqual(["-w"]);
  });

  test.each([
    [["rollot", "web"], "unknown command 'rollot'\n(Did you mean rollout?)"],
    [["rollout", "web", "--wacth"], "unknown option '--wacth'\n(Did you mean --watch?)"],
    [["rollout", "web", "--namespce=shop"], "unknown option '--namespce'\n(Did you mean --namespace?)"],
    [["rollout"], "missing required argument 'name'"],
    [["rollout", "web", "--watch=often"], "It must be true or false."],
    [[], "sluice get needs one of: rollout, experiment"],
  ])("that cannot be right are refused with what would be: %j", (args, problem) => {
    expect(problemOf(...args)).toContain(problem);
  });
});

describe("a person", () => {
  test("is told help on stdout, called as the program was called", async () => {
    const ports = testPorts({ program: "kubectl argo rollouts" });
    expect(await parsedOrTold(commandOf, ["rollout", "--help"], ports)).toBe(0);
    expect(ports.told.out).toStartWith("Usage: kubectl argo rollouts get rollout|ro [flags] <name>\n");
    expect(ports.told.out).toContain("  kubectl argo rollouts get rollout web\n");
    expect(ports.told.out).toContain("  -w, --watch");
    expect(ports.told.out).toContain("  -n, --namespace <name>");
    expect(ports.told.out).toContain("show this help");
    expect(ports.told.err).toBe("");
  });

  test("is told a mistake on stderr, and how to see what is right", async () => {
    const ports = testPorts();
    expect(await parsedOrTold(commandOf, ["rollouts"], ports)).toBe(1);
    expect(ports.told).toEqual({
      out: "",
      err: "Error: unknown command 'rollouts'\n(Did you mean rollout?)\nRun 'sluice get --help' for usage.\n",
    });
  });
});

test.each([
  [
    ["rollout", "--bogus=s3cret"],
    "unknown option '--bogus'\nRun 'kubectl argo rollouts get rollout --help' for usage.",
  ],
  [["rollout", "--bogus"], "unknown option '--bogus'\nRun 'kubectl argo rollouts get rollout --help' for usage."],
  [
    ["-n", "shop", "ro", "--bogus"],
    "unknown option '--bogus'\nRun 'kubectl argo rollouts get rollout --help' for usage.",
  ],
  [
    [],
    "kubectl argo rollouts get needs one of: rollout, experiment\nRun 'kubectl argo rollouts get --help' for usage.",
  ],
])(
  "a mistake is answered with the help of the command that it is in, as the program was called: %j",
  async (args, text) => {
    const ports = testPorts({ program: "kubectl argo rollouts" });
    expect(await parsedOrTold(commandOf, args, ports)).toBe(1);
    expect(ports.told).toEqual({ out: "", err: `Error: ${text}\n` });
  },
);

test("a command describes itself with all below it, for pages and shells", () => {
  const found = parsed(commandOf, ["__describe"]);
  const described = JSON.parse(found.kind === "help" ? found.text : "{}") as DescribedCommand;
  expect(described).toMatchObject({ name: "sluice get", commands: [{ name: "rollout" }, { name: "experiment" }] });
  const [rollout] = described.commands;
  expect(rollout).toMatchObject({ aliases: ["ro"], summary: "Shows a Rollout.", arguments: [{ name: "name" }] });
  expect(rollout?.flags.map(({ flags }) => flags)).toContain("-n, --namespace <name>");
  expect(rollout?.flags.map(({ flags }) => flags)).toContain("-w, --watch");
  expect(rollout?.flags.map(({ flags }) => flags)).not.toContain("--cache-dir <folder>");
  expect(rollout).toMatchObject({
    usage: "sluice get rollout|ro [flags] <name>",
    after: "Examples:\n  sluice get rollout web",
  });
});
