import { ApiError } from "../../kube/client/apiError.ts";
import { CredentialsError } from "../../kube/client/kubeconfig.ts";
import type { CliPorts } from "../ports.ts";

const UNKNOWN_KIND =
  "The cluster does not know this kind: its CRD is not installed. 'sluice doctor' says which are missing, and how to install them.";

/** Of a kind that it does not have the API server says nothing but this, and no Status. */
const isUnknownKind = ({ status, cause }: ApiError): boolean =>
  status === 404 && typeof cause === "string" && cause.startsWith("404 page not found");

/** What the cluster refuses, and what is wrong with the kubeconfig, is told in a sentence; the exit code is 1 then. */
export async function reported({ err }: CliPorts, act: () => Promise<number>): Promise<number> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof ApiError) && !(error instanceof CredentialsError)) throw error;
    err(`Error: ${error.message}`);
    if (error instanceof ApiError && isUnknownKind(error)) err(UNKNOWN_KIND);
    return 1;
  }
}
