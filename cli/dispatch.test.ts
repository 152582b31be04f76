import { describe, expect, test } from "bun:test";
import { CredentialsError } from "../kube/client/kubeconfig.ts";
import type { CommandRow, RunCommand } from "./commands.ts";
import { dispatch } from "./dispatch.ts";
import { testPorts } from "./testing.ts";

const row = (name: string, run: RunCommand, aliases?: readonly string[]): CommandRow => ({
  name,
  group: "Test:",
  summary: `do ${name}`,
  load: async () => run,
  ...(aliases && { aliases }),
});

/** Runs one command named `get` (also `show`), which tells its arguments. */
async function run(args: readonly string[], program = "sluice") {
  const ports = testPorts({ program });
  const told: RunCommand = async (given, { out }) => {
    await out(JSON.stringify(given));
    return 7;
  };
  const code = await dispatch(args, ports, [row("get", told, ["show"]), row("version", told)]);
  return { code, ...ports.told };
}

describe("a command", () => {
  test("gets the arguments behind its name, and its exit code is the program's", async () => {
    expect(await run(["get", "rollout", "-w"])).toEqual({ code: 7, out: '["rollout","-w"]', err: "" });
  });

  test("is found by its other name, too", async () => {
    expect(await run(["show", "x"])).toMatchObject({ code: 7, out: '["x"]' });
  });

  test.each([
    [
      ["-n", "shop", "get", "web"],
      ["web", "-n", "shop"],
    ],
    [
      ["-nshop", "get", "web"],
      ["web", "-nshop"],
    ],
    [
      ["--context=prod", "--as", "me", "get", "web", "-w"],
      ["web", "-w", "--context=prod", "--as", "me"],
    ],
    [
      ["--insecure-skip-tls-verify", "get", "web"],
      ["web", "--insecure-skip-tls-verify"],
    ],
    [
      ["-v", "6", "get", "web"],
      ["web", "-v", "6"],
    ],
    [
      ["-n", "shop", "get", "--", "-web"],
      ["-n", "shop", "--", "-web"],
    ],
  ])("may have kubectl's flags before its name, as the official plugin's may: %j", async (args, given) => {
    expect(JSON.parse((await run(args)).out)).toEqual(given);
  });

  test("is explained by help, and so is what is below it", async () => {
    expect((await run(["help", "get", "rollout"])).out).toBe('["rollout","--help"]');
    expect((await run(["--help", "get"])).out).toBe('["get","--help"]'.replace('"get",', ""));
  });

  test("that fails for want of a cluster says so in one sentence", async () => {
    const ports = testPorts();
    const failing = row("get", async () => {
      throw new CredentialsError("Cannot find a cluster");
    });
    expect(await dispatch(["get"], ports, [failing])).toBe(1);
    expect(ports.told).toEqual({ out: "", err: "Error: Cannot find a cluster\n" });
  });

  test("that fails by a mistake of the program does not hide it", async () => {
    const failing = row("get", async () => {
      throw new TypeError("x is undefined");
    });
    expect(dispatch(["get"], testPorts(), [failing])).rejects.toThrow("x is undefined");
  });
});

describe("the first argument", () => {
  test.each(["--version", "-v"])("%s asks for the version alone", async (argument) => {
    expect(await run([argument])).toMatchObject({ out: '["--short"]' });
  });

  test("that is no command is told with the nearest, and the exit code is 1", async () => {
    expect(await run(["gett"])).toEqual({
      code: 1,
      out: "",
      err: "Error: unknown command 'gett'\n(Did you mean get?)\nRun 'sluice --help' for usage.\n",
    });
  });

  test("that is no command of the plugin is told in the official plugin's words", async () => {
    expect(await run(["frobnicate"], "kubectl argo rollouts")).toEqual({
      code: 1,
      out: "",
      err:
        'Error: unknown command "frobnicate" for "kubectl-argo-rollouts"\n' +
        "Run 'kubectl-argo-rollouts --help' for usage.\n",
    });
  });

  test("that is no flag is told with the nearest", async () => {
    for (const flag of ["--verion", "--verion=s3cret"])
      expect((await run([flag])).err).toStartWith("Error: unknown option '--verion'\n(Did you mean --version?)");
  });

  test("may be help, which calls the program as it was called", async () => {
    const { out, code } = await run(["--help"], "kubectl argo rollouts");
    expect(code).toBe(0);
    expect(out).toStartWith("Usage: kubectl argo rollouts COMMAND [flags]\n");
    expect(out).toContain("    kubectl argo rollouts demo\n");
    expect(out).not.toContain("sluice ");
  });
});
