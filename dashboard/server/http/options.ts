/** What the dashboard is started with. */
import type { KubeClient } from "../../../kube/client/transport.ts";
import type { Clock } from "../../../kube/clock/clock.ts";
import type { Log } from "../../../controller/process/log.ts";

/** A file of the pages, by its path below the root. */
export interface PageFile {
  readonly body: Uint8Array | string;
  readonly type: string;
  readonly gzip?: Uint8Array | undefined;
}

export type PageFiles = () => Promise<ReadonlyMap<string, PageFile>>;

export interface OidcOptions {
  readonly issuer: string;
  readonly clientId: string;
  /** Of a confidential client; undefined: PKCE alone. Read anew for each login. */
  readonly clientSecret: () => string | undefined;
  readonly scopes: readonly string[];
}

/** Whose rights are used. */
export type Auth =
  /** The caller's own kubeconfig: whoever reaches the port acts as the caller. */
  | { readonly kind: "kubeconfig"; readonly cluster: string; readonly namespace: string }
  /** Each person's own token. */
  | {
      readonly kind: "people";
      readonly as: (token: () => string) => KubeClient;
      readonly isTokenLogin: boolean;
      readonly oidc: OidcOptions | undefined;
      readonly idleMs: number;
      readonly mostMs: number;
    };

export interface DashboardOptions {
  /** With kubeconfig: all is done by it. Otherwise it makes TokenReviews and SubjectAccessReviews, and nothing else. */
  readonly client: KubeClient;
  readonly auth: Auth;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  /** `/rollouts`, or "". */
  readonly root: string;
  readonly isReadOnly: boolean;
  /** Names under which it may be asked for; undefined: any. */
  readonly hosts: ReadonlySet<string> | undefined;
  /** Where people reach it: `https://rollouts.example.com`, without a path. */
  readonly origin: string | undefined;
  /** How often tokens and rights that are in use are looked at again. */
  readonly reviewMs: number;
  readonly pages: PageFiles;
}
