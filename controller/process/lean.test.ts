import { describe, expect, test } from "bun:test";
import { becomeLean, engineOptions, leanLaunch } from "./lean.ts";

const compiled = {
  execPath: "/usr/bin/sluice",
  execArgv: [],
  argv: ["bun", "/$bunfs/root/sluice", "controller", "--namespaced"],
  env: { HOME: "/nonexistent", EMPTY: undefined },
};

describe("a long-lived process", () => {
  test("begins again with the engine's options, its own arguments and its own environment", () => {
    expect(leanLaunch(compiled)).toEqual({
      program: "/usr/bin/sluice",
      args: ["/usr/bin/sluice", "controller", "--namespaced"],
      env: {
        HOME: "/nonexistent",
        BUN_JSC_useFTLJIT: "0",
        BUN_JSC_thresholdForOptimizeAfterWarmUp: "20000",
        BUN_JSC_heapGrowthMaxIncrease: "0.75",
      },
    });
  });

  test("from source begins again with the runtime and its script", () => {
    const started = {
      ...compiled,
      execPath: "/usr/bin/bun",
      execArgv: ["--smol"],
      argv: ["/usr/bin/bun", "/src/main.ts", "controller"],
    };
    expect(leanLaunch(started)?.args).toEqual(["/usr/bin/bun", "--smol", "/src/main.ts", "controller"]);
  });

  test("goes on as it is when it has them, whatever their values", () => {
    for (const value of ["0", "1"]) {
      const env = Object.fromEntries(Object.keys(engineOptions).map((name) => [name, value]));
      expect(leanLaunch({ ...compiled, env })).toBeUndefined();
    }
  });

  test("keeps what the user has set of them, and adds the others", () => {
    const launch = leanLaunch({ ...compiled, env: { BUN_JSC_useFTLJIT: "1" } });
    expect(launch?.env).toEqual({ ...engineOptions, BUN_JSC_useFTLJIT: "1" });
  });

  test("goes on as it is when it cannot begin again", () => {
    const execve = (): never => {
      throw new Error("ENOENT");
    };
    expect(() => becomeLean({ ...compiled, execve })).not.toThrow();
  });
});
