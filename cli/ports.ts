import type { Clock } from "../kube/clock/clock.ts";
import type { CredentialOptions } from "../kube/client/credentials.ts";
import type { KubeClient } from "../kube/client/transport.ts";

/** What a command is given of the process it runs in; tests give their own. */
export interface CliPorts {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The program's version: `0.1.0`. */
  readonly version: string;
  /** As it was called, for usage lines: `sluice`, `kubectl argo rollouts`. */
  readonly program: string;
  /** Resolves when it is written: the caller may end the process next. */
  readonly out: (text: string) => Promise<void>;
  readonly err: (line: string) => void;
  readonly stdin: () => Promise<string>;
  /** Columns of the terminal; undefined: not a terminal. */
  readonly columns: number | undefined;
  readonly clock: Clock;
  /** Aborted when the person wants it to end (Ctrl-C, SIGTERM). */
  readonly signal: AbortSignal;
  /**
   * Aborted when nobody reads on what is printed (`| head -1`): a watch ends then (`endOfWatch`). What changes objects
   * goes on.
   */
  readonly unread?: AbortSignal;
  /** A client of the cluster that flags and kubeconfig name. @throws {CredentialsError} */
  readonly connect: (options: ConnectOptions) => Promise<Connection>;
}
/** kubectl's flags of the same names (kube/client/credentials.ts). */
export type ConnectOptions = CredentialOptions & { readonly requestTimeout?: string | undefined };
export interface Connection {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly source: string;
  /** Of the same API server, as whoever this token is of, which is asked before each request: nothing of these credentials goes along. */
  readonly as?: (token: () => string) => KubeClient;
}
