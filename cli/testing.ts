/** The ports of a command for tests: what it tells is kept, and there is no cluster unless the test gives one. */
import { CredentialsError } from "../kube/client/kubeconfig.ts";
import { manualClock } from "../kube/clock/clock.ts";
import type { CliPorts } from "./ports.ts";

export interface TestPorts extends CliPorts {
  /** What was written so far. */
  readonly told: { out: string; err: string };
}

export function testPorts(more: Partial<CliPorts> = {}): TestPorts {
  const told = { out: "", err: "" };
  return {
    told,
    env: {},
    version: "1.2.3",
    program: "sluice",
    out: async (text) => void (told.out += text),
    err: (line) => void (told.err += `${line}\n`),
    stdin: async () => "",
    columns: undefined,
    clock: manualClock(Date.UTC(2026, 0, 1)),
    signal: new AbortController().signal,
    connect: async () => {
      throw new CredentialsError("Cannot find a cluster: this is a test");
    },
    ...more,
  };
}
