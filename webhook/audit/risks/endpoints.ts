/** The addresses that the analyses of a Rollout ask (docs/behaviour/admission.md#what-the-audit-looks-for). Pure. */
import { collector, type Templates } from "../../../controller/rules/analysis/templateCollection.ts";
import { analysesOf } from "../../../controller/rules/analysis/templates.ts";
import { at, isTrue, items, type Place, present, root, text } from "../../../kube/validation/place.ts";

export interface Endpoint {
  /** Without user, query and fragment: what is asked. */
  readonly url: string;
  /** Any certificate will do. */
  readonly insecure: boolean;
  /** `metric "latency" of AnalysisTemplate 'web'` */
  readonly of: string;
}

/** Where the address stands in the settings of a provider. */
const ADDRESSES = [
  ["prometheus", "address"],
  ["web", "url"],
] as const;

/** Each once. Addresses with tags that have no value here are left out. Never throws, whatever it is given. */
export function endpointsOf(rollout: unknown, templates: Templates): readonly Endpoint[] {
  const collect = collector(templates);
  const found = new Map<string, Endpoint>();
  for (const { analysis, references } of usesOf(rollout)) {
    const collection = collect(references).found;
    const values = new Map([
      ...collection.toReversed().flatMap(({ spec }) => valuesIn(at(spec, "args"))),
      ...valuesIn(at(analysis, "args")),
    ]);
    for (const { spec, title } of collection) {
      for (const metric of items(at(spec, "metrics"))) {
        const endpoint = endpointOf(metric, values, title);
        if (endpoint !== undefined && !found.has(endpoint.url)) found.set(endpoint.url, endpoint);
      }
    }
  }
  return [...found.values()];
}

/** Analyses with the list of templates that each names. */
function usesOf(rollout: unknown): readonly { readonly analysis: Place; readonly references: Place }[] {
  const own = analysesOf(rollout).map(({ analysis }) => ({ analysis, references: at(analysis, "templates") }));
  const steps = items(at(root(rollout), "spec", "strategy", "canary", "steps"));
  const experiments = steps
    .flatMap((step) => items(at(step, "experiment", "analyses")))
    .map((analysis) => ({ analysis, references: root([analysis.value]) }));
  return [...own, ...experiments];
}

const valuesIn = (args: Place): readonly (readonly [string, string])[] =>
  items(args)
    .filter((arg) => typeof at(arg, "value").value === "string")
    .map((arg) => [text(at(arg, "name")), text(at(arg, "value"))] as const);

function endpointOf(metric: Place, values: ReadonlyMap<string, string>, title: string): Endpoint | undefined {
  for (const [provider, member] of ADDRESSES) {
    const settings = at(metric, "provider", provider);
    if (!present(settings)) continue;
    const url = urlOf(withValues(text(at(settings, member)), values));
    if (url === undefined) return undefined;
    return { url, insecure: isTrue(at(settings, "insecure")), of: `metric "${text(at(metric, "name"))}" of ${title}` };
  }
  return undefined;
}

/** The longest address that is looked at. */
const LONGEST = 2_000;
const TAG = /\{\{\s*args\.([\w.-]+)\s*\}\}/g;

const withValues = (address: string, values: ReadonlyMap<string, string>): string =>
  address.length > LONGEST ? "" : address.replaceAll(TAG, (tag, name: string) => values.get(name) ?? tag);

/** A query may hold what is secret, and what a tag stands for may be anything: then only the server is asked. */
function urlOf(address: string): string | undefined {
  const [, server = "", rest = ""] = /^(https?:\/\/[^/?#{}]+)([^?#]*)/i.exec(address.trim()) ?? [];
  if (server === "" || !URL.canParse(server)) return undefined;
  const { origin } = new URL(server);
  return rest.includes("{") || !URL.canParse(origin + rest) ? `${origin}/` : origin + new URL(origin + rest).pathname;
}
