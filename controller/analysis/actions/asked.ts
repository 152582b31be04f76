/** What a provider is asked, once the arguments of the run and the secrets of the provider are read. */
import { ApiError } from "../../../kube/client/apiError.ts";
import { textOf } from "../../../kube/client/errorText.ts";
import { controllerOf } from "../../../kube/object/ownerReference.ts";
import { instant } from "../../../kube/object/time.ts";
import type { Asking, MetricProviderRow, SecretKey } from "../../../providers/metrics/provider.ts";
import { type PluginConfiguration, pluginNamed } from "../../../providers/metrics/pluginService.ts";
import type { AnalysisRun, Argument, Metric } from "../../../schema/analysis.ts";
import { evaluateTime } from "../../expression/evaluation.ts";
import { argumentValues, rendered, type SecretKeyRef, secretOf } from "../make/render.ts";
import type { MetricPlace } from "../decide/decision.ts";
import type { ReadSecret, SecretData } from "./secrets.ts";
import { providerOf } from "../../../providers/metrics/providers.ts";
import { redactor, type Redact } from "../../../providers/metrics/redact.ts";

export interface AskedPorts {
  readonly readSecret: ReadSecret;
  /** What the process's environment says about a source. */
  readonly environment: (name: string) => string | undefined;
  /** Where the Secrets of providers are: Sluice's own. */
  readonly ownNamespace: string;
  readonly providers: readonly MetricProviderRow[];
  /** What plugins there are; absent: none. Never throws. */
  readonly plugins?: { read(): Promise<PluginConfiguration> } | undefined;
}

export type Asked =
  | {
      readonly kind: "asked";
      readonly row: MetricProviderRow;
      /** With the values of its tags, secrets among them. */
      readonly metric: Metric;
      readonly asking: Asking;
      readonly redact: Redact;
    }
  /** Nothing of the run can be measured. */
  | { readonly kind: "unresolvable"; readonly message: string }
  /** This measurement cannot be taken. */
  | { readonly kind: "error"; readonly message: string };

export interface Subject {
  readonly run: AnalysisRun;
  readonly metric: MetricPlace;
  readonly measured: number;
  /** ms since the epoch. */
  readonly now: number;
}

/** Never throws. */
export async function asked(ports: AskedPorts, subject: Subject): Promise<Asked> {
  const { run, metric: place } = subject;
  const read = await argumentSecrets(ports, run);
  if (read.kind !== "read") return read;
  const args = argumentValues(run.spec.args ?? [], ({ name, key }) => read.secrets.get(name)?.[key] ?? "");
  const made = "problem" in args ? args : rendered(run.spec.metrics[place.index] as Metric, args.values);
  if ("problem" in made) return { kind: "unresolvable", message: made.problem };
  const { metric } = made;
  const used = (run.spec.args ?? []).flatMap((each) => {
    const ref = secretOf(each);
    return ref === undefined ? [] : [read.secrets.get(ref.name)?.[ref.key] ?? ""];
  });
  const chosen = providerOf(metric.provider, ports.providers);
  if (chosen === undefined) return { kind: "error", message: `no valid provider in metric '${place.name}'` };
  const { row } = chosen;
  const bare = { ...askingOf(ports, subject, chosen.settings), ...(await pluginsFor(ports, row)) };
  const own = await providerSecrets(ports, row, bare);
  if (own.kind !== "read") return own;
  const asking = { ...bare, secret: own.secret };
  return { kind: "asked", row, metric, asking, redact: redactor([...used, ...own.values]) };
}

function askingOf({ environment }: AskedPorts, subject: Subject, settings: unknown): Asking {
  const { run, metric, measured, now } = subject;
  const { name, namespace, uid = "", labels = {} } = run.metadata;
  return {
    settings,
    metric: metric.name,
    intervalMs: metric.intervalMs,
    run: { name, namespace, uid, labels, owner: controllerOf(run), startedAt: instant(run.status?.startedAt) },
    now,
    secret: () => undefined,
    environment,
    time: (expression) => evaluateTime(expression, now),
    measured,
  };
}

async function pluginsFor({ plugins }: AskedPorts, { reaches }: MetricProviderRow): Promise<Pick<Asking, "plugin">> {
  if (plugins === undefined || !reaches.includes("program")) return {};
  const configuration = await plugins.read();
  return { plugin: (name) => pluginNamed(configuration, "metricProviderPlugins", name) };
}

type ReadSecrets =
  | { readonly kind: "read"; readonly secrets: ReadonlyMap<string, SecretData> }
  | Exclude<Asked, { readonly kind: "asked" }>;

/** Of the run's own namespace. One that is missing, or that we may not read, ends the run, as with the reference. */
async function argumentSecrets({ readSecret }: AskedPorts, run: AnalysisRun): Promise<ReadSecrets> {
  const secrets = new Map<string, SecretData>();
  const refs = (run.spec.args ?? []).flatMap((argument: Argument): SecretKeyRef[] => {
    const ref = secretOf(argument);
    return ref === undefined ? [] : [ref];
  });
  try {
    for (const { name, key } of refs) {
      const data = await readSecret(run.metadata.namespace, name);
      if (data === undefined) return { kind: "unresolvable", message: `secrets "${name}" not found` };
      if (!Object.hasOwn(data, key))
        return { kind: "unresolvable", message: `key '${key}' does not exist in secret '${name}'` };
      secrets.set(name, data);
    }
  } catch (error) {
    return unread(error);
  }
  return { kind: "read", secrets };
}

/** A server that is away for a moment costs a measurement, not the run. */
function unread(error: unknown): Exclude<Asked, { readonly kind: "asked" }> {
  const isAway = error instanceof ApiError && (error.status === 0 || error.status === 429 || error.status >= 500);
  return isAway
    ? { kind: "error", message: `Cannot read the Secret of an argument: ${textOf(error)}` }
    : { kind: "unresolvable", message: textOf(error) };
}

type ProviderSecrets =
  | { readonly kind: "read"; readonly secret: Asking["secret"]; readonly values: readonly string[] }
  | { readonly kind: "error"; readonly message: string };

/** Beside credentials these Secrets have regions and the like, which are everywhere in messages. */
const SHORTEST_CREDENTIAL = 4;

async function providerSecrets(
  { readSecret, ownNamespace }: AskedPorts,
  row: MetricProviderRow,
  asking: Asking,
): Promise<ProviderSecrets> {
  const keys = row.measure.secrets?.(asking) ?? [];
  const found = new Map<string, SecretData>();
  const placeOf = ({ namespace = ownNamespace, name }: SecretKey): string => `${namespace}/${name}`;
  try {
    for (const key of keys) {
      const data = await readSecret(key.namespace ?? ownNamespace, key.name);
      if (data === undefined) continue;
      const place = placeOf(key);
      const part = key.key === undefined ? data : { [key.key]: data[key.key] ?? "" };
      const known = key.key === undefined || Object.hasOwn(data, key.key);
      if (known) found.set(place, { ...found.get(place), ...part });
    }
  } catch (error) {
    return { kind: "error", message: `Cannot read the Secret of ${row.title}: ${textOf(error)}` };
  }
  const secret: Asking["secret"] = (key) =>
    key.key === undefined ? undefined : ownMember(found.get(placeOf(key)), key.key);
  const values = [...found.values()].flatMap((data) => Object.values(data));
  return { kind: "read", secret, values: values.filter(({ length }) => length >= SHORTEST_CREDENTIAL) };
}

const ownMember = (data: SecretData | undefined, key: string): string | undefined =>
  data !== undefined && Object.hasOwn(data, key) ? data[key] : undefined;
