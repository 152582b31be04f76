/** The cluster that a command works on. */
import type { Command } from "commander";
import type { Cluster } from "../../controller/acting/cluster.ts";
import { connectOptionsOf } from "../kubeFlags.ts";
import type { CliPorts } from "../ports.ts";

/** As the command's flags and the kubeconfig say. @throws {CredentialsError} */
export async function clusterOf(command: Command, { connect, clock, signal }: CliPorts): Promise<Cluster> {
  const { client, namespace } = await connect(connectOptionsOf(command));
  return { client, namespace, clock, signal };
}
