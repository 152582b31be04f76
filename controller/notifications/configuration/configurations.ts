/**
 * Which configurations apply to the Rollouts of a namespace: read when something happens to one of them, and again ten
 * seconds later at the earliest (docs/notifications.md#configuration). Nothing is watched: a cluster without notifications
 * pays one read in ten seconds in which Rollouts change.
 */
import { ApiError } from "../../../kube/client/apiError.ts";
import { objectPath } from "../../../kube/client/path.ts";
import { readIfThere } from "../../../kube/client/readIfThere.ts";
import { CONFIG_MAPS, SECRETS } from "../../../kube/client/resources.ts";
import type { KubeClient } from "../../../kube/client/transport.ts";
import type { Clock } from "../../../kube/clock/clock.ts";
import type { EventTarget, EventRecorder } from "../../../kube/runtime/recorder.ts";
import type { Complaints } from "../../process/complaints.ts";
import type { Log } from "../../process/log.ts";
import { NOTIFICATION_CONFIG_MAP, NOTIFICATION_SECRET, type NotificationConfiguration } from "./configuration.ts";
import type { ConfigurationTexts } from "./parseConfiguration.ts";

export interface Configurations {
  /** There was none a short while ago. */
  isAbsent(namespace: string): boolean;
  /** @throws {ApiError} where the API server does not answer, and nothing is known of before */
  read(namespace: string): Promise<readonly NotificationConfiguration[]>;
}

export interface ConfigurationPorts {
  readonly client: Pick<KubeClient, "request">;
  readonly clock: Pick<Clock, "now">;
  readonly log: Pick<Log, "error" | "info">;
  readonly complaints: Complaints;
  readonly events: Pick<EventRecorder, "record">;
  /** The controller's. */
  readonly ownNamespace: string;
  /** Those of the Rollouts' namespaces count as well. */
  readonly selfService: boolean;
  readonly parse: (texts: ConfigurationTexts) => Promise<NotificationConfiguration>;
}

const KEPT_MS = 10_000;
const TIMEOUT_MS = 5_000;
/** Namespaces of which something is remembered. */
const MOST_NAMESPACES = 2_000;

interface RawConfigMap {
  readonly metadata: { readonly uid?: string; readonly resourceVersion?: string };
  readonly data?: Readonly<Record<string, string>> | null;
}

interface Known {
  readonly at: number;
  /** Of what was read. */
  readonly version: string;
  /** Undefined: there is no ConfigMap. */
  readonly configuration: NotificationConfiguration | undefined;
}

export function createConfigurations(ports: ConfigurationPorts): Configurations {
  const { clock, ownNamespace, selfService } = ports;
  const known = new Map<string, Known>();
  const reading = new Map<string, Promise<Known>>();
  const isFresh = (found: Known | undefined): found is Known => found !== undefined && clock.now() - found.at < KEPT_MS;
  const placesOf = (namespace: string): readonly string[] =>
    selfService && namespace !== ownNamespace ? [namespace, ownNamespace] : [ownNamespace];
  const renew = async (namespace: string): Promise<Known> => {
    try {
      const found = await readAgain(ports, namespace, known.get(namespace));
      known.delete(namespace);
      known.set(namespace, found);
      for (const oldest of known.keys()) if (known.size > MOST_NAMESPACES) known.delete(oldest);
      return found;
    } finally {
      reading.delete(namespace);
    }
  };
  const fresh = (namespace: string): Promise<Known> => {
    const found = known.get(namespace);
    if (isFresh(found)) return Promise.resolve(found);
    const under = reading.get(namespace) ?? renew(namespace);
    reading.set(namespace, under);
    return under;
  };
  return {
    isAbsent: (namespace) =>
      placesOf(namespace).every((place) => {
        const found = known.get(place);
        return isFresh(found) && found.configuration === undefined;
      }),
    async read(namespace) {
      const found = await Promise.all(placesOf(namespace).map(fresh));
      return found.flatMap(({ configuration }) => configuration ?? []);
    },
  };
}

/** A server that is away for a moment has changed nothing. */
async function readAgain(ports: ConfigurationPorts, namespace: string, before: Known | undefined): Promise<Known> {
  const { client, clock, ownNamespace } = ports;
  const at = clock.now();
  const read = <T>(resource: typeof SECRETS, name: string): Promise<T | undefined> =>
    readIfThere<T>(client, objectPath(resource, { namespace, name }), { timeoutMs: TIMEOUT_MS });
  try {
    const configMap = await read<RawConfigMap>(CONFIG_MAPS, NOTIFICATION_CONFIG_MAP);
    if (configMap === undefined) return { at, version: "", configuration: undefined };
    const data = configMap.data ?? {};
    const secret = usesSecrets(data) ? await read<RawConfigMap>(SECRETS, NOTIFICATION_SECRET) : undefined;
    const version = [configMap, secret]
      .map((each) => `${each?.metadata.uid}/${each?.metadata.resourceVersion}`)
      .join(" ");
    if (version === before?.version) return { ...before, at };
    const isSelfService = namespace !== ownNamespace;
    const configuration = await ports.parse({ namespace, isSelfService, data, secrets: decoded(secret?.data) });
    report(ports, configuration, configMap, before?.configuration);
    return { at, version, configuration };
  } catch (error) {
    const isLasting = error instanceof ApiError && error.status >= 400 && error.status < 429;
    if (!isLasting && before === undefined) throw error;
    const message = isLasting
      ? "Notifications cannot be configured: apply the roles of this version, which let the controller read them"
      : "Cannot read the configuration of notifications; the last one stays in force";
    ports.complaints.report({
      about: `notifications in ${namespace}`,
      level: "warn",
      message,
      error,
      fields: { namespace },
    });
    return isLasting ? { at, version: "", configuration: undefined } : { ...(before as Known), at };
  }
}

const usesSecrets = (data: Readonly<Record<string, string>>): boolean =>
  Object.values(data).some((text) => text.includes("$") || text.includes("secrets"));

const decoded = (data: RawConfigMap["data"]): Record<string, string> =>
  Object.fromEntries(Object.entries(data ?? {}).map(([key, text]) => [key, Buffer.from(text, "base64").toString()]));

/** Mistakes of one version of a ConfigMap, which may hold thousands. */
const MOST_REPORTED = 50;

/** A line and an event for each mistake, once. */
function report(
  { log, events }: ConfigurationPorts,
  { namespace, problems, triggers, services }: NotificationConfiguration,
  { metadata }: RawConfigMap,
  before: NotificationConfiguration | undefined,
): void {
  const configMap = `${namespace}/${NOTIFICATION_CONFIG_MAP}`;
  if (before === undefined)
    log.info("Notifications configured", {
      configMap,
      triggers: triggers.size,
      services: [...services.keys()].join(" "),
    });
  const told = new Set(before?.problems.map(({ key, sentence }) => `${key} ${sentence}`));
  const object: EventTarget = {
    apiVersion: "v1",
    kind: "ConfigMap",
    name: NOTIFICATION_CONFIG_MAP,
    namespace,
    uid: metadata.uid ?? "",
    resourceVersion: metadata.resourceVersion,
  };
  const fresh = problems.filter(({ key, sentence }) => !told.has(`${key} ${sentence}`));
  if (fresh.length > MOST_REPORTED)
    log.error("Not all mistakes in the notifications' configuration are shown", { configMap, mistakes: fresh.length });
  for (const { key, sentence } of fresh.slice(0, MOST_REPORTED)) {
    log.error("A part of the notifications' configuration cannot be used", { configMap, key, error: sentence });
    events.record({ object, type: "Warning", reason: "NotificationsMisconfigured", message: `${key}: ${sentence}` });
  }
}
