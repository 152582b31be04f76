/** What the routers by Ingress have in common: where Ingresses are named, and which parts of them are read. */
import { once } from "../../kube/object/budget.ts";
import { at, items, pathOf, type Place, placed, present, root, text } from "../../kube/validation/place.ts";
import { helped, internalError, invalid, type Violation } from "../../kube/validation/violation.ts";
import { didYouMean, listed as inWords } from "../../kube/validation/nearNames.ts";
import type { Lookup } from "../../kube/validation/lookup.ts";
import type { NamedObjects } from "./traits.ts";
import type { Rollout } from "../../schema/rollout.ts";
import type { ObjectRef, RoutedObject, RoutedResource } from "./router.ts";
import { listIn, type RouterSetting } from "./settings.ts";

export const INGRESSES: RoutedResource = {
  kind: "Ingress",
  group: "networking.k8s.io",
  version: "v1",
  plural: "ingresses",
};

/** Older than `spec.ingressClassName`, and stronger: controllers read it first. */
export const CLASS_ANNOTATION = "kubernetes.io/ingress.class";

export interface IngressPath {
  readonly path?: string;
  readonly pathType?: string;
  /** A Service, or some other resource. */
  readonly backend: { readonly service?: { readonly name: string; readonly port?: { readonly name?: string } } };
}

export interface IngressRule {
  readonly http?: { readonly paths: readonly IngressPath[] };
}

export interface IngressSpec {
  readonly ingressClassName?: string;
  readonly defaultBackend?: unknown;
  readonly rules?: readonly IngressRule[];
}

/** No check is needed: the API server has checked its own kinds. */
export const specOf = (ingress: RoutedObject): IngressSpec => ingress.spec ?? {};

export const ingressRef = (rollout: Rollout, name: string): ObjectRef => ({
  resource: INGRESSES,
  namespace: rollout.metadata.namespace,
  name,
});

/** "" where it has no class. Never throws, whatever it is given. */
function classOf(ingress: unknown): string {
  const place = root(ingress);
  return text(at(place, "metadata", "annotations", CLASS_ANNOTATION)) || text(at(place, "spec", "ingressClassName"));
}

/** An Ingress without a class may be anybody's; of others only those of the controller's own classes count. */
export function isOfClass(ingress: RoutedObject, classes: readonly string[]): boolean {
  const name = classOf(ingress);
  return name === "" || classes.includes(name);
}

interface IngressReferences {
  readonly names: readonly Place[];
  /** Some rule of each Ingress has to lead to this Service. */
  readonly service: string;
}

/**
 * Ingresses of the Rollout's namespace by name.
 * @param router its member of `trafficRouting`, and the setting with the classes of its Ingresses
 */
export const namedIngresses = (
  { kind, title, classes }: { readonly kind: string; readonly title: string; readonly classes: RouterSetting },
  referencesOf: (settings: Place, stableService: string) => IngressReferences,
): NamedObjects => ({
  resource: INGRESSES,
  owned(rollout) {
    const settings = at(root(rollout), "spec", "strategy", "canary", "trafficRouting", kind);
    return referencesOf(settings, "").names.filter((place) => text(place) !== "");
  },
  findings(rollout, ingresses, settings) {
    const canary = at(root(rollout), "spec", "strategy", "canary");
    const { names, service } = referencesOf(at(canary, "trafficRouting", kind), text(at(canary, "stableService")));
    const given = names.filter((place) => text(place) !== "");
    const missing = given.filter((place) => !ingresses.has(text(place)));
    const wrong = given.filter((place) => {
      const name = text(place);
      return ingresses.has(name) && !leadsTo(ingresses.get(name), service);
    });
    const own = settings === undefined ? undefined : listIn(settings, classes);
    return {
      refuse: wrong.map((place) => leadsElsewhere(place, service, ingresses)),
      warn: [
        ...missing.map((place) => missingIngress(place, ingresses)),
        ...given.flatMap((place) => {
          const name = classOf(ingresses.get(text(place)));
          if (own === undefined || name === "" || own.includes(name)) return [];
          const detail = `ingress \`${text(place)}\` has the class "${name}", which is none of ${title}'s: ${inWords(new Set(own))}`;
          const help = `Name an Ingress of such a class, or start the controller with --${classes.flag} ${name}`;
          return [helped(invalid("ingress-class", place, detail), help)];
        }),
      ],
    };
  },
});

function leadsElsewhere(place: Place, service: string, ingresses: Lookup<unknown>): Violation {
  const name = text(place);
  const detail = `ingress \`${name}\` has no rules using service ${service} backend`;
  const others = inWords(new Set(backendsOf(ingresses.get(name))));
  const help =
    service === ""
      ? "The Rollout does not say which Service users reach: name it in stableService"
      : `Its rules lead to ${others === "" ? "no Service" : others}: lead a path to ${service}, or name another Ingress or Service here`;
  return helped(invalid("ingress-service", place, detail), help);
}

function missingIngress(place: Place, ingresses: Lookup<unknown>): Violation {
  const near = didYouMean(text(place), ingresses.keys?.() ?? []);
  return helped(
    invalid("ingress-missing", place, notFound(text(place))),
    `${near === undefined ? "" : `${near} `}Create it in the Rollout's namespace, or correct the name; the Rollout waits for it`,
  );
}

/** Places of the names that a router's settings have for its Ingresses: one member for a name, one for a list. */
export const ingressPlaces = (settings: Place, one: string, several: string): readonly Place[] => [
  at(settings, one),
  ...listed(at(settings, several)),
];

/** The reference names the list as a whole. */
const listed = (list: Place): readonly Place[] =>
  items(list).map((place) => placed(place.value, pathOf(list), pathOf(place)));

/** Either a name or a list of names (docs/behaviour/validation.md#settings-of-routers). */
export function oneOrSeveral(
  settings: Place,
  [one, several]: readonly [string, string],
  titles: string,
): readonly Violation[] {
  const hasOne = text(at(settings, one)) !== "";
  const hasSeveral = present(at(settings, several));
  if (!present(settings) || hasOne !== hasSeveral) return [];
  const which = hasOne ? "Both" : "Neither";
  const help = hasOne
    ? `Put all the Ingresses into ${several}, and remove ${one}`
    : `Write ${one} with the name of an Ingress, or ${several} with a list of names`;
  const detail = `Either ${titles} must be configured. ${which} are configured.`;
  return [helped(internalError("router-names", settings, detail), help)];
}

/** As the API server puts it. */
export const notFound = (name: string): string => `ingress.networking.k8s.io "${name}" not found`;

/** `serviceName`: as Ingresses had it before networking.k8s.io/v1. The default backend does not count. */
export const leadsTo = (ingress: unknown, service: string): boolean =>
  once(`whether an Ingress leads to ${service}`, ingress, () => backendsOf(ingress).includes(service));

const backendsOf = (ingress: unknown): readonly string[] =>
  items(at(root(ingress), "spec", "rules"))
    .flatMap((rule) => items(at(rule, "http", "paths")))
    .map((path) => at(path, "backend"))
    .flatMap((backend) => [at(backend, "service", "name"), at(backend, "serviceName")])
    .map(text)
    .filter((name) => name !== "");
