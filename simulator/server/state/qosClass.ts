/** A pod's QoS class, by its requests and limits: how soon a node evicts it when it runs short of resources. */
import { canonicalQuantity } from "../../../kube/object/quantity.ts";
import type { ApiObject } from "../../model/model.ts";

type Amounts = Readonly<Record<string, string | number>>;

interface Container {
  readonly resources?: { readonly requests?: Amounts; readonly limits?: Amounts };
}

interface PodView {
  readonly spec?: { readonly containers?: readonly Container[]; readonly initContainers?: readonly Container[] };
}

const computed = ["cpu", "memory"] as const;

const amount = (amounts: Amounts | undefined, name: string): string => {
  const value = amounts?.[name];
  const text = value === undefined ? "0" : canonicalQuantity(String(value));
  return text ?? "0";
};

const asksForNothing = ({ resources }: Container): boolean =>
  computed.every((name) => amount(resources?.requests, name) === "0" && amount(resources?.limits, name) === "0");

const isGuaranteed = ({ resources }: Container): boolean =>
  computed.every((name) => {
    const limit = amount(resources?.limits, name);
    return limit !== "0" && (resources?.requests?.[name] === undefined || amount(resources.requests, name) === limit);
  });

export const qosClassOf = (pod: ApiObject): "Guaranteed" | "Burstable" | "BestEffort" => {
  const { containers = [], initContainers = [] } = (pod as PodView).spec ?? {};
  const all = [...containers, ...initContainers];
  if (all.every(asksForNothing)) return "BestEffort";
  return all.every(isGuaranteed) ? "Guaranteed" : "Burstable";
};
