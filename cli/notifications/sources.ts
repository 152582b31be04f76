/** What `sluice notifications` works on: the ConfigMap, the Secret and the Rollout, of files or of the cluster. */
import type { Command } from "commander";
import { existsSync, statSync } from "node:fs";
import { objectPath } from "../../kube/client/path.ts";
import { readIfThere } from "../../kube/client/readIfThere.ts";
import { CONFIG_MAPS, ROLLOUTS, SECRETS } from "../../kube/client/resources.ts";
import {
  NOTIFICATION_CONFIG_MAP,
  NOTIFICATION_SECRET,
  type NotificationConfiguration,
} from "../../controller/notifications/configuration/configuration.ts";
import { parsed } from "../../controller/notifications/engine.ts";
import type { Resource } from "../../schema/kube.ts";
import type { Cluster } from "../../controller/acting/cluster.ts";
import { clusterOf } from "../objects/cluster.ts";
import { Refused } from "../../controller/acting/failure.ts";
import type { CliPorts } from "../ports.ts";
import { textOf, Unreadable } from "../yaml/files.ts";

export interface Sources {
  /** Undefined: the cluster's. */
  readonly configMap: string | undefined;
  /** Undefined: the cluster's; ":empty": none. */
  readonly secret: string | undefined;
}

type Texts = Readonly<Record<string, string>>;

interface Stored {
  readonly apiVersion?: unknown;
  readonly kind?: unknown;
  readonly metadata?: { readonly name?: unknown; readonly namespace?: unknown } | null;
  readonly data?: Texts | null;
  readonly stringData?: Texts | null;
}

/** No cluster is asked where files say all. */
const lazily = (command: Command, ports: CliPorts): (() => Promise<Cluster>) => {
  let cluster: Promise<Cluster> | undefined;
  return () => (cluster ??= clusterOf(command, ports));
};

export function sourcesOf(command: Command, ports: CliPorts) {
  const cluster = lazily(command, ports);
  const { configMap, secret } = command.optsWithGlobals<{ configMap?: string; secret?: string }>();
  return {
    configuration: () =>
      configurationOf({ configMap: configMap || undefined, secret: secret || undefined }, cluster, ports),
    rollout: (name: string) => rolloutOf(name, cluster),
  };
}

async function configurationOf(
  { configMap, secret }: Sources,
  cluster: () => Promise<Cluster>,
  ports: Pick<CliPorts, "stdin" | "err">,
): Promise<NotificationConfiguration> {
  const map =
    configMap === undefined
      ? await read(await cluster(), CONFIG_MAPS, NOTIFICATION_CONFIG_MAP)
      : await named(configMap, "ConfigMap", NOTIFICATION_CONFIG_MAP, ports);
  const configuration = parsed({
    namespace: "",
    isSelfService: false,
    data: map.data ?? {},
    secrets: await secretsOf(secret, cluster, ports),
  });
  for (const { key, sentence } of configuration.problems) ports.err(`Warning: ${key}: ${sentence}`);
  return configuration;
}

async function secretsOf(
  secret: string | undefined,
  cluster: () => Promise<Cluster>,
  ports: Pick<CliPorts, "stdin">,
): Promise<Texts> {
  if (secret === ":empty") return {};
  const { data, stringData } =
    secret === undefined
      ? await read(await cluster(), SECRETS, NOTIFICATION_SECRET)
      : await named(secret, "Secret", NOTIFICATION_SECRET, ports);
  const decoded = Object.entries(data ?? {}).map(([key, text]) => [key, Buffer.from(text, "base64").toString()]);
  return { ...(Object.fromEntries(decoded) as Texts), ...stringData };
}

async function read({ client, namespace }: Cluster, resource: Resource, name: string): Promise<Stored> {
  const found = await readIfThere<Stored>(client, objectPath(resource, { namespace, name }));
  if (found !== undefined) return found;
  const [kind, flags] =
    resource === SECRETS ? ["Secret", "--secret FILE, or --secret :empty"] : ["ConfigMap", "--config-map FILE"];
  throw new Refused(`there is no ${kind} "${name}" in namespace ${namespace}: give its namespace with -n, or ${flags}`);
}

/** The object of that name in a file of YAML documents or of JSON; `-`: standard input. */
async function named(path: string, kind: string, name: string, { stdin }: Pick<CliPorts, "stdin">): Promise<Stored> {
  const found = documentsIn(path === "-" ? await stdin() : await readable(path), path).find(
    (each) => each.kind === kind && each.metadata?.name === name,
  );
  if (found === undefined) throw new Refused(`file '${path}' does not have '/${kind}/${name}'`);
  return found;
}

/** `shop/web`: of another namespace than that of the ConfigMap, where it mostly is. */
async function rolloutOf(name: string, cluster: () => Promise<Cluster>): Promise<object> {
  if (existsSync(name) && !statSync(name).isDirectory()) {
    const [first] = documentsIn(await readable(name), name);
    if (first === undefined) throw new Refused(`file '${name}' has no object`);
    return first;
  }
  const given = await cluster();
  const [own, namespace = given.namespace] = name.split("/").toReversed();
  const found = await readIfThere<object>(given.client, objectPath(ROLLOUTS, { namespace, name: own ?? name }));
  if (found !== undefined) return found;
  throw new Refused(
    `there is no file "${name}", and no Rollout "${own}" in namespace ${namespace}: name it as NAMESPACE/NAME`,
  );
}

async function readable(path: string): Promise<string> {
  try {
    return await textOf(path);
  } catch (error) {
    if (error instanceof Unreadable) throw new Refused(error.message);
    throw error;
  }
}

function documentsIn(text: string, path: string): readonly Stored[] {
  try {
    const found: unknown = Bun.YAML.parse(text);
    const all: readonly unknown[] = Array.isArray(found) ? found : [found];
    return all.filter((each): each is Stored => typeof each === "object" && each !== null);
  } catch (error) {
    throw new Refused(`${path} is not YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
}
