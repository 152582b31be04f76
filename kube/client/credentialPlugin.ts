import type https from "node:https";
import type { Cluster, User } from "./kubeconfig.ts";
import { CredentialsError } from "./kubeconfig.ts";
import type { OidcClient } from "./oidcClient.ts";

/** The answer of a plugin: a header, a client certificate (PEM), or both. */
export interface PluginCredentials {
  readonly authorization: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

export interface Plugin {
  /** Current credentials; renewed when they have expired. @throws {CredentialsError} */
  get(): Promise<PluginCredentials>;
  /** The API server refused them: the next `get` runs the plugin again. */
  forget(): void;
}

/** How long an answer without a visible expiry is used before client-node is asked whether it is still valid. */
const trustMs = 10_000;
const renewBeforeMs = 30_000;

/**
 * What client-node has for a kind of credentials; loaded when needed, since few users and no pod need them.
 * @param provider of `auth-provider`, which goes before `exec`
 */
const loadAuthenticators = async (provider: string | undefined) => {
  if (provider === "azure") return [new (await import("@kubernetes/client-node/dist/azure_auth.js")).AzureAuth()];
  if (provider === "gcp") {
    return [new (await import("@kubernetes/client-node/dist/gcp_auth.js")).GoogleCloudPlatformAuth()];
  }
  const exec = new (await import("@kubernetes/client-node/dist/exec_auth.js")).ExecAuth();
  if (provider !== "oidc") return [exec];
  return [exec, new (await import("@kubernetes/client-node/dist/oidc_auth.js")).OpenIDConnectAuth()];
};

/** When a JWT expires, ms since the epoch; undefined for other tokens. Read only to know when to ask again. */
const expiryMs = (authorization: string | undefined): number | undefined => {
  const payload = authorization?.split(".")[1];
  if (payload === undefined) return undefined;
  try {
    const { exp } = JSON.parse(Buffer.from(payload, "base64url").toString()) as { exp?: unknown };
    return typeof exp === "number" ? exp * 1_000 : undefined;
  } catch {
    return undefined;
  }
};

/** The input that plugins of the credential API expect and client-node does not set. */
const execInfo = (cluster: Cluster, exec: NonNullable<User["exec"]>): string => {
  const info = {
    server: cluster.server,
    "certificate-authority-data": cluster["certificate-authority-data"],
    "insecure-skip-tls-verify": cluster["insecure-skip-tls-verify"],
    "tls-server-name": cluster["tls-server-name"],
  };
  return JSON.stringify({
    apiVersion: exec.apiVersion ?? "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    spec: { interactive: false, ...(exec.provideClusterInfo === true && { cluster: info }) },
  });
};

type Apply = (options: https.RequestOptions) => Promise<void>;

const authenticatorOf = async (cluster: Cluster, user: User): Promise<Apply> => {
  const env = user.exec && [
    ...(user.exec.env ?? []),
    { name: "KUBERNETES_EXEC_INFO", value: execInfo(cluster, user.exec) },
  ];
  const known = {
    name: "user",
    ...(user.exec && { exec: { ...user.exec, args: user.exec.args ?? [], env } }),
    // A copy: the OIDC provider writes renewed tokens into it.
    ...(user["auth-provider"] && { authProvider: structuredClone(user["auth-provider"]) }),
  };
  const authenticator = (await loadAuthenticators(known.authProvider?.name)).find((each) => each.isAuthProvider(known));
  if (authenticator === undefined) throw new Error("nothing here knows this kind of provider; use exec or oidc");
  if (known.authProvider?.name !== "oidc") return (options) => authenticator.applyAuthentication(known, options);
  const { createOidcClient } = await import("./oidcClient.ts");
  const client: OidcClient = createOidcClient(known.authProvider.config ?? {});
  return (options) => authenticator.applyAuthentication(known, options, client);
};

const failed = (user: User, source: string, cause: unknown): CredentialsError => {
  const why = cause instanceof Error ? cause.message.trim().slice(0, 300) : "unknown";
  if (user.exec) {
    const hint = user.exec.installHint ? ` ${user.exec.installHint.trim()}` : "";
    return new CredentialsError(
      `Cannot get credentials from "${user.exec.command}" (exec plugin, ${source}): ${why}.${hint}`,
    );
  }
  return new CredentialsError(
    `Cannot get credentials from auth provider "${user["auth-provider"]?.name}" (${source}): ${why}`,
  );
};

const pem = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : Buffer.isBuffer(value) ? value.toString() : undefined;

/** Sets until when an answer is valid; a failed one is not. */
const settle = async (answer: { promise: Promise<PluginCredentials>; untilMs: number }): Promise<void> => {
  try {
    const expiresMs = expiryMs((await answer.promise).authorization);
    answer.untilMs = expiresMs === undefined ? Date.now() + trustMs : expiresMs - renewBeforeMs;
  } catch {
    answer.untilMs = 0; // callers get the error from the promise
  }
};

/** Credentials from a program (exec) or an identity provider (OIDC). Concurrent callers share one answer. */
export const createPlugin = (cluster: Cluster, user: User, source: string): Plugin => {
  let apply: Apply | undefined;
  let answer: { promise: Promise<PluginCredentials>; untilMs: number } | undefined;
  const ask = async (): Promise<PluginCredentials> => {
    const options: https.RequestOptions & { headers: Record<string, unknown> } = { headers: {} };
    try {
      apply ??= await authenticatorOf(cluster, user);
      await apply(options);
    } catch (cause) {
      throw failed(user, source, cause);
    }
    const authorization = pem(options.headers["Authorization"]);
    const given = { authorization, cert: pem(options.cert), key: pem(options.key) };
    if (authorization !== undefined || given.cert !== undefined) return given;
    throw failed(user, source, new Error("it gave neither a token nor a certificate; log in again"));
  };
  return {
    get() {
      if (answer !== undefined && Date.now() < answer.untilMs) return answer.promise;
      const current = { promise: ask(), untilMs: Number.POSITIVE_INFINITY };
      answer = current;
      void settle(current);
      return current.promise;
    },
    forget() {
      apply = undefined;
      answer = undefined;
    },
  };
};
