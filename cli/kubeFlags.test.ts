import { describe, expect, test } from "bun:test";
import { Command } from "commander";
import { connectOptionsOf, timeoutMsOf, withKubeFlags } from "./kubeFlags.ts";
import { parsed } from "./parsed.ts";

const commandOf = (): Command => withKubeFlags(new Command("sluice get")).action(() => {});

function given(...args: readonly string[]) {
  const found = parsed(commandOf, args);
  return found.kind === "parsed" ? connectOptionsOf(found.command) : found;
}

describe("kubectl's flags", () => {
  test("are all handed on as they are called there", () => {
    const flags = {
      kubeconfig: "/tmp/k",
      context: "c",
      cluster: "k3s",
      user: "u",
      namespace: "shop",
      server: "https://host:6443",
      token: "t",
      "certificate-authority": "ca.crt",
      "client-certificate": "me.crt",
      "client-key": "me.key",
      "tls-server-name": "kubernetes",
      as: "someone",
      "as-uid": "1",
      "request-timeout": "30s",
    };
    const camel = (name: string): string => name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    const expected = Object.fromEntries(Object.entries(flags).map(([name, value]) => [camel(name), value]));
    const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
    expect(given(...args, "--as-group=a", "--as-group", "b", "--insecure-skip-tls-verify")).toEqual({
      ...expected,
      asGroups: ["a", "b"],
      insecureSkipTlsVerify: true,
    });
  });

  test("that do nothing here are taken from scripts that have them", () => {
    const args = ["--cache-dir=/tmp", "--disable-compression", "-v", "6", "--kloglevel=6", "--loglevel", "debug"];
    expect(given(...args)).toEqual(given());
  });

  test("that are empty count as left out, as in kubectl", () => {
    expect(given("--context=", "-n", "")).toEqual(given());
  });

  test("have their values checked before a cluster is looked for", () => {
    expect(given("--request-timeout=soon")).toMatchObject({
      kind: "refused",
      problem: expect.stringContaining("It must be a number of seconds, or a duration such as 30s or 2m.") as string,
    });
  });

  test("leave the names and letters of a command to it", () => {
    const command = withKubeFlags(new Command().option("-n, --nodes <number>").option("--user <name>", "of the demo"));
    expect(command.options.filter(({ short }) => short === "-n").map(({ long }) => long)).toEqual(["--nodes"]);
    expect(command.options.filter(({ long }) => long === "--namespace")).toHaveLength(1);
    expect(command.options.filter(({ long }) => long === "--user")).toHaveLength(1);
  });

  test("are listed for a command that asks a cluster, and not for others", () => {
    const help = (command: Command): string => command.helpInformation();
    expect(help(withKubeFlags(new Command()))).toContain("--kubeconfig");
    expect(help(withKubeFlags(new Command(), "accepted"))).not.toContain("--kubeconfig");
  });
});

test.each([
  ["0", 0],
  ["30", 30_000],
  ["30s", 30_000],
  ["1m30s", 90_000],
  ["-1s", undefined],
  ["soon", undefined],
  ["", undefined],
])("a timeout of %j is %p ms", (text, ms) => {
  expect(timeoutMsOf(text)).toBe(ms);
});
