/** How analyses reach their sources, and notifications their services. */
import type { Measuring } from "../../controller/controller.ts";
import type { Notifying } from "../../controller/notifications/notificationsRow.ts";
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
  surroundings: Surroundings,
  credentials: Pick<Credentials, "server">,
  waited: HttpOptions["waited"] & {},
): Measuring {
  const wire = wireOf(surroundings, credentials);
  const http = createSendHttp({ ...wire, waited });
  return { http, environment: wire.environment, ownNamespace: controllerNamespace(surroundings.options) };
}

const wireOf = ({ options, env, version }: Surroundings, { server }: Pick<Credentials, "server">) => ({
  version,
  addresses: options.analysisAddresses,
  apiServers: [server],
  environment: (name: string): string | undefined => env[name],
  readText,
});

const readText = async (path: string): Promise<string | undefined> =>
  (await Bun.file(path).exists()) ? Bun.file(path).text() : undefined;

/** The same addresses are refused as for analyses. */
export function notifyingOf(surroundings: Surroundings, credentials: Pick<Credentials, "server">): Notifying {
  const { options } = surroundings;
  const wire = wireOf(surroundings, credentials);
  let senders: ReturnType<Notifying["senders"]> | undefined;
  const load = async (): ReturnType<Notifying["senders"]> => {
    const { createSendHttp: createSend } = await import("../../providers/notifications/http.ts");
    const { createSendMail } = await import("../../providers/notifications/smtp.ts");
    const { createSendNats } = await import("../../providers/notifications/natsClient.ts");
    return { http: createSend(wire), smtp: createSendMail(wire), nats: createSendNats(wire) };
  };
  return {
    senders: () => (senders ??= load()),
    ownNamespace: controllerNamespace(options),
    selfService: options.selfServiceNotifications,
  };
}
