/** How analyses reach their sources. */
import type { Measuring } from "../../controller/controller.ts";
import type { ControllerOptions } from "./options.ts";
import type { Credentials } from "../../kube/client/credentials.ts";
import { createSendHttp, type HttpOptions } from "../../providers/metrics/measuring/http.ts";

export const controllerNamespace = ({ controllerNamespace: given }: ControllerOptions): string =>
  given ?? "argo-rollouts";

interface Surroundings {
  readonly options: ControllerOptions;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
}

/** @param waited called for each request that had to wait for others of its namespace */
export function measuringOf(
  { options, env, version }: Surroundings,
  { server }: Pick<Credentials, "server">,
  waited: HttpOptions["waited"] & {},
): Measuring {
  const environment = (name: string): string | undefined => env[name];
  const http = createSendHttp({
    version,
    addresses: options.analysisAddresses,
    apiServers: [server],
    environment,
    waited,
    readText: async (path) => ((await Bun.file(path).exists()) ? Bun.file(path).text() : undefined),
  });
  return { http, environment, ownNamespace: controllerNamespace(options) };
}
