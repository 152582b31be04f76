import { readFileSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import * as v from "valibot";

/** The parts of a kubeconfig (v1) that we use; the rest is ignored. */
const text = v.optional(v.nullable(v.string()));
const clusterSchema = v.looseObject({
  server: text,
  "certificate-authority": text,
  "certificate-authority-data": text,
  "insecure-skip-tls-verify": v.optional(v.nullable(v.boolean())),
  "tls-server-name": text,
  "proxy-url": text,
});
const execSchema = v.looseObject({
  apiVersion: text,
  command: v.string(),
  args: v.optional(v.nullable(v.array(v.string()))),
  env: v.optional(v.nullable(v.array(v.object({ name: v.string(), value: v.string() })))),
  installHint: text,
  provideClusterInfo: v.optional(v.nullable(v.boolean())),
});
const userSchema = v.looseObject({
  "client-certificate": text,
  "client-certificate-data": text,
  "client-key": text,
  "client-key-data": text,
  token: text,
  tokenFile: text,
  username: text,
  password: text,
  as: text,
  "as-uid": text,
  "as-groups": v.optional(v.nullable(v.array(v.string()))),
  exec: v.optional(v.nullable(execSchema)),
  "auth-provider": v.optional(
    v.nullable(v.looseObject({ name: v.string(), config: v.optional(v.record(v.string(), v.unknown())) })),
  ),
});
const contextSchema = v.looseObject({ cluster: text, user: text, namespace: text });
const listOf = <S extends v.GenericSchema>(entries: S) => v.optional(v.nullable(v.array(entries)));
const kubeconfigSchema = v.looseObject({
  "current-context": text,
  clusters: listOf(v.object({ name: v.string(), cluster: clusterSchema })),
  users: listOf(v.object({ name: v.string(), user: v.optional(v.nullable(userSchema)) })),
  contexts: listOf(v.object({ name: v.string(), context: contextSchema })),
});

export type Cluster = v.InferOutput<typeof clusterSchema>;
export type User = v.InferOutput<typeof userSchema>;
type Context = v.InferOutput<typeof contextSchema>;

/** Several files merged; paths in them made absolute. */
export interface Kubeconfig {
  readonly files: readonly string[];
  readonly currentContext: string | undefined;
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly users: ReadonlyMap<string, User>;
  readonly contexts: ReadonlyMap<string, Context>;
}

/** The message names the remedy; it never holds a value of the file, which may be a secret. */
export class CredentialsError extends Error {
  override readonly name = "CredentialsError";
}

const parse = (file: string, content: string): v.InferOutput<typeof kubeconfigSchema> => {
  let raw: unknown;
  try {
    raw = Bun.YAML.parse(content);
  } catch {
    // The parser's own message is left out: it may quote the place, and with it a token.
    throw new CredentialsError(`Cannot read kubeconfig ${file}: not valid YAML`);
  }
  const result = v.safeParse(kubeconfigSchema, raw ?? {});
  if (result.success) return result.output;
  const path = v.getDotPath(result.issues[0]) ?? "the document";
  throw new CredentialsError(`Cannot read kubeconfig ${file}: ${path} has the wrong type`);
};

const read = (file: string): string | undefined => {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "error";
    if (code === "ENOENT") return undefined;
    throw new CredentialsError(`Cannot read kubeconfig ${file}: ${code}`, { cause });
  }
};

const absolute = (file: string, path: string | null | undefined): string | undefined =>
  path === undefined || path === null || path === "" ? undefined : isAbsolute(path) ? path : join(dirname(file), path);

const clusterIn = (file: string, cluster: Cluster): Cluster => ({
  ...cluster,
  "certificate-authority": absolute(file, cluster["certificate-authority"]),
});

const userIn = (file: string, user: User): User => ({
  ...user,
  "client-certificate": absolute(file, user["client-certificate"]),
  "client-key": absolute(file, user["client-key"]),
  tokenFile: absolute(file, user.tokenFile),
  // A bare command is looked up in PATH; with a slash it is a path beside the file, as in kubectl.
  exec: user.exec?.command.includes("/")
    ? { ...user.exec, command: absolute(file, user.exec.command) ?? user.exec.command }
    : user.exec,
});

/**
 * Merges the files in order as kubectl does: the first to name something wins. Missing files are passed over.
 * @throws {CredentialsError} for what cannot be read or understood.
 */
export const readKubeconfig = (paths: readonly string[]): Kubeconfig => {
  const files: string[] = [];
  const clusters = new Map<string, Cluster>();
  const users = new Map<string, User>();
  const contexts = new Map<string, Context>();
  let currentContext: string | undefined;
  for (const file of paths) {
    const content = read(file);
    if (content === undefined) continue;
    files.push(file);
    const config = parse(file, content);
    currentContext ??= config["current-context"] || undefined;
    for (const { name, cluster } of config.clusters ?? []) {
      if (!clusters.has(name)) clusters.set(name, clusterIn(file, cluster));
    }
    for (const { name, user } of config.users ?? []) if (!users.has(name)) users.set(name, userIn(file, user ?? {}));
    for (const { name, context } of config.contexts ?? []) if (!contexts.has(name)) contexts.set(name, context);
  }
  return { files, currentContext, clusters, users, contexts };
};
