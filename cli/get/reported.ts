import { ApiError } from "../../kube/client/apiError.ts";
import { CredentialsError } from "../../kube/client/kubeconfig.ts";
import type { CliPorts } from "../ports.ts";

/** What the cluster refuses, and what is wrong with the kubeconfig, is told in a sentence; the exit code is 1 then. */
export async function reported({ err }: CliPorts, act: () => Promise<number>): Promise<number> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof ApiError) && !(error instanceof CredentialsError)) throw error;
    err(`Error: ${error.message}`);
    return 1;
  }
}
