import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { type Cluster, CredentialsError, type Kubeconfig, readKubeconfig, type User } from "./kubeconfig.ts";
import { createPlugin, type Plugin } from "./credentialPlugin.ts";

/** What a connection needs to know: which server, and as which user. See `loadCredentials`. */
export interface Credentials {
  /** Base URL of the API server, without a trailing slash. */
  readonly server: string;
  /** The namespace to work in when no other is given. */
  readonly namespace: string;
  /** For messages: the file and context, or the service account. */
  readonly source: string;
  /** HTTP(S) proxy to go through. */
  readonly proxy?: string;
  /** TLS material for `fetch`. The same object until a certificate changes, so that connections are shared. */
  tls(): KubeTls | undefined;
  /**
   * Authorization and impersonation headers; renews tokens that expire.
   * @throws {CredentialsError} naming the remedy
   */
  headers(): Promise<Readonly<Record<string, string>>>;
  /** The API server answered 401: drops cached credentials, so that the next `headers` reads or requests new ones. */
  refresh(): void;
}

/** The members of `tls` in fetch's options that we set. PEM texts. */
export interface KubeTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  readonly rejectUnauthorized?: boolean;
}

/** kubectl's flags of the same names. */
export interface CredentialOptions {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly cluster?: string | undefined;
  readonly user?: string | undefined;
  readonly namespace?: string | undefined;
  readonly server?: string | undefined;
  readonly token?: string | undefined;
  readonly certificateAuthority?: string | undefined;
  readonly clientCertificate?: string | undefined;
  readonly clientKey?: string | undefined;
  readonly tlsServerName?: string | undefined;
  readonly insecureSkipTlsVerify?: boolean | undefined;
  readonly as?: string | undefined;
  readonly asUid?: string | undefined;
  readonly asGroups?: readonly string[] | undefined;
}

/** Where credentials are looked up; the places of the process itself by default. */
export interface Places {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** The directory of a pod's service account: token, ca.crt and namespace. */
  readonly serviceAccountDir: string;
}

const here = (): Places => ({
  env: process.env,
  home: process.env["HOME"] ?? homedir(),
  serviceAccountDir: "/var/run/secrets/kubernetes.io/serviceaccount",
});

/** Files that others renew (tokens hourly, certificates daily) are read again after this time, as in client-go. */
const rereadMs = 60_000;

/** The server and the user, before it is known how to authenticate. */
interface Identity {
  readonly cluster: Cluster & { readonly server: string };
  readonly user: User;
  readonly namespace: string;
  readonly source: string;
}

/**
 * Finds credentials as kubectl does: --kubeconfig, else the files of KUBECONFIG, else ~/.kube/config, else the service
 * account of the pod; flags override what is found. Exec plugins and OIDC use client-node, which is loaded when needed.
 * @throws {CredentialsError} naming the places that were searched and what is missing.
 */
export const loadCredentials = async (
  options: CredentialOptions = {},
  places: Places = here(),
): Promise<Credentials> => {
  const identity = find(options, places);
  const credentials = createCredentials(identity);
  credentials.tls(); // a missing certificate is reported now, not with the first request
  return credentials;
};

/** The files of the kubeconfig, whether they exist or not. */
export const kubeconfigPaths = (
  { kubeconfig }: CredentialOptions,
  { env, home }: Pick<Places, "env" | "home">,
): string[] => {
  if (kubeconfig !== undefined && kubeconfig !== "") return [kubeconfig];
  const list = (env["KUBECONFIG"] ?? "").split(delimiter).filter((path) => path !== "");
  return list.length > 0 ? list : [join(home, ".kube", "config")];
};

const find = (options: CredentialOptions, places: Places): Identity => {
  const paths = kubeconfigPaths(options, places);
  const config = readKubeconfig(paths);
  if (config.files.length > 0) return fromKubeconfig(config, options);
  if (options.kubeconfig !== undefined && options.kubeconfig !== "") {
    throw new CredentialsError(`Cannot read kubeconfig ${options.kubeconfig}: there is no such file`);
  }
  if (options.server !== undefined) return fromKubeconfig(config, options);
  const pod = inPod(options, places);
  if (pod !== undefined) return pod;
  throw new CredentialsError(
    `Cannot find a cluster: no kubeconfig at ${paths.join(", ")}, and this is not a pod with a service account. ` +
      "Give --kubeconfig, set KUBECONFIG, or run it in the cluster.",
  );
};

const fromKubeconfig = (config: Kubeconfig, options: CredentialOptions): Identity => {
  const where = config.files.join(", ") || "flags";
  const contextName = options.context ?? config.currentContext;
  const context = contextName === undefined ? undefined : config.contexts.get(contextName);
  if (options.context !== undefined && context === undefined) {
    const known = [...config.contexts.keys()].join(", ") || "none";
    throw new CredentialsError(`Cannot use context "${options.context}": ${where} has only: ${known}`);
  }
  if (context === undefined && (options.cluster ?? options.server) === undefined) {
    const which =
      contextName === undefined ? "no current-context" : `a current-context "${contextName}" that it does not define`;
    throw new CredentialsError(`Cannot choose a cluster: ${where} has ${which}. Give --context or fix the file.`);
  }
  const clusterName = options.cluster ?? context?.cluster ?? undefined;
  const userName = options.user ?? context?.user ?? undefined;
  const cluster = { ...lookUp("cluster", clusterName, config.clusters, where), ...clusterFlags(options) };
  const user = { ...lookUp("user", userName, config.users, where), ...userFlags(options) };
  if (!cluster.server)
    throw new CredentialsError(`Cannot use cluster "${clusterName}" of ${where}: it names no server`);
  return {
    cluster: { ...cluster, server: cluster.server },
    user,
    namespace: options.namespace ?? (context?.namespace || "default"),
    source: contextName === undefined ? where : `context "${contextName}" of ${where}`,
  };
};

const lookUp = <T>(
  what: string,
  name: string | undefined,
  all: ReadonlyMap<string, T>,
  where: string,
): T | undefined => {
  const found = name === undefined ? undefined : all.get(name);
  if (name !== undefined && name !== "" && found === undefined) {
    throw new CredentialsError(`Cannot use ${what} "${name}": ${where} does not define it`);
  }
  return found;
};

const clusterFlags = (options: CredentialOptions): Cluster => ({
  ...(options.server !== undefined && { server: options.server }),
  ...(options.tlsServerName !== undefined && { "tls-server-name": options.tlsServerName }),
  ...(options.certificateAuthority !== undefined && {
    "certificate-authority": options.certificateAuthority,
    "certificate-authority-data": undefined,
  }),
  ...(options.insecureSkipTlsVerify === true && { "insecure-skip-tls-verify": true }),
});

const userFlags = (options: CredentialOptions): User => ({
  ...(options.token !== undefined && { token: options.token, exec: undefined, "auth-provider": undefined }),
  ...(options.clientCertificate !== undefined && {
    "client-certificate": options.clientCertificate,
    "client-certificate-data": undefined,
  }),
  ...(options.clientKey !== undefined && { "client-key": options.clientKey, "client-key-data": undefined }),
  ...(options.as !== undefined && { as: options.as }),
  ...(options.asUid !== undefined && { "as-uid": options.asUid }),
  ...((options.asGroups?.length ?? 0) > 0 && { "as-groups": [...(options.asGroups ?? [])] }),
});

const inPod = (options: CredentialOptions, { env, serviceAccountDir }: Places): Identity | undefined => {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" } = env;
  const tokenFile = join(serviceAccountDir, "token");
  if (!host || !existsSync(tokenFile)) return undefined;
  const namespaceFile = join(serviceAccountDir, "namespace");
  const namespace = existsSync(namespaceFile) ? readFileSync(namespaceFile, "utf8").trim() : "";
  return {
    cluster: {
      server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
      "certificate-authority": join(serviceAccountDir, "ca.crt"),
      ...clusterFlags(options),
    } as Identity["cluster"],
    user: { tokenFile, ...userFlags(options) },
    namespace: options.namespace ?? (namespace || "default"),
    source: `service account at ${serviceAccountDir}`,
  };
};

/** A file's text, read again once a minute (`forget`: at once). */
const watchedFile = (path: string, what: string) => {
  let content = "";
  let readAtMs = Number.NEGATIVE_INFINITY;
  return {
    get(): string {
      if (Date.now() - readAtMs < rereadMs) return content;
      try {
        content = readFileSync(path, "utf8").trim();
        readAtMs = Date.now();
      } catch (cause) {
        // The text read before may still be valid while a mount is being renewed.
        if (content === "")
          throw new CredentialsError(`Cannot read ${what} ${path}: ${(cause as Error).message}`, { cause });
      }
      return content;
    },
    forget: (): void => void (readAtMs = Number.NEGATIVE_INFINITY),
  };
};

type Material = ReturnType<typeof watchedFile>;

/** As in kubectl, data within the kubeconfig take precedence over a file. */
const material = (
  data: string | null | undefined,
  file: string | null | undefined,
  what: string,
): Material | undefined => {
  if (data) {
    const content = Buffer.from(data, "base64").toString();
    return { get: () => content, forget: () => {} };
  }
  return file ? watchedFile(file, what) : undefined;
};

const impersonation = (user: User): Record<string, string> => {
  const groups = user["as-groups"] ?? [];
  // fetch joins equal headers with a comma, however they are given, which the API server reads as one group's name.
  if (groups.length > 1)
    throw new CredentialsError(
      `Cannot impersonate ${groups.length} groups (${groups.join(", ")}), only one: leave out all but the one whose ` +
        "rights are needed",
    );
  if (groups.length > 0 && !user.as)
    throw new CredentialsError("Cannot impersonate a group without a user: give --as too");
  return {
    ...(user.as && { "impersonate-user": user.as }),
    ...(user["as-uid"] && { "impersonate-uid": user["as-uid"] }),
    ...(groups[0] !== undefined && { "impersonate-group": groups[0] }),
  };
};

/** A token takes precedence over its file, that over a plugin, that over a password. */
const authorizationOf = (user: User, plugin: Plugin | undefined, tokenFile: Material | undefined) => {
  if (user.token) {
    const authorization = `Bearer ${user.token.trim()}`;
    return async () => authorization;
  }
  if (tokenFile !== undefined) return async () => `Bearer ${tokenFile.get()}`;
  if (plugin !== undefined) return async () => (await plugin.get()).authorization;
  const basic = Buffer.from(`${user.username}:${user.password ?? ""}`).toString("base64");
  return async () => (user.username ? `Basic ${basic}` : undefined);
};

const createCredentials = ({ cluster, user, namespace, source }: Identity): Credentials => {
  const plugin = user.exec || user["auth-provider"] ? createPlugin(cluster, user, source) : undefined;
  const tokenFile = user.tokenFile ? watchedFile(user.tokenFile, "token file") : undefined;
  if (!user.token) tokenFile?.get(); // a missing one is reported now, as a missing certificate is
  const ca = material(cluster["certificate-authority-data"], cluster["certificate-authority"], "certificate authority");
  const cert = material(user["client-certificate-data"], user["client-certificate"], "client certificate");
  const key = material(user["client-key-data"], user["client-key"], "client key");
  const extra = impersonation(user);
  const authorization = authorizationOf(user, plugin, tokenFile);
  const proxy = proxyOf(cluster, source);
  let given: { cert: string | undefined; key: string | undefined } | undefined;
  let shared: KubeTls = {};

  const tls = (): KubeTls => {
    const pems = { ca: ca?.get(), cert: given?.cert ?? cert?.get(), key: given?.key ?? key?.get() };
    if (pems.ca === shared.ca && pems.cert === shared.cert && pems.key === shared.key && shared !== unread)
      return shared;
    shared = {
      ...(pems.ca !== undefined && { ca: pems.ca }),
      ...(pems.cert !== undefined && { cert: pems.cert }),
      ...(pems.key !== undefined && { key: pems.key }),
      ...(cluster["tls-server-name"] && { serverName: cluster["tls-server-name"] }),
      ...(cluster["insecure-skip-tls-verify"] === true && { rejectUnauthorized: false }),
    };
    return shared;
  };
  const unread = shared;
  const secure = cluster.server.startsWith("https:");
  let last: { authorization: string | undefined; headers: Readonly<Record<string, string>> } | undefined;
  return {
    server: cluster.server.replace(/\/+$/, ""),
    namespace,
    source,
    ...(proxy !== undefined && { proxy }),
    tls: () => (secure ? tls() : undefined),
    async headers() {
      const value = await authorization();
      if (plugin !== undefined && !user.token) given = await plugin.get();
      if (last === undefined || last.authorization !== value) {
        last = { authorization: value, headers: value === undefined ? extra : { ...extra, authorization: value } };
      }
      return last.headers;
    },
    refresh() {
      for (const file of [tokenFile, ca, cert, key]) file?.forget();
      plugin?.forget();
    },
  };
};

const proxyOf = (cluster: Cluster, source: string): string | undefined => {
  const proxy = cluster["proxy-url"] || undefined;
  if (proxy === undefined || /^https?:/.test(proxy)) return proxy;
  throw new CredentialsError(`Cannot use proxy-url of ${source}: only http and https proxies are supported`);
};
