/**
 * What a Rollout leaves on an Ingress of the AWS load balancer controller when it is gone
 * (docs/behaviour/traffic.md#what-is-left-on-an-alb-ingress): all traffic of its action goes to the Service of its name
 * again; where that Service was not among its targets (a root Service, ping-pong), to the one that was stable. Header
 * routes are removed as a whole. What others have written there since stays.
 */
import {
  ACTIONS,
  CONDITIONS,
  forwardText,
  LEGACY_MANAGED,
  MANAGED,
  managedText,
  NO_PORT,
  readForward,
  readManaged,
} from "./albAnnotations.ts";
import { type IngressRule, specOf } from "./ingress.ts";
import type { Release, RoutedObject } from "./router.ts";

export const release: Release = {
  holders: (ingress) => [...managedIn(ingress).keys()],
  plan(ref, ingress, gone) {
    const managed = managedIn(ingress);
    const stay = new Map([...managed].filter(([name]) => !gone.has(name)));
    if (stay.size === managed.size) return undefined;
    const stillManaged = new Set([...stay.values()].flat());
    const left = [...managed].flatMap(([name, keys]) => (stay.has(name) ? [] : keys));
    const { annotations, rules } = withoutSplits(
      ingress,
      left.filter((key) => !stillManaged.has(key)),
    );
    return {
      kind: "patch",
      ref,
      resourceVersion: ingress.metadata.resourceVersion ?? "",
      patch: {
        metadata: {
          annotations: {
            ...annotations,
            [MANAGED]: stay.size === 0 ? null : managedText(stay),
            ...(ingress.metadata.annotations?.[LEGACY_MANAGED] === undefined ? {} : { [LEGACY_MANAGED]: null }),
          },
        },
        ...(rules === undefined ? {} : { spec: { rules } }),
      },
      failure: `error releasing alb ingress \`${ref.name}\``,
    };
  },
};

export interface Unsplit {
  /** The annotations that change, null for one that goes. */
  readonly annotations: Readonly<Record<string, string | null>>;
  /** Undefined where they stay. */
  readonly rules: readonly IngressRule[] | undefined;
}

/** What changes on an Ingress when a Rollout does not write some annotations any more that it wrote before. */
export function withoutSplits(ingress: RoutedObject, keys: readonly string[]): Unsplit {
  const routes = keys.flatMap((key) => (key.includes(CONDITIONS) ? serviceIn(key, CONDITIONS) : []));
  return {
    annotations: Object.fromEntries(keys.flatMap((key) => resetAnnotation(ingress, key, routes))),
    rules: withoutRoutes(ingress, new Set(routes)),
  };
}

/** A list that cannot be parsed counts as empty. */
const managedIn = ({ metadata }: RoutedObject): ReadonlyMap<string, readonly string[]> =>
  readManaged(metadata.annotations?.[MANAGED]) ?? new Map();

const serviceIn = (key: string, kind: typeof ACTIONS | typeof CONDITIONS): string =>
  key.slice(key.indexOf(kind) + kind.length);

const FULL_WEIGHT = 100;

/** The change of one annotation, as an entry of a merge patch; none if it need not change. */
function resetAnnotation(
  { metadata }: RoutedObject,
  key: string,
  routes: readonly string[],
): readonly (readonly [string, string | null])[] {
  const text = metadata.annotations?.[key];
  if (text === undefined) return [];
  if (key.includes(CONDITIONS)) return [[key, null]];
  if (!key.includes(ACTIONS)) return [];
  const service = serviceIn(key, ACTIONS);
  if (routes.includes(service)) return [[key, null]];
  const forward = readForward(text);
  const target = forward?.groups.find(({ ServiceName }) => ServiceName === service) ?? forward?.groups.at(-1);
  if (forward === undefined || target === undefined) return [];
  const reset = forwardText([{ ...target, Weight: FULL_WEIGHT }], forward.stickiness);
  return reset === text ? [] : [[key, reset]];
}

/** Rules without the paths to header routes; undefined when there are no such paths. A rule's last path stays. */
function withoutRoutes(ingress: RoutedObject, routes: ReadonlySet<string>): readonly IngressRule[] | undefined {
  let changed = false;
  const rules = (specOf(ingress).rules ?? []).map((rule) => {
    const paths = rule.http?.paths.filter(
      ({ backend: { service } }) => service?.port?.name !== NO_PORT || !routes.has(service.name),
    );
    if (paths === undefined || paths.length === 0 || paths.length === rule.http?.paths.length) return rule;
    changed = true;
    return { ...rule, http: { ...rule.http, paths } };
  });
  return changed ? rules : undefined;
}
