/** Which media types a client accepts, by its Accept header. */

/** Forms of objects other than their own, all of group meta.k8s.io. */
const transforms = ["Table", "PartialObjectMetadata", "PartialObjectMetadataList"] as const;

export interface Wanted {
  readonly encoding: "json" | "yaml";
  /** "" for objects as they are. */
  readonly as: "" | (typeof transforms)[number];
}

interface Clause {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const clausesOf = (accept: string): readonly Clause[] =>
  accept
    .split(",")
    .map((clause) => clause.split(";").map((part) => part.trim()))
    .map(([type = "", ...parameters]) => ({
      type: type.toLowerCase(),
      parameters: new Map(
        parameters.map((parameter) => {
          const at = parameter.indexOf("=");
          return [parameter.slice(0, at).toLowerCase(), parameter.slice(at + 1)] as const;
        }),
      ),
    }))
    .filter(({ type }) => type !== "");

const quality = ({ parameters }: Clause): number => Number(parameters.get("q") ?? 1);

const encodings: Readonly<Record<string, Wanted["encoding"]>> = {
  "application/json": "json",
  "application/*": "json",
  "*/*": "json",
  "application/yaml": "yaml",
};

/** Media types that bodies and answers may have. */
export const served = ["application/json", "application/yaml"] as const;

/** The first clause that can be met, in the client's order of preference; undefined when none can (406). */
export function negotiate(accept: string | null): Wanted | undefined {
  if (accept === null || accept.trim() === "") return { encoding: "json", as: "" };
  for (const clause of clausesOf(accept).toSorted((a, b) => quality(b) - quality(a))) {
    const encoding = encodings[clause.type];
    if (encoding === undefined) continue;
    const as = clause.parameters.get("as") ?? "";
    if (as === "") return { encoding, as };
    const group = clause.parameters.get("g");
    const version = clause.parameters.get("v") ?? "";
    const transform = transforms.find((one) => one === as);
    if (transform !== undefined && group === "meta.k8s.io" && ["v1", "v1beta1"].includes(version)) {
      return { encoding, as: transform };
    }
  }
  return undefined;
}

/** Whether one of the clauses accepts aggregated discovery in the version that is served. */
export const takesAggregated = (accept: string | null): boolean =>
  clausesOf(accept ?? "").some(
    ({ type, parameters }) =>
      type === "application/json" &&
      parameters.get("as") === "APIGroupDiscoveryList" &&
      parameters.get("v") === "v2" &&
      parameters.get("g") === "apidiscovery.k8s.io",
  );

/** Without parameters, in lower case. */
export const bareType = (contentType: string): string => (contentType.split(";")[0] ?? "").trim().toLowerCase();
