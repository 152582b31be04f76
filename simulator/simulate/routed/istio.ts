import type { Json } from "../../../kube/object/json.ts";
import { servicesOf } from "../../../providers/traffic/stableAndCanary.ts";
import { virtualServicePlace } from "../../../providers/traffic/virtualService.ts";
import type { Rollout } from "../../../schema/rollout.ts";
import type { Manifest } from "../../model/manifest.ts";
import { definition, type MadeUpRouter } from "./madeUp.ts";

const GROUP = "networking.istio.io";
const VERSIONS = ["v1alpha3", "v1beta1", "v1"];

export const istio: MadeUpRouter = {
  kinds: [
    definition(GROUP, VERSIONS, "VirtualService", "virtualservices"),
    definition(GROUP, VERSIONS, "DestinationRule", "destinationrules"),
  ],
  objects: (_, rollout) => objectsOf(rollout),
};

/** VirtualServices with the routes that it selects, and its DestinationRule. */
function objectsOf(rollout: Rollout): readonly Manifest[] {
  const { istio: settings = {} } = rollout.spec?.strategy?.canary?.trafficRouting ?? {};
  const { virtualService, destinationRule } = settings;
  const { virtualServices = virtualService === undefined ? [] : [virtualService] } = settings;
  const { namespace, name } = rollout.metadata;
  const { stable, canary } = servicesOf(rollout, "instead");
  const to = (host: string, subset: string | undefined, weight: number): Json => ({
    destination: { host, ...(subset === undefined ? {} : { subset }) },
    weight,
  });
  const { stableSubsetName, canarySubsetName } = destinationRule ?? {};
  // Subsets are those of one host.
  const hosts = destinationRule === undefined ? { stable, canary } : { stable: name, canary: name };
  const route = [to(hosts.stable || name, stableSubsetName, 100), to(hosts.canary || name, canarySubsetName, 0)];
  const subsets = [stableSubsetName, canarySubsetName].map((subset) => ({ name: subset }));
  return [
    ...virtualServices.map(({ routes = [], tlsRoutes = [], tcpRoutes = [], name: reference }) => {
      const place = virtualServicePlace(reference, namespace);
      const http = routes.length > 0 ? routes.map((one) => ({ name: one, route })) : [{ route }];
      return manifest("VirtualService", place, {
        ...(routes.length > 0 || tlsRoutes.length + tcpRoutes.length === 0 ? { http } : {}),
        ...(tlsRoutes.length > 0 ? { tls: tlsRoutes.map((match) => ({ match: [match], route })) } : {}),
        ...(tcpRoutes.length > 0 ? { tcp: tcpRoutes.map((match) => ({ match: [match], route })) } : {}),
      });
    }),
    ...(destinationRule === undefined
      ? []
      : [manifest("DestinationRule", { namespace, name: destinationRule.name }, { host: name, subsets })]),
  ];
}

const manifest = (
  kind: string,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  spec: Json,
): Manifest => ({
  apiVersion: `${GROUP}/v1alpha3`,
  kind,
  metadata: { name, ...(namespace === "" ? {} : { namespace }) },
  spec,
});
