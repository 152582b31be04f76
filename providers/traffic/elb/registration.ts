/**
 * Which target groups are bound to a Service, and which endpoints of it they should have
 * (docs/behaviour/traffic.md#alb-target-groups). Of what the API server answers nothing is trusted: the kinds are others'.
 */
import { at, items, type Place, root, text, whole } from "../../../kube/validation/place.ts";

export interface Bound {
  /** Of the target group. */
  readonly arn: string;
  /** `IP:port`. */
  readonly endpoints: readonly string[];
  /** Those of pods that the Service has selected before: the target group is not to have them. */
  readonly gone: number;
}

export interface ServiceObjects {
  /** TargetGroupBindings of its namespace. */
  readonly bindings: readonly unknown[];
  readonly service: unknown;
  /** Its EndpointSlices. */
  readonly slices: readonly unknown[];
  readonly podPrefix: string;
}

/** Of the bindings whose targets are pods; of nodes nothing can be said by the pods' addresses. */
export function boundGroups({ bindings, service, slices, podPrefix }: ServiceObjects): readonly Bound[] {
  const own = root(service);
  return bindings.flatMap((each) => {
    const binding = at(root(each), "spec");
    if (text(at(binding, "serviceRef", "name")) !== text(at(own, "metadata", "name"))) return [];
    const port = items(at(own, "spec", "ports")).find((one) => isPort(one, at(binding, "serviceRef", "port")));
    if (port === undefined || text(at(binding, "targetType")) !== "ip") return [];
    const [first = root("")] = items(at(own, "spec", "ipFamilies"));
    const family = text(at(binding, "ipAddressType")) || text(first) || "IPv4";
    const ready = slices
      .map((slice) => root(slice))
      .filter((slice) => text(at(slice, "addressType")).toLowerCase() === family.toLowerCase())
      .flatMap((slice) => readyIn(slice, text(at(port, "name"))));
    const served = ready.filter(({ pod }) => pod === "" || pod.startsWith(podPrefix));
    return [
      {
        arn: text(at(binding, "targetGroupARN")),
        endpoints: [...new Set(served.map(({ address }) => address))],
        gone: ready.length - served.length,
      },
    ];
  });
}

/** Named by its number, or by its name. */
function isPort(port: Place, wanted: Place): boolean {
  const number = whole(wanted);
  return number === undefined
    ? text(wanted) !== "" && text(at(port, "name")) === text(wanted)
    : whole(at(port, "port")) === number;
}

/** Where the Service's port leads: in a slice, its ports have the names of the Service's. */
function readyIn(slice: Place, portName: string): readonly { readonly address: string; readonly pod: string }[] {
  const port = items(at(slice, "ports")).find((one) => text(at(one, "name")) === portName);
  const number = whole(at(port ?? root(undefined), "port"));
  if (number === undefined) return [];
  return items(at(slice, "endpoints"))
    .filter((endpoint) => at(endpoint, "conditions", "ready").value !== false)
    .flatMap((endpoint) => {
      const pod = text(at(endpoint, "targetRef", "name"));
      return items(at(endpoint, "addresses")).map((address) => ({ address: `${text(address)}:${number}`, pod }));
    });
}
