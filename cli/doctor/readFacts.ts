/** Everything that the doctor wants to know of a cluster. Nothing is written: dry runs and reviews are not stored. */
import type { DoctorFacts } from "../../controller/doctor/facts/facts.ts";
import { aheadMs, type ServerClock } from "../../controller/doctor/facts/serverClock.ts";
import { createPluginsConfigured } from "../../controller/plugins/configuration.ts";
import { listOf, mapRead, type Read } from "../../controller/doctor/facts/finding.ts";
import { listObjects } from "../../controller/migration/facts/beside.ts";
import { ApiError } from "../../kube/client/apiError.ts";
import { collectionPath, VERSION_PATH } from "../../kube/client/path.ts";
import { CONFIG_MAPS } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import type { Clock } from "../../kube/clock/clock.ts";
import type { Json } from "../../kube/object/json.ts";
import { instant } from "../../kube/object/time.ts";
import type { Knock } from "../../webhook/audit/risks/knock.ts";
import { readControllers, readLeases, readRights } from "./readControllers.ts";
import { readObjects, readRouted, readSecrets } from "./readObjects.ts";
import { readSilences } from "./readSilences.ts";
import { readMutating, readWebhooks } from "./readWebhooks.ts";
import { tried } from "./reading.ts";

export interface ReadOptions {
  /** Whose Rollouts are read; undefined: of all namespaces. */
  readonly namespace: string | undefined;
  readonly controllerNamespace: string;
  /** The namespace that the person works in. */
  readonly ownNamespace: string;
  /** Asks an address of a metric; undefined: none is asked. */
  readonly knock: Knock | undefined;
  readonly signal: AbortSignal;
}

const CRDS = { group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions" };

/** @throws {ApiError} when the API server does not answer, or does not know the person */
export async function readFacts(client: KubeClient, clock: Clock, options: ReadOptions): Promise<DoctorFacts> {
  const { namespace, controllerNamespace, ownNamespace, knock, signal } = options;
  const version = await readVersion(client);
  const namespaces = [...new Set([namespace ?? ownNamespace, ownNamespace, "default"])];
  const [serverClock, definitions, controllers, leases, webhooks, mutating, objects, plugins] = await Promise.all([
    tried(readClock(client, clock, namespaces[0] ?? "default")),
    tried(listObjects(client, ["CustomResourceDefinition", CRDS], undefined)),
    readControllers(client, controllerNamespace),
    readLeases(client, controllerNamespace),
    readWebhooks(client, { controllerNamespace, namespaces }),
    readMutating(client),
    readObjects(client, namespace),
    pluginsOf(client, clock, controllerNamespace),
  ]);
  const rollouts = listOf(objects.rollouts);
  const [rights, routed, secrets, silences] = await Promise.all([
    readRights(client, controllers),
    readRouted(client, rollouts),
    readSecrets(client, objects.templates, plugins, controllerNamespace),
    knock === undefined ? undefined : readSilences({ ...objects, rollouts }, knock, signal),
  ]);
  return {
    // After the Leases were read, so that none of them was renewed later.
    nowMs: clock.now() + (serverClock.kind === "known" ? aheadMs(serverClock.value) : 0),
    controllerNamespace,
    version,
    serverClock,
    definitions,
    controllers,
    leases,
    rights,
    webhooks,
    mutating,
    rollouts: objects.rollouts,
    judged: objects.judged,
    unjudged: objects.unjudged,
    stranded: objects.stranded,
    routed,
    plugins,
    templates: [...objects.templates, ...objects.clusterTemplates],
    secrets,
    silences,
  };
}

/** Everybody may ask for it, so that what fails here fails for good. */
async function readVersion(client: KubeClient): Promise<Read<string>> {
  const answer = await tried(
    client.request<{ readonly gitVersion?: string }>({ method: "GET", path: VERSION_PATH }).catch(fatal),
  );
  return mapRead(answer, ({ gitVersion }) => gitVersion ?? "");
}

function fatal(error: unknown): never {
  if (error instanceof ApiError && (error.status === 0 || error.status === 401))
    throw new Unexamined(error.message, { cause: error });
  throw error;
}

/** There is nothing to examine; the message says why. */
export class Unexamined extends Error {
  override readonly name = "Unexamined";
}

/** The API server writes its time into what it would create. */
async function readClock(client: KubeClient, clock: Clock, namespace: string): Promise<ServerClock> {
  const askedMs = clock.now();
  const { metadata } = await client.request<{ readonly metadata?: { readonly creationTimestamp?: string } }>({
    method: "POST",
    path: collectionPath(CONFIG_MAPS, namespace),
    query: { dryRun: "All" },
    body: {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { generateName: "sluice-doctor-", namespace },
    } satisfies Json,
    retry: false,
  });
  const answeredMs = clock.now();
  return { serverMs: instant(metadata?.creationTimestamp) ?? askedMs, askedMs, answeredMs };
}

const pluginsOf = (client: KubeClient, clock: Clock, ownNamespace: string) =>
  createPluginsConfigured({
    client,
    clock,
    log: { error: () => undefined },
    ownNamespace,
    changed: () => undefined,
  }).read();
