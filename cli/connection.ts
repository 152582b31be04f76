/** Connects to the cluster that kubectl's flags and the kubeconfig name. */
import { loadCredentials, type Places } from "../kube/client/credentials.ts";
import { checkCredentials } from "../kube/client/credentialsCheck.ts";
import { CredentialsError } from "../kube/client/kubeconfig.ts";
import { withToken } from "../kube/client/tokenCredentials.ts";
import { createClient, type KubeClient } from "../kube/client/transport.ts";
import type { Clock } from "../kube/clock/clock.ts";
import { timeoutMsOf } from "./kubeFlags.ts";
import type { Connection, ConnectOptions } from "./ports.ts";

export interface ConnectionFacts {
  /** The program's, for its user agent. */
  readonly version: string;
  readonly clock: Clock;
  /** Where credentials are looked up; the places of the process by default. */
  readonly places?: Places;
}

/** @throws {CredentialsError} naming what is missing or cannot be used */
export async function connected(
  { requestTimeout, ...options }: ConnectOptions,
  { version, clock, places }: ConnectionFacts,
): Promise<Connection> {
  const credentials = await loadCredentials(options, places);
  checkCredentials(credentials, options);
  const client = createClient({ credentials, version, clock });
  const as = (token: () => string): KubeClient =>
    withTimeout(createClient({ credentials: withToken(credentials, token), version, clock }), requestTimeout);
  return {
    as,
    client: withTimeout(client, requestTimeout),
    namespace: credentials.namespace,
    source: credentials.source,
  };
}

/** `--request-timeout` replaces the time that each request has, those of lists included. */
function withTimeout(client: KubeClient, text = "0"): KubeClient {
  const ms = timeoutMsOf(text);
  if (ms === undefined) throw new CredentialsError(`--request-timeout is "${text}": use a duration such as 30s or 2m`);
  if (ms === 0) return client;
  return {
    ...client,
    request: (request) => client.request({ ...request, timeoutMs: ms }),
    open: (request) => client.open({ ...request, timeoutMs: ms }),
  };
}
