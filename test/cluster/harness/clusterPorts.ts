/** The ports of a command that works on a cluster of these tests. */
import { connected } from "../../../cli/connection.ts";
import type { CliPorts } from "../../../cli/ports.ts";
import { testPorts, type TestPorts } from "../../../cli/testing.ts";
import { systemClock } from "../../../kube/clock/clock.ts";

/** @param namespace where the command names none; undefined: the kubeconfig's */
export const clusterPorts = (
  kubeconfig: string,
  namespace: string | undefined,
  more: Partial<CliPorts> = {},
): TestPorts =>
  testPorts({
    clock: systemClock,
    connect: (options) =>
      connected(
        { ...options, kubeconfig, namespace: options.namespace ?? namespace },
        { version: "0.0.0-test", clock: systemClock },
      ),
    ...more,
  });
